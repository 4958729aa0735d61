"""Decide whether the totals that a document prints say the same as an amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from billing.money import difference, exact_sum
from billing.printed.labels import Role
from billing.printed.totals import Printed


class Answer(Enum):
    """What a document says of an amount."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    The answer, and what it rests on.

    :param printed: the total that the document prints; None if it is not clear.
    :param reason: why it is unclear; or what the document may say, if that is no such amount.
    """

    answer: Answer
    printed: Decimal | None = None
    reason: str = ""


def compare_with(found: Sequence[Printed], amount: Decimal) -> Agreement:
    """
    Compare the printed totals with an amount. Only what is sure agrees or differs.

        Total 100.00, the amount is 100.00                            -> agrees
        Total 100.00, the amount is 100.01                            -> differs
        Total 1,234 in KWD, the amount is 1234                        -> unclear, it says 1.234 or 1234
        Total 119.00, paid 119.00, due 0.00, the amount is 119.00     -> agrees
        Total 100.00, due 119.00, whatever the amount is of the two   -> unclear
        Total 60.00, total 40.00, total 100.00, the amount is 100.00  -> agrees, the last is the sum of the others
    """
    totals = [each for each in found if each.role is Role.TOTAL]
    dues = [each for each in found if each.role is Role.DUE]
    named = [each for each in totals if each.is_sure] or [each for each in dues if each.is_sure]
    if not named:
        return Agreement(Answer.UNCLEAR, reason="no line has a total that can be read for sure")
    values = [each.reading.value for each in named]
    if not any(each.reading.may_say(amount) for each in [*totals, *dues]):
        return Agreement(Answer.DIFFERS, values[-1], _said(named))
    if not all(value == amount for value in values) and not _are_parts(values, amount):
        return Agreement(Answer.UNCLEAR, reason=f"its totals may say {_said(named)}")
    last = max(place for place, each in enumerate(found) if each is named[-1])
    others = [each for each in found[last:] if each.role is Role.TOTAL and not each.is_sure]
    others += dues if named[-1].role is Role.TOTAL else []
    paid = [each.reading.value for each in found if each.role is Role.PAID]
    for other in others:
        if not _is_explained(other.reading.value, amount, paid):
            return Agreement(Answer.UNCLEAR, reason=f"beside its total it has another that may say {_said([other])}")
    return Agreement(Answer.AGREES, amount)


def _are_parts(values: Sequence[Decimal | None], amount: Decimal) -> bool:
    """Return whether the last total is the amount, and the sum of those before it."""
    known = [value for value in values if value is not None]
    return len(known) == len(values) > 2 and known[-1] == amount == exact_sum(known[:-1])


def _is_explained(due: Decimal | None, amount: Decimal, paid: Sequence[Decimal | None]) -> bool:
    """Return whether another total is the amount, or differs from it by what was paid or owed before."""
    if due is None:
        return False
    gap = abs(difference(due, amount))
    known = [abs(value) for value in paid if value is not None]
    return gap == 0 or gap in known or (bool(known) and gap == exact_sum(known))


def _said(found: Sequence[Printed]) -> str:
    """Return, for a message, what totals may say: at most five amounts."""
    amounts = {amount for each in found for amount in each.reading.possible or ()}
    shown = [f"{amount:f}" for amount in sorted(amounts)[:5]]
    unreadable = ["something that cannot be read"] if any(each.reading.possible is None for each in found) else []
    return " or ".join([*shown, *unreadable])
