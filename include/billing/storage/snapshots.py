"""Month-to-date estimates, append-only: they cannot be fetched later, and they are never mixed with issued costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.models import InvoiceLine, MonthToDate
from billing.storage import tables as t
from billing.storage.copy import copy_rows
from billing.storage.payloads import FetchInfo

_LINE_COLUMNS = [field.name for field in fields(InvoiceLine) if field.name in t.month_to_date_line.c]


def save_snapshot(
    connection: Connection, estimate: MonthToDate, fetch: FetchInfo, payload_id: int, taken_at: datetime
) -> bool:
    """
    Append one estimate; return whether it is new.

    The same bytes are one snapshot however often the vendor repeats them from its cache: the sightings of its payload
    say when they were seen again. The caller owns the transaction.

    :param payload_id: the response it was derived from.
    :param taken_at: when that response was first received, UTC.
    """
    snapshot_id = connection.scalar(
        upsert(t.month_to_date)
        .values(
            vendor=fetch.vendor,
            account=fetch.account,
            month=estimate.month.first_day,
            invoice_id=estimate.invoice_id,
            total=estimate.total,
            currency=estimate.currency,
            starts_at=estimate.starts_at,
            as_of=estimate.as_of,
            attributes=dict(estimate.attributes),
            taken_at=taken_at,
            payload_id=payload_id,
            dag_run=fetch.dag_run,
        )
        .on_conflict_do_nothing(index_elements=["payload_id"])
        .returning(t.month_to_date.c.snapshot_id)
    )
    if snapshot_id is None:
        return False
    rows = ([snapshot_id, *(getattr(line, name) for name in _LINE_COLUMNS)] for line in estimate.lines)
    copy_rows(connection, t.month_to_date_line, ["snapshot_id", *_LINE_COLUMNS], rows)
    return True


def payloads_of(connection: Connection, fetch_id: int) -> Iterator[tuple[int, datetime]]:
    """Yield id and first sight of each response of a fetch, in the order of arrival."""
    query = (
        select(t.payload.c.payload_id, t.payload.c.first_seen_at)
        .join(t.payload_sighting)
        .where(t.payload_sighting.c.fetch_id == fetch_id)
        .order_by(t.payload_sighting.c.position)
    )
    yield from connection.execute(query).all()
