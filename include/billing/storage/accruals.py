"""Accruals in the database: proposed at a month's end, reversed and trued up when the month is billed. Append-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select

from billing.accruals.proposal import Document, Proposal, RecordVersion, is_billed, true_up
from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.accrual_bases import ProposeAccrual, of_account, proposal_from_store
from billing.storage.records import lock_account
from billing.storage.withdrawals import current_invoice


@dataclass(frozen=True, slots=True)
class Proposed:
    """
    The result of a proposal.

    :param added: False if the last proposal had the same amount and basis.
    :param settled: the month was billed already, so its accrual was reversed and trued up at once.
    """

    accrual_id: int
    proposal: Proposal
    added: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class _Accrual:
    """A proposal with an amount, as it is stored."""

    accrual_id: int
    month: Month
    currency: str
    amount: Decimal


class AccrualBook:
    """
    The accruals of one account. The caller owns the transaction; nothing here commits.

    :param dag_run: the DAG run for which rows are added.
    :param now: when the rows are recorded, UTC.
    """

    def __init__(self, connection: Connection, account: Account[Any], dag_run: str, now: datetime) -> None:
        self._connection = connection
        self._account = account
        self._by = {"dag_run": dag_run, "recorded_at": now}

    def propose(self, month: Month, propose: ProposeAccrual) -> Proposed:
        """Propose the accrual of a month from stored data; no vendor is called. Holds the account's lock."""
        lock_account(self._connection, self._account.vendor, self._account.name)
        proposal = proposal_from_store(self._connection, self._account, month, propose)
        digest = _inputs_sha256(proposal)
        last = self._last(month)
        if last is not None and bytes(last.inputs_sha256) == digest:
            return Proposed(last.accrual_id, proposal, added=False, settled=month in self.settle())
        if last is not None and last.amount is not None and last.accrual_id not in self._reversed([last.accrual_id]):
            replaced = _Accrual(last.accrual_id, month, last.currency, last.amount)
            self._reverse(replaced, "superseded", month.end.date() - timedelta(days=1))
        accrual_id = self._insert(proposal, digest)
        return Proposed(accrual_id, proposal, added=True, settled=month in self.settle())

    def settle(self) -> list[Month]:
        """
        Reverse and true up the accruals whose months are billed; return the months that got a new true-up.

        A true-up names the versions it is based on. If a document is new, restated or gone, another true-up is added.
        The caller holds the account's lock.
        """
        accruals = self._in_force()
        if not accruals:
            return []
        documents = self._documents([accrual.month.first_day for accrual in accruals])
        ids = [accrual.accrual_id for accrual in accruals]
        reversed_ids, rested_on = self._reversed(ids), self._rested_on(ids)
        settled = []
        for accrual in accruals:
            found, last = documents[accrual.month], rested_on.get(accrual.accrual_id)
            if (last is None and not is_billed(found)) or last == {each.version for each in found}:
                continue
            if accrual.accrual_id not in reversed_ids:
                self._reverse(accrual, "billed", accrual.month.end.date())
            self._true_up(accrual, found)
            settled.append(accrual.month)
        return settled

    def _last(self, month: Month) -> Any:  # noqa: ANN401 (a row or None)
        query = select(t.accrual).where(*of_account(t.accrual, self._account), t.accrual.c.month == month.first_day)
        return self._connection.execute(query.order_by(t.accrual.c.accrual_id.desc()).limit(1)).one_or_none()

    def _in_force(self) -> list[_Accrual]:
        of_month = func.max(t.accrual.c.accrual_id)
        newest = select(of_month).where(*of_account(t.accrual, self._account)).group_by(t.accrual.c.month)
        rows = self._connection.execute(
            select(t.accrual).where(t.accrual.c.accrual_id.in_(newest)).order_by(t.accrual.c.month)
        )
        return [
            _Accrual(row.accrual_id, Month.of(row.month), row.currency, row.amount)
            for row in rows
            if row.amount is not None
        ]

    def _documents(self, days: Sequence[date]) -> Mapping[Month, list[Document]]:
        names = ("record_key", "version", "invoice_id", "kind", "total", "currency", "issued_at", "month")
        rows = self._connection.execute(
            select(*(t.invoice.c[name] for name in names))
            .join(t.record, current_invoice)
            .where(
                *of_account(t.record, self._account), t.record.c.record_type == "invoice", t.invoice.c.month.in_(days)
            )
        )
        found: dict[Month, list[Document]] = defaultdict(list)
        for row in rows:
            version, currency = (row.record_key, row.version), row.currency or self._account.currency
            document = Document(version, row.invoice_id, row.kind, row.total, currency, row.issued_at)
            found[Month.of(row.month)].append(document)
        return found

    def _reversed(self, ids: Sequence[int]) -> set[int]:
        query = select(t.accrual_reversal.c.accrual_id).where(t.accrual_reversal.c.accrual_id.in_(ids))
        return set(self._connection.scalars(query))

    def _rested_on(self, ids: Sequence[int]) -> dict[int, set[RecordVersion]]:
        """Return, by accrual, the versions that its newest true-up is based on."""
        of_accrual = func.max(t.true_up.c.true_up_id)
        newest = select(of_accrual).where(t.true_up.c.accrual_id.in_(ids)).group_by(t.true_up.c.accrual_id)
        document = t.true_up_document
        rows = self._connection.execute(
            select(t.true_up.c.accrual_id, document.c.record_key, document.c.version)
            .select_from(t.true_up)
            .outerjoin(document, document.c.true_up_id == t.true_up.c.true_up_id)
            .where(t.true_up.c.true_up_id.in_(newest))
        )
        found: dict[int, set[RecordVersion]] = {}
        for accrual_id, record_key, version in rows:
            versions = found.setdefault(accrual_id, set())
            if record_key is not None:
                versions.add((record_key, version))
        return found

    def _insert(self, proposal: Proposal, digest: bytes) -> int:
        values = {
            "vendor": self._account.vendor,
            "account": self._account.name,
            "month": proposal.month.first_day,
            "state": proposal.state,
            "basis": str(proposal.basis),
            "currency": proposal.currency,
            "amount": proposal.amount,
            "as_of": proposal.as_of,
            "extrapolated": proposal.extrapolated,
            "cut_off": proposal.cut_off,
            "explanation": proposal.explanation,
            "inputs_sha256": digest,
        }
        statement = insert(t.accrual).values(**values, **self._by).returning(t.accrual.c.accrual_id)
        accrual_id: int = self._connection.execute(statement).scalar_one()
        parts = [
            {
                "accrual_id": accrual_id,
                "position": position,
                "kind": part.kind,
                "name": part.name,
                **_source(part.source),
                "source_amount": part.source_amount,
                "amount": part.amount,
            }
            for position, part in enumerate(proposal.parts, start=1)
        ]
        if parts:
            self._connection.execute(insert(t.accrual_part), parts)
        return accrual_id

    def _reverse(self, accrual: _Accrual, cause: str, on: date) -> None:
        """Reverse in full: on the next month's first day, or on the month's last where another proposal takes over."""
        values = {"accrual_id": accrual.accrual_id, "cause": cause, "reversed_on": on}
        amount = accrual.amount.copy_negate()
        self._connection.execute(insert(t.accrual_reversal).values(**values, amount=amount, **self._by))

    def _true_up(self, accrual: _Accrual, documents: Sequence[Document]) -> None:
        left = true_up(accrual.amount, accrual.currency, accrual.month, documents)
        values = {
            "accrual_id": accrual.accrual_id,
            "currency": accrual.currency,
            "actual": left.actual,
            "amount": left.amount,
            "percent": left.percent,
            "days": left.days,
            "explanation": left.explanation,
        }
        statement = insert(t.true_up).values(**values, **self._by).returning(t.true_up.c.true_up_id)
        true_up_id = self._connection.execute(statement).scalar_one()
        rows = [
            {"true_up_id": true_up_id, "record_key": each.version[0], "version": each.version[1]}
            for each in left.documents
        ]
        if rows:
            self._connection.execute(insert(t.true_up_document), rows)


def _source(source: int | RecordVersion) -> dict[str, int | None]:
    if isinstance(source, int):
        return {"snapshot_id": source, "record_key": None, "version": None}
    return {"snapshot_id": None, "record_key": source[0], "version": source[1]}


def _inputs_sha256(proposal: Proposal) -> bytes:
    """Hash a proposal and its basis; the explanation counts only if there is no amount."""
    return sha256_of(
        {
            "basis": str(proposal.basis),
            "currency": proposal.currency,
            "as_of": None if proposal.as_of is None else proposal.as_of.astimezone(UTC).isoformat(),
            "extrapolated": proposal.extrapolated,
            "blocked": proposal.explanation if proposal.as_of is None else None,
            "parts": [
                {
                    "kind": part.kind,
                    "name": part.name,
                    **_source(part.source),
                    "source_amount": part.source_amount,
                    "amount": part.amount,
                }
                for part in proposal.parts
            ],
        }
    )
