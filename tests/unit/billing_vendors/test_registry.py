"""The registry finds vendors by their folders, and makes sure that their controls cannot be confused."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from billing_vendors.fastly.vendor import FASTLY
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD
from billing_vendors.registry import check_prefixes, vendor_folders, vendors

HERE = Path(__file__).parent
BILLING = HERE.parents[2] / "include" / "billing"


def test_each_folder_is_a_vendor():
    assert [vendor.name for vendor in vendors()] == vendor_folders()
    assert {"fastly", "genesys_cloud"} <= set(vendor_folders())


@pytest.mark.parametrize("prefix", ["F", "f", "", "G1"])
def test_each_vendor_has_a_prefix_of_its_own_of_capital_letters(prefix):
    with pytest.raises(ValueError, match="control prefix"):
        check_prefixes([FASTLY, replace(GENESYS_CLOUD, control_prefix=prefix)])


def test_prefixes_that_begin_alike_are_not_the_same():
    """F12 of one and FI12 of the other: the letters end where the number begins."""
    check_prefixes([FASTLY, replace(GENESYS_CLOUD, control_prefix="FI")])


@pytest.mark.parametrize("ids", [("G1",), ("F1", "F1"), ("F01",), ("F",), ("F1a",)])
def test_ids_are_the_prefix_and_a_number_each_once(ids):
    (first, *_) = FASTLY.controls()
    wrong = [replace(first, control_id=each) for each in ids]
    with pytest.raises(ValueError, match="fastly: ids of controls"):
        replace(FASTLY, load_controls=lambda: wrong).controls()


def test_billing_has_no_word_of_a_vendor():
    """Neither a vendor's name nor a member, setting or wording of its API: `billing` is for every vendor."""
    kept = (path for name in vendor_folders() for path in HERE.glob(f"{name}/api_words.txt"))
    words = {name.replace("_", "[_ ]?") for name in vendor_folders()}
    words |= {word for path in kept for word in path.read_text(encoding="utf-8").split()}
    pattern = re.compile(rf"\b({'|'.join(sorted(words))})", re.IGNORECASE)
    found = [
        f"{path.relative_to(BILLING)}:{number}: {line.strip()}"
        for path in sorted(BILLING.rglob("*"))
        if path.suffix in {".py", ".sql", ".html", ".mako"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line.replace('Column("PaymentTerms"', ""))  # that is FOCUS's name
    ]
    assert found == []
