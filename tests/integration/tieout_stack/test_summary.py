"""The table at the end of the demo."""

from datetime import date

import pytest
from sqlalchemy import create_engine, text

from tieout_stack.demo import compared_months, latest_closed_month
from tieout_stack.summary import first_invoice, month_table, table


def test_numbers_stand_to_the_right_and_names_to_the_left():
    """A wide sign takes two columns, an accent of its own none."""
    lines = table(("account", "total"), [("acme", "12345.670000000"), ("日本", "1"), ("u\u0308n", "99999999999999999")])
    assert lines == [
        "account              total",
        "───────  ─────────────────",
        "acme       12345.670000000",
        "日本                     1",
        "u\u0308n       99999999999999999",
    ]


def test_a_month_without_rows_is_a_heading(migrated_url):
    """The views are there from the first migration on."""
    lines = month_table(migrated_url, date(2026, 10, 1))
    assert lines[:2] == ["Month 2026-10: 0 accounts", ""]
    assert lines[2].split() == (
        ["vendor", "account", "invoices", "lines", "total", "passed", "exceptions", "warnings", "blocked", "status"]
    )
    assert len(lines) == 4
    assert first_invoice(migrated_url, date(2026, 10, 1)) is None


def test_amounts_keep_the_digits_of_the_database(billing_url):
    """No trailing zero is lost, no float is used; other months are not shown."""
    rows = "('fastly', 'acme', date '2026-10-01', 'KWD', 1, 2, 10.500::numeric, 3, 0, 2, 1, 'blocked')"
    other = "('fastly', 'acme', date '2026-09-01', 'KWD', 1, 2, 7::numeric, 3, 0, 2, 1, 'blocked')"
    engine = create_engine(billing_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA billing"))
        connection.execute(
            text(
                f"CREATE VIEW billing.account_month_summary AS SELECT * FROM (VALUES {rows}, {other}) AS rows"
                "(vendor, account, month, currency, invoices, lines, total, passed, exceptions, warnings, blocked, "
                "status)"
            )
        )
    engine.dispose()
    lines = month_table(billing_url, date(2026, 10, 1))
    assert lines[0] == "Month 2026-10: 1 accounts, 1 blocked"
    assert [line.split() for line in lines[4:]] == [
        ["fastly", "acme", "1", "2", "10.500", "KWD", "3", "0", "2", "1", "blocked"]
    ]


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2026, 11, 17), date(2026, 10, 1)),
        (date(2026, 11, 16), date(2026, 9, 1)),
        (date(2026, 1, 1), date(2025, 11, 1)),
        (date(2026, 1, 31), date(2025, 12, 1)),
        (date(2024, 3, 31), date(2024, 2, 1)),
    ],
)
def test_the_latest_closed_month_is_the_last_whose_bills_are_all_in(today, month):
    """Also over the end of a year, and from a day that the month before lacks."""
    assert latest_closed_month(today) == month


def test_a_month_is_compared_with_that_of_the_year_before_and_the_one_before():
    assert compared_months(date(2026, 1, 1)) == (date(2025, 1, 1), date(2025, 12, 1))
    assert compared_months(date(2024, 2, 1)) == (date(2023, 2, 1), date(2024, 1, 1))
