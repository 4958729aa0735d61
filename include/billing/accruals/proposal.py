"""
Accruals: the estimated cost of a month at its end, and the difference once the month is billed. Pure.

An accrual is an estimate. It is kept apart from issued costs and reversed in full when the invoice is stored; the
difference is the true-up. Each amount is in the currency stored with it; a proposal is a whole number of minor units,
halves rounded away from zero, as it is booked. A bill keeps its exact digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing.config.accrual_policy import AccrualPolicy
from billing.money import difference, exact_sum, minor_unit
from billing.month import Month
from billing.proration import round_fraction

RecordVersion = tuple[int, int]
"""A record's key and the number of one of its versions."""

_PERCENT_UNIT = Decimal("0.01")
_MICROSECOND = timedelta(microseconds=1)


class Basis(StrEnum):
    """What an accrual is based on, of the kinds computed here; a vendor may add its own."""

    SNAPSHOT = "month_to_date_snapshot"
    PERIOD_CHARGES = "period_charges"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    One month-to-date estimate.

    :param taken_at: when it was first received, UTC.
    :param as_of: the end of what it covers, if the vendor says.
    """

    snapshot_id: int
    month: Month
    total: Decimal
    currency: str | None
    taken_at: datetime
    as_of: datetime | None = None

    @property
    def covers_until(self) -> datetime:
        """Return the end of what it covers, never later than when it was received."""
        return self.taken_at if self.as_of is None else min(self.as_of, self.taken_at)


@dataclass(frozen=True, slots=True)
class Part:
    """
    One figure of an accrual.

    :param kind: ``month_to_date``, ``overage``, ``wallet_overage`` or ``prepaid``.
    :param source: the snapshot, or the version of the stored record, that states it.
    :param source_amount: the amount exactly as in the source.
    :param amount: the month's part of it, rounded half up to the minor unit.
    """

    kind: str
    name: str
    source: int | RecordVersion
    source_amount: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What one account should accrue for one month.

    :param basis: a :class:`Basis`, or the vendor's own name for the basis of the figures.
    :param as_of: when its basis was read; None if there is none, and the proposal is blocked.
    :param explanation: one sentence or more in plain language.
    """

    month: Month
    basis: str
    currency: str
    explanation: str
    parts: tuple[Part, ...] = ()
    as_of: datetime | None = None
    extrapolated: bool = False

    @property
    def cut_off(self) -> datetime:
        """The first instant after the month, UTC."""
        return self.month.end

    @property
    def amount(self) -> Decimal | None:
        """The exact sum of the parts; None, never zero, if it is blocked."""
        return exact_sum(part.amount for part in self.parts) if self.as_of else None

    @property
    def state(self) -> str:
        """``PROPOSED`` or ``BLOCKED``."""
        return "PROPOSED" if self.as_of else "BLOCKED"


@dataclass(frozen=True, slots=True)
class Document:
    """
    One stored invoice or credit memo of the month, in its current version.

    :param currency: its own, or the account's where the vendor sends none.
    """

    version: RecordVersion
    invoice_id: str
    kind: str
    total: Decimal
    currency: str
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BilledMonth:
    """What another month was billed, shown for a month without an estimate."""

    month: Month
    currency: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class TrueUp:
    """
    The difference between an accrual and the bill of its month.

    :param actual: sum of the documents, credit memos included; None if they are in another currency.
    :param amount: actual - accrual: posted to the month in which the bill is booked.
    :param percent: of the accrual, rounded half up to two places; None if nothing was accrued.
    :param days: whole days from the cut-off to the day of the last document; None if no document has a date.
    """

    documents: tuple[Document, ...]
    actual: Decimal | None
    amount: Decimal | None
    percent: Decimal | None
    days: int | None
    explanation: str


def blocked(month: Month, basis: str, currency: str, reason: str) -> Proposal:
    """Create a proposal without an amount, with the reason."""
    return Proposal(month, basis, currency, f"{reason}.")


def propose_from_snapshots(
    month: Month, currency: str, snapshots: Sequence[Snapshot], policy: AccrualPolicy
) -> Proposal:
    """
    Accrue the last month-to-date snapshot taken at or before the cut-off.

        taken on 31 October at 23:41, 980.005 USD         -> 980.01
        taken on 1 November at 00:00:00                   -> accrued, it is no later than the cut-off
        taken on 1 November at 00:00:01                   -> ignored
        310.00 until 11 October 00:00, extrapolated       -> 961.00 (31 of 10 days)
        none                                              -> BLOCKED

    :param currency: the account's, where the snapshot names none.
    """
    in_time = [each for each in snapshots if each.month == month and each.taken_at <= month.end]
    last = max(in_time, key=lambda each: (each.taken_at, each.snapshot_id), default=None)
    if last is None:
        reason = f"no month-to-date snapshot of {month} was taken before its end, and none can be taken afterwards"
        return blocked(month, Basis.SNAPSHOT, currency, reason)
    currency = last.currency or currency
    unit = minor_unit(currency)
    if unit is None:
        reason = f"the snapshot is in {currency}, whose smallest unit is unknown"
        return blocked(month, Basis.SNAPSHOT, currency, reason)
    until = last.covers_until
    scaled = policy.extrapolate and month.start < until < month.end
    whole = Fraction(last.total) * (_scale(month, until) if scaled else 1)
    part = Part("month_to_date", str(month), last.snapshot_id, last.total, round_fraction(whole, unit))
    how = "scaled to the whole month" if scaled else "not extrapolated"
    return Proposal(
        month,
        Basis.SNAPSHOT,
        currency,
        f"Snapshot of {last.taken_at:%Y-%m-%d %H:%M} UTC, which covers the month up to "
        f"{until:%Y-%m-%d %H:%M} UTC, {how}.",
        (part,),
        last.taken_at,
        scaled,
    )


def with_billed_months(proposal: Proposal, known: Sequence[BilledMonth]) -> Proposal:
    """Add the bills of other months to the explanation of a blocked proposal; never an amount to accrue."""
    if proposal.amount is not None:
        return proposal
    said = "; ".join(f"{each.month} was billed {each.total:f} {each.currency}" for each in known)
    return replace(proposal, explanation=f"{proposal.explanation} Other months: {said or 'none'}.")


def is_billed(documents: Sequence[Document]) -> bool:
    """Return whether a month is billed: a credit memo alone is no bill."""
    return any(document.kind == "invoice" for document in documents)


def true_up(accrued: Decimal, currency: str, month: Month, documents: Sequence[Document]) -> TrueUp:
    """
    Return the difference between an accrual and the bill.

            accrued 980.00, billed 1000.00                       -> 20.00, 2.04 %
            accrued 980.00, billed 1000.00 and a credit of -30   -> -10.00, -1.02 %
            accrued 0, billed 5.00                               -> 5.00, no percentage
            accrued in USD, billed in EUR                        -> no amount: two currencies are never subtracted
    """
    documents = tuple(sorted(documents, key=lambda each: each.version))
    days = _days_after(month, [each.issued_at for each in documents if each.issued_at is not None])
    others = sorted({each.currency for each in documents} - {currency})
    if others:
        text = f"Accrued in {currency}, billed in {', '.join(others)}: the amounts are not compared."
        return TrueUp(documents, None, None, None, days, text)
    actual = exact_sum(each.total for each in documents)
    left = difference(actual, accrued)
    percent = round_fraction(Fraction(left) / abs(Fraction(accrued)) * 100, _PERCENT_UNIT) if accrued else None
    count = f"{len(documents)} document{'' if len(documents) == 1 else 's'}"
    text = f"{actual:f} {currency} billed in {count}, {accrued:f} accrued: difference {left:f}."
    return TrueUp(documents, actual, left, percent, days, text)


def _scale(month: Month, until: datetime) -> Fraction:
    """Return the length of the month divided by the length covered, exactly."""
    return Fraction((month.end - month.start) // _MICROSECOND, (until - month.start) // _MICROSECOND)


def _days_after(month: Month, moments: Sequence[datetime]) -> int | None:
    last = max(moments, default=None)
    return None if last is None else (last.astimezone(UTC).date() - month.end.date()).days
