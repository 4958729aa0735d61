"""Month-to-date estimates: kept as they come, each once."""

from decimal import Decimal

import pytest

from billing.errors import PayloadError
from billing.models import MonthToDate
from billing.storage.payloads import find_fetch
from billing.storage.snapshots import payloads_of, save_snapshot


@pytest.fixture
def take(ledger, make):
    """Fetch one estimate and save it; tells whether it was new."""

    def run(reading, *amounts, total="15.00", **line):
        fetch = ledger.begin(purpose="month_to_date")
        fetch.keep(ledger.response(reading))
        fetch_id = fetch.complete().fetch_id
        lines = tuple(make.line(position, amount, **line) for position, amount in enumerate(amounts, start=1))
        estimate = MonthToDate("E-1", make.month_key, Decimal(total), "USD", lines, attributes={"x": Decimal("1.50")})
        with ledger.engine.begin() as connection:
            ((payload_id, taken_at),) = payloads_of(connection, fetch_id)
            return save_snapshot(connection, estimate, find_fetch(connection, fetch_id), payload_id, taken_at)

    return run


def test_an_estimate_is_stored_digit_for_digit(ledger, take):
    assert take("a", "12345678901234567.89", "0.10", total="12345678901234567.990", rate=Decimal("0.123456789"))
    assert ledger.rows("select total::text, currency, attributes::text from billing.month_to_date") == [
        ("12345678901234567.990", "USD", '{"x": 1.50}')
    ]
    assert ledger.rows("select position, amount::text, rate::text from billing.month_to_date_line order by 1") == [
        (1, "12345678901234567.89", "0.123456789"),
        (2, "0.10", "0.123456789"),
    ]


def test_the_same_bytes_are_one_snapshot_and_the_next_ones_another(ledger, take):
    assert [take("a", "1.00"), take("a", "1.00"), take("b", "2.00")] == [True, False, True]
    assert ledger.one("select count(*) from billing.month_to_date") == 2
    assert ledger.one("select count(*) from billing.month_to_date_line") == 2
    assert ledger.one(
        "select bool_and(taken_at = first_seen_at) from billing.month_to_date join billing.payload using (payload_id)"
    )


def test_an_estimate_is_no_invoice(ledger, take):
    take("a", "1.00")
    assert ledger.one("select count(*) from billing.record") == 0
    assert ledger.one("select count(*) from billing.account_month") == 0


def test_a_failure_in_a_line_keeps_no_snapshot(ledger, take):
    with pytest.raises(PayloadError):
        take("a", "1.00", description="zero \x00")
    assert ledger.one("select count(*) from billing.month_to_date") == 0
    assert ledger.one("select count(*) from billing.payload") == 1
