"""F11: the listed invoice is equal to the invoice fetched by its id."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.invoice_diff import differences, shown
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing_vendors.fastly.settings import FastlySettings


def listed_invoice_equals_the_one_by_id(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare both responses of each invoice by content.

        same content               -> PASS
        line 3 has another amount  -> EXCEPTION, names line and field
    not fetched by id          -> BLOCKED
        the month has no invoice   -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        by_id = evidence.account_month.by_id.get(invoice.invoice_id)
        if by_id is None:
            yield blocked(invoice.invoice_id, "the invoice was not fetched by its id")
            continue
        found = differences(invoice, by_id)
        yield Finding(
            invoice.invoice_id,
            State.EXCEPTION if found else State.PASS,
            f"{len(found)} differences, first: {found[0]['where']}, {found[0]['field']}"
            if found
            else "both responses have the same content",
            operands={"differences": shown(found)},
        )


F11 = Control(
    "F11",
    "The listed invoice equals the one by id",
    "accuracy",
    "exception",
    listed_invoice_equals_the_one_by_id,
    operands="content of the listed invoice, content of the same invoice by id",
)
