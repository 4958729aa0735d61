"""A clean month of Genesys Cloud, and ways to spoil one thing in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.config.accounts import Account
from billing.controls.evidence import Evidence, InvoiceSummary, IssuedFile
from billing.controls.finding import Finding
from billing.models import (
    AccountMonth,
    Charge,
    Contract,
    ContractBillingPeriod,
    ContractItem,
    Invoice,
    InvoiceLine,
    UsageLine,
    UsageReport,
    Wallet,
)
from billing.month import Month

JANUARY = Month(2025, 1)
FIRST, AFTER = date(2025, 1, 1), date(2025, 2, 1)
SETTINGS = ("organization_id", "bill_to", "trustor_organization_id")
ORGANIZATION = {"id": "org-1", "name": "Example Contact Centre"}


@dataclass(frozen=True)
class Settings:
    """What of the vendor's own settings the controls look at."""

    organization_id: str = "org-1"
    bill_to: str = "A-77"
    trustor_organization_id: str | None = None


def _made(kind: type, defaults: dict[str, Any], values: dict[str, Any]) -> Any:
    blank = dict.fromkeys((field.name for field in fields(kind)), None) | {"attributes": {}}
    given = {
        name: Decimal(value) if isinstance(value, int | str) and _is_number(kind, name) else value
        for name, value in (defaults | values).items()
    }
    return kind(**{**blank, **given})


def _is_number(kind: type, name: str) -> bool:
    return "Decimal" in str(next(field.type for field in fields(kind) if field.name == name))


class Genesys:
    """Makes records; numbers are given as texts. What is not named is unremarkable."""

    january = JANUARY

    @staticmethod
    def item(sku: str = "CX3", function: str = "Prepay", **values: Any) -> ContractItem:
        priced = {"price": "135.00", "overage_price": "148.50", "quantity": "250"}
        if function == "Overage":
            priced = {"price": "0", "overage_price": "0.0004", "quantity": "10000000"}
        window = {"effective_start": FIRST, "effective_end": date(2028, 1, 1), "charged_through": date(2025, 1, 31)}
        about = {"position": 1, "plan_id": f"plan-{sku}", "item_number": f"C-{sku}", "name": f"{sku} {function}"}
        return _made(
            ContractItem, about | priced | window | {"sku": sku, "function": function, "currency": "EUR"}, values
        )

    @classmethod
    def contract(cls, *items: ContractItem, **values: Any) -> Contract:
        named = {"contract_id": "con-1", "external_number": "Q-1", "status": "Active", "sold_to_number": "A-12"}
        terms = {"purchase_order_numbers": ("PO-1",), "starts_on": FIRST, "ends_on": date(2028, 1, 1)}
        return _made(Contract, named | terms | {"items": items or (cls.item(), cls.item("API", "Overage"))}, values)

    @staticmethod
    def charge(sku: str = "CX3", **values: Any) -> Charge:
        about = {"position": 1, "charge_id": f"ch-{sku}", "name": f"{sku} plan", "sku": sku, "product_name": sku}
        used = {"prepaid_quantity": "250", "fair_use_quantity": "0", "actual_quantity": "262"}
        overage = {"overage_quantity": "12", "overage_rate": "148.50", "overage_charge": "1782.00", "currency": "EUR"}
        return _made(Charge, about | used | overage | {"attributes": {"organizations": [ORGANIZATION]}}, values)

    @staticmethod
    def wallet(**values: Any) -> Wallet:
        balances = {"starting_balance": "420", "balance_increase": "0", "balance_decrease": "0"}
        balances |= {"balance_consumption": "1620", "ending_balance": "0"}
        overage = {"overage_quantity": "1200", "overage_rate": "1.0", "overage_charge": "1200.00", "currency": "EUR"}
        about = {"position": 1, "wallet_id": "wa-1", "name": "Tokens", "sku": "AITC"}
        return _made(Wallet, about | balances | overage | {"attributes": {"organizations": [ORGANIZATION]}}, values)

    @classmethod
    def billing_period(cls, *charges: Charge, wallets: tuple[Wallet, ...] = (), **values: Any) -> ContractBillingPeriod:
        dates = {"month": JANUARY, "starts_on": FIRST, "ends_on": AFTER, "status": "Closed"}
        named = {"billing_period_id": "bp-1", "contract_id": "con-1", "charges": charges, "wallets": wallets}
        return _made(ContractBillingPeriod, named | dates, values)

    @staticmethod
    def line(amount: str = "1782.00", quantity: str | None = "12", sku: str = "CX3", **values: Any) -> InvoiceLine:
        about = {"position": 1, "description": f"{sku} - overage", "product": sku, "amount": amount}
        dates = {"quantity": quantity, "service_start": FIRST, "service_end": AFTER}
        return _made(InvoiceLine, about | dates | {"attributes": {"organization": ORGANIZATION}}, values)

    @classmethod
    def prepay(cls, amount: str = "33750.00", quantity: str | None = "250", **values: Any) -> InvoiceLine:
        return cls.line(amount, quantity, **{"description": "CX3 - Prepay"} | values)

    @staticmethod
    def invoice(*lines: InvoiceLine, invoice_id: str = "INV1", **values: Any) -> Invoice:
        placed = tuple(replace(line, position=n) for n, line in enumerate(lines, start=1))
        attributes = {
            "customerPoNumber": "PO-1",
            "paymentTerms": "Net 30",
            "billToCustomer": {"number": "A-77"},
            "soldToCustomer": {"number": "A-12"},
        } | values.pop("attributes", {})
        made = Invoice(
            invoice_id,
            JANUARY,
            "said by the test",
            Decimal(0),
            "EUR",
            placed,
            issued_at=datetime(2025, 2, 3, tzinfo=UTC),
            payment_status="Unpaid",
            attributes={name: value for name, value in attributes.items() if value is not None},
        )
        if "total" in values:
            values["total"] = Decimal(values["total"])
        return replace(made, **{"total": made.lines_total} | values)

    @staticmethod
    def usage(kind: str = "billable_usage", **quantities: str) -> UsageReport:
        lines = tuple(
            UsageLine(n, name, Decimal(quantity), product=name)
            for n, (name, quantity) in enumerate(quantities.items(), start=1)
        )
        return UsageReport(f"{kind}/2025-01", kind, JANUARY, JANUARY.start, JANUARY.end, None, lines)

    @staticmethod
    def month(*invoices: Invoice, month: Month = JANUARY, **rest: Any) -> AccountMonth:
        return AccountMonth("genesys_cloud", "acme", month, invoices, **rest)

    @classmethod
    def clean(cls, *lines: InvoiceLine, charges: tuple[Charge, ...] = (), **rest: Any) -> AccountMonth:
        """One contract, one period with one overage, one invoice that bills it and the prepaid part."""
        defaults: dict[str, Any] = {
            "contracts": (cls.contract(),),
            "billing_periods": (cls.billing_period(*(charges or (cls.charge(),))),),
        }
        invoices = rest.pop("invoices", None) or (cls.invoice(*(lines or (cls.prepay(), cls.line()))),)
        return cls.month(*invoices, **defaults | rest)

    @staticmethod
    def head(invoice_id: str = "INV1", total: str = "100.00", **values: Any) -> InvoiceSummary:
        named = {"invoice_id": invoice_id, "kind": "invoice", "month": JANUARY, "total": Decimal(total)}
        dated = {"currency": "EUR", "issued_at": datetime(2025, 2, 3, tzinfo=UTC)}
        nothing = dict.fromkeys(field.name for field in fields(InvoiceSummary))
        return InvoiceSummary(**{**nothing, **named, **dated, **values})

    @staticmethod
    def file(text: str | None, invoice_id: str = "INV1") -> IssuedFile:
        return IssuedFile(invoice_id, "pdf", b"\x01" * 32, text)

    @staticmethod
    def evidence(month: AccountMonth, **rest: Any) -> Evidence:
        own = Settings(**{name: rest.pop(name) for name in SETTINGS if name in rest})
        first_month = rest.pop("first_month", Month(2024, 1))
        account = Account("genesys_cloud", "acme", "genesys_acme", "EUR", first_month, 6, own)
        return Evidence(account, month, **rest)


@pytest.fixture(scope="session")
def g() -> type[Genesys]:
    """Makes Genesys Cloud's records."""
    return Genesys


@pytest.fixture(scope="session")
def found(g) -> Callable[..., list[Finding]]:
    """Run one control over a month; give its findings."""
    return lambda control, month, **rest: list(control.check(g.evidence(month, **rest)))


@pytest.fixture(scope="session")
def states(found) -> Callable[..., list[str]]:
    """Run one control over a month; give the states of its findings, sorted, each once."""
    return lambda control, month, **rest: sorted({each.state.value for each in found(control, month, **rest)})
