"""Read every Fastly bill of the history over HTTP and reconcile it: what fails is what was planted, and no more."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from vendor_simulator.months import Month

FIRST, LAST = Month(2023, 1), Month(2026, 10)
EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
MINIMUM = {"gulf-stream": Decimal(3500), "legacy-press": Decimal(50), "legacy-child": Decimal(50)}
Finding = tuple[str, str, str]  # account, month, control


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def period(start: str, end: str) -> tuple[Month, bool]:
    """Tell the month of a period, and whether it is all of it; a last second counts like the next midnight."""
    month, until = Month.of(moment(start)), moment(end)
    if until.second == 59:
        until += timedelta(seconds=1)
    return month, (moment(start), until) == (month.start, month.end)


def v3_lines(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": line["product_name"],
            "rate": line["rate"],
            "units": line["units"],
            "amount": line["amount"],
            "usage": line["usage_type"],
            "coupon": line.get("credit_coupon_code") or "",
        }
        for line in invoice["transaction_line_items"]
    ]


def v2_lines(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": line["description"],
            "rate": line["rate_per_unit"],
            "units": line["units"],
            "amount": line["amount"],
            "usage": (line["usage_type_cd"] or "").rpartition("_")[2].lower(),
            "coupon": line["credit_coupon_code"] or "",
        }
        for line in invoice["line_items"]
    ]


def arithmetic(total: Decimal, lines: list[dict[str, Any]], currency: str) -> Iterator[str]:
    half = Decimal(1).scaleb(-EXPONENTS[currency]) / 2
    if abs(sum(line["amount"] for line in lines) - total) > half * len(lines):
        yield "F1"
    for line in lines:
        assert line["amount"] == round(Decimal(line["amount"]), EXPONENTS[currency]), (
            "an amount payable has minor units"
        )
        if line["rate"] is not None and abs(line["rate"] * line["units"] - line["amount"]) > half:
            yield "F2"
        if (line["amount"] < 0) != bool(line["coupon"]):
            yield "F16"


def shortfall(account: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    billed = sum(line["amount"] for line in lines if line["name"] == "Commit shortfall")
    charges = sum(line["amount"] for line in lines if line["amount"] > 0) - billed
    if any(line["usage"] for line in lines) and billed != max(0, MINIMUM.get(account, Decimal(0)) - charges):
        yield "F15"


class Rates:
    """The rates of an account's last month, to compare the next month's with."""

    def __init__(self) -> None:
        self.known: dict[str, Decimal] = {}

    def changes(self, lines: list[dict[str, Any]]) -> Iterator[str]:
        for line in lines:
            if line["coupon"] or line["name"] == "Commit shortfall":
                continue
            if self.known.setdefault(line["name"], line["rate"]) != line["rate"]:
                self.known[line["name"]] = line["rate"]
                yield "F14"


def usage_findings(billed: list[dict[str, Any]], metered: list[dict[str, Any]]) -> Iterator[str]:
    units = {line["name"]: line["units"] for line in billed if line["usage"]}
    if units != {row["name"]: row["quantity"] for row in metered}:
        yield "F12"
    for row in metered:
        if row["raw_quantity"] != row["quantity"] * (10**9 if row["unit"] == "gb" else 10**4):
            yield "F13"


def audit_v3(reader, account: dict[str, Any]) -> set[Finding]:
    name, findings, rates = account["name"], set(), Rates()
    months = defaultdict(list)
    for invoice in reader.fastly_rows(name, "/billing/v3/invoices", limit=7):
        months[period(invoice["billing_start_date"], invoice["billing_end_date"])[0]].append(invoice)
    for month in Month.parse(account["first_month"]).until(LAST):
        invoices = sorted(months[month], key=lambda each: each["invoice_id"])
        found = set()
        if sum(any(line["usage"] or line["amount"] > 0 for line in v3_lines(each)) for each in invoices) > 1:
            found.add("F6")
        for invoice in invoices:
            lines = v3_lines(invoice)
            found |= set(arithmetic(invoice["monthly_transaction_amount"], lines, invoice["currency_code"]))
            found |= set(shortfall(name, lines)) | set(rates.changes(lines))
            if not period(invoice["billing_start_date"], invoice["billing_end_date"])[1]:
                found.add("F4")
            if reader.get(name, f"/billing/v3/invoices/{invoice['invoice_id']}").json != invoice:
                found.add("F11")
            assert invoice["currency_code"] == account["currency"]
            assert invoice["customer_id"] == account["customer_id"]
            assert moment(invoice["invoice_posted_on"]) >= month.end
        metrics = reader.get(name, "/billing/v3/usage-metrics", start_month=str(month), end_month=str(month)).json
        found |= set(usage_findings(v3_lines(invoices[0]) if invoices else [], metrics["data"]))
        findings |= {(name, str(month), control) for control in found}
    return findings


def audit_v2(reader, account: dict[str, Any]) -> set[Finding]:
    name, findings, rates = account["name"], set(), Rates()
    for month in FIRST.until(LAST):
        invoice = reader.get(name, f"/billing/v2/year/{month.year}/month/{month.number:02d}").json
        lines, total = v2_lines(invoice), invoice["total"]
        found = set(arithmetic(total["cost"], lines, "USD")) | set(shortfall(name, lines)) | set(rates.changes(lines))
        by_id = f"/billing/v2/account_customers/{account['customer_id']}/invoices/{invoice['invoice_id']}"
        if reader.get(name, by_id).json != invoice:
            found.add("F11")
        if not period(invoice["start_time"], invoice["end_time"])[1]:
            found.add("F4")
        assert total["incurred_cost"] == total["bandwidth_cost"] + total["requests_cost"]
        assert total["incurred_cost"] == sum(region["cost"] for region in invoice["regions"].values())
        assert total["cost_before_discount"] == total["incurred_cost"] + total["extras_cost"]
        assert total["requests"] == 10_000 * sum(line["units"] for line in lines if line["usage"] == "requests")
        assert total["bandwidth"] == sum(line["units"] for line in lines if line["usage"] == "bandwidth")
        findings |= {(name, str(month), control) for control in found}
    return findings


def accounts(reader, api: str) -> list[dict[str, Any]]:
    return [each for each in reader.sim.world.accounts() if each["vendor"] == "fastly" and each["api"] == api]


def test_exactly_the_planted_errors_are_found(reader):
    """A clean month raises no alarm, a planted error raises its own and no other."""
    found = set()
    for account in accounts(reader, "v3"):
        found |= audit_v3(reader, account)
    for account in accounts(reader, "v2"):
        found |= audit_v2(reader, account)

    planted = [error for error in reader.sim.world.planted(FIRST, LAST) if error.vendor == "fastly"]
    assert found == {(error.account, str(error.month), error.control) for error in planted}
    assert len(planted) == 41


@pytest.mark.parametrize("name", ["acme-media", "titan-cloud", "bulk-5000-lines", "kumo-games", "legacy-press"])
def test_totals_are_the_truth_to_the_last_digit(reader, name):
    account = next(each for each in reader.sim.world.accounts() if each["name"] == name)
    for month in FIRST.until(LAST):
        truth = {each.invoice_id: each.total for each in reader.sim.truth("fastly", name, str(month))}
        if account["api"] == "v2":
            invoice = reader.get(name, f"/billing/v2/year/{month.year}/month/{month.number:02d}").json
            answered = {str(invoice["invoice_id"]): invoice["total"]["cost"]}
        else:
            first, last = str(month.start.date()), str(month.last_day)
            rows = reader.fastly_rows(
                name, "/billing/v3/invoices", billing_start_date=first, billing_end_date=last, limit=200
            )
            answered = {row["invoice_id"]: row["monthly_transaction_amount"] for row in rows}
        assert answered == truth


def test_awkward_but_legal_accounts_are_there(reader):
    """Each account has what it is there for."""
    truth = reader.sim.truth
    long = truth("fastly", "bulk-5000-lines", "2026-03")
    assert [each.lines for each in long] == [5000]
    titan = reader.get("titan-cloud", "/billing/v3/invoices", limit=1).json["data"][0]
    digits = [str(line["amount"]).replace(".", "") for line in titan["transaction_line_items"]]
    assert max(map(len, digits)) >= 17
    assert any(-line["rate"].as_tuple().exponent == 9 for line in titan["transaction_line_items"][:3])
    counts = {str(m): len(truth("fastly", "kumo-games", str(m))) for m in FIRST.until(LAST)}
    assert {0, 1, 2} <= set(counts.values())
    quiet = next(month for month, invoices in counts.items() if invoices == 0)
    assert reader.get("kumo-games", "/billing/v3/usage-metrics", start_month=quiet, end_month=quiet).json == {
        "data": []
    }
    late = [each.posted_on.day for m in FIRST.until(LAST) for each in truth("fastly", "brett-verlag", str(m))]
    assert max(late) >= 20
    assert truth("fastly", "young-shop", "2025-03") == ()
    assert len(truth("fastly", "young-shop", "2025-04")) == 1


def test_service_usage_adds_up_to_the_usage_metrics(reader):
    month = {"start_month": "2026-08", "end_month": "2026-08"}
    for row in reader.get("acme-media", "/billing/v3/usage-metrics", **month).json["data"]:
        query = month | {"product_id": row["product_id"], "usage_type_name": row["usage_type"]}
        data = reader.get("acme-media", "/billing/v3/service-usage-metrics", **query).json["data"]
        assert sum(each["usage_units"] for each in data["details"]) == row["quantity"]
        assert data["unit"] == row["unit"]


def test_numbers_come_in_several_looks(reader):
    """4000, 4000.0 and 4000.00 all occur, so that a client must compare by value."""
    texts = set()
    for row in reader.get("acme-media", "/billing/v3/invoices", limit=100).json["data"]:
        texts |= {str(line["rate"]) for line in row["transaction_line_items"] if line["rate"] == 2500}
    assert texts == {"2500", "2500.0", "2500.00"}
