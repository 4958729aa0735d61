"""
What was told: each thing once, also by two messages at the same moment.

The caller sends between ``claim`` and the commit. A message that was not delivered is rolled back and told later; a
second transaction waits for the first one's rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from billing.alerts.news import News
from billing.storage import tables as t

_AT_ONCE = 5000


def claim(connection: Connection, news: Iterable[News], dag_run: str) -> list[News]:
    """Store what is not told yet as told, and return it in its order."""
    found = {(each.kind, each.key): each for each in news}
    now = datetime.now(UTC)
    rows = [{"kind": kind, "key": key, "dag_run": dag_run, "told_at": now} for kind, key in sorted(found)]
    new: set[tuple[str, str]] = set()
    for start in range(0, len(rows), _AT_ONCE):
        statement = insert(t.alert).values(rows[start : start + _AT_ONCE]).on_conflict_do_nothing()
        new.update(tuple(row) for row in connection.execute(statement.returning(t.alert.c.kind, t.alert.c.key)))
    return [each for identity, each in found.items() if identity in new]
