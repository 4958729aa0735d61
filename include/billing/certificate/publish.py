"""Write a month's certificate to the folder that holds the vendor's files."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from billing.certificate.page import render
from billing.certificate.sources import Subject, stored_seal
from billing.certificate.statement import Seal
from billing.certificate.verify import make_certificate, write_json
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.exact_json import json_value
from billing.storage import tables as t
from billing.storage.document_store import Folder, is_in_file, put_file
from billing.storage.records import lock_account


def publish(engine: Engine, subject: Subject, root: Folder) -> str:
    """
    Write ``certificates/VENDOR/ACCOUNT/YYYY-MM.json`` and the page next to it; return the JSON file's path below
    ``root``.

    The same rows produce the same bytes, so a certificate that already shows the month's results is not written again.
    The account is locked until both are written: a task that has read older rows cannot overwrite a newer certificate.
    """
    folders, name = _folders(subject), f"{subject.month}.json"
    with engine.begin() as connection:
        lock_account(connection, subject.vendor, subject.account)
        if is_in_file(root, folders, name, _mark(stored_seal(connection, subject))):
            return "/".join((*folders, name))
        certificate = make_certificate(connection, subject)
        put_file(root, folders, f"{subject.month}.html", render(certificate).encode())
        return put_file(root, folders, name, write_json(certificate))


def unpublished(engine: Engine, subject: Subject, root: Folder) -> list[Month]:
    """
    Return the account's months that have got results since this one was read, and have no certificate of these results.

    A task that was killed after it stored a month and reran later ones has not certified all of them. Its retry finds
    no change and finds those months here.
    """
    ours = (t.account_month.c.vendor == subject.vendor, t.account_month.c.account == subject.account)
    read_at = (
        select(t.fetch.c.completed_at)
        .join(t.account_month, t.account_month.c.fetch_id == t.fetch.c.fetch_id)
        .where(*ours, t.account_month.c.month == subject.month.first_day)
        .scalar_subquery()
    )
    reconciled_since = (
        select(t.account_month.c.month)
        .join(t.reconciliation, t.reconciliation.c.reconciliation_id == t.account_month.c.reconciliation_id)
        .where(*ours, t.reconciliation.c.recorded_at >= read_at)
        .order_by(t.account_month.c.month)
    )
    with engine.connect() as connection:
        months = [replace(subject, month=Month.of(day)) for day in connection.scalars(reconciled_since)]
        marks = {account_month: _mark(stored_seal(connection, account_month)) for account_month in months}
    return [
        account_month.month
        for account_month, mark in marks.items()
        if not is_in_file(root, _folders(account_month), f"{account_month.month}.json", mark)
    ]


def _folders(subject: Subject) -> tuple[str, ...]:
    return ("certificates", subject.vendor, subject.account)


def _mark(seal: Seal) -> bytes:
    """
    Return what only a certificate of these results holds.

    No vendor text can contain it: quotes are escaped there, and the hash of the results is unknown to the vendor.
    """
    return f'"reconciliation":{exact_json.dumps(json_value(seal))},'.encode()
