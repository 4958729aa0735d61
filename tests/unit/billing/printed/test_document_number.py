"""A document's number in its text, whole."""

import pytest

from billing.printed.document_number import has_number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Invoice INV1", True),
        ("No.INV1\nTotal", True),
        ("INVOICE: inv1.", True),
        ("（ＩＮＶ１）", True),
        ("Invoice INV12", False),
        ("Invoice INV1-2", False),
        ("Invoice INV1/2", False),
        ("Invoice INV 12", False),
        ("Invoice INV2", False),
        ("", False),
        ("Invoice numberINV1Date", None),
        ("Invoice INV 1", None),
        ("I N V 1", None),
    ],
)
def test_a_number_is_found_whole_or_not_at_all(text, found):
    assert has_number(text, "INV1") is found


def test_digits_within_other_digits_are_another_number():
    assert has_number("Invoice 14011410", "4011410") is False
    assert has_number("Invoice 4011410", "4011410") is True
    assert has_number("Invoice INV–7", "INV-7") is True
