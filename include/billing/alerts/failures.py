"""Tasks that failed for good. The caller owns the transaction; nothing here commits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from billing.log_safe import single_line
from billing.storage import tables as t


@dataclass(frozen=True, slots=True)
class Failure:
    """
    A task that failed and is not tried again.

    :param account: of a mapped task.
    :param error: class of the exception.
    :param sentence: what a person is told; stored on one line, truncated.
    """

    dag_id: str
    dag_run: str
    task_id: str
    account: str | None
    error: str
    sentence: str
    failed_at: datetime


def save_failure(connection: Connection, failure: Failure) -> None:
    """Add a failed task."""
    connection.execute(insert(t.task_failure).values(asdict(failure) | {"sentence": single_line(failure.sentence)}))
