"""Write and seal a month's certificate invoice by invoice, so that memory does not grow with the number of lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from sqlalchemy import Connection

from billing.certificate.sources import Subject, stored_without_invoices
from billing.certificate.statement import invoice_value, text_before_seal
from billing.models import Invoice
from billing.storage.stored_months import each_invoice

LINES_ON_PAGE = 5_000
"""Of a longer month the page names the invoices and not their lines."""


def write_stored(connection: Connection, subject: Subject, file: IO[bytes]) -> dict[str, Any]:
    """
    Write the certificate of a month, from the stored rows, and return what its page shows.

    :raises ConfigurationError: the month is not stored.
    """
    statement = stored_without_invoices(connection, subject)
    return write_certificate(statement, each_invoice(connection, subject.vendor, subject.account, subject.month), file)


def write_certificate(statement: Mapping[str, Any], invoices: Iterable[Invoice], file: IO[bytes]) -> dict[str, Any]:
    """
    Write the certificate of a statement and a month's invoices, and return what its page shows.

    :param invoices: in order of their ids.
    """
    shown = _Shown()
    seal = hashlib.sha256()
    for text in text_before_seal(statement, shown.each(map(invoice_value, invoices))):
        body = text.encode()
        seal.update(body)
        file.write(body)
    sha256 = seal.hexdigest()
    file.write(f',"sha256":"{sha256}"}}\n'.encode())
    return {**statement, "invoices": shown.invoices, "sha256": sha256}


class _Shown:
    """What the page shows of the invoices written: all their lines only if there are few."""

    def __init__(self) -> None:
        self.invoices: list[dict[str, Any]] = []
        self._lines = 0

    def each(self, invoices: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for invoice in invoices:
            self._lines += len(invoice["lines"])
            self.invoices.append(invoice)
            if self._lines > LINES_ON_PAGE:
                self.invoices = list(map(_without_lines, self.invoices))
            yield invoice


def _without_lines(invoice: dict[str, Any]) -> dict[str, Any]:
    if "lines" not in invoice:
        return invoice
    head = {name: value for name, value in invoice.items() if name != "lines"}
    return {**head, "count": len(invoice["lines"])}
