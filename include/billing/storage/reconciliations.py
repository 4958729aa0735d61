"""
Results of controls, append-only, and which of them are current for a month.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.elements import ColumnElement

from billing.config.accounts import Account
from billing.controls.runner import ControlRun, Result
from billing.payloads.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.copy import copy_rows
from billing.storage.payloads import FetchInfo

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """
    The current reconciliation of a month.

    :param added: False if the same rules gave the same results on the same inputs last time.
    """

    reconciliation_id: int
    added: bool


def save_reconciliation(
    connection: Connection, fetch: FetchInfo, inputs_sha256: bytes, outcome: ControlRun, now: datetime
) -> Saved:
    """Add the results unless the same rules gave the same results on the same inputs last time."""
    rows = rows_of(outcome.results)
    digest = _sha256_of(rows)
    last = _last(connection, fetch)
    if last is not None and (last.inputs_sha256, last.results_sha256) == (inputs_sha256, digest):
        return Saved(last.reconciliation_id, added=False)
    return Saved(_insert(connection, fetch, rows, inputs_sha256, digest, now), added=True)


def save_seen(
    connection: Connection, account: Account[object], fetch: FetchInfo, reconciliation_id: int, now: datetime
) -> None:
    """Store when a month was fetched from its vendor, and which reconciliation is current."""
    seen = {"reconciliation_id": reconciliation_id, "fetch_id": fetch.fetch_id, "last_seen_at": fetch.completed_at}
    connection.execute(
        upsert(t.account_month)
        .values(**_key(fetch), **seen, currency=account.currency, first_stored_at=now)
        .on_conflict_do_update(index_elements=list(_key(fetch)), set_={**seen, "currency": account.currency})
    )


def save_rerun(connection: Connection, fetch: FetchInfo, reconciliation_id: int) -> None:
    """Store which reconciliation is current for a month that was not fetched again."""
    current = {"reconciliation_id": reconciliation_id, "inputs_sha256": None}
    connection.execute(update(t.account_month).where(*_same_month(fetch)).values(**current))


def states_in_force(connection: Connection, fetch: FetchInfo) -> dict[str, int]:
    """Return the number of a month's results in force by state."""
    of_month = t.control_result.join(
        t.account_month, t.account_month.c.reconciliation_id == t.control_result.c.reconciliation_id
    )
    query = select(t.control_result.c.state, func.count()).select_from(of_month).where(*_same_month(fetch))
    rows = connection.execute(query.group_by(t.control_result.c.state).order_by(t.control_result.c.state))
    return {row.state: row[1] for row in rows}


def last_inputs_sha256(connection: Connection, fetch: FetchInfo) -> bytes | None:
    """Return the hash of the inputs of the results in force; None if the month is not stored."""
    last = _last(connection, fetch)
    return None if last is None else bytes(last.inputs_sha256)


def inputs_sha256(connection: Connection, fetch_id: int, evidence: bytes) -> bytes:
    """
    Hash the hashes of all responses of a fetch, and that of the evidence around them.

    Responses count once and in the order of their requests: their order of arrival and repeated requests may differ,
    their content not.

    :param evidence: hash of what the controls can use besides the responses.
    """
    query = (
        select(t.payload.c.request, t.payload.c.sha256)
        .join(t.payload_sighting)
        .where(t.payload_sighting.c.fetch_id == fetch_id)
    )
    return hash_inputs(((request, bytes(sha256)) for request, sha256 in connection.execute(query)), evidence)


def hash_inputs(requests: Iterable[tuple[str, bytes]], evidence: bytes) -> bytes:
    """Hash requests with the hashes of their responses, and the evidence around them, as ``inputs_sha256`` does."""
    responses = {(request.encode(), sha256) for request, sha256 in requests}
    digest = hashlib.sha256()
    for request, sha256 in sorted(responses):  # sorted here, as a database sorts strings by its own locale
        digest.update(request + b"\0" + sha256)
    digest.update(evidence)
    return digest.digest()


@cache
def code_version() -> str:
    """Return the installed version of this code, looked up once, as it is searched among all packages."""
    return version("tieout")


def _last(connection: Connection, fetch: FetchInfo) -> Any:  # noqa: ANN401 (a row or None)
    return connection.execute(
        select(t.reconciliation)
        .join(t.account_month, t.account_month.c.reconciliation_id == t.reconciliation.c.reconciliation_id)
        .where(*_same_month(fetch))
    ).one_or_none()


def _same_month(fetch: FetchInfo) -> list[ColumnElement[bool]]:
    return [t.account_month.c[name] == value for name, value in _key(fetch).items()]


def _insert(
    connection: Connection, fetch: FetchInfo, rows: Sequence[_Row], inputs: bytes, digest: bytes, now: datetime
) -> int:
    reconciliation_id: int = connection.execute(
        insert(t.reconciliation)
        .values(
            **_key(fetch),
            inputs_sha256=inputs,
            results_sha256=digest,
            code_version=code_version(),
            fetch_id=fetch.fetch_id,
            dag_run=fetch.dag_run,
            recorded_at=now,
        )
        .returning(t.reconciliation.c.reconciliation_id)
    ).scalar_one()
    if rows:
        numbered = ((reconciliation_id, place, *row.values()) for place, row in enumerate(rows, start=1))
        copy_rows(connection, t.control_result, ("reconciliation_id", "position", *rows[0]), numbered)
    return reconciliation_id


def _key(fetch: FetchInfo) -> dict[str, object]:
    return {"vendor": fetch.vendor, "account": fetch.account, "month": fetch.month.first_day}


def _columns(result: Result) -> _Row:
    finding, control = result.finding, result.control
    return {
        "control_id": control.control_id,
        "subject": finding.subject,
        "state": finding.state.value,
        "expected": finding.expected,
        "actual": finding.actual,
        "difference": finding.difference,
        "bound": finding.bound,
        "currency": finding.currency,
        "operands": finding.operands,
        "explanation": finding.explanation,
        "severity": finding.severity or control.severity,
        "rule_sha256": control.rule_sha256,
    }


def rows_of(results: Sequence[Result]) -> list[_Row]:
    """Return results as rows of ``control_result``, in order; all with the same columns in the same order."""
    return [_columns(result) for result in results]


def results_sha256(results: Sequence[Result]) -> bytes:
    """Hash results with the hashes of their rules."""
    return _sha256_of(rows_of(results))


def _sha256_of(rows: Sequence[_Row]) -> bytes:
    return sha256_of([{**row, "rule_sha256": row["rule_sha256"].hex()} for row in rows])
