"""Two readings of one invoice, field by field and line by line."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.content_hash import content_sha256
from billing.controls.checks.invoice_diff import differences, shown


def test_equal_readings_have_no_difference(make):
    invoice = make.invoice("1.00", "2.00")
    formatted = replace(invoice, total=Decimal(3), payment_status="Paid", period_evidence="found in another way")
    assert differences(invoice, formatted) == []


def test_a_difference_names_its_place_and_both_values(make):
    before = make.invoice("1.00", "2.00", issued_at=datetime(2026, 11, 2, tzinfo=UTC))
    after = replace(before, total=Decimal("3.01"), issued_at=None, lines=(before.lines[0], make.line(2, "2.01")))
    assert differences(before, after) == [
        {"where": "header", "field": "total", "before": Decimal("3.00"), "after": Decimal("3.01")},
        {"where": "header", "field": "issued_at", "before": "2026-11-02T00:00:00+00:00", "after": None},
        {"where": "line 2", "field": "amount", "before": Decimal("2.00"), "after": Decimal("2.01")},
    ]


def test_a_line_that_came_or_went_is_shown_whole(make):
    one, two = make.invoice("1.00", total="3.00"), make.invoice("1.00", "2.00")
    assert differences(one, two) == [{"where": "line 2", "field": "line", "before": None, "after": "line 2: 2.00"}]
    assert differences(two, one) == [{"where": "line 2", "field": "line", "before": "line 2: 2.00", "after": None}]


def test_the_same_lines_in_another_order_are_no_difference(make):
    """Also lines that are there twice, and a contract's lists within attributes."""
    names = ["a", "b", "b", "c"]
    lines = [make.line(place, "1.00", description=name) for place, name in enumerate(names, start=1)]
    turned = [replace(line, position=place) for place, line in enumerate(reversed(lines), start=1)]
    before = make.invoice(lines=tuple(lines), attributes={"orders": ["PO-1", "PO-2"]})
    after = replace(before, lines=tuple(turned), attributes={"orders": ["PO-2", "PO-1"]})
    assert differences(before, after) == []
    once = replace(after, lines=tuple(line for line in turned if line.position != 2))
    assert differences(before, once) == [{"where": "line 3", "field": "line", "before": "b: 1.00", "after": None}]
    assert differences(once, before) == [{"where": "line 3", "field": "line", "before": None, "after": "b: 1.00"}]


def test_of_lines_that_are_called_alike_the_unchanged_one_is_found_by_its_content(make):
    lines = [make.line(place, amount, description="a") for place, amount in enumerate(["1.00", "2.00"], start=1)]
    turned = (replace(lines[1], position=1), replace(lines[0], position=2, amount=Decimal("1.50")))
    found = differences(make.invoice(lines=tuple(lines), total="3"), make.invoice(lines=turned, total="3"))
    assert found == [{"where": "line 2", "field": "amount", "before": Decimal("1.00"), "after": Decimal("1.50")}]


def test_a_line_is_compared_with_the_one_of_its_identifier(make):
    """However it is called now, and wherever it stands."""
    before = make.invoice(lines=(make.line(1, "1.00", line_id="A"), make.line(2, "2.00", line_id="B")))
    after = replace(before, lines=(make.line(1, "2.00", line_id="B"), make.line(2, "1.50", line_id="A")))
    assert [(found["where"], found["field"]) for found in differences(before, after)] == [
        ("line 1", "description"),
        ("line 2", "description"),
        ("line 2", "amount"),
    ]


def test_identifiers_that_are_not_unique_name_no_line(make):
    lines = tuple(make.line(place, amount, line_id="A") for place, amount in enumerate(["1.00", "2.00"], start=1))
    turned = (replace(lines[1], position=1), replace(lines[0], position=2, amount=Decimal("1.10")))
    found = differences(make.invoice(lines=lines, total="3"), make.invoice(lines=turned, total="3"))
    assert [(each["where"], each["before"], each["after"]) for each in found if each["field"] == "amount"] == [
        ("line 2", Decimal("1.00"), Decimal("1.10"))
    ]


@pytest.mark.parametrize(
    ("before", "after"), [({"flag": True}, {"flag": 1}), ({"a": None}, {}), ({"a": "1"}, {"a": 1})]
)
def test_what_python_holds_equal_or_empty_is_told_apart_like_the_hash_does(make, before, after):
    """``True == 1`` in Python: the hash saw a change and no difference was found."""
    old, new = make.invoice("1.00", attributes=before), make.invoice("1.00", attributes=after)
    assert [found["field"] for found in differences(old, new)] == ["attributes"]


@given(
    st.lists(st.sampled_from(["1.00", "1.0", "2.00"]), max_size=3),
    st.lists(st.sampled_from(["1.00", "1.0", "2.00"]), max_size=3),
    st.sampled_from([{}, {"a": True}, {"a": 1}]),
    st.sampled_from([{}, {"a": True}, {"a": 1}]),
)
def test_there_is_a_difference_exactly_if_the_hashes_differ(make, left, right, some, others):
    before = make.invoice(*left, total="9", attributes=some)
    after = make.invoice(*right, total="9", attributes=others)
    assert (differences(before, after) == []) == (content_sha256(before) == content_sha256(after))


def test_many_differences_are_all_found_and_twenty_shown(make):
    found = differences(make.invoice(*["1.00"] * 50, total="0"), make.invoice(*["2.00"] * 50, total="0"))
    assert len(found) == 50
    assert shown(found)[:20] == found[:20]
    assert shown(found)[20:] == [{"where": "further", "field": "differences", "before": None, "after": 30}]
    assert shown(found[:20]) == found[:20]
