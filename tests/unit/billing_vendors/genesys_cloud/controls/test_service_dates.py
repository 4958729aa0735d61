"""G10: what is billed was, or will next be, served under contract."""

from dataclasses import fields
from datetime import date

import pytest

from billing.models import Contract, ContractBillingPeriod
from billing_vendors.genesys_cloud.controls.g10_service_dates import G10

JANUARY = (date(2026, 1, 1), date(2026, 2, 1))
NO_END = (None, None)


@pytest.fixture
def month(make):
    """A month with one invoice; periods and contracts by their dates, all of contract C."""

    def build(*lines, periods=(JANUARY,), contract=NO_END, contract_id="C"):
        nothing = dict.fromkeys(field.name for field in fields(Contract))
        known = nothing | {"contract_id": contract_id, "starts_on": contract[0], "ends_on": contract[1]}
        known |= {"purchase_order_numbers": (), "items": (), "attributes": {}}
        return make.month(
            make.invoice(
                lines=tuple(
                    make.line(position, "1.00", service_start=start, service_end=end)
                    for position, (start, end) in enumerate(lines, start=1)
                )
            ),
            contracts=(Contract(**known),),
            billing_periods=tuple(
                ContractBillingPeriod(f"B{start}", "C", make.month_key, start, end, "Closed", (), ())
                for start, end in periods
            ),
        )

    return build


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (date(2026, 1, 1), date(2026, 2, 1), "PASS"),  # arrears
        (date(2026, 1, 15), date(2026, 1, 16), "PASS"),  # one day of it
        (date(2026, 2, 1), date(2026, 3, 1), "PASS"),  # advance
        (date(2026, 2, 1), date(2026, 3, 4), "EXCEPTION"),
        (date(2026, 1, 1), date(2027, 1, 1), "EXCEPTION"),
        (date(2025, 12, 31), date(2026, 1, 31), "PASS"),  # a day early, as another time zone has it
        (date(2026, 1, 2), date(2026, 2, 2), "PASS"),  # a day late
        (date(2026, 1, 2), date(2026, 2, 3), "PASS"),  # a day late, and the end is the day after the last one
        (date(2025, 12, 30), date(2026, 1, 30), "EXCEPTION"),
        (date(2026, 1, 15), date(2026, 2, 15), "EXCEPTION"),  # half of each
        (date(2026, 1, 31), date(2026, 1, 1), "EXCEPTION"),  # ends before it starts
        (date(2026, 1, 1), date(2026, 1, 1), "EXCEPTION"),  # no day at all
        (None, date(2026, 2, 1), "BLOCKED"),
        (date(2026, 1, 1), None, "BLOCKED"),
    ],
)
def test_the_worked_examples(month, state_of, start, end, state):
    assert state_of(G10, month=month((start, end))) == state


@pytest.mark.parametrize(
    ("billing_period", "line", "state"),
    [
        ((date(2026, 1, 21), date(2026, 2, 21)), (date(2026, 2, 21), date(2026, 3, 21)), "PASS"),
        ((date(2025, 12, 31), date(2026, 1, 31)), (date(2026, 1, 31), date(2026, 2, 28)), "PASS"),
        ((date(2025, 12, 31), date(2026, 1, 31)), (date(2026, 1, 31), date(2026, 3, 1)), "PASS"),
        ((date(2025, 12, 31), date(2026, 1, 31)), (date(2026, 1, 31), date(2026, 3, 4)), "EXCEPTION"),
        ((date(2023, 12, 31), date(2024, 1, 31)), (date(2024, 1, 31), date(2024, 2, 29)), "PASS"),
        ((date(2025, 11, 1), date(2025, 12, 1)), (date(2025, 12, 1), date(2026, 1, 1)), "PASS"),
    ],
)
def test_the_next_period_of_other_cycles(billing_period, state_of, month, line, state):
    """From the 21st to the 20th, from a day that February lacks (its last day, or 1 March), over the year's end."""
    assert state_of(G10, month=month(line, periods=(billing_period,))) == state


@pytest.mark.parametrize(
    ("contract", "state"),
    [
        ((date(2026, 1, 1), date(2026, 2, 1)), "PASS"),
        ((date(2026, 1, 3), None), "EXCEPTION"),
        ((None, date(2026, 1, 29)), "EXCEPTION"),
        (NO_END, "PASS"),
    ],
)
def test_the_contract_must_run(month, state_of, contract, state):
    assert state_of(G10, month=month(JANUARY, contract=contract)) == state


def test_a_contract_that_was_not_read_blocks_and_does_not_accuse(month, judge):
    (finding,) = judge(G10, month=month(JANUARY, contract_id="another"))
    assert finding.state.value == "BLOCKED"
    assert finding.explanation == "cannot be checked: line 1 (line 1): the contract of its billing period was not read"


def test_dates_outside_every_period_are_an_exception_whatever_the_contract(month, state_of):
    assert state_of(G10, month=month((date(2020, 1, 1), date(2020, 2, 1)), contract_id="another")) == "EXCEPTION"


def test_one_of_several_periods_is_enough(month, state_of):
    periods = ((date(2025, 12, 21), date(2026, 1, 21)), JANUARY)
    assert state_of(G10, month=month(JANUARY, periods=periods)) == "PASS"


def test_each_line_is_judged_and_the_good_ones_are_counted(month, judge):
    found = judge(G10, month=month(JANUARY, (None, None), (date(2020, 1, 1), date(2020, 2, 1)), JANUARY))
    assert [finding.state.value for finding in found] == ["BLOCKED", "EXCEPTION", "PASS"]
    assert found[1].operands == {"line": 3, "start": "2020-01-01", "end": "2020-02-01"}
    assert found[2].operands == {"lines": 4, "agree": 2, "within_rounding": 0}


def test_without_periods_lines_or_invoices_nothing_passes(make, month, state_of):
    assert state_of(G10, month=month(JANUARY, periods=())) == "BLOCKED"
    assert state_of(G10, month=month()) == "NOT_APPLICABLE"
    assert state_of(G10, month=make.month()) == "NOT_APPLICABLE"
