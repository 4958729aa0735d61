"""
Results of controls, append-only, and which of them hold for a month now.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.accounts import Account
from billing.controls.engine import Outcome, Result
from billing.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.archive import FetchHead


def save_reconciliation(
    connection: Connection, account: Account[object], fetch: FetchHead, outcome: Outcome, now: datetime
) -> bool:
    """
    Add the results unless the same rules gave the same results on the same inputs last time, and note that the
    month was seen; tell whether results were added.
    """
    inputs, results = _inputs_sha256(connection, fetch.fetch_id), _results_sha256(outcome.results)
    last = connection.execute(
        select(t.reconciliation)
        .join(t.account_month, t.account_month.c.reconciliation_id == t.reconciliation.c.reconciliation_id)
        .where(*(t.account_month.c[name] == value for name, value in _key(fetch).items()))
    ).one_or_none()
    if last is not None and (last.inputs_sha256, last.results_sha256) == (inputs, results):
        reconciliation_id, added = last.reconciliation_id, False
    else:
        reconciliation_id, added = _insert(connection, fetch, outcome.results, inputs, results, now), True
    seen = {"reconciliation_id": reconciliation_id, "fetch_id": fetch.fetch_id, "last_seen_at": now}
    connection.execute(
        upsert(t.account_month)
        .values(**_key(fetch), **seen, currency=account.currency, first_stored_at=now)
        .on_conflict_do_update(index_elements=list(_key(fetch)), set_={**seen, "currency": account.currency})
    )
    return added


def _insert(
    connection: Connection, fetch: FetchHead, results: Sequence[Result], inputs: bytes, digest: bytes, now: datetime
) -> int:
    reconciliation_id: int = connection.execute(
        insert(t.reconciliation)
        .values(
            **_key(fetch),
            inputs_sha256=inputs,
            results_sha256=digest,
            code_version=version("tieout"),
            fetch_id=fetch.fetch_id,
            dag_run=fetch.dag_run,
            recorded_at=now,
        )
        .returning(t.reconciliation.c.reconciliation_id)
    ).scalar_one()
    rows = [
        {"reconciliation_id": reconciliation_id, "position": position, **_columns(result)}
        for position, result in enumerate(results, start=1)
    ]
    if rows:
        connection.execute(insert(t.control_result), rows)
    return reconciliation_id


def _key(fetch: FetchHead) -> dict[str, object]:
    return {"vendor": fetch.vendor, "account": fetch.account, "period": fetch.period.first_day}


def _columns(result: Result) -> dict[str, object]:
    finding = result.finding
    return {
        "control_id": result.control.control_id,
        "subject": finding.subject,
        "state": finding.state.value,
        "expected": finding.expected,
        "actual": finding.actual,
        "difference": finding.difference,
        "bound": finding.bound,
        "currency": finding.currency,
        "operands": finding.operands,
        "explanation": finding.explanation,
        "severity": result.control.severity,
        "rule_sha256": result.control.rule_sha256,
    }


def _results_sha256(results: Sequence[Result]) -> bytes:
    rows = [_columns(result) for result in results]
    return sha256_of(
        [{**row, "rule_sha256": result.control.rule_sha256.hex()} for row, result in zip(rows, results, strict=True)]
    )


def _inputs_sha256(connection: Connection, fetch_id: int) -> bytes:
    """Hash the hashes of all answers of a fetch, in the order of their requests: arrival may differ, content not."""
    query = (
        select(t.payload.c.request, t.payload.c.sha256)
        .join(t.payload_sighting)
        .where(t.payload_sighting.c.fetch_id == fetch_id)
        .order_by(t.payload.c.request, t.payload.c.sha256)
    )
    digest = hashlib.sha256()
    for request, sha256 in connection.execute(query):
        digest.update(request.encode() + b"\0" + sha256)
    return digest.digest()
