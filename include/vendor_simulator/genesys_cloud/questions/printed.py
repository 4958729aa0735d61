"""What the PDF of an invoice looks like; nothing is documented about it."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import SILENT, question
from vendor_simulator.readings import Reading

_SOURCE = f"{SILENT}: content of the document"

PRINTED: tuple[Reading, ...] = (
    question(
        "pdf_label",
        "total amount_due invoice_total grand_total german french spanish italian dutch portuguese",
        "The words at the PDF's number and total. total, amount_due, invoice_total and grand_total: English words; a "
        "language: the words of that language.",
        _SOURCE,
    ),
    question(
        "pdf_marks",
        "plain comma point space apostrophe",
        "Marks in the PDF's total. plain: 1234.56; comma: 1,234.56; point: 1.234,56; space: 1 234,56; apostrophe: "
        "1'234.56.",
        _SOURCE,
    ),
    question(
        "pdf_sign",
        "minus trailing brackets credit outside",
        "A total below zero in the PDF. minus: -1.00 EUR; trailing: 1.00- EUR; brackets: (1.00 EUR); credit: 1.00 EUR "
        "CR; outside: -EUR 1.00, before whatever stands first.",
        _SOURCE,
    ),
    question(
        "pdf_currency",
        "code_after code_before symbol",
        "Currency of the PDF's total. code_after: 1.00 USD; code_before: USD 1.00; symbol: $1.00, or the code before "
        "it where there is no symbol.",
        _SOURCE,
    ),
    question(
        "pdf_layout",
        "one_line next_line figure_first columns",
        "Place of the PDF's figures. one_line: label and figure on one line; next_line: the figure on the line below; "
        "figure_first: the total's figure before its label; columns: labels on the left, figures on the right.",
        _SOURCE,
    ),
    question(
        "document_link",
        "absolute relative",
        "url of a document. absolute: with a host; relative: a path on the host of the API.",
        f"{SILENT}: a text",
    ),
)
