"""F6: one posted invoice per customer and month."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import AccountMonth, Invoice
from billing_vendors.fastly.settings import FastlySettings


def one_posted_invoice(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Count the month's invoices. A credit memo, or a document of credits alone, is a correction and does not count.

        one invoice, one correction     -> PASS
        two invoices                    -> EXCEPTION: hold both, one may be a duplicate
        none, and usage was metered     -> EXCEPTION: a bill is missing
        none, and nothing was used      -> NOT_APPLICABLE
        none, and no usage record there -> BLOCKED
    """
    account_month = evidence.account_month
    subject = str(account_month.month)
    invoices_without_credits = [invoice.invoice_id for invoice in account_month.invoices if not _is_correction(invoice)]
    if invoices_without_credits:
        alone = len(invoices_without_credits) == 1
        yield Finding(
            subject,
            State.PASS if alone else State.EXCEPTION,
            f"invoice {invoices_without_credits[0]} is the only one"
            if alone
            else f"{len(invoices_without_credits)} invoices bill the month: hold their payment",
            operands={
                "invoices": invoices_without_credits,
                "corrections": len(account_month.invoices) - len(invoices_without_credits),
            },
        )
        return
    used = _usage(account_month)
    if used is None:
        yield blocked(subject, "there is no invoice, and no usage record that could explain it")
    elif used:
        yield Finding(subject, State.EXCEPTION, "usage was metered but no invoice was posted", operands={"usage": used})
    else:
        corrections = f", {len(account_month.invoices)} corrections" if account_month.invoices else ""
        yield not_applicable(subject, f"nothing was used and nothing was billed{corrections}")


def _is_correction(invoice: Invoice) -> bool:
    return invoice.kind == "credit_memo" or (bool(invoice.lines) and all(line.amount < 0 for line in invoice.lines))


def _usage(account_month: AccountMonth) -> int | None:
    """Count the metered products with a quantity; None if no usage report was read."""
    if not account_month.usage_reports:
        return None
    return sum(line.quantity != 0 for report in account_month.usage_reports for line in report.lines)


F6 = Control(
    "F6",
    "One posted invoice per customer and month",
    "existence",
    "hold",
    one_posted_invoice,
    operands="number of invoices, usage of the month",
)
