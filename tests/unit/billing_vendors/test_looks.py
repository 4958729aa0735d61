"""What every vendor's waits have in common."""

import dataclasses
import json
from datetime import UTC, datetime
from importlib import import_module

import pytest

from billing_vendors.base.triggers import outcome
from billing_vendors.base.waiting import Look, Patience
from billing_vendors.registry import vendors

VENDORS = vendors()
for vendor in VENDORS:
    import_module(f"billing_vendors.{vendor.name}.looks")


def looks(kind: type[Look] = Look) -> list[type[Look]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *looks(sub))]


CONCRETE = [look for look in looks() if hasattr(look, "thing")]


def test_every_vendor_has_looks():
    packages = {look.__module__.split(".")[1] for look in CONCRETE}
    assert packages == {vendor.name for vendor in VENDORS}


@pytest.mark.parametrize("look", CONCRETE, ids=lambda look: look.__qualname__)
def test_its_fields_are_plain(look):
    """They are stored as JSON while a task waits: a Decimal would lose digits there, a secret would be readable."""
    assert {field.type for field in dataclasses.fields(look)} <= {"str", "int", "bool"}


@pytest.mark.parametrize("look", CONCRETE, ids=lambda look: look.__qualname__)
def test_it_is_built_again_from_what_is_stored(look):
    made = look(**{field.name: "2026-10" for field in dataclasses.fields(look)})
    assert Look.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_what_a_wait_hands_on_is_plain():
    assert json.loads(json.dumps(outcome("ready", "acme", "2026-10", 3))) == {
        "state": "ready",
        "account": "acme",
        "month": "2026-10",
        "looks": 3,
    }


def test_patience_holds_no_number_that_json_changes():
    patience = Patience(datetime.now(UTC), datetime.now(UTC), None, 0.1, 1e9)
    assert Patience.from_json(json.loads(json.dumps(patience.to_json()))) == patience
