"""G23: prepaid quantities are those of the contract."""

from dataclasses import replace
from datetime import date

import pytest

from billing_vendors.genesys_cloud.controls.g23_prepaid_quantity import G23


@pytest.mark.parametrize(
    ("items", "charges", "state"),
    [
        (["250"], ["250"], "PASS"),
        (["250"], ["250.0"], "PASS"),
        (["250", "20"], ["270"], "PASS"),
        (["250"], ["200", "50"], "PASS"),
        (["250"], ["240"], "EXCEPTION"),
        (["250"], ["260"], "EXCEPTION"),
        (["250", "20"], ["250"], "EXCEPTION"),
        ([], ["250"], "EXCEPTION"),
        (["250"], [], "EXCEPTION"),
        (["250"], [None], "BLOCKED"),
        ([None], ["250"], "BLOCKED"),
        ([], ["0"], "NOT_APPLICABLE"),
        (["0"], ["0"], "NOT_APPLICABLE"),
    ],
)
def test_the_worked_examples(g, states, items, charges, state):
    contract = replace(g.contract(), items=tuple(g.item(quantity=each) for each in items))
    billing_period = g.billing_period(*(g.charge(prepaid_quantity=each) for each in charges))
    assert states(G23, g.month(contracts=(contract,), billing_periods=(billing_period,))) == [state]


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        (date(2025, 1, 1), date(2026, 1, 1), "PASS"),
        (date(2025, 1, 2), date(2026, 1, 1), "PASS"),
        (date(2025, 2, 1), date(2026, 1, 1), "EXCEPTION"),
        (date(2024, 1, 1), date(2025, 1, 1), "EXCEPTION"),
        (None, None, "PASS"),
    ],
)
def test_items_in_force_in_the_period_count(g, states, start, end, state):
    contract = g.contract(g.item(effective_start=start, effective_end=end))
    assert states(G23, g.clean(contracts=(contract,))) == [state]


def test_an_allowance_is_nothing_prepaid(g, found):
    """An item for overage has a quantity, too: what is free of charge."""
    charge = g.charge("API", prepaid_quantity="0", fair_use_quantity="10000000")
    (finding,) = found(G23, g.clean(charges=(g.charge(), charge)))
    assert (finding.state.value, finding.operands["prepaid products"]) == ("PASS", 1)


def test_the_difference_and_the_subject(g, found):
    (finding,) = found(G23, g.clean(charges=(g.charge(prepaid_quantity="240"),)))
    assert (finding.expected, finding.actual, finding.difference, finding.subject) == (250, 240, -10, "bp-1")


def test_without_contract_or_period(g, states):
    assert states(G23, g.clean(contracts=())) == ["BLOCKED"]
    assert states(G23, g.month(contracts=(g.contract(),))) == ["NOT_APPLICABLE"]
