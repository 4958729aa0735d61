"""
Store vendors' responses as received, before they are parsed.

Every response is stored in a transaction of its own as it arrives, addressed by its hash: bytes that were seen before
add no row. A `fetch` row with its sightings is written when all has arrived, so an interrupted fetch leaves its
responses but is never treated as complete. If the database server itself crashes, the last responses of a fetch that
was not complete may be missing, and the retry requests them again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import zstandard
from sqlalchemy import Connection, Engine, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.errors import StorageError
from billing.month import Month
from billing.payloads.response import Response
from billing.storage import tables as t
from billing.storage.document_store import Folder, keep_document


@dataclass(frozen=True, slots=True)
class FetchSummary:
    """
    What one fetch stored.

    :param new_payloads: responses whose bytes had not been seen for that request.
    """

    fetch_id: int
    responses: int
    new_payloads: int
    documents: int
    new_documents: int
    missing_documents: int
    bytes: int


class Fetch:
    """
    One complete fetch of an account's month, while it runs.

    :param purpose: ``month`` or ``month_to_date``.
    :param dag_run: id of the DAG run that fetches.
    :param documents: folder for the vendor's files.
    """

    def __init__(
        self,
        engine: Engine,
        documents: Folder,
        *,
        purpose: str,
        vendor: str,
        account: str,
        month: Month,
        dag_run: str,
    ) -> None:
        self._engine = engine
        self._documents = documents
        self._purpose = purpose
        self._vendor = vendor
        self._account = account
        self._month = month
        self._dag_run = dag_run
        self._started_at = datetime.now(UTC)
        self._sightings: list[tuple[int, datetime]] = []
        self._document_sightings: dict[int, datetime] = {}
        self._missing_documents: dict[tuple[str, str], str] = {}
        self._new_payloads = self._new_documents = self._bytes = 0

    def keep(self, response: Response) -> None:
        """
        Store one response at once, unless the same bytes for the same request are stored.

        :raises PayloadError: its JSON is ambiguous: two programs could read it differently. It is not stored, so that
            a retry requests it again.
        """
        payload_id = self._seen_before.get((response.request, response.sha256)) or self._keep(response)
        self._sightings.append((payload_id, response.received_at))
        self._bytes += len(response.body)

    @cached_property
    def _seen_before(self) -> dict[tuple[str, bytes], int]:
        """The responses of the month's latest fetch by request and hash: most of them come again."""
        latest = select(func.max(t.fetch.c.fetch_id)).where(
            t.fetch.c.vendor == self._vendor,
            t.fetch.c.account == self._account,
            t.fetch.c.month == self._month.first_day,
            t.fetch.c.purpose == self._purpose,
        )
        query = select(*t.payload.c["request", "sha256", "payload_id"]).join(t.payload_sighting)
        with self._engine.begin() as connection:
            rows = connection.execute(query.where(t.payload_sighting.c.fetch_id == latest.scalar_subquery()))
            return {(request, bytes(sha256)): payload_id for request, sha256, payload_id in rows}

    def _keep(self, response: Response) -> int:
        with self._engine.begin() as connection:
            payload_id = self._find(connection, response)
            if payload_id is None:
                _ = response.parsed  # raises if it is ambiguous
                # not waiting for the disk takes half of the time; what is fetched is completed by a commit that waits
                connection.execute(text("set local synchronous_commit = off"))
                payload_id = self._insert(connection, response)
                self._new_payloads += payload_id is not None
            if payload_id is None:  # another task was faster
                payload_id = self._find(connection, response)
        if payload_id is None:
            raise StorageError(f"{response.request}: its response was neither stored nor found in billing.payload")
        return payload_id

    def _insert(self, connection: Connection, response: Response) -> int | None:
        values = {
            "vendor": self._vendor,
            "account": self._account,
            "operation": response.operation,
            "request": response.request,
            "status": response.status,
            "media_type": response.media_type,
            "headers": dict(response.headers),
            "sha256": response.sha256,
            "size": len(response.body),
            "body": zstandard.compress(response.body),
            "first_seen_at": response.received_at,
            "first_dag_run": self._dag_run,
        }
        statement = upsert(t.payload).values(values).on_conflict_do_nothing()
        payload_id: int | None = connection.scalar(statement.returning(t.payload.c.payload_id))
        return payload_id

    def _find(self, connection: Connection, response: Response) -> int | None:
        payload_id: int | None = connection.scalar(
            select(t.payload.c.payload_id).where(
                t.payload.c.vendor == self._vendor,
                t.payload.c.account == self._account,
                t.payload.c.sha256 == response.sha256,
                func.md5(t.payload.c.request) == func.md5(response.request),  # the index key
                t.payload.c.request == response.request,
            )
        )
        return payload_id

    def keep_document(self, invoice_id: str, file_format: str, media_type: str, request: str, body: bytes) -> None:
        """
        Store one file at once, unless the same bytes for the same invoice are stored.

        :raises StorageError: the document folder cannot be written.
        """
        now = datetime.now(UTC)
        values = {
            "vendor": self._vendor,
            "account": self._account,
            "invoice_id": invoice_id,
            "file_format": file_format,
            "media_type": media_type,
            "sha256": hashlib.sha256(body).digest(),
            "size": len(body),
            "location": keep_document(
                self._documents,
                body,
                file_format,
                f"the {file_format} of invoice {invoice_id!a} of {self._vendor}/{self._account}",
            ),
            "request": request,
            "first_seen_at": now,
            "first_dag_run": self._dag_run,
        }
        key = ("vendor", "account", "file_format", "sha256", "invoice_id")
        with self._engine.begin() as connection:
            statement = upsert(t.document).values(values).on_conflict_do_nothing()
            document_id = connection.scalar(statement.returning(t.document.c.document_id))
            self._new_documents += document_id is not None
            if document_id is None:
                document_id = connection.scalar(
                    select(t.document.c.document_id).where(*(t.document.c[name] == values[name] for name in key))
                )
        if document_id is None:
            raise StorageError(
                f"invoice {invoice_id}: its {file_format} was neither stored nor found in billing.document"
            )
        self._document_sightings[document_id] = now
        self._bytes += len(body)

    def keep_missing_document(self, invoice_id: str, file_format: str, reason: str) -> None:
        """Record, with the fetch, that a file could not be had, and why."""
        self._missing_documents[invoice_id, file_format] = reason

    def complete(self) -> FetchSummary:
        """Record, in one transaction, that everything has arrived and what was seen."""
        with self._engine.begin() as connection:
            fetch_id = connection.execute(
                insert(t.fetch)
                .values(
                    purpose=self._purpose,
                    vendor=self._vendor,
                    account=self._account,
                    month=self._month.first_day,
                    dag_run=self._dag_run,
                    started_at=self._started_at,
                    completed_at=datetime.now(UTC),
                )
                .returning(t.fetch.c.fetch_id)
            ).scalar_one()
            if self._sightings:
                connection.execute(
                    insert(t.payload_sighting),
                    [
                        {"fetch_id": fetch_id, "position": position, "payload_id": payload_id, "seen_at": seen_at}
                        for position, (payload_id, seen_at) in enumerate(self._sightings, start=1)
                    ],
                )
            if self._document_sightings:
                connection.execute(
                    insert(t.document_sighting),
                    [
                        {"fetch_id": fetch_id, "document_id": document_id, "seen_at": seen_at}
                        for document_id, seen_at in self._document_sightings.items()
                    ],
                )
            if self._missing_documents:
                connection.execute(
                    insert(t.missing_document),
                    [
                        {
                            "fetch_id": fetch_id,
                            "position": position,
                            "invoice_id": invoice_id,
                            "file_format": file_format,
                            "reason": reason,
                        }
                        for position, ((invoice_id, file_format), reason) in enumerate(
                            self._missing_documents.items(), start=1
                        )
                    ],
                )
        return FetchSummary(
            fetch_id=fetch_id,
            responses=len(self._sightings),
            new_payloads=self._new_payloads,
            documents=len(self._document_sightings),
            new_documents=self._new_documents,
            missing_documents=len(self._missing_documents),
            bytes=self._bytes,
        )


def read_responses(connection: Connection, fetch_id: int) -> tuple[Response, ...]:
    """
    Return the responses of one fetch in the order in which they arrived, each checked against its hash.

    :raises StorageError: stored bytes do not match their hash.
    """
    columns = t.payload.c["payload_id", "operation", "request", "status", "media_type", "headers", "sha256", "body"]
    query = (
        select(*columns, t.payload_sighting.c.seen_at)
        .join(t.payload_sighting)
        .where(t.payload_sighting.c.fetch_id == fetch_id)
        .order_by(t.payload_sighting.c.position)
    )
    return tuple(map(_response, connection.execute(query)))


def _response(row: Any) -> Response:  # noqa: ANN401 (a row of a select)
    try:
        body = zstandard.decompress(row.body)
    except zstandard.ZstdError as error:
        raise StorageError(f"payload {row.payload_id} ({row.request}) cannot be unpacked: restore it") from error
    response = Response(
        operation=row.operation,
        request=row.request,
        status=row.status,
        media_type=row.media_type,
        headers=row.headers,
        body=body,
        received_at=row.seen_at,
    )
    if response.sha256 != row.sha256:
        raise StorageError(f"payload {row.payload_id} ({row.request}) no longer matches its SHA-256: restore it")
    return response


@dataclass(frozen=True, slots=True)
class FetchInfo:
    """
    Account, month and run of a fetch.

    :param completed_at: when the last response had arrived, UTC.
    """

    fetch_id: int
    purpose: str
    vendor: str
    account: str
    month: Month
    dag_run: str
    completed_at: datetime


def find_fetch(connection: Connection, fetch_id: int) -> FetchInfo:
    """
    Return the account, month and run of a fetch.

        :raises StorageError: no fetch has that id.
    """
    row = connection.execute(select(t.fetch).where(t.fetch.c.fetch_id == fetch_id)).one_or_none()
    if row is None:
        raise StorageError(f"there is no fetch {fetch_id}: was it made in another billing database?")
    return FetchInfo(
        row.fetch_id, row.purpose, row.vendor, row.account, Month.of(row.month), row.dag_run, row.completed_at
    )
