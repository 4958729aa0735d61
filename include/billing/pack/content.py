"""
The members of the evidence pack of a closed month.

Everything is read in the caller's transaction. Every CSV is a form of a JSON next to it, so that nothing is in the pack
that verifying it does not look at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined
from sqlalchemy import Connection, text

from billing.certificate.page import render
from billing.certificate.sources import Subject, stored_statement
from billing.certificate.vendor_month import make_vendor_certificate, vendor_json
from billing.certificate.verify import make_certificate, write_json
from billing.close.events import CLOSED, explanations_in_force, last_event
from billing.config.accounts import Account, find_account
from billing.errors import ConfigurationError, StorageError
from billing.month import Month
from billing.pack.evidence import evidence_value
from billing.pack.tables import tables
from billing.payloads import exact_json
from billing.payloads.exact_json import json_value, sha256_of
from billing.reconciliation.reconciler import MonthReconciler, Rules
from billing.storage.payloads import find_fetch, read_responses
from billing.storage.reconciliations import code_version

Member = tuple[str, bytes]

_EVENTS = text("""
    select number, event, prepared_by, approved_by, note, certificate_sha256, explanations_sha256, dag_run, recorded_at
    from billing.month_close where (vendor, month) = (:vendor, :month) order by number
""")

_FIGURES = text("""
    select number, account, currency, invoices, total, content_sha256
    from billing.month_close_figure where (vendor, month) = (:vendor, :month) order by number, account, currency
""")

_EXPLANATIONS = text("""
    select explanation_id, account, control_id, subject, finding_sha256, reason, text, ticket, explained_by,
           explained_at
    from billing.explanation
    where (vendor, month) = (:vendor, :month) and explained_at <= :until
    order by explanation_id
""")

_LEDGER = text("""
    select currency, entry, booked_on, amount, true_up, accrual_id, invoice_id, version
    from billing.accrual_ledger where (vendor, account, month) = (:vendor, :account, :month)
    order by booked_on, entry, accrual_id, invoice_id, version
""")

_FETCH = text("""
    select r.fetch_id from billing.account_month m join billing.reconciliation r using (reconciliation_id)
    where (m.vendor, m.account, m.month) = (:vendor, :account, :month)
""")

_DOCUMENTS = text("""
    select distinct d.sha256, d.file_format, d.location
    from billing.document d join billing.document_sighting using (document_id)
    where fetch_id = :fetch_id order by d.sha256, d.file_format
""")


def head_of(connection: Connection, vendor: str, month: Month) -> dict[str, Any]:
    """
    Return what the manifest says besides its members.

    :raises ConfigurationError: the month is not closed, or is no longer what was closed.
    """
    last = last_event(connection, vendor, month)
    if last is None or last.event != CLOSED:
        raise ConfigurationError(f"{vendor} {month} is not closed: a pack is made of a closed month")
    explanations = sha256_of(explanations_in_force(connection, vendor, month, last.recorded_at))
    certificate = make_vendor_certificate(connection, vendor, month)["sha256"]
    if (certificate, explanations) != (last.certificate_sha256.hex(), last.explanations_sha256):
        raise ConfigurationError(
            f"{vendor} {month} has been read again with another result since it was closed: reopen and close it, "
            "then make its pack"
        )
    return {
        "vendor": vendor,
        "month": str(month),
        "number": last.number,
        "certificate_sha256": certificate,
        "code_version": code_version(),
    }


def members_of(
    connection: Connection,
    head: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    accounts: tuple[Account[Any], ...],
    rules: Rules,
) -> Iterator[Member]:
    """
    Yield the members of a pack.

    :param head: of the manifest.
    :param entries: the vendor's entries of ``accounts.yaml``.
    :param accounts: the same, read.
    :param rules: the vendor's; they may read files.
    :raises StorageError: a stored response or document is missing or was altered.
    """
    vendor, month = str(head["vendor"]), Month.parse(head["month"])
    key = {"vendor": vendor, "month": month.first_day}
    certificate = make_vendor_certificate(connection, vendor, month)
    events, figures = _rows(connection, _EVENTS, key), _rows(connection, _FIGURES, key)
    until = last_event(connection, vendor, month).recorded_at
    explanations = {
        "in_force": explanations_in_force(connection, vendor, month, until),
        "all": _rows(connection, _EXPLANATIONS, key | {"until": until}),
    }
    yield "README.txt", readme_of(head)
    yield "index.html", index_of(head, certificate, events, explanations)
    yield "certificate.json", vendor_json(certificate)
    yield from with_tables("closing", {"events": events, "figures": figures})
    yield from with_tables("explanations", explanations)
    yield "accounts.yaml", yaml.safe_dump({"accounts": list(entries)}, sort_keys=False, allow_unicode=True).encode()
    for account in certificate["accounts"]:
        subject = Subject(vendor, account["account"], month)
        for name, body in _of_account(connection, subject, find_account(accounts, subject.account), rules):
            yield f"accounts/{subject.account}/{name}", body


def readme_of(head: Mapping[str, Any]) -> bytes:
    """Write the page for an auditor who has never seen this."""
    return _template("readme.txt")(head=head)


def index_of(
    head: Mapping[str, Any],
    certificate: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    explanations: Mapping[str, Any],
) -> bytes:
    """Write the page that opens in a browser, without a network: the same from rows and from the JSON of a pack."""
    shown = {"head": head, "certificate": certificate, "events": events, "explanations": explanations}
    return _template("index.html")(**exact_json.loads_text(exact_json.dumps(shown)))


def with_tables(name: str, content: Mapping[str, Any]) -> Iterator[Member]:
    """Yield a JSON object as a member, and its lists as CSV."""
    yield f"{name}.json", exact_json.dumps(content).encode() + b"\n"
    yield from tables_of(name, content)


def tables_of(name: str, content: Mapping[str, Any]) -> Iterator[Member]:
    """Yield the CSV files that go with a JSON object."""
    for key, value in sorted(content.items()):
        if isinstance(value, list):
            for table, body in tables(key, value):
                yield f"{name}/{table}.csv", body


def _of_account(connection: Connection, subject: Subject, account: Account[Any], rules: Rules) -> Iterator[Member]:
    key = {"vendor": subject.vendor, "account": subject.account, "month": subject.month.first_day}
    certificate = make_certificate(connection, subject)
    yield "certificate.json", write_json(certificate)
    yield "certificate.html", render(certificate).encode()
    yield from with_tables("rows", stored_statement(connection, subject))
    yield from with_tables("accruals", {"ledger": _rows(connection, _LEDGER, key)})
    fetch = find_fetch(connection, int(str(connection.scalar(_FETCH, key))))
    evidence = MonthReconciler(connection, rules, account, datetime.now(UTC)).evidence_of(fetch).evidence
    yield "evidence.json", exact_json.dumps(evidence_value(evidence)).encode() + b"\n"
    listed = []
    for number, response in enumerate(read_responses(connection, fetch.fetch_id), start=1):
        name = f"responses/{number:05d}"
        listed.append({"file": name, **_about(response)})
        yield name, response.body
    yield "responses.json", exact_json.dumps({"responses": listed}).encode() + b"\n"
    for row in connection.execute(_DOCUMENTS, {"fetch_id": fetch.fetch_id}):
        yield f"documents/{row.sha256.hex()}.{row.file_format}", _file(rules, row.location)


def _file(rules: Rules, location: str) -> bytes:
    try:
        return rules.read_file(location) if rules.read_file else b""
    except OSError as error:
        raise StorageError(f"document {location} cannot be read: restore it") from error


def _about(response: Any) -> dict[str, Any]:  # noqa: ANN401 (a Response)
    names = ("operation", "request", "status", "media_type", "headers", "received_at")
    return {name: json_value(getattr(response, name)) for name in names}


def _rows(connection: Connection, query: Any, key: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: ANN401
    return [json_value(dict(row)) for row in connection.execute(query, key).mappings()]


def _template(name: str) -> Callable[..., bytes]:
    environment = Environment(
        autoescape=name.endswith(".html"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["digits"] = lambda number: format(Decimal(number), "f")
    template = environment.from_string(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return lambda **values: template.render(**values).encode()
