"""Put a month's certificate beside the vendor's files, where a person finds it."""

from __future__ import annotations

from sqlalchemy import Engine, select

from billing import exact_json
from billing.certificate.page import render
from billing.certificate.sources import Subject
from billing.certificate.statement import plain
from billing.certificate.verify import make_certificate, write_json
from billing.errors import PayloadError
from billing.period import BillingPeriod
from billing.storage import tables as t
from billing.storage.documents import Folder, put_file, read_file
from billing.storage.records import lock_account


def publish(engine: Engine, subject: Subject, root: Folder) -> str:
    """
    Write ``certificates/VENDOR/ACCOUNT/YYYY-MM.json`` and the page beside it; give the JSON file's path below ``root``.

    The same rows give the same bytes, so a second run of a month writes the same files. The account is locked until
    both are written: whoever has read older rows cannot put their certificate over a newer one.
    """
    folders = _folders(subject)
    with engine.begin() as connection:
        lock_account(connection, subject.vendor, subject.account)
        certificate = make_certificate(connection, subject)
        put_file(root, folders, f"{subject.period}.html", render(certificate).encode())
        return put_file(root, folders, f"{subject.period}.json", write_json(certificate))


def unpublished(engine: Engine, subject: Subject, root: Folder) -> list[BillingPeriod]:
    """
    Give the account's months that have got results since this one was read, and have no certificate of these results.

    A task that was killed after it had stored a month, and proved later ones again, has not certified all of them; its
    retry finds nothing changed and finds them here.
    """
    ours = (t.account_month.c.vendor == subject.vendor, t.account_month.c.account == subject.account)
    read_at = (
        select(t.fetch.c.completed_at)
        .join(t.account_month, t.account_month.c.fetch_id == t.fetch.c.fetch_id)
        .where(*ours, t.account_month.c.period == subject.period.first_day)
        .scalar_subquery()
    )
    proved_since = (
        select(t.account_month.c.period, t.reconciliation.c.recorded_at)
        .join(t.reconciliation, t.reconciliation.c.reconciliation_id == t.account_month.c.reconciliation_id)
        .where(*ours, t.reconciliation.c.recorded_at >= read_at)
        .order_by(t.account_month.c.period)
    )
    with engine.connect() as connection:
        months = [(BillingPeriod.of(day), recorded_at) for day, recorded_at in connection.execute(proved_since)]
    return [
        period
        for period, recorded_at in months
        if _recorded_at(Subject(subject.vendor, subject.account, period), root) != plain(recorded_at)
    ]


def _folders(subject: Subject) -> tuple[str, ...]:
    return ("certificates", subject.vendor, subject.account)


def _recorded_at(subject: Subject, root: Folder) -> object:
    """Read when the results were stored that the certificate shows; None if there is no readable one."""
    try:
        body = read_file(root, _folders(subject), f"{subject.period}.json")
        return exact_json.loads(body)["reconciliation"]["recorded_at"]
    except (OSError, PayloadError, KeyError, TypeError):
        return None
