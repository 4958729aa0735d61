"""Drawn organisations are billed as the contract says: recomputed from the documents alone, over the wire."""

import itertools
import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from vendor_simulator.genesys_cloud.periods import months_of, period_of
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

SCHEMAS = Path(__file__).parents[2] / "contracts" / "schemas" / "genesys_cloud"
BILLING = "/api/v2/billing"
COUNT = 24
NAMES = [f"drawn-genesys-{number}" for number in range(1, COUNT + 1)]
FIRST, LAST = Month(2024, 6), Month(2025, 9)
PLACES = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def drawn_reader(client_class, noon):
    settings = Settings(rate_limit=10**9, report_asks=0, estimate_asks=0)
    with Simulator(World(7, drawn=COUNT), now=noon, settings=settings) as running:
        one = client_class(running)
        yield one
        one.close()


def payable(amount: Decimal, currency: str) -> Decimal:
    return Decimal(amount).quantize(Decimal(1).scaleb(-PLACES[currency]), ROUND_HALF_UP)


def periods_of(reader, name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Read contract and detail of every closed period that ends in the months looked at."""
    found = []
    for contract in reader.genesys_rows(name, "/contracts", pageSize=10):
        for listed in contract["billingPeriods"]:
            if str(FIRST) <= listed["dateEnd"][:7] <= str(LAST):
                path = f"{BILLING}/contracts/{contract['id']}/billingperiods/{listed['id']}"
                found.append((contract, reader.get(name, path).json))
    return found


def bills_of(reader, name: str) -> list[dict[str, Any]]:
    rows = reader.genesys_rows(name, "/contracts/invoices", pageSize=200)
    wanted = [each for each in rows if str(FIRST) <= each["dateInvoiced"][:7] <= str(LAST)]
    for invoice in wanted:
        invoice["lines"] = reader.genesys_rows(name, f"/contracts/invoices/{invoice['id']}/lines", pageSize=200)
    return wanted


@pytest.mark.parametrize("name", NAMES[:8])
def test_answers_fit_the_schemas(drawn_reader, name):
    def fits(schema: str, path: str, **query: str | int) -> Any:
        answer = drawn_reader.get(name, BILLING + path, **query).json
        jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text())).validate(answer)
        return answer

    contract = fits("contract_listing", "/contracts", pageSize=10)["entities"][0]
    fits("contract", f"/contracts/{contract['id']}")
    for period in contract["billingPeriods"][:14]:
        fits("contract_billing_period", f"/contracts/{contract['id']}/billingperiods/{period['id']}")
    invoices = fits("invoice_listing", "/contracts/invoices", pageSize=200)["entities"]
    fits("invoice_line_listing", f"/contracts/invoices/{invoices[0]['id']}/lines")
    fits(
        "billable_usage_report",
        "/reports/billableusage",
        startDate="2025-01-01T00:00:00Z",
        endDate="2025-02-01T00:00:00Z",
    )
    organisation = next(each for each in drawn_reader.sim.world.accounts() if each["name"] == name)["organization_id"]
    fits("trustee_billing_overview", f"/trusteebillingoverview/{organisation}", billingPeriodIndex=1)


@pytest.mark.parametrize("name", NAMES)
def test_charges_and_wallets_compute(drawn_reader, name):
    balances: dict[str, Decimal] = {}
    for _, period in sorted(periods_of(drawn_reader, name), key=lambda pair: pair[1]["dateStart"]):
        for charge in period["charges"]:
            beyond = max(0, charge["actualQuantity"] - charge["prepaidQuantity"] - charge["fairuseQuantity"])
            if "convertedTokenCount" in charge:
                beyond = 0
                assert charge["convertedTokenCount"] == charge["actualQuantity"] / charge["tokenConversionRate"]
            assert charge["overageQuantity"] == beyond
            assert charge["overageCharge"] == payable(beyond * charge["overageRate"], charge["overageCurrency"])
        for wallet in period["wallets"]:
            rest = wallet["startingBalance"] + wallet["balanceIncrease"] - wallet["balanceConsumption"]
            assert (wallet["endingBalance"], wallet["balanceOverage"]) == (max(0, rest), max(0, -rest))
            assert balances.get(wallet["id"], wallet["startingBalance"]) == wallet["startingBalance"]
            balances[wallet["id"]] = wallet["endingBalance"]
        tokens = sum(charge.get("convertedTokenCount", 0) for charge in period["charges"])
        assert tokens == sum(wallet["balanceConsumption"] for wallet in period["wallets"])


@pytest.mark.parametrize("name", NAMES)
def test_periods_adjoin_from_the_first_day_of_the_contract(drawn_reader, name):
    for contract in drawn_reader.genesys_rows(name, "/contracts", pageSize=10):
        periods = contract["billingPeriods"][::-1]
        assert periods[0]["dateStart"] == contract["dateStart"]
        for before, after in itertools.pairwise(periods):
            assert date.fromisoformat(before["dateEnd"]) + DAY == date.fromisoformat(after["dateStart"])
        if contract["status"] == "Inactive":
            assert periods[-1]["dateEnd"] == contract["dateEnd"]
        assert len({period["dateEnd"][:7] for period in periods}) == len(periods)


@pytest.mark.parametrize("name", NAMES)
def test_invoices_add_up_and_are_the_truth(drawn_reader, name):
    truth = {
        each.invoice_id: (each.total, each.lines)
        for month in FIRST.shift(-2).until(LAST.shift(1))
        for each in drawn_reader.sim.truth("genesys_cloud", name, str(month))
    }
    bills = bills_of(drawn_reader, name)
    assert bills
    for invoice in bills:
        assert sum(line["amount"] for line in invoice["lines"]) == invoice["amount"]
        assert (invoice["amount"], len(invoice["lines"])) == truth[invoice["id"]]
        assert payable(invoice["amount"], invoice["currencyIsoCode"]) == invoice["amount"]
        assert (invoice["amount"] < 0) == (invoice["customerInvoiceType"] == "Credit Memo")


@pytest.mark.parametrize("name", NAMES)
def test_every_overage_is_billed_once(drawn_reader, name):
    """Sums by product and days: what periods charge is what lines bill beside prepayments, purchases and credits."""
    charged: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for _, period in periods_of(drawn_reader, name):
        days = (period["dateStart"], period["dateEnd"])
        for charge in period["charges"]:
            charged[charge["product"]["sku"], *days] += charge["overageCharge"]
        for wallet in period["wallets"]:
            charged[wallet["product"]["sku"], *days] += wallet["balanceOverageCharge"]
    lines = [(key_of(line), line["amount"]) for invoice in bills_of(drawn_reader, name) for line in invoice["lines"]]
    for key, amount in charged.items():
        amounts = [billed for place, billed in lines if place == key]
        if amount and key[2][:7] < str(LAST):
            assert some_add_up(amounts, amount), (key, amount, amounts)


def key_of(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["product"]["sku"], line["dateStart"], line["dateEnd"]


def some_add_up(amounts: list[Decimal], total: Decimal) -> bool:
    return any(
        sum(chosen) == total for size in range(1, len(amounts) + 1) for chosen in itertools.combinations(amounts, size)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_day_that_is_prepaid_is_billed_once_at_its_price(drawn_reader, name):
    """Each line of a prepaid item is price times quantity times the periods, or the part of one, that it is for."""
    world = drawn_reader.sim.world.of(GenesysWorld)
    owner = world.as_billed(next(each for each in world.organisations if each.name == name))
    paid: Counter[tuple[str, date]] = Counter()
    for contract in owner.contracts:
        for month in months_in(contract):
            for invoice in world.month(contract, month).invoices:
                for line in (each for each in invoice.lines if each.kind == "prepay"):
                    price = line.plan.price_on(line.start)
                    assert line.quantity == line.plan.quantity_at(price)
                    for offset in range((line.end - line.start).days + 1):
                        paid[line.plan.id, line.start + offset * DAY] += 1
        for plan in (each for each in contract.plans if each.is_prepaid):
            assert {paid[plan.id, day] for day in prepaid_days(contract, plan)} <= {1}
    assert set(paid.values()) <= {1}


def months_in(contract) -> list[Month]:
    return months_of(contract, Month(2026, 10))


def prepaid_days(contract, plan) -> list[date]:
    """Every day of 2024 and 2025 on which a plan is in force from the start of a period."""
    months = [month for month in months_in(contract) if Month(2024, 1) <= month <= Month(2025, 6)]
    periods = [period_of(contract, month) for month in months]
    begun = [each for each in periods if plan.begins is None or plan.begins <= each.start]
    return [each.start + offset * DAY for each in begun for offset in range((each.end - each.start).days + 1)]


def test_drawing_is_decided_by_the_seed_and_not_by_how_many_there_are():
    few, many = (World(3, drawn=count).of(GenesysWorld).organisations[4:] for count in (5, 12))
    assert few == many[:5]
    assert few != World(4, drawn=5).of(GenesysWorld).organisations[4:]


def test_what_is_drawn_differs_widely():
    world = World(7, drawn=120).of(GenesysWorld)
    contracts = [contract for owner in world.organisations[4:] for contract in owner.contracts]
    plans = [plan for contract in contracts for plan in contract.plans]
    days = {contract.cycle_day for contract in contracts}
    assert {1, 29, 30, 31} <= days
    assert len(days) > 25
    assert {PLACES[contract.currency] for contract in contracts} == {0, 2, 3}
    assert {plan.kind for plan in plans} == {"prepay", "fair_use", "metered", "token", "token_use"}
    assert {plan.months for plan in plans} == {1, 3, 12}
    assert {plan.grant for plan in plans if plan.kind == "token"} == {"yearly", "monthly", "one_time", "top_up"}
    assert len({contract.wording for contract in contracts}) == 6
    assert any(plan.place for plan in plans)
    assert any(len({plan.product.sku for plan in each.plans}) < len(each.plans) for each in contracts)
    assert any(each.ends.year < 2027 for each in contracts)
    assert {bool(plan.advance) for plan in plans if plan.is_prepaid} == {True, False}
    assert {len(owner.contracts) for owner in world.organisations[4:]} >= {1, 2, 3, 4, 5}
    follow = [(one, other) for one in contracts for other in contracts if one.ends + DAY == other.begins]
    assert [one.purchase_orders == other.purchase_orders for one, other in follow].count(True) > 10
