"""
What changed after a month was closed: its files stay as they were, and the change is billed in the month that saw it.

Each change is booked whole, as FOCUS has it: what was billed before with the opposite sign, then what is billed now;
rows that are equal in both are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from billing.content_hash import content_text
from billing.export.charges import Charge, Issuer, billing_period, charges_of_invoice
from billing.export.sources import (
    InvoiceVersion,
    billing_cycles,
    changed_months,
    closed_months,
    load_invoices,
    versions_at,
)
from billing.money import difference, negated
from billing.month import Month


@dataclass(frozen=True, slots=True)
class Change:
    """
    An invoice of a closed month before and after; None where it was not listed.

    :param month: the closed one.
    """

    month: Month
    before: InvoiceVersion | None
    after: InvoiceVersion | None

    @property
    def key(self) -> tuple[str, str]:
        """Its account and id."""
        either = self.after or self.before
        assert either is not None  # noqa: S101 (one of them was listed)
        return either.account, either.invoice_id

    @property
    def amount(self) -> Decimal:
        """What is payable more than before."""
        before, after = (each.total if each else Decimal(0) for each in (self.before, self.after))
        return difference(after, before)


def changes_after_closing(connection: Connection, vendor: str, month: Month) -> list[Change]:
    """Return what changed in the month in others that were closed by then, in the order of months and invoices."""
    closings = {
        other: closed
        for other, closed in sorted(closed_months(connection, vendor).items())
        if other != month and closed < month.end
    }
    changed = changed_months(connection, vendor, month.start, month.end) if closings else ()
    found = []
    for other, closed in closings.items():
        if other not in changed:
            continue
        before, after = (
            {each.record_key: each for each in versions_at(connection, vendor, other, at)}
            for at in (max(closed, month.start), month.end)
        )
        for key in dict.fromkeys((*before, *after)):
            change = Change(other, before.get(key), after.get(key))
            if not (change.before and change.after and change.before.version == change.after.version):
                found.append(change)
    return found


def corrections(connection: Connection, issuer: Issuer, month: Month, changes: list[Change]) -> Iterator[Charge]:
    """Yield the charges of these changes, all of them corrections; of each invoice they sum to what changed."""
    for change in changes:
        cycles = billing_cycles(connection, issuer.name, change.month)
        sides: list[list[Charge]] = []
        for version in (change.before, change.after):
            stored = next(load_invoices(connection, [version])) if version else None
            period = billing_period(stored, change.month, cycles) if stored else None
            sides.append(list(charges_of_invoice(issuer, stored, period, "corrected")) if stored and period else [])
        before, after = sides
        for charge in _without(before, after):
            yield _reversed(_corrected(charge, month))
        for charge in _without(after, before):
            yield _corrected(charge, month)


def _without(charges: list[Charge], others: list[Charge]) -> Iterator[Charge]:
    """Yield the charges that the others do not have; of equal ones as many as are more."""
    left = Counter(map(_content, others))
    for charge in charges:
        content = _content(charge)
        if left[content]:
            left[content] -= 1
        else:
            yield charge


def _content(charge: Charge) -> tuple[str, Decimal]:
    return content_text(charge.line) if charge.line else "", charge.amount


def _corrected(charge: Charge, month: Month) -> Charge:
    """Return a charge as a correction: billed in the month that saw it, for the period for which it was billed."""
    suffix = f"/v{charge.stored.version}"
    return replace(charge, billing_period=(month.start, month.end), correction=True, suffix=suffix)


def _reversed(charge: Charge) -> Charge:
    line = charge.line and replace(charge.line, quantity=charge.quantity and negated(charge.quantity))
    return replace(charge, line=line, amount=negated(charge.amount), suffix=f"{charge.suffix}/reversed")
