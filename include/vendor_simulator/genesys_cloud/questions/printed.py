"""What the PDF of an invoice looks like; nothing is documented about it."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import question
from vendor_simulator.readings import Reading

_SOURCE = "4.6 UNK; 11.3"

PRINTED: tuple[Reading, ...] = (
    question(
        "pdf_label",
        "total amount_due invoice_total grand_total german french spanish italian dutch portuguese",
        "The words before the total and the number, in English or another language.",
        _SOURCE,
    ),
    question(
        "pdf_marks",
        "plain comma point space apostrophe",
        "Marks in numbers: 1234.56, 1,234.56, 1.234,56, 1 234,56 or 1'234.56.",
        _SOURCE,
    ),
    question(
        "pdf_sign",
        "minus trailing brackets credit outside",
        "A negative total: -1.00, 1.00-, (1.00), 1.00 CR, or with the minus sign before the currency.",
        _SOURCE,
    ),
    question(
        "pdf_currency",
        "code_after code_before symbol",
        "The currency's code stands after or before the number; or its symbol before it, where there is one.",
        _SOURCE,
    ),
    question(
        "pdf_layout",
        "one_line next_line figure_first columns",
        "Label and figure on one line, the figure on the next one, the figure before the label, or in two columns.",
        _SOURCE,
    ),
    question(
        "document_link",
        "absolute relative",
        "url of a document has a host, or is a path on the API's host.",
        "4.6: url text",
    ),
)
