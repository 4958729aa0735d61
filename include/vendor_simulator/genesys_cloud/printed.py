"""The PDF of an invoice, with the words, marks and places that an account's readings say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.documents import shown_quantity
from vendor_simulator.genesys_cloud.month import Invoice
from vendor_simulator.pdf import Row, rows_pdf

_LABELS = {
    "total": ("Invoice number", "Total"),
    "amount_due": ("Invoice no.", "Amount due"),
    "invoice_total": ("Invoice #", "Invoice total"),
    "grand_total": ("Document number", "Grand total"),
    "german": ("Rechnungsnummer", "Gesamtbetrag"),
    "french": ("Numéro de facture", "Montant total"),
    "spanish": ("Número de factura", "Importe total"),
    "italian": ("Numero fattura", "Totale"),
    "dutch": ("Factuurnummer", "Totaalbedrag"),
    "portuguese": ("Número da fatura", "Valor total"),
}
_MARKS = {"plain": ("", "."), "comma": (",", "."), "point": (".", ","), "space": (" ", ","), "apostrophe": ("'", ".")}
_SYMBOLS = {"USD": "$", "GBP": "£", "JPY": "¥"}  # the built-in fonts have no euro sign


def invoice_file(owner: Organisation, invoice: Invoice) -> bytes:
    """Print an invoice."""
    amount = invoice.amount if invoice.document_amount is None else invoice.document_amount
    number = invoice.printed_as or invoice.invoice_id
    of_number, of_total = _LABELS[owner.read["pdf_label"]]
    facts = (
        f"{invoice.type} of {invoice.invoiced_on.isoformat()}",
        f"Bill to: {owner.bill_to.number}",
        f"Purchase order: {invoice.purchase_order}",
        *(
            f"{line.description}: {shown_quantity(line, owner.read)} {format(line.amount, 'f')}"
            for line in invoice.lines
        ),
    )
    layout = owner.read["pdf_layout"]
    head = placed(of_number, number, "one_line" if layout == "figure_first" else layout)
    foot = placed(of_total, printed_amount(amount, invoice.currency, owner.read), layout)
    return rows_pdf("Genesys Cloud", number, head, facts, foot)


def placed(label: str, figure: str, layout: str) -> tuple[Row, ...]:
    """Return the rows in which a label and its figure stand."""
    match layout:
        case "next_line":
            return (label, figure)
        case "figure_first":
            return (f"{figure} {label}",)
        case "columns":
            return ((label, figure),)
        case _:
            return (f"{label}: {figure}",)


def printed_amount(amount: Decimal, currency: str, read: Mapping[str, str]) -> str:
    """Write an amount with its currency and sign."""
    digits = _marked(format(abs(amount), "f"), *_MARKS[read["pdf_marks"]])
    sign = read["pdf_sign"] if amount < 0 else ""
    if sign == "minus":
        digits = f"-{digits}"
    if sign == "trailing":
        digits = f"{digits}-"
    figure = _with_currency(digits, currency, read["pdf_currency"])
    return {"brackets": f"({figure})", "credit": f"{figure} CR", "outside": f"-{figure}"}.get(sign, figure)


def _marked(digits: str, group: str, point: str) -> str:
    units, _, decimals = digits.partition(".")
    if group:
        units = f"{int(units):,}".replace(",", group)
    return f"{units}{point}{decimals}" if decimals else units


def _with_currency(digits: str, currency: str, how: str) -> str:
    if how == "symbol" and currency in _SYMBOLS:
        return f"{_SYMBOLS[currency]}{digits}"
    return f"{digits} {currency}" if how == "code_after" else f"{currency} {digits}"
