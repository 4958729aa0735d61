"""For which days usage is asked."""

from datetime import date

import pytest

from billing.month import Month
from billing_vendors.genesys_cloud.intervals import Interval, usage_intervals
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm

OCTOBER = Month(2026, 10)
MONTHLY = (date(2026, 10, 1), date(2026, 11, 1))
ANNIVERSARY = (date(2026, 9, 21), date(2026, 10, 21))
LATER = (date(2026, 10, 21), date(2026, 11, 21))
YEARLY = (date(2025, 11, 1), date(2026, 11, 1))


def term(*days):
    return ContractTerm("c", None, (), tuple(BillingCycle(str(n), "c", *each) for n, each in enumerate(days)))


@pytest.mark.parametrize(
    ("terms", "texts"),
    [
        ([term(MONTHLY)], ["2026-10"]),
        ([term(MONTHLY), term(MONTHLY)], ["2026-10"]),
        ([term(ANNIVERSARY, LATER)], ["2026-09-21/2026-10-21"]),
        ([term(MONTHLY), term(ANNIVERSARY)], ["2026-09-21/2026-10-21", "2026-10"]),
        ([term(YEARLY)], ["2025-11-01/2026-11-01"]),
        ([term(LATER)], ["2026-10"]),
        ([term()], ["2026-10"]),
        ([], ["2026-10"]),
        ([term((None, date(2026, 11, 1)))], ["2026-10"]),
        ([term((None, date(2026, 11, 1)), ANNIVERSARY)], ["2026-09-21/2026-10-21"]),
        ([term((date(2026, 10, 5), date(2026, 10, 5)))], ["2026-10"]),
    ],
)
def test_the_worked_examples(terms, texts):
    assert [str(interval) for interval in usage_intervals(OCTOBER, terms)] == texts


def test_a_month_is_written_as_a_month_and_nothing_else_is():
    assert str(Interval.of(Month(2026, 12))) == "2026-12"
    assert str(Interval(date(2026, 12, 1), date(2027, 1, 2))) == "2026-12-01/2027-01-02"


def test_it_ends_where_the_next_begins():
    first, second = Interval(*ANNIVERSARY), Interval(*LATER)
    assert str(first.end) == str(second.start) == "2026-10-21 00:00:00+00:00"
