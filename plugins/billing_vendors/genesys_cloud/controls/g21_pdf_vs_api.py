"""G21: the PDF of an invoice matches the API."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence, IssuedFile
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing.money import difference
from billing.printed.agreement import Answer, compare_with
from billing.printed.document_number import has_number
from billing.printed.totals import printed_totals
from billing_vendors.genesys_cloud.settings import GenesysSettings


def documents_say_the_same(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Search the text of each invoice's PDF for the invoice's number and for its total, beside the words for it in sixteen
    languages. A sign may stand on any side of the digits; how many decimals ``1,234`` has is decided by the currency,
    which itself is not compared. The file's hash is kept with the result.

        Invoice number: INV1, Total: 35082.00 EUR, the API says 35082.00  -> PASS
        Total: 35182.00 EUR, the API says 35082.00                        -> EXCEPTION
        Total: 100.00 CR or (100.00), the API says 100.00                 -> EXCEPTION
        another number                                                    -> EXCEPTION
        no total, or none that can be read for sure                       -> BLOCKED
        no PDF is stored, or it cannot be read                            -> BLOCKED
        no invoice                                                        -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    files = {file.invoice_id: file for file in evidence.files if file.file_format == "pdf"}
    for invoice in evidence.account_month.invoices:
        yield _finding(invoice, files.get(invoice.invoice_id))


def _finding(invoice: Invoice, file: IssuedFile | None) -> Finding:
    subject = invoice.invoice_id
    if file is None:
        return blocked(subject, "no PDF of the invoice is stored")
    if file.reason:
        return blocked(subject, f"its PDF could not be had: {file.reason}")
    name = f"its PDF {file.sha256.hex()}"
    if file.text is None or not file.text.strip():
        return blocked(subject, f"{name} cannot be read: it is damaged, encrypted, or a picture without text")
    numbered = has_number(file.text, subject)
    total = compare_with(printed_totals(file.text, invoice.currency), invoice.total)
    faults = ["its number is not in the PDF"] if numbered is False else []
    if total.answer is Answer.DIFFERS:
        faults.append(f"the PDF's total is {total.reason}, the API's {invoice.total}")
    if not faults and total.answer is Answer.UNCLEAR:
        return blocked(subject, f"{name}: {total.reason}")
    if not faults and numbered is None:
        return blocked(subject, f"{name} has the number only as a part of other words")
    return Finding(
        subject,
        State.EXCEPTION if faults else State.PASS,
        "; ".join(faults) or "number and total match the API",
        expected=invoice.total,
        actual=total.printed,
        difference=None if total.printed is None else difference(total.printed, invoice.total),
        currency=invoice.currency,
        operands={"sha256": file.sha256.hex(), "printed_total": total.printed, "number_found": numbered},
    )


G21 = Control(
    "G21",
    "The printed invoice matches the API",
    "accuracy",
    "exception",
    documents_say_the_same,
    operands="number and total in the text of the PDF, number and total of the API",
)
