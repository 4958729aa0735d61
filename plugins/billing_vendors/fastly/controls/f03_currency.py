"""F3: the currency is valid, the account's, and last month's."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.prior_months import month_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, Invoice
from billing.money import currency_code, is_in_force
from billing_vendors.fastly.controls.api_version import is_legacy
from billing_vendors.fastly.settings import FastlySettings


def currency_is_the_same(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Check each invoice's currency against ISO 4217, the account's configuration, and the month before.

        USD, the account is in USD                    -> PASS
        none, or XYZ, which ISO 4217 does not know    -> EXCEPTION
        HRK in 2023-01, when it was withdrawn         -> EXCEPTION
        EUR, the account is in USD                    -> EXCEPTION
        USD, the month before was in EUR              -> EXCEPTION
        the v2 API, which states no currency          -> NOT_APPLICABLE
        no invoice in this month or the one before    -> NOT_APPLICABLE
        the account's first month                     -> NOT_APPLICABLE for the comparison
        the month before is not stored                -> BLOCKED for the comparison
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
        return
    if is_legacy(evidence):
        reason = (
            f"the v2 API states no currency; amounts are assumed to be in {evidence.account.currency}, the account's"
        )
        yield not_applicable(str(account_month.month), reason)
        return
    yield from (_of_invoice(invoice, evidence.account.currency) for invoice in account_month.invoices)
    before = month_before(evidence)
    yield before if isinstance(before, Finding) else _as_before(account_month, before)


def _of_invoice(invoice: Invoice, agreed: str) -> Finding:
    operands = {"invoice": invoice.currency, "account": agreed}
    fault = ""
    if invoice.currency is None:
        fault = "the invoice states no currency"
    elif not is_in_force(invoice.currency, invoice.month):
        fault = f"{invoice.currency} is not an ISO 4217 currency for payments in {invoice.month}"
    elif currency_code(invoice.currency) != agreed:
        fault = f"the invoice is in {invoice.currency}, the account is in {agreed}"
    state = State.EXCEPTION if fault else State.PASS
    return Finding(invoice.invoice_id, state, fault or f"in {agreed}, as agreed", operands=operands)


def _as_before(account_month: AccountMonth, before: AccountMonth) -> Finding:
    subject = str(account_month.month)
    now, then = _currencies(account_month), _currencies(before)
    if not then:
        return not_applicable(subject, f"{before.month} has no invoice that states a currency")
    same = now == then
    return Finding(
        subject,
        State.PASS if same else State.EXCEPTION,
        f"in {', '.join(now) or 'no currency'}, {'as' if same else 'but in ' + ', '.join(then)} in {before.month}",
        operands={"month": now, "before": then},
    )


def _currencies(account_month: AccountMonth) -> list[str]:
    return sorted({currency_code(invoice.currency) for invoice in account_month.invoices if invoice.currency})


F3 = Control(
    "F3",
    "The currency is valid, the account's, and last month's",
    "valuation",
    "exception",
    currency_is_the_same,
    operands="invoice currency, ISO 4217, the account's currency, last month's currency",
)
