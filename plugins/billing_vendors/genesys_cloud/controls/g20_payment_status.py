"""G20: a bill goes from unpaid to paid and never back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing_vendors.genesys_cloud.settings import GenesysSettings

_KNOWN = frozenset({"paid", "unpaid"})


def payment_only_proceeds(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check every payment status that was seen of an invoice, in order; ``UnPaid`` and ``Unpaid`` are one.

        Unpaid; Unpaid, Paid; Paid  -> PASS
        Unpaid, Paid, UnPaid        -> EXCEPTION: a payment was reversed
        Disputed                    -> EXCEPTION: an unknown status
        no status was ever seen     -> BLOCKED
        no invoice                  -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        seen = [*evidence.payment_statuses.get(invoice.invoice_id, ())]
        if invoice.payment_status is not None and (not seen or seen[-1] != invoice.payment_status):
            seen.append(invoice.payment_status)
        yield _finding(invoice.invoice_id, seen)


def _finding(subject: str, seen: list[str]) -> Finding:
    if not seen:
        return blocked(subject, "the vendor returned no payment status")
    states = [status.casefold() for status in seen]
    unknown = [status for status in seen if status.casefold() not in _KNOWN]
    taken_back = any(one == "paid" and other == "unpaid" for one, other in pairwise(states))
    fault = "a payment was reversed" if taken_back else ""
    if unknown:
        fault = f"{unknown[0]} is not a known payment status"
    return Finding(
        subject,
        State.EXCEPTION if fault else State.PASS,
        f"{' -> '.join(seen)}: {fault or 'the payment status only moves forward'}",
        operands={"seen": seen},
    )


G20 = Control(
    "G20",
    "Payment status only moves forward",
    "existence",
    "warning",
    payment_only_proceeds,
    operands="every payment status that was seen of an invoice",
)
