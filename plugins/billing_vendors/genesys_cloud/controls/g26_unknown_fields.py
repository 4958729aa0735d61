"""G26: every field and value that the vendor sends is known."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked
from billing_vendors.genesys_cloud.settings import GenesysSettings


def nothing_is_unknown(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    List the fields and enumeration values in the month's responses that this release does not know. They are kept with
    their records; a person has to check whether they change what a bill means.

    nothing unknown                    -> PASS
    a line with a field taxAmount      -> EXCEPTION, names invoice_line.taxAmount
    a payment status Disputed          -> EXCEPTION, names invoice.paymentStatus=Disputed
        no response of the month was read  -> BLOCKED
    """
    account_month, subject = evidence.account_month, str(evidence.account_month.month)
    fields = sorted(account_month.unknown_fields, key=lambda field: (field.record_type, field.name))
    for field in fields:
        yield Finding(
            subject,
            State.EXCEPTION,
            f"the vendor sends {field.record_type}.{field.name}, which is not known here; it is kept",
            operands={"record_type": field.record_type, "name": field.name},
        )
    read = (
        account_month.listings,
        account_month.invoices,
        account_month.contracts,
        account_month.billing_periods,
        account_month.usage_reports,
    )
    if not fields and not any(read):
        yield blocked(subject, "no response of the month was read")
    elif not fields:
        yield Finding(subject, State.PASS, "every field and every enumeration value that the vendor sent is known")


G26 = Control(
    "G26",
    "Every field and value that the vendor sends is known",
    "classification",
    "warning",
    nothing_is_unknown,
    operands="fields and enumeration values of all responses of the month",
)
