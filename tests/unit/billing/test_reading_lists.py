"""The reading lists of docs/architecture.md name files that are there, few and each once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LISTS = {
    title: re.findall(r"^\| (\d+) \| `([^`]+)` \|", text, flags=re.MULTILINE)
    for title, _, text in (section.partition("\n") for section in PAGE.split("\n### ")[1:])
}


@pytest.mark.parametrize("vendor", ["Fastly v3", "Genesys Cloud"])
def test_one_invoice_is_followed_through_at_most_thirty_files(vendor):
    files = [file for _, file in LISTS[vendor]]
    assert 13 < len(files) <= 30
    assert [int(number) for number, _ in LISTS[vendor]] == list(range(1, len(files) + 1))
    assert len(set(files)) == len(files)
    assert [file for file in files if not (ROOT / file).is_file()] == []
