"""G21: the PDF of an invoice matches the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from billing.controls.control import Control
from billing.controls.evidence import Evidence, IssuedFile
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing.money import difference
from billing_vendors.genesys_cloud.settings import GenesysSettings

_LABEL = re.compile(r"(?<!sub)(?<!sub[- ])\b(total|amount due|balance due)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?P<minus>[-−(]\s*)?(?P<digits>\d[\d.,'’\u00a0\u202f]*\d|\d)(?P<after>\))?")
_SPACE = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")


def documents_say_the_same(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Search the text of each invoice's PDF for the invoice's number, and for its total in the lines that mention a total
    or an amount due (or, if such a line ends with its label, in the next one). ``1,234.50``, ``1.234,50``
    and ``1234.5`` are one amount. The file's hash is kept with the result.

        Invoice number: INV1, Total: 35082.00 EUR, the API says 35082.00  -> PASS
        Total: 35182.00 EUR, the API says 35082.00                        -> EXCEPTION
        another number                                                    -> EXCEPTION
    no line has a total with a number                                 -> BLOCKED
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
        return blocked(subject, f"its PDF could not be read: {file.reason}")
    if file.text is None or not file.text.strip():
        return blocked(subject, f"its PDF {file.sha256.hex()} cannot be read")
    totals = _totals(file.text)
    if not totals:
        return blocked(subject, f"no line of its PDF {file.sha256.hex()} has a total")
    numbered = re.search(rf"(?<!\w){re.escape(subject)}(?!\w)", file.text) is not None
    agrees = invoice.total in totals
    printed = invoice.total if agrees else totals[-1]
    faults = ([] if numbered else ["its number is not in the PDF"]) + (
        [] if agrees else [f"the PDF's total is {printed}, the API's {invoice.total}"]
    )
    return Finding(
        subject,
        State.EXCEPTION if faults else State.PASS,
        "; ".join(faults) or "number and total match the API",
        expected=invoice.total,
        actual=printed,
        difference=difference(printed, invoice.total),
        currency=invoice.currency,
        operands={"sha256": file.sha256.hex(), "printed_totals": totals[:20], "number_found": numbered},
    )


def _totals(text: str) -> list[Decimal]:
    """Return every amount on lines with a total, in order."""
    lines = text.splitlines()
    found: list[Decimal] = []
    for place, line in enumerate(lines):
        label = _LABEL.search(line)
        if label is None:
            continue
        here = _numbers(line[label.end() :])
        following = lines[place + 1] if place + 1 < len(lines) else ""
        found += here or _numbers(following)
    return found


def _numbers(text: str) -> list[Decimal]:
    """Return the numbers of a text; a space before three digits separates thousands or numbers: both are returned."""
    readings = (text, _SPACE.sub("", text))
    found = (number for each in readings for match in _NUMBER.finditer(each) for number in _readings(match))
    return list(dict.fromkeys(found))


def _readings(match: re.Match[str]) -> list[Decimal]:
    """Read one number; a comma or point before three digits may separate thousands or decimals: both are returned."""
    digits = re.sub(r"['’\u00a0\u202f]", "", match["digits"])
    last = max(digits.rfind("."), digits.rfind(","))
    whole = re.sub(r"[.,]", "", digits)
    readings = {Decimal(whole)}
    if last >= 0:
        decimals = len(digits) - last - 1
        marks = re.sub(r"\d", "", digits)
        if decimals != 3 or len(marks) == 1:
            readings.add(Decimal(whole).scaleb(-decimals))
        if decimals != 3:
            readings.discard(Decimal(whole))
    negative = match["minus"] is not None and (match["minus"][0] != "(" or match["after"] is not None)
    return sorted(-number if negative else number for number in readings)


G21 = Control(
    "G21",
    "The printed invoice matches the API",
    "accuracy",
    "exception",
    documents_say_the_same,
    operands="number and total in the text of the PDF, number and total of the API",
)
