"""G24: the trustee sees what is charged."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.models import UsageLine, UsageReport
from billing_vendors.genesys_cloud.controls.g24_trustee_overview import G24


def overview(g, *rows, **dates):
    """An overview with rows of part number, usage and what else is said."""
    lines = tuple(UsageLine(n, sku, Decimal(used), product=sku, **rest) for n, (sku, used, rest) in enumerate(rows, 1))
    january = {"starts_at": g.january.start, "ends_at": g.january.end} | dates
    return UsageReport(
        "trustee_overview/2025-01", "trustee_overview", g.january, currency="EUR", lines=lines, **january
    )


def row(used="262", sku="CX3", prepaid="250", rate="148.50", **rest):
    attributes = {} if prepaid is None else {"prepayQuantity": Decimal(prepaid)}
    return sku, used, {"rate": None if rate is None else Decimal(rate), "attributes": attributes} | rest


@pytest.mark.parametrize(
    ("rows", "states_"),
    [
        ([row()], ["PASS"]),
        ([row("266")], ["EXCEPTION", "PASS"]),
        ([row("258")], ["EXCEPTION", "PASS"]),
        ([row(prepaid="240")], ["EXCEPTION", "PASS"]),
        ([row(prepaid=None)], ["PASS"]),
        ([row(rate="143.00")], ["EXCEPTION", "PASS"]),
        ([row(rate=None)], ["PASS"]),
        ([row("200"), row("62", prepaid="0")], ["PASS"]),
        ([row(), row("0", usage_type="fair-use", prepaid="99")], ["PASS"]),
        ([row(), row("5", attributes={"isThirdParty": True})], ["PASS"]),
        ([row(), row("5", sku="OTHER")], ["NOT_APPLICABLE", "PASS"]),
        ([row(sku="OTHER")], ["NOT_APPLICABLE"]),
    ],
)
def test_the_worked_examples(g, states, rows, states_):
    assert states(G24, g.clean(usage_reports=(overview(g, *rows),))) == states_


def test_figures_and_subject(g, found):
    (finding, _) = found(G24, g.clean(usage_reports=(overview(g, row("266")),)))
    assert (finding.expected, finding.actual, finding.difference, finding.subject) == (262, 266, 4, "bp-1")


def test_charges_of_one_product_are_added_up(g, states):
    charges = (g.charge(), g.charge(actual_quantity="8", prepaid_quantity="0"))
    assert states(G24, g.clean(charges=charges, usage_reports=(overview(g, row("270")),))) == ["PASS"]


@pytest.mark.parametrize("spoil", ["actual_quantity", "prepaid_quantity"])
def test_a_charge_that_does_not_say_it_blocks(g, states, spoil):
    month = g.clean(charges=(replace(g.charge(), **{spoil: None}),), usage_reports=(overview(g, row()),))
    assert states(G24, month) == ["BLOCKED", "PASS"]


@pytest.mark.parametrize("dates", [{"starts_at": None}, {"ends_at": datetime(2025, 1, 29, tzinfo=UTC)}])
def test_other_dates_are_not_compared(g, states, dates):
    assert states(G24, g.clean(usage_reports=(overview(g, row(), **dates),))) == ["BLOCKED"]


def test_without_overview(g, states):
    assert states(G24, g.clean()) == ["NOT_APPLICABLE"]
    assert states(G24, g.clean(), trustor_organization_id="org-1") == ["BLOCKED"]


@pytest.mark.parametrize(("organization", "state"), [("org-1", "PASS"), ("ORG-1", "PASS"), ("org-2", "BLOCKED")])
def test_an_overview_of_another_organization_is_not_used(g, states, organization, state):
    report = replace(overview(g, row()), attributes={"organization": {"id": organization}})
    month = replace(g.clean(), usage_reports=(report,))
    assert states(G24, month, trustor_organization_id="org-1") == [state]
    assert states(G24, g.month(usage_reports=(overview(g, row()),))) == ["NOT_APPLICABLE"]


def test_a_price_that_two_contracts_have_differently_is_not_compared(g, states):
    contract = g.contract(g.item(), g.item(overage_price="143.00"))
    assert states(G24, g.clean(contracts=(contract,), usage_reports=(overview(g, row(rate="1")),))) == ["PASS"]
