"""Rows kept by column are the same rows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.columns import Columns, columns_of
from billing.content_hash import content_sha256
from billing.models import Invoice, InvoiceLine
from billing.month import Month

LINES = (
    InvoiceLine(1, "a", Decimal("1.50"), region="EU"),
    InvoiceLine(2, "b", Decimal(-3), attributes={"product_line": "x"}),
    InvoiceLine(3, "b", Decimal("1E-9"), quantity=Decimal("7.0")),
)


def by_column(rows, *left_out):
    names = [name for name in InvoiceLine.__slots__ if name not in left_out]
    return Columns(InvoiceLine, **dict(zip(names, columns_of(rows, names), strict=True)))


def test_the_rows_are_those_that_the_columns_hold():
    columns = by_column(LINES)
    assert tuple(columns) == LINES
    assert (len(columns), columns[1], columns[-1]) == (3, LINES[1], LINES[-1])
    assert columns == LINES
    assert columns == by_column(LINES)
    assert columns == list(LINES)
    assert columns[1:] == LINES[1:]
    assert columns != LINES[1:]
    assert columns != by_column((*LINES[:2], InvoiceLine(3, "b", Decimal("2E-9"), quantity=Decimal("7.0"))))
    assert repr(columns) == repr(LINES)


def test_a_field_without_a_column_has_its_default():
    columns = by_column(LINES[:1], "unit", "attributes")
    assert columns == LINES[:1]
    assert columns == by_column(LINES[:1])
    assert (columns.column("unit"), columns.column("attributes")) == ([None], [{}])


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"color": ["red"]}, TypeError, "InvoiceLine is not made of .*color"),
        ({"amount": []}, ValueError, r"the columns of InvoiceLine have \[0, 1\] rows"),
    ],
)
def test_columns_that_make_no_rows_are_refused(columns, error, message):
    known = {"position": [1], "description": ["a"], "amount": [Decimal(1)]}
    with pytest.raises(error, match=message):
        Columns(InvoiceLine, **known | columns)


def test_a_field_without_default_needs_its_column():
    with pytest.raises(TypeError, match="InvoiceLine is not made of position, description"):
        Columns(InvoiceLine, position=[1], description=["a"])


@given(st.lists(st.sampled_from(LINES)))
def test_an_invoice_has_one_hash_and_one_sum_however_its_lines_are_kept(lines):
    rows, columns = (
        Invoice("1", Month(2026, 10), "", Decimal(1), "USD", kept) for kept in (tuple(lines), by_column(lines))
    )
    assert rows == columns
    assert content_sha256(rows) == content_sha256(columns)
    assert rows.lines_total == columns.lines_total
