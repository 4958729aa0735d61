"""G16, G17, G18: billing periods adjoin, charging advances, prices hold for the whole service."""

from dataclasses import replace
from datetime import date

import pytest

from billing.month import Month
from billing_vendors.genesys_cloud.controls.g16_contract_continuity import G16
from billing_vendors.genesys_cloud.controls.g17_charged_through_date import G17
from billing_vendors.genesys_cloud.controls.g18_price_effective_dates import G18

D = date.fromisoformat
RUNS = {"starts_on": D("2024-01-01")}


def month_with(g, *periods, contract=None):
    return g.month(contracts=(contract or g.contract(**RUNS),), billing_periods=periods)


def of_december(g, ends_on="2025-01-01"):
    before = replace(g.billing_period(billing_period_id="bp-0"), starts_on=D("2024-12-01"), ends_on=D(ends_on))
    return replace(month_with(g, before), month=Month(2024, 12))


@pytest.mark.parametrize(
    ("begins", "state", "words"),
    [
        ("2025-01-01", "PASS", "adjoin"),
        ("2025-01-05", "EXCEPTION", "gap of 4 days"),
        ("2024-12-29", "EXCEPTION", "overlap by 3 days"),
    ],
)
def test_periods_adjoin(g, found, begins, state, words):
    billing_period = replace(g.billing_period(), starts_on=D(begins))
    (finding,) = found(G16, month_with(g, billing_period), previous=of_december(g))
    assert (finding.state.value, finding.subject) == (state, "bp-1")
    assert words in finding.explanation


def test_periods_of_one_month_adjoin_too(g, found):
    weeks = (
        replace(g.billing_period(billing_period_id="bp-2"), starts_on=D("2025-01-17")),
        replace(g.billing_period(), ends_on=D("2025-01-16")),
    )
    findings = found(G16, month_with(g, *weeks), previous=of_december(g))
    assert [(each.subject, each.state.value) for each in findings] == [("bp-2", "EXCEPTION"), ("bp-1", "PASS")]


def test_a_running_contract_without_period_misses_one(g, states):
    assert states(G16, month_with(g), previous=of_december(g)) == ["EXCEPTION"]
    assert states(G16, month_with(g)) == ["BLOCKED"]
    january = {"billingPeriodGaps": [["2025-01-01", "2025-02-01"]]}
    assert states(G16, month_with(g, contract=g.contract(**RUNS, attributes=january))) == ["EXCEPTION"]
    ended = g.contract(**RUNS, ends_on=D("2025-01-01"))
    assert states(G16, month_with(g, contract=ended), previous=of_december(g)) == ["NOT_APPLICABLE"]
    ends_later = g.contract(**RUNS, ends_on=D("2025-01-02"))
    assert states(G16, month_with(g, contract=ends_later), previous=of_december(g)) == ["EXCEPTION"]
    inactive = g.contract(**RUNS, status="Inactive")
    assert states(G16, month_with(g, contract=inactive), previous=of_december(g)) == ["NOT_APPLICABLE"]
    future = g.contract(starts_on=D("2025-02-01"))
    assert states(G16, month_with(g, contract=future)) == ["NOT_APPLICABLE"]
    young = g.contract(starts_on=D("2025-01-15"))
    assert states(G16, month_with(g, contract=young)) == ["NOT_APPLICABLE"]


def test_without_the_month_before(g, states):
    assert states(G16, month_with(g, g.billing_period())) == ["BLOCKED"]
    assert states(G16, month_with(g, g.billing_period()), first_month=g.january) == ["NOT_APPLICABLE"]
    assert states(G16, month_with(g, g.billing_period(), contract=g.contract())) == ["PASS"]
    empty = replace(g.month(), month=Month(2024, 12))
    assert states(G16, month_with(g, g.billing_period()), previous=empty) == ["BLOCKED"]
    december = g.contract(**RUNS, attributes={"billingPeriodGaps": [["2024-12-01", "2025-01-01"]]})
    assert states(G16, month_with(g, g.billing_period(), contract=december), previous=empty) == ["EXCEPTION"]
    assert states(G16, g.month()) == ["NOT_APPLICABLE"]


def charged(g, through, before=None, status="Closed", **item):
    through = through and D(through)
    month = month_with(
        g, replace(g.billing_period(), status=status), contract=g.contract(g.item(charged_through=through, **item))
    )
    if before is None:
        return month, None
    then = g.contract(g.item(charged_through=D(before), **item))
    return month, replace(month_with(g, contract=then), month=Month(2024, 12))


@pytest.mark.parametrize(
    ("through", "before", "state"),
    [
        ("2025-01-31", "2024-12-31", "PASS"),
        ("2025-01-31", None, "PASS"),
        ("2025-03-31", "2025-03-31", "PASS"),
        ("2025-01-30", "2024-12-31", "EXCEPTION"),
        ("2024-12-31", "2024-12-31", "EXCEPTION"),
        ("2025-01-31", "2025-02-28", "EXCEPTION"),
        (None, None, "NOT_APPLICABLE"),
    ],
)
def test_charging_advances(g, states, through, before, state):
    month, previous = charged(g, through, before)
    assert states(G17, month, previous=previous) == [state]


def test_a_price_that_ends_is_charged_to_its_own_end(g, states):
    month, _ = charged(g, "2025-01-14", effective_end=D("2025-01-15"))
    assert states(G17, month) == ["PASS"]
    month, _ = charged(g, "2025-01-13", effective_end=D("2025-01-15"))
    assert states(G17, month) == ["EXCEPTION"]


def test_items_without_number_are_told_apart_by_plan_and_window(g, states):
    month, previous = charged(g, "2025-01-31", "2025-02-28", item_number=None)
    assert states(G17, month, previous=previous) == ["EXCEPTION"]


def test_usage_open_periods_and_nothing(g, states):
    month, _ = charged(g, None, function="Overage")
    assert states(G17, month) == ["NOT_APPLICABLE"]
    month, _ = charged(g, "2025-01-31", status="Open")
    assert states(G17, month) == ["BLOCKED"]
    month, _ = charged(g, "2025-01-31", effective_start=D("2025-02-01"))
    assert states(G17, month) == ["NOT_APPLICABLE"]
    assert states(G17, g.month(contracts=(g.contract(),))) == ["NOT_APPLICABLE"]
    assert states(G17, g.month(billing_periods=(g.billing_period(),))) == ["BLOCKED"]


def priced(g, *windows, line=None, **contract):
    items = [
        g.item(price=price, overage_price=over, effective_start=D(start), effective_end=D(end), quantity=quantity)
        for price, over, start, end, quantity in windows
    ]
    return g.clean(line or g.prepay(), contracts=(g.contract(*items, **contract),))


@pytest.mark.parametrize(
    ("windows", "state"),
    [
        ([("135", None, "2025-01-01", "2026-01-01", 250)], "PASS"),
        ([("135", None, "2024-01-01", "2025-02-01", 250)], "PASS"),
        ([("135", None, "2024-01-01", "2025-01-16", 250), ("135", None, "2025-01-16", "2026-01-01", 250)], "PASS"),
        ([("130", None, "2024-01-01", "2025-01-16", 250), ("135", None, "2025-01-16", "2026-01-01", 250)], "EXCEPTION"),
        ([("130", None, "2024-01-01", "2025-01-01", 250), ("135", None, "2025-01-01", "2026-01-01", 250)], "PASS"),
        ([("135", None, "2024-01-01", "2025-01-01", 250)], "EXCEPTION"),
        ([("135", None, "2025-01-01", "2025-01-29", 250)], "EXCEPTION"),
        ([("135", None, "2025-01-01", "2026-01-01", 250), ("120", None, "2025-01-01", "2026-01-01", 20)], "PASS"),
    ],
)
def test_one_price_for_the_whole_service(g, states, windows, state):
    assert states(G18, priced(g, *windows)) == [state]


def test_a_price_that_is_not_in_force_any_more(g, states):
    """Billed at the price of last year."""
    windows = (("130", None, "2024-01-01", "2025-01-01", 250), ("135", None, "2025-01-01", "2026-01-01", 250))
    assert states(G18, priced(g, *windows, line=g.prepay("32500.00"))) == ["EXCEPTION"]
    assert states(G18, priced(g, *windows, line=g.prepay("33750.00"))) == ["PASS"]
    assert states(G18, priced(g, *windows, line=g.prepay("33000.00"))) == ["PASS"]  # of no window: G2 says it


def test_two_overage_prices_in_force_do_not_say_which(g, found):
    both = (("135", "148", "2025-01-01", "2026-01-01", 250), ("120", "140", "2025-01-01", "2026-01-01", 20))
    (finding,) = found(G18, priced(g, *both, line=g.line()))
    assert finding.state.value == "EXCEPTION"
    assert "2 overage prices are in force on 2025-01-01" in finding.explanation
    same = (both[0], ("120", "148", "2025-01-01", "2026-01-01", 20))
    assert found(G18, priced(g, *same, line=g.line()))[0].state.value == "PASS"


def test_days_outside_the_period_are_not_judged_here(g, states):
    """G10 finds a line that ends too late; the price that begins after its period is no second fault."""
    windows = (("130", None, "2025-01-01", "2025-02-01", 250), ("135", None, "2025-02-01", "2026-01-01", 250))
    assert states(G18, priced(g, *windows, line=g.prepay("32500.00", service_end=D("2025-02-10")))) == ["PASS"]
    ahead = g.prepay(service_start=D("2025-02-01"), service_end=D("2025-03-01"))
    assert states(G18, priced(g, *windows, line=ahead)) == ["PASS"]


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [
        ("2025-01-01", "2025-04-01", "PASS"),
        ("2024-12-31", "2025-04-01", "EXCEPTION"),
        ("2025-01-01", "2028-01-02", "EXCEPTION"),
        ("2025-01-01", "2028-01-01", "PASS"),
        ("2025-04-01", "2025-01-01", "EXCEPTION"),
        ("2025-01-01", None, "BLOCKED"),
        (None, "2025-04-01", "BLOCKED"),
    ],
)
def test_a_ramp_lies_within_its_contract(g, found, begins, ends, state):
    contract = g.contract(ramp_starts_on=begins and D(begins), ramp_ends_on=ends and D(ends))
    assert found(G18, g.clean(contracts=(contract,)))[0].state.value == state


def test_the_end_of_a_ramp_is_shown_with_the_line(g, found):
    windows = (("0", None, "2025-01-01", "2025-01-16", 250), ("135", None, "2025-01-16", "2026-01-01", 250))
    month = priced(g, *windows, ramp_starts_on=D("2025-01-01"), ramp_ends_on=D("2025-01-16"))
    finding = found(G18, month)[-1]
    assert (finding.state.value, finding.operands["ramp_bounds"]) == ("EXCEPTION", ["2025-01-16"])


def test_what_no_contract_prices_or_has_no_dates(g, states):
    assert states(G18, g.clean(g.line(sku="GHOST"))) == ["NOT_APPLICABLE"]
    assert states(G18, g.clean(g.line(service_start=None))) == ["BLOCKED"]
    assert states(G18, g.clean(g.line("-5.00"))) == ["NOT_APPLICABLE"]
    assert states(G18, g.month()) == ["NOT_APPLICABLE"]
