"""Read every Genesys Cloud bill of the history over HTTP and reconcile it: what fails is what was planted."""

import io
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest

from vendor_simulator.months import Month

BILLING = "/api/v2/billing"
FIRST, LAST = Month(2023, 1), Month(2026, 10)
EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0, "GBP": 2}
ORGANISATIONS = ("nord-contact", "pacific-care", "sakura-support", "aurora-help")
DAY = timedelta(days=1)


@dataclass
class Period:
    """One closed billing period with what bills it."""

    contract: dict[str, Any]
    detail: dict[str, Any]
    month: Month
    invoices: list[dict[str, Any]] = field(default_factory=list)

    @property
    def dates(self) -> tuple[str, str]:
        return self.detail["dateStart"], self.detail["dateEnd"]


def rounded(amount: Decimal, currency: str) -> Decimal:
    return Decimal(amount).quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def read_periods(reader, name: str) -> list[Period]:
    """Read contracts, closed periods, invoices and lines; assign each invoice to the period it bills."""
    months = {
        invoice.invoice_id: str(month)
        for month in FIRST.until(LAST)
        for invoice in reader.sim.truth("genesys_cloud", name, str(month))
    }
    contracts = reader.genesys_rows(name, "/contracts", pageSize=10)
    periods = {}
    for contract in contracts:
        for listed in contract["billingPeriods"]:
            if listed["status"] == "Closed" and Month.parse(listed["dateEnd"][:7]) <= LAST:
                path = f"{BILLING}/contracts/{contract['id']}/billingperiods/{listed['id']}"
                detail = reader.get(name, path).json
                assert detail | {"charges": 0, "wallets": 0} == listed | {"charges": 0, "wallets": 0}
                period = Period(contract, detail, Month.parse(listed["dateEnd"][:7]))
                periods[contract["id"], str(period.month)] = period
    for invoice in reader.genesys_rows(name, "/contracts/invoices", pageSize=200):
        orders = [c["id"] for c in contracts if invoice["customerPoNumber"].lstrip("X") in c["purchaseOrderNumbers"]]
        if invoice["id"] in months:
            invoice["lines"] = reader.genesys_rows(name, f"/contracts/invoices/{invoice['id']}/lines", pageSize=200)
            periods[orders[0], months[invoice["id"]]].invoices.append(invoice)
    return list(periods.values())


def price_of(period: Period, line: dict[str, Any]) -> Decimal:
    """Give the price in force at the line's first day."""
    plan = next(plan for plan in period.contract["plans"] if plan["product"]["sku"] == line["product"]["sku"])
    item = next(
        item for item in plan["items"] if item["dateEffectiveStart"] <= line["dateStart"] <= item["dateEffectiveEnd"]
    )
    return item["price" if line["description"].endswith("Prepay") else "overagePrice"]


def invoice_findings(period: Period, invoice: dict[str, Any], account: dict[str, Any]) -> Iterator[str]:
    currency, lines = invoice["currencyIsoCode"], invoice["lines"]
    bound = Decimal(1).scaleb(-EXPONENTS[currency]) / 2 * len(lines)
    if abs(sum(line["amount"] for line in lines) - invoice["amount"]) > bound:
        yield "G1"
    if currency != account["currency"]:
        yield "G8"
    if invoice["customerPoNumber"] not in period.contract["purchaseOrderNumbers"]:
        yield "G9"
    if (invoice["customerInvoiceType"] == "Credit Memo") != (invoice["amount"] < 0):
        yield "G19"
    assert invoice["billToCustomer"]["number"] == account["bill_to"]
    after = date.fromisoformat(invoice["dateInvoiced"]) - date.fromisoformat(period.dates[1])
    assert DAY <= after <= 5 * DAY
    for line in lines:
        assert isinstance(line["quantity"], int)
        price = price_of(period, line)
        if line["amount"] > 0 and line["amount"] != rounded(line["quantity"] * price, account["currency"]):
            yield "G2"
        if (line["dateStart"], line["dateEnd"]) != service_dates(period, line, account["name"]):
            yield "G10"


def service_dates(period: Period, line: dict[str, Any], account: str) -> tuple[str, str]:
    """Give the dates a line should have: its period, or the next one for what is billed in advance."""
    if account == "sakura-support" and line["description"].endswith("Prepay"):
        following = period.month.shift(1)
        return str(following.start.date()), str(following.last_day)
    return period.dates


def charge_findings(period: Period, currency: str) -> Iterator[str]:
    prepaid = {
        plan["product"]["sku"]: plan["items"][0]["quantity"]
        for plan in period.contract["plans"]
        if plan["items"][0]["function"] == "Prepay"
    }
    for charge in period.detail["charges"]:
        beyond = max(0, charge["actualQuantity"] - charge["prepaidQuantity"] - charge["fairuseQuantity"])
        if "convertedTokenCount" in charge:
            beyond = 0
            assert charge["convertedTokenCount"] == charge["actualQuantity"] / charge["tokenConversionRate"]
        if charge["overageQuantity"] != beyond:
            yield "G3"
        if charge["overageCharge"] != rounded(charge["overageQuantity"] * charge["overageRate"], currency):
            yield "G4"
        if charge["overageCurrency"] != currency:
            yield "G8"
        if charge["prepaidQuantity"] != prepaid.get(charge["product"]["sku"], 0):
            yield "G23"


def line_findings(period: Period) -> Iterator[str]:
    """Compare overage as charged with overage as invoiced, by product; a second copy of an invoice is left out."""
    charged, billed = defaultdict(Decimal), defaultdict(Decimal)
    for charge in period.detail["charges"]:
        charged[charge["product"]["sku"]] += charge["overageCharge"]
    for wallet in period.detail["wallets"]:
        charged[wallet["product"]["sku"]] += wallet["balanceOverageCharge"]
    documents = sorted(period.invoices, key=lambda each: each["id"])
    for invoice in [each for each in documents if each["customerInvoiceType"] == "Invoice"][:1]:
        for line in invoice["lines"]:
            if " - overage" in line["description"]:
                billed[line["product"]["sku"]] += line["amount"]
    if {sku: amount for sku, amount in charged.items() if amount} != dict(billed):
        yield "G5"


def wallet_findings(period: Period, balances: dict[str, Decimal]) -> Iterator[str]:
    for wallet in period.detail["wallets"]:
        rest = wallet["startingBalance"] + wallet["balanceIncrease"] - wallet["balanceDecrease"]
        rest -= wallet["balanceConsumption"]
        if (wallet["endingBalance"], wallet["balanceOverage"]) != (max(0, rest), max(0, -rest)):
            yield "G7"
        if balances.get(wallet["id"], wallet["startingBalance"]) != wallet["startingBalance"]:
            yield "G7"
        balances[wallet["id"]] = wallet["endingBalance"]


def usage_findings(reader, name: str, periods: list[Period]) -> Iterator[str]:
    """Compare the report, and the trustee's overview, with the charges of all contracts' periods of one month."""
    start, end = periods[0].dates
    query = {"startDate": f"{start}T00:00:00.000Z", "endDate": f"{date.fromisoformat(end) + DAY}T00:00:00.000Z"}
    report = reader.get(name, BILLING + "/reports/billableusage", **query).json
    assert report["status"] == "Complete"
    actual = {c["product"]["name"]: c["actualQuantity"] for p in periods for c in p.detail["charges"]}
    if {usage["name"]: Decimal(usage["totalUsage"]) for usage in report["usages"]} != actual:
        yield "G6"
    organisation = periods[0].detail["charges"][0]["organizations"][0]["id"]
    listed = [each["dateEnd"] for each in periods[0].contract["billingPeriods"]]
    path = f"{BILLING}/trusteebillingoverview/{organisation}"
    overview = reader.get(name, path, billingPeriodIndex=listed.index(end)).json
    rows = [row for row in overview["usages"] if row["grouping"] != "fair-use"]
    if {row["name"]: Decimal(row["usageQuantity"]) for row in rows} != actual:
        yield "G24"


def duplicates(period: Period) -> Iterator[str]:
    types = Counter((each["customerInvoiceType"], each["amount"]) for each in period.invoices)
    if max(types.values(), default=0) > 1:
        yield "G15"


def audit(reader, account: dict[str, Any]) -> set[tuple[str, str, str]]:
    name, findings = account["name"], set()
    balances: dict[str, Decimal] = {}
    periods = sorted(read_periods(reader, name), key=lambda period: period.month)
    for month in FIRST.until(LAST):
        now = [period for period in periods if period.month == month]
        found = set(usage_findings(reader, name, now))
        for period in now:
            found |= set(charge_findings(period, account["currency"])) | set(line_findings(period))
            found |= set(wallet_findings(period, balances)) | set(duplicates(period))
            for invoice in period.invoices:
                found |= set(invoice_findings(period, invoice, account))
        findings |= {(name, str(month), control) for control in found}
    return findings


def printed(reader, name: str, invoice_id: str) -> str:
    link = urlsplit(reader.get(name, f"{BILLING}/contracts/invoices/{invoice_id}/document").json["url"])
    reply = reader.ask(f"{link.path}?{link.query}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf")
    return pypdf.PdfReader(io.BytesIO(reply.body)).pages[0].extract_text()


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_exactly_the_planted_errors_are_found(reader, name):
    """A clean period raises no alarm, a planted error raises its own and no other."""
    account = next(each for each in reader.sim.world.accounts() if each["name"] == name)
    planted = [each for each in reader.sim.world.planted(FIRST, LAST) if each.account == name]
    expected = {(name, str(each.month), each.control) for each in planted if each.control != "G21"}
    assert expected
    assert audit(reader, account) == expected


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_documents_say_what_the_invoice_says_unless_planted(reader, name):
    """Number and total of one printed invoice a quarter, and of every one that is planted otherwise."""
    planted = {e.document for e in reader.sim.world.planted(FIRST, LAST) if e.control == "G21" and e.account == name}
    invoices = reader.genesys_rows(name, "/contracts/invoices", pageSize=200)
    quarterly = [each for each in invoices if each["dateInvoiced"][5:7] in {"02", "05", "08", "11"}]
    by_month = {each["dateInvoiced"][:7]: each for each in quarterly}
    for invoice in [*by_month.values(), *(each for each in invoices if each["id"] in planted)]:
        text = printed(reader, name, invoice["id"])
        assert f"Invoice number: {invoice['id']}" in text
        total = Decimal(text.rpartition("Total: ")[2].split()[0])
        assert (total == invoice["amount"]) == (invoice["id"] not in planted)


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_amounts_are_the_truth_to_the_last_digit(reader, name):
    truth = {
        each.invoice_id: each.total
        for m in FIRST.until(LAST)
        for each in reader.sim.truth("genesys_cloud", name, str(m))
    }
    answered = reader.genesys_rows(name, "/contracts/invoices", pageSize=200, dateEnd="2026-11-15")
    assert {each["id"]: each["amount"] for each in answered} == truth


def test_every_month_has_a_planted_error_and_every_kind_comes_twice(reader):
    planted = reader.sim.world.planted(Month(2023, 11), LAST)
    assert {(each.vendor, each.month) for each in planted} == {
        (vendor, month) for vendor in ("fastly", "genesys_cloud") for month in Month(2023, 11).until(LAST)
    }
    kinds = Counter(each.control for each in planted)
    wanted = ["F1", "F2", "F4", "F6", "F11", "F12", "F14", "G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "G10", "G15"]
    assert min(kinds[kind] for kind in wanted) >= 2


def test_awkward_but_legal_organisations_are_there(reader):
    """Paging of contracts, of invoices and of lines; a quiet month; credit memos; two cycles."""
    truth = reader.sim.truth
    assert len(reader.genesys_rows("sakura-support", "/contracts", pageSize=10)) == 12
    assert len(reader.genesys_rows("sakura-support", "/contracts/invoices", pageSize=200)) > 500
    assert max(each.lines for each in truth("genesys_cloud", "sakura-support", "2026-06")) == 5000
    assert any(each.total < 0 for each in truth("genesys_cloud", "sakura-support", "2026-06"))
    assert [] in [list(truth("genesys_cloud", "aurora-help", str(month))) for month in FIRST.until(LAST)]
    contracts = reader.genesys_rows("pacific-care", "/contracts")
    assert [each["purchaseOrderNumbers"] for each in contracts] == [["US-77-0001"], ["US-77-0002"]]
    assert contracts[0]["billingPeriods"][1]["dateStart"][-2:] == "21"


def test_periods_adjoin(reader):
    for name in ORGANISATIONS:
        for contract in reader.genesys_rows(name, "/contracts"):
            periods = contract["billingPeriods"][::-1]
            for before, after in itertools.pairwise(periods):
                assert date.fromisoformat(before["dateEnd"]) + DAY == date.fromisoformat(after["dateStart"])
