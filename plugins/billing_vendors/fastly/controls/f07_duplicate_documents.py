"""F7: no document is a second copy of another one."""

from billing.controls.checks.duplicate_documents import no_document_comes_twice
from billing.controls.control import Control

F7 = Control(
    "F7",
    "No document appears twice",
    "existence",
    "hold",
    no_document_comes_twice,
    operands="invoice id, statement number, currency, amount, month and date of issue of all documents",
)
