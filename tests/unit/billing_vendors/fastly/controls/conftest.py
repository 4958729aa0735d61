"""Fastly's bills as values, and controls run over them as the engine runs them: under the account's policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.config.accounts import Account
from billing.controls.control import Control
from billing.controls.evidence import Estimate, Evidence, InvoiceSummary
from billing.controls.finding import Finding
from billing.controls.runner import run_controls
from billing.models import AccountMonth, Invoice, InvoiceLine, UsageLine, UsageReport
from billing.month import Month

OCTOBER = Month(2026, 10)


@dataclass(frozen=True)
class Settings:
    """The vendor's own keys of an account."""

    customer_id: str = "ours"
    api: str = "v3"
    parent_pay: bool = False


class Bills:
    """Makes the values that tests talk about; whatever is not named is unremarkable."""

    october = OCTOBER
    september = OCTOBER.shifted(-1)

    @staticmethod
    def account(api: str = "v3", parent_pay: bool = False, **changed: Any) -> Account[Settings]:
        settings = Settings(api=api, parent_pay=parent_pay)
        plain = Account("fastly", "acme", "fastly_acme", "USD", Month(2020, 1), 5, settings)
        return replace(plain, **changed)

    @staticmethod
    def line(product: str = "Europe Bandwidth", amount: str | None = None, **changed: Any) -> InvoiceLine:
        """A usage line; its amount is rate x units unless it is given."""
        numbers = {name: Decimal(changed.pop(name)) for name in ("quantity", "rate") if changed.get(name) is not None}
        usual = {"region": "Europe", "usage_type": "bandwidth", "quantity": Decimal(100), "rate": Decimal("0.08")}
        fields = usual | numbers | changed
        if amount is None:
            amount = str(fields["quantity"] * fields["rate"])
        return InvoiceLine(1, fields.pop("description", product), Decimal(amount), product=product, **fields)

    @classmethod
    def flat(cls, product: str, amount: str, **changed: Any) -> InvoiceLine:
        """A fee, a credit or a shortfall: one unit of the whole amount."""
        plain = {"region": None, "usage_type": None, "quantity": "1", "rate": amount}
        return cls.line(product, amount, **(plain | changed))

    @classmethod
    def invoice(cls, *lines: InvoiceLine, month: Month = OCTOBER, **changed: Any) -> Invoice:
        numbered = tuple(replace(line, position=position) for position, line in enumerate(lines or (cls.line(),), 1))
        plain = Invoice(
            changed.pop("invoice_id", f"I-{month}"),
            month,
            "said by the test",
            Decimal(0),
            "USD",
            numbered,
            issued_at=month.end + timedelta(days=2),
            service_start=month.start,
            service_end=month.end,
            statement_number=changed.pop("statement_number", None),
            attributes={"customer_id": "ours"},
        )
        total = Decimal(changed.pop("total", plain.lines_total))
        return replace(plain, total=total, **changed)

    @staticmethod
    def metric(
        name: str = "Europe Bandwidth", quantity: str = "100", raw: str | None = None, **changed: Any
    ) -> UsageLine:
        plain = {"region": "Europe", "usage_type": name, "unit": "gb", "product": "cdn_usage"}
        raw_quantity = None if raw is None else Decimal(raw)
        return UsageLine(1, name, Decimal(quantity), raw_quantity=raw_quantity, **(plain | changed))

    @staticmethod
    def month(*invoices: Invoice, month: Month = OCTOBER, usage: Any = None, **rest: Any) -> AccountMonth:
        """A month; ``usage`` are the rows of its usage metrics, None if they were not read."""
        if usage is not None:
            report = UsageReport(f"usage_metrics/{month}", "usage_metrics", month, None, None, None, tuple(usage))
            rest["usage_reports"] = (report,)
        return AccountMonth("fastly", "acme", month, invoices, **rest)

    @classmethod
    def before(cls, *lines: InvoiceLine, **changed: Any) -> AccountMonth:
        """September, with one invoice of some lines."""
        return cls.month(cls.invoice(*lines, month=cls.september, **changed), month=cls.september)

    @staticmethod
    def head(invoice: Invoice) -> InvoiceSummary:
        return InvoiceSummary(*(getattr(invoice, name) for name in InvoiceSummary.__dataclass_fields__))

    @staticmethod
    def estimate(total: str, day: int = 31, hour: int = 12, **changed: Any) -> Estimate:
        """A snapshot of October."""
        numbers = {name: Decimal(value) for name, value in changed.items() if isinstance(value, str)}
        return Estimate(datetime(2026, 10, day, hour, tzinfo=UTC), Decimal(total), None, **(changed | numbers))

    @classmethod
    def judge(cls, control: Control, *invoices: Invoice, **evidence: Any) -> list[Finding]:
        """Run one control; ``month`` and ``account`` stand for the usual ones, the rest goes into the evidence."""
        account = evidence.pop("account", None) or cls.account()
        month = evidence.pop("month", None) or cls.month(*invoices)
        outcome = run_controls((control,), Evidence(account, month, **evidence))
        for error in outcome.faults.values():
            raise error
        return [result.finding for result in outcome.results]

    @classmethod
    def states(cls, control: Control, *invoices: Invoice, **evidence: Any) -> list[str]:
        return [finding.state.value for finding in cls.judge(control, *invoices, **evidence)]


@pytest.fixture(scope="session")
def bills() -> type[Bills]:
    """Makes Fastly's bills, and runs controls over them."""
    return Bills
