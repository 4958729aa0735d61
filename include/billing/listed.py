"""An invoice as it lies in a vendor's list, found but not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from billing.models import Invoice
from billing.month import Month
from billing.payloads.response import Response


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """
    One invoice of a list that holds invoices whole.

    :param source: the bytes of its JSON object, as received: while they and the code that reads them are the same, so
        is the invoice.
    :param read: reads it out of them; raises PayloadError.
    """

    invoice_id: str
    source: bytes
    read: Callable[[], Invoice]


@dataclass(frozen=True, slots=True)
class InvoiceList:
    """
    A vendor's list of whole invoices, lines included.

    :param operation: whose responses are its pages.
    :param find: gives the invoices of a month, each once, in the order of the pages: the same that ``derive`` gives.
    """

    operation: str
    find: Callable[[Month, Iterable[Response]], Iterator[ListedInvoice]]
