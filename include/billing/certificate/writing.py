"""
Write a month's certificate invoice by invoice, however many lines there are, and seal it on the way.

The bytes are those of ``verify.write_json``, and the seal is that of ``statement.seal_of``: verifying holds both
against what is made of the stored responses as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import attrgetter, itemgetter
from types import NoneType
from typing import IO, Any

from sqlalchemy import Connection

from billing.certificate.sources import Subject, stored_without_invoices
from billing.certificate.statement import invoice_head, plain
from billing.columns import each_once
from billing.models import Invoice, InvoiceLine
from billing.payloads.exact_json import canonical, dumps, number_text
from billing.storage.stored_months import each_invoice

LINES_ON_PAGE = 5_000
"""Of a longer month the page names the invoices and not their lines."""

Texts = tuple[str, str]
"""A piece of JSON as it is written, every digit as it was stored, and as it is hashed, by value."""

_LINE = sorted(each.name for each in fields(InvoiceLine))
_values_of_line = attrgetter(*_LINE)


def write_stored(connection: Connection, subject: Subject, file: IO[bytes]) -> dict[str, Any]:
    """
    Write the certificate of a month, from the stored rows, and give what its page shows.

    :raises ConfigurationError: the month is not stored.
    """
    statement = stored_without_invoices(connection, subject)
    return write_certificate(statement, each_invoice(connection, subject.vendor, subject.account, subject.month), file)


def write_certificate(statement: Mapping[str, Any], invoices: Iterable[Invoice], file: IO[bytes]) -> dict[str, Any]:
    """
    Write the certificate that a statement and a month's invoices make, and give what its page shows.

    :param statement: all but its invoices.
    :param invoices: in order of their ids.
    """
    shown = _Shown()
    seal = hashlib.sha256()
    parts = {name: _whole(value) for name, value in statement.items()}
    parts |= {"controls": _rows(statement["controls"]), "invoices": _invoices(invoices, shown)}
    for name in sorted(name for name in parts if name < "sha256"):
        for written, hashed in _member(name, parts[name]):
            file.write(written.encode())
            seal.update(hashed.encode())
    rest = [texts for name in sorted(parts) if name > "sha256" for texts in _member(name, parts[name])]
    seal.update("".join(hashed for _, hashed in rest).encode() + b"}")
    sha256 = seal.hexdigest()
    file.write(f',"sha256":"{sha256}"{"".join(written for written, _ in rest)}}}\n'.encode())
    return {**statement, "invoices": shown.invoices(), "sha256": sha256}


@dataclass
class _Shown:
    """What the page shows of the invoices; the lines only as long as they are few."""

    heads: list[dict[str, Any]] = field(default_factory=list)
    lines: list[Sequence[InvoiceLine]] = field(default_factory=list)
    count: int = 0

    def add(self, head: dict[str, Any], lines: Sequence[InvoiceLine]) -> None:
        self.count += len(lines)
        self.heads.append({**head, "count": len(lines)})
        if self.count <= LINES_ON_PAGE:
            self.lines.append(lines)

    def invoices(self) -> list[dict[str, Any]]:
        if self.count > LINES_ON_PAGE:
            return self.heads
        return [{**head, "lines": list(map(plain, lines))} for head, lines in zip(self.heads, self.lines, strict=True)]


def _member(name: str, value: Iterable[Texts]) -> Iterator[Texts]:
    begin = f'{"{" if name == "account" else ","}"{name}":'  # an account comes first of all
    yield begin, begin
    yield from value


def _whole(value: object) -> Iterator[Texts]:
    yield dumps(value), canonical(value)


def _invoices(invoices: Iterable[Invoice], shown: _Shown) -> Iterator[Texts]:
    separator = "["
    for invoice in invoices:
        head = invoice_head(invoice)
        shown.add(head, invoice.lines)
        written, hashed = (_with_lines(head, invoice.lines, write) for write in _FORMS)
        yield separator + written, separator + hashed
        separator = ","
    yield ("]", "]") if separator == "," else ("[]", "[]")


def _with_lines(head: Mapping[str, Any], lines: Sequence[InvoiceLine], form: Form) -> str:
    """Write an invoice, the lines between those of its members that stand before and after them."""
    before, after = (
        form.value({name: value for name, value in head.items() if (name < "lines") is first})
        for first in (True, False)
    )
    return f'{before[:-1]},"lines":[{",".join(_objects(_LINE, map(_values_of_line, lines), form))}],{after[1:]}'


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[Texts]:
    names = sorted(rows[0]) if rows else []
    values = list(map(itemgetter(*names), rows)) if rows else []
    written, hashed = (",".join(_objects(names, values, form)) for form in _FORMS)
    yield f"[{written}]", f"[{hashed}]"


@dataclass(frozen=True)
class Form:
    """One of the two ways to write a value, and a number."""

    value: Callable[[object], str]
    number: Callable[[Decimal | int], str]


def _digits(number: Decimal | int) -> str:
    return format(number, "f") if isinstance(number, Decimal) else str(number)


_FORMS = (Form(dumps, _digits), Form(canonical, number_text))


def _objects(names: Sequence[str], rows: Iterable[Sequence[object]], form: Form) -> Iterator[str]:
    """Write rows of the same members, by column: a column's values have much in common."""
    columns = [_column(values, form) for values in zip(*rows, strict=True)]
    template = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    return map(template.__mod__, zip(*columns, strict=True))


def _column(values: Sequence[object], form: Form) -> Iterable[str]:
    kinds = set(map(type, values))
    if kinds <= {Decimal, int, NoneType}:
        return ["null" if value is None else form.number(value) for value in values]  # type: ignore[arg-type]  # by their types
    if kinds <= {str, NoneType}:  # a product's name comes again and again
        texts = {value: form.value(value) for value in set(values)}
        return map(texts.__getitem__, values)
    return each_once(lambda value: form.value(plain(value)), values)
