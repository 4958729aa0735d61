"""The table at the end of the demo."""

from datetime import date

import pytest
from sqlalchemy import create_engine, text

from tieout_stack.demo import latest_closed_month
from tieout_stack.summary import month_table, table


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
    """The view is there from the first migration on."""
    lines = month_table(migrated_url, date(2026, 10, 1))
    assert len(lines) == 2
    assert lines[0].split() == (
        ["vendor", "account", "month", "invoices", "lines", "total", "passed", "exceptions", "blocked", "status"]
    )


def test_amounts_keep_the_digits_of_the_database(billing_url):
    """No trailing zero is lost, no float lies between; other months stay out."""
    rows = "('fastly', 'acme', date '2026-10-01', 'KWD', 1, 2, 10.500::numeric, 3, 0, 1, 'blocked')"
    other = "('fastly', 'acme', date '2026-09-01', 'KWD', 1, 2, 7::numeric, 3, 0, 1, 'blocked')"
    engine = create_engine(billing_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA billing"))
        connection.execute(
            text(
                f"CREATE VIEW billing.account_month_summary AS SELECT * FROM (VALUES {rows}, {other}) AS rows"
                "(vendor, account, month, currency, invoices, lines, total, passed, exceptions, blocked, status)"
            )
        )
    engine.dispose()
    assert [line.split() for line in month_table(billing_url, date(2026, 10, 1))[2:]] == [
        ["fastly", "acme", "2026-10", "1", "2", "10.500", "KWD", "3", "0", "1", "blocked"]
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
