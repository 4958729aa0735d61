"""Every kind of error can be planted on demo and drawn accounts, and changes one contract's month alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from vendor_simulator.genesys_cloud.planted import KINDS, ROTATION
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month
from vendor_simulator.world import World

DEMO = ("nord-contact", "pacific-care", "sakura-support", "aurora-help")
DRAWN = tuple(f"drawn-genesys-{number}" for number in range(1, 13))
MONTHS = list(Month(2024, 9).until(Month(2025, 8)))
MONTH = Month(2025, 2)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONLY_DRAWN = {"G29:one_time"}


def fresh(readings: dict[str, str] | None = None) -> World:
    return World(7, {f"genesys_cloud.{word}": value for word, value in (readings or {}).items()}, 12, errors=False)


def places(world: World, accounts: tuple[str, ...]) -> Iterator[tuple[str, Month]]:
    yield from ((account, month) for month in MONTHS for account in accounts)


def contents(world: World, accounts: tuple[str, ...] = (*DEMO, *DRAWN)) -> dict[tuple[str, int, Month], Any]:
    of_vendor = world.of(GenesysWorld)
    owners = [of_vendor.as_billed(each) for each in of_vendor.organisations if each.name in accounts]
    return {
        (owner.name, contract.number, month): of_vendor.month(contract, month)
        for owner in owners
        for contract in owner.contracts
        for month in MONTHS
        if contract.begins is None or Month.of(contract.begins) < month < Month.of(contract.ends)
    }


@pytest.mark.parametrize("accounts", [DEMO, DRAWN], ids=["demo", "drawn"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_changes_one_contract_s_month(kind, accounts):
    if kind in ONLY_DRAWN and accounts is DEMO:
        assert all(fresh().plant(kind, *place) is None for place in places(fresh(), DEMO))
        return
    world, clean = fresh(), contents(fresh(), accounts)
    planted = next(found for place in places(world, accounts) if (found := world.plant(kind, *place)))
    assert (planted.control, planted.kind) == (kind.partition(":")[0], kind)
    after = contents(world, accounts)
    different = [place for place in clean if clean[place] != after[place]]
    assert [(account, month) for account, _, month in different] == [(planted.account, planted.month)]
    assert world.planted(planted.month, planted.month) == [planted]


@pytest.mark.parametrize("kind", KINDS)
def test_what_fits_nowhere_changes_nothing(kind):
    world, before = fresh(), contents(fresh(), DEMO)
    if world.plant(kind, "aurora-help", MONTH) is None:
        assert contents(world, DEMO) == before


def test_no_account_and_no_kind_of_that_name():
    for kind, account in (("G99", "nord-contact"), ("G1", "nobody")):
        with pytest.raises(KeyError):
            fresh().plant(kind, account, MONTH)


def test_the_same_error_comes_from_the_same_seed():
    planted = [
        [world.plant(kind, *place) for kind in KINDS for place in [(DRAWN[3], MONTH)]] for world in (fresh(), fresh())
    ]
    assert planted[0] == planted[1]


def test_errors_add_up_in_one_month():
    world = fresh()
    assert world.plant("G1", "nord-contact", MONTH)
    assert world.plant("G21:zero", "nord-contact", MONTH)
    (invoice,) = world.of(GenesysWorld).month(first_contract(world, "nord-contact"), MONTH).invoices
    assert invoice.amount != invoice.lines_total
    assert invoice.document_amount == 0
    assert [each.kind for each in world.planted(MONTH, MONTH)] == ["G1", "G21:zero"]


def first_contract(world: World, account: str):
    of_vendor = world.of(GenesysWorld)
    return of_vendor.as_billed(next(each for each in of_vendor.organisations if each.name == account)).contracts[0]


def month_of(kind: str, account: str, month: Month = MONTH, readings: dict[str, str] | None = None):
    world = fresh(readings)
    clean = world.of(GenesysWorld).month(first_contract(world, account), month)
    planted = world.plant(kind, account, month)
    assert planted is not None
    return clean, world.of(GenesysWorld).month(first_contract(world, account), month), planted


@pytest.mark.parametrize(
    "readings", [{}, {"line_quantity": "per_product"}, {"tax": "line"}, {"rounding": "exact_lines"}]
)
@pytest.mark.parametrize("kind", ["G3", "G5"])
def test_more_units_than_used_make_a_difference_in_any_scale(kind, readings):
    clean, wrong, _ = month_of(kind, "nord-contact", readings=readings)
    more = wrong.invoices[0].amount - clean.invoices[0].amount
    assert more >= Decimal("0.10")
    assert (
        wrong.invoices[0].amount - wrong.invoices[0].lines_total
        == clean.invoices[0].amount - clean.invoices[0].lines_total
    )


def test_what_is_missing_is_missing():
    assert month_of("G29:prepayment", "nord-contact")[1].invoices == ()
    assert month_of("G29:arrears", "aurora-help")[1].invoices == ()
    clean, wrong, _ = month_of("G25:reissued", "nord-contact")
    assert wrong.invoices[0].lines == clean.invoices[0].lines
    assert wrong.invoices[0].invoice_id != clean.invoices[0].invoice_id
    clean, wrong, _ = month_of("G29:one_time", "nord-contact", Month(2025, 1), {"token_grant": "one_time"})
    assert clean.wallets == wrong.wallets
    assert {line.kind for line in clean.invoices[0].lines} - {line.kind for line in wrong.invoices[0].lines} == {
        "one_time"
    }


def test_lines_that_are_lost_leave_the_amount():
    for kind in ("G1:line_dropped", "G1:line_sign", "G1:page_lost"):
        clean, wrong, planted = month_of(kind, "nord-contact")
        assert wrong.invoices[0].amount == clean.invoices[0].amount
        assert (
            sum(line.amount for line in wrong.invoices[0].lines[: wrong.invoices[0].listed]) != clean.invoices[0].amount
        )
        assert planted.document == clean.invoices[0].invoice_id


def test_a_wallet_s_gap_leaves_its_own_period_in_balance():
    clean, wrong, _ = month_of("G7:gap", "nord-contact")
    before, after = clean.wallets[0], wrong.wallets[0]
    assert after.start - after.decrease == before.start - before.decrease
    assert (after.start, after.end) != (before.start, before.end)
    assert after.end == before.end


def test_the_errors_that_rotate_stay_those_of_the_demo():
    planted = [
        each for each in World(7, drawn=6).planted(Month(2023, 6), Month(2026, 10)) if each.vendor == "genesys_cloud"
    ]
    assert {each.account for each in planted} == set(DEMO)
    assert {each.control for each in planted} == set(ROTATION)
    assert World(7, drawn=6).planted(Month(2023, 6), Month(2024, 6)) == World(7).planted(Month(2023, 6), Month(2024, 6))


def test_a_document_that_is_withdrawn_is_no_longer_answered(reading_client):
    client = reading_client(errors=False)
    path = "/api/v2/billing/contracts/invoices"
    before = client.get("nord-contact", path, pageSize=200).json["entities"]
    planted = client.sim.world.plant("G25:withdrawn", "nord-contact", MONTH)
    after = client.get("nord-contact", path, pageSize=200).json["entities"]
    assert [each for each in before if each not in after] == [each for each in before if each["id"] == planted.document]
    assert client.get("nord-contact", f"{path}/{planted.document}/lines").status == 404


def test_a_period_that_is_missing_is_named_by_no_contract(reading_client):
    client = reading_client(errors=False)
    planted = client.sim.world.plant("G16", "nord-contact", MONTH)
    contract = client.get("nord-contact", "/api/v2/billing/contracts").json["entities"][0]
    ends = [each["dateEnd"] for each in contract["billingPeriods"]]
    assert planted.document not in {each["id"] for each in contract["billingPeriods"]}
    assert "2025-02-28" not in ends
    assert {"2025-01-31", "2025-03-31"} <= set(ends)
