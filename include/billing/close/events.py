"""
The events of closing: what is approved, by whom, and the figures at that moment.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from billing.certificate.vendor_month import make_vendor_certificate
from billing.errors import ConfigurationError, NotApproved
from billing.month import Month
from billing.payloads.exact_json import json_value, sha256_of
from billing.storage import tables as t
from billing.storage.records import lock_account

CLOSED, REOPENED = "closed", "reopened"

_FIGURES = text("""
    insert into billing.month_close_figure
        (vendor, month, number, account, currency, invoices, total, content_sha256)
    select s.vendor, s.month, :number, s.account, s.currency, s.invoices, s.total, c.content_sha256
    from billing.account_month_summary s
    join billing.account_month_content c using (vendor, account, month)
    where (s.vendor, s.month) = (:vendor, :month)
""")

_EXPLANATIONS = text("""
    select distinct on (x.vendor, x.account, x.position) e.explanation_id, e.account, e.control_id, e.subject,
           e.finding_sha256, e.reason, e.text, e.ticket, e.explained_by, e.explained_at
    from billing.current_finding x
    join billing.explanation e on (e.vendor, e.account, e.month, e.control_id, e.subject, e.finding_sha256)
                                = (x.vendor, x.account, x.month, x.control_id, x.subject, x.finding_sha256)
    where (x.vendor, x.month) = (:vendor, :month) and e.explained_at <= :until
    order by x.vendor, x.account, x.position, e.explanation_id desc
""")

_EXPLAINED_BY = text("""
    select distinct explained_by from billing.explanation where (vendor, month) = (:vendor, :month)
""")


@dataclass(frozen=True, slots=True)
class Draft:
    """
    The next event of a vendor's month, as it is submitted for approval. What was approved is added, or nothing.

    :param number: of the event: 1 closes, 2 reopens, 3 closes again.
    :param certificate: hash of the certificate of all accounts, hexadecimal.
    :param explanations: hash of the explanations that hold, hexadecimal.
    """

    vendor: str
    month: Month
    number: int
    certificate: str
    explanations: str

    @property
    def event(self) -> str:
        """What it does."""
        return CLOSED if self.number % 2 else REOPENED

    def __str__(self) -> str:
        return f"{self.number}-{self.certificate}-{self.explanations}"

    @classmethod
    def parse(cls, vendor: str, month: Month, submitted: str) -> Draft:
        """Read what ``str`` wrote."""
        number, certificate, explanations = submitted.split("-")
        return cls(vendor, month, int(number), certificate, explanations)


@dataclass(frozen=True, slots=True)
class Consent:
    """Who submitted a draft, who approved it, and in which run."""

    prepared_by: str
    approved_by: str
    note: str
    dag_run: str


def last_event(connection: Connection, vendor: str, month: Month) -> Any:  # noqa: ANN401 (a row or None)
    """Return the newest event of a vendor's month; None if it was never closed."""
    events = t.month_close
    return connection.execute(
        select(events)
        .where(events.c.vendor == vendor, events.c.month == month.first_day)
        .order_by(events.c.number.desc())
        .limit(1)
    ).one_or_none()


def draft(connection: Connection, vendor: str, month: Month) -> Draft:
    """
    Return the next event of a vendor's month, with the hashes of its content now.

    :raises ConfigurationError: no account of the month is stored.
    """
    last = last_event(connection, vendor, month)
    certificate = make_vendor_certificate(connection, vendor, month)
    explanations = sha256_of(explanations_in_force(connection, vendor, month))
    return Draft(vendor, month, last.number + 1 if last else 1, certificate["sha256"], explanations.hex())


def explanations_in_force(
    connection: Connection, vendor: str, month: Month, until: datetime | None = None
) -> list[dict[str, Any]]:
    """
    Return the explanations that hold for the findings of a vendor's month: what ``explanations_sha256`` hashes.

    :param until: without later ones.
    """
    key = {"vendor": vendor, "month": month.first_day, "until": until or datetime.max.replace(tzinfo=UTC)}
    found = {row["explanation_id"]: json_value(dict(row)) for row in connection.execute(_EXPLANATIONS, key).mappings()}
    return [found[number] for number in sorted(found)]


def check_approver(connection: Connection, vendor: str, month: Month, prepared_by: str, approved_by: str) -> None:
    """
    Raise an error if a person must not approve a vendor's month. The database refuses the same people.

    :raises NotApproved: he prepared it, or explained one of its exceptions.
    """
    if approved_by.lower() == prepared_by.lower():
        raise NotApproved(f"{approved_by} submitted {vendor} {month} and does not approve it: ask somebody else")
    explained_by = connection.scalars(_EXPLAINED_BY, {"vendor": vendor, "month": month.first_day})
    if approved_by.lower() in {name.lower() for name in explained_by}:
        raise NotApproved(
            f"{approved_by} explained exceptions of {vendor} {month} and does not approve it: ask somebody else"
        )


def add_event(connection: Connection, approved: Draft, consent: Consent) -> bool:
    """
    Add what was approved, with the figures of every account; return False if this run has already added it.

    No account of the month is written to by others until the transaction ends.

    :raises NotApproved: a person must not approve it.
    :raises ConfigurationError: since it was submitted, the month has changed or another run has closed or reopened it.
    """
    vendor, month = approved.vendor, approved.month
    _lock(connection, vendor, month)
    last = last_event(connection, vendor, month)
    if last is not None and (last.number, last.dag_run) == (approved.number, consent.dag_run):
        return False
    check_approver(connection, vendor, month, consent.prepared_by, consent.approved_by)
    if last is not None and last.number >= approved.number:
        raise ConfigurationError(f"{vendor} {month} was {last.event} meanwhile by run {last.dag_run}: nothing is added")
    if draft(connection, vendor, month) != approved:
        raise ConfigurationError(f"{vendor} {month} has changed since it was submitted: submit it again")
    key = {"vendor": vendor, "month": month.first_day, "number": approved.number}
    connection.execute(
        insert(t.month_close).values(
            **key,
            event=approved.event,
            prepared_by=consent.prepared_by,
            approved_by=consent.approved_by,
            note=consent.note,
            certificate_sha256=bytes.fromhex(approved.certificate),
            explanations_sha256=bytes.fromhex(approved.explanations),
            dag_run=consent.dag_run,
            recorded_at=datetime.now(UTC),
        )
    )
    connection.execute(_FIGURES, key)
    return True


def _lock(connection: Connection, vendor: str, month: Month) -> None:
    """Block other closing runs of the month, then the writers of its accounts; always in this order."""
    lock_account(connection, vendor, f"closing of {month}")  # no account has such a name
    stored = select(t.account_month.c.account).where(
        t.account_month.c.vendor == vendor, t.account_month.c.month == month.first_day
    )
    for account in sorted(connection.scalars(stored)):
        lock_account(connection, vendor, account)
