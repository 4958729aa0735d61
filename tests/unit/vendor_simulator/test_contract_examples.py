"""The contract's own examples fit its schemas, so that the schemas can be trusted with our answers."""

import json
from pathlib import Path

import jsonschema
import pytest

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = sorted((CONTRACTS / "examples").glob("*/*.json"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_example_fits_its_schema(example):
    schema = CONTRACTS / "schemas" / example.parent.name / (example.name.split(".")[0] + ".json")
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(json.loads(example.read_text()))


def test_every_schema_has_an_example():
    schemas = {(path.parent.name, path.stem) for path in (CONTRACTS / "schemas").glob("*/*.json")}
    assert schemas == {(path.parent.name, path.name.split(".")[0]) for path in EXAMPLES}
    assert len(EXAMPLES) == 34
