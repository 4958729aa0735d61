"""Compare two versions of one invoice, field by field and line by line."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from billing.content_hash import content_sha256, content_text, value_text
from billing.models import Invoice, InvoiceLine

_NOT_COMPARED = frozenset({"lines", "period_evidence", "payment_status", "position"})
_SHOWN = 20


def differences(before: Invoice, after: Invoice) -> list[dict[str, Any]]:
    """
    Name what differs: ``{"where": "line 3", "field": "amount", "before": 10.00, "after": 10.01}``.

    Lines are paired by their identifier, else by content, else by what they are called, else in order; the number is
    the line's place in ``after``, of a line that is gone its place in ``before``. Empty if, and only if, both have the
    same content hash.
    """
    if surely_same(before, after) or content_sha256(before) == content_sha256(after):
        return []
    found = _fields("header", before, after)
    for old, new in _pairs(before.lines, after.lines):
        if old is not None and new is not None:
            found.extend(_fields(f"line {new.position}", old, new))
        elif one := new or old:
            found.append(_difference(f"line {one.position}", "line", _summary(old), _summary(new)))
    return found


Pair = tuple[InvoiceLine | None, InvoiceLine | None]


def _pairs(before: Sequence[InvoiceLine], after: Sequence[InvoiceLine]) -> list[Pair]:
    """Pair the lines of two versions, in the order of the later one; lines without a partner come last."""
    pairs: list[Pair] = []
    for key in (_identifier(before, after), content_text, _called):
        matched, before, after = _matched(before, after, key)
        pairs += matched
    pairs += zip_longest(before, after)
    return sorted(pairs, key=_place)


def _place(pair: Pair) -> tuple[bool, int]:
    old, new = pair
    return (False, new.position) if new else (True, old.position if old else 0)


def _identifier(before: Sequence[InvoiceLine], after: Sequence[InvoiceLine]) -> Callable[[InvoiceLine], str | None]:
    """Return a line's identifier, for those that name one line in each version."""
    names_one = [
        {name for name, times in Counter(line.line_id for line in lines).items() if times == 1}
        for lines in (before, after)
    ]
    return lambda line: line.line_id if all(line.line_id in names for names in names_one) else None


def _called(line: InvoiceLine) -> Hashable:
    return line.description, line.product, line.region, line.usage_type


def _matched(
    before: Sequence[InvoiceLine], after: Sequence[InvoiceLine], key: Callable[[InvoiceLine], Hashable]
) -> tuple[list[Pair], list[InvoiceLine], list[InvoiceLine]]:
    """Pair lines of equal keys, each once; return the pairs, and the lines of both sides that are left."""
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, line in enumerate(before):
        waiting[key(line)].append(place)
    waiting.pop(None, None)
    pairs: list[Pair] = []
    taken, left = set(), []
    for line in after:
        if places := waiting.get(key(line)):
            taken.add(places[0])
            pairs.append((before[places.popleft()], line))
        else:
            left.append(line)
    return pairs, [line for place, line in enumerate(before) if place not in taken], left


def surely_same(before: Invoice, after: Invoice) -> bool:
    """
    Return whether two records are certainly equal, at a sixth of the cost of the two hashes.

    Never for attributes that hold a boolean: ``True == 1`` in Python, and the hash tells them apart.
    """
    return before is after or (before == after and not (_holds_truth_values(before) or _holds_truth_values(after)))


def _holds_truth_values(invoice: Invoice) -> bool:
    attributes = {id(line.attributes): line.attributes for line in invoice.lines}  # those of many lines are one object
    return any(map(_is_or_holds_truth_value, (invoice.attributes, *attributes.values())))


def _is_or_holds_truth_value(value: object) -> bool:
    match value:
        case bool():
            return True
        case Mapping():
            return any(map(_is_or_holds_truth_value, value.values()))
        case list() | tuple():
            return any(map(_is_or_holds_truth_value, value))
        case _:
            return False


def shown(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return at most 20 differences, then one that says how many more there are."""
    further = len(found) - _SHOWN
    more = [{"where": "further", "field": "differences", "before": None, "after": further}] if further > 0 else []
    return [*found[:_SHOWN], *more]


def _fields(where: str, before: Any, after: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (two invoices or two lines)
    return [
        _difference(where, field.name, getattr(before, field.name), getattr(after, field.name))
        for field in dataclasses.fields(before)
        if field.name not in _NOT_COMPARED
        and value_text(getattr(before, field.name)) != value_text(getattr(after, field.name))
    ]


def _difference(where: str, field: str, before: object, after: object) -> dict[str, Any]:
    return {"where": where, "field": field, "before": _plain(before), "after": _plain(after)}


def _summary(line: InvoiceLine | None) -> str | None:
    return None if line is None else f"{line.description}: {line.amount}"


def _plain(value: object) -> object:
    """Return a value as JSON can hold it; dates and months become text."""
    return value if value is None or isinstance(value, str | int | Decimal) else value_text(value).strip('"')
