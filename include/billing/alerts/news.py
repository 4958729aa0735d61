"""
What people should be told, as rows have it at this moment; ``told`` knows what they were told already.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, text

from billing.close.readiness import lacks_for_closing
from billing.config.accounts import Account
from billing.errors import ExportStopped
from billing.month import Month

WATCHED_MONTHS = 3
"""A bill that is missing for longer is no news: who starts with old accounts is not told of all their history."""


class Kind(StrEnum):
    """What a message is about, in the order in which a message has it."""

    FAILED = "failed"
    MISSING = "missing"
    EXCEPTION = "exception"
    RESTATED = "restated"
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"
    FIELD = "field"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class News:
    """
    One thing to tell.

    :param key: its identity within its kind: the same key is told once.
    :param about: where it is, in our own names.
    :param text: may hold a vendor's words and amounts; a message escapes them and leaves amounts out.
    :param amount: what is added where amounts are allowed.
    :param figures: whether any number of the text may be an amount, also one without decimals and currency.
    :param path: of the page that shows it, below the UI's address.
    """

    kind: Kind
    key: str
    about: str
    text: str
    path: str
    amount: str = ""
    figures: bool = False


_FAILURES = text("""
    select task_failure_id, dag_id, dag_run, task_id, account, error, sentence
    from billing.task_failure f
    where :dag_run is null or (dag_id, dag_run) = (:dag_id, :dag_run)
    order by task_failure_id
""")

_EXCEPTIONS = text("""
    select vendor, account, month, control_id, subject, explanation, difference, currency,
           encode(finding_sha256, 'hex') as finding
    from billing.current_finding
    where outcome = 'exception' and explanation_id is null
    order by month desc, vendor, account, position
""")

_RESTATED = text("""
    select r.vendor, r.account, i.month, r.record_id, v.record_key, v.version, i.currency, i.total, o.total as before
    from billing.record_version v
    join billing.record r using (record_key)
    join billing.invoice i using (record_key, version)
    join billing.invoice o on (o.record_key, o.version) = (v.record_key, v.version - 1)
    where v.cause = 'vendor' and v.version > 1
    order by i.month desc, v.recorded_at, v.record_key
""")

_WITHDRAWN = text("""
    select r.vendor, r.account, i.month, r.record_id, w.withdrawal_id, i.currency, i.total
    from billing.withdrawal w
    join billing.record r using (record_key)
    join billing.invoice i using (record_key, version)
    where w.withdrawn
    order by w.withdrawal_id
""")

_CHANGED = text("""
    select vendor, month, number, account, currency, difference,
           encode(sha256(convert_to(jsonb_build_array(
               account, currency, total, (select encode(c.content_sha256, 'hex') from billing.account_month_content c
                where (c.vendor, c.account, c.month) = (x.vendor, x.account, x.month))
           )::text, 'UTF8')), 'hex') as content
    from billing.closed_month x
    where state = 'changed after closing'
    order by month desc, vendor, account, currency
""")

_FIELDS = text("""
    select vendor, record_type, name,
           encode(sha256(convert_to(jsonb_build_array(record_type, name)::text, 'UTF8')), 'hex') as field
    from billing.unknown_field
    order by vendor, record_type, name
""")

_STORED = text("select vendor, account, month from billing.account_month where month >= :first")

# What nobody needs to look at any more, and is not closed: whether nothing else is missing is asked of these alone.
_CANDIDATES = text("""
    select m.month,
           (select count(*) from billing.month_close c where (c.vendor, c.month) = (m.vendor, m.month)) as events
    from (select distinct vendor, month from billing.account_month where vendor = :vendor) m
    where not exists (
        select from billing.current_finding x
        where (x.vendor, x.month) = (m.vendor, m.month) and explanation_id is null
    )
    order by m.month
""")


def all_news(connection: Connection, accounts: Sequence[Account[Any]], now: datetime) -> Iterator[News]:
    """
    Yield everything there is to tell, in the order of a message.

    :param accounts: of all vendors, as ``accounts.yaml`` has them.
    """
    yield from failures(connection)
    yield from _missing(connection, accounts, now)
    for row in connection.execute(_EXCEPTIONS):
        amount = "" if row.difference is None else f"difference {row.difference:f} {row.currency or ''}"
        found = _of_month(Kind.EXCEPTION, row, f"{row.control_id}/{row.finding}", row.explanation, amount)
        yield replace(found, about=f"{found.about}, {row.control_id} of {row.subject}", figures=True)
    for row in connection.execute(_RESTATED):
        key, amount = f"{row.record_key}/{row.version}", f"{row.before:f}, now {row.total:f} {row.currency or ''}"
        yield _of_month(Kind.RESTATED, row, key, f"bill {row.record_id} has version {row.version}", amount)
    for row in connection.execute(_WITHDRAWN):
        said, amount = f"bill {row.record_id} is no longer listed", f"{row.total:f} {row.currency or ''}"
        yield _of_month(Kind.WITHDRAWN, row, str(row.withdrawal_id), said, amount)
    for row in connection.execute(_CHANGED):
        key, said = f"{row.number}/{row.content}", f"is not as closed ({row.currency})"
        yield _of_month(Kind.CHANGED, row, key, said, f"difference {row.difference:f} {row.currency}")
    for row in connection.execute(_FIELDS):
        key, said = f"{row.vendor}/{row.field}", f"{row.record_type} has the field {row.name}"
        yield News(Kind.FIELD, key, row.vendor, said, "/billing/drift")
    yield from _ready(connection, accounts, now)


def failures(connection: Connection, dag_id: str | None = None, dag_run: str | None = None) -> Iterator[News]:
    """Yield the failed tasks, of one run or of all."""
    for row in connection.execute(_FAILURES, {"dag_id": dag_id, "dag_run": dag_run}):
        task = f"{row.task_id} of {row.account}" if row.account else row.task_id
        path = run_path(row.dag_id, row.dag_run)
        about, said = f"{row.dag_id}, {task}", f"{row.sentence} ({row.error})"
        figures = row.error == ExportStopped.__name__
        yield News(Kind.FAILED, str(row.task_failure_id), about, said, path, figures=figures)


def run_path(dag_id: str, dag_run: str) -> str:
    """Return the path of a run in Airflow's UI."""
    return f"/dags/{quote(dag_id, safe='')}/runs/{quote(dag_run, safe='')}"


def _of_month(kind: Kind, row: Any, key: str, said: str, amount: str = "") -> News:  # noqa: ANN401 (a row)
    where = f"{row.vendor}/{row.account}/{row.month:%Y-%m}"
    path = f"/billing/months/{row.vendor}/{quote(row.account, safe='')}/{row.month:%Y-%m}"
    return News(kind, f"{where}/{key}", f"{row.vendor}/{row.account} {row.month:%Y-%m}", said, path, amount)


def _missing(connection: Connection, accounts: Sequence[Account[Any]], now: datetime) -> Iterator[News]:
    """Yield the months that are not stored although the account's posting day is past."""
    watched = [Month.of(now).shifted(-back) for back in range(1, WATCHED_MONTHS + 1)]
    stored = {tuple(row) for row in connection.execute(_STORED, {"first": watched[-1].first_day})}
    for account in accounts:
        for month in watched:
            late = now >= (until := account.posting_deadline(month)) and month >= account.first_month
            if late and (account.vendor, account.name, month.first_day) not in stored:
                about = f"{account.vendor}/{account.name} {month}"
                said = f"no bill is stored; it was expected by {until - timedelta(days=1):%Y-%m-%d}"
                yield News(Kind.MISSING, about, about, said, f"/billing/?vendor={account.vendor}&last={month}")


def _ready(connection: Connection, accounts: Sequence[Account[Any]], now: datetime) -> Iterator[News]:
    of_vendor: Mapping[str, list[Account[Any]]] = {account.vendor: [] for account in accounts}
    for account in accounts:
        of_vendor[account.vendor].append(account)
    for vendor, listed in of_vendor.items():
        for row in connection.execute(_CANDIDATES, {"vendor": vendor}).all():
            month = Month.of(row.month)
            billed = [account.name for account in listed if account.first_month <= month]
            if row.events % 2 == 0 and month.is_over(now) and not lacks_for_closing(connection, vendor, month, billed):
                about = f"{vendor} {month}"
                said = "nothing is missing: start close_month"
                yield News(Kind.READY, f"{about}/{row.events}", about, said, "/dags/close_month")
