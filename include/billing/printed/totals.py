"""
Find the totals that the text of an invoice prints, however the text of a PDF parts or joins labels and figures.

A total is found for sure only if its label stands alone and its figure can belong to no other label: on its own line,
on the next one, on the one before, or in the column of a table. Anything else is kept as a total that may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from billing.printed.figures import Figure, given_back, one_amount
from billing.printed.labels import Role
from billing.printed.lines import Item, Line, read_line
from billing.printed.numbers import UNREADABLE, Reading, any_of


@dataclass(frozen=True, slots=True)
class Printed:
    """
    One figure beside a label.

    :param is_sure: the figure is the label's, and the label says no more than its role.
    """

    role: Role
    reading: Reading
    is_sure: bool


_LONGEST_LINE = 2000  # characters; a longer one is no line that a person reads
_Pair = tuple[Item, Reading, bool]


def printed_totals(text: str, currency: str | None) -> list[Printed]:
    """
    Return every figure beside a label, in order.

    :param currency: the invoice's; decides how many decimals an amount has if the document names no other.
    """
    rows = text.splitlines()
    if any(len(row) > _LONGEST_LINE for row in rows):
        return [Printed(Role.TOTAL, UNREADABLE, is_sure=False)]
    lines = _beside_signs([line for row in rows if not (line := read_line(row, currency)).is_empty])
    return [
        Printed(item.role, given_back(reading) if item.gives_back else reading, item.is_sure and is_sure)
        for place, line in enumerate(lines)
        if line.items
        for item, reading, is_sure in _pairs(lines, place, currency)
    ]


def _beside_signs(lines: Sequence[Line]) -> list[Line]:
    """Return the lines; the amounts of one above or below a sign on a line of its own are not sure."""
    signs = [False, *(line.is_sign for line in lines), False]
    return [
        replace(line, is_plain=False, items=tuple(replace(item, is_sure=False) for item in line.items))
        if signs[place] or signs[place + 2]
        else line
        for place, line in enumerate(lines)
    ]


def _pairs(lines: Sequence[Line], place: int, currency: str | None) -> Iterator[_Pair]:
    """Yield each label of a line with its figure, and whether it can be no other's; none if it has no figure."""
    line = lines[place]
    following = [each.figures for each in _run(lines, place + 1, 1)]
    if any(item.figures for item in line.items):
        yield from _on_the_line(line, currency)
    elif line.figures and line.is_plain and len(line.items) == 1:
        candidates = [line.figures, *following[:1]]
        yield line.items[0], _one_of(candidates, currency), True
    elif line.is_label:
        yield from _in_lines(lines, place, currency)
    elif following and line.is_plain and (heads := _heads(line.items, len(following[0]))):
        for item, figure in zip(heads, following[0], strict=True):
            yield item, figure.reading, True
    elif following:
        reading = one_amount(following[0], currency)
        yield from ((item, Reading(None, reading.possible), False) for item in line.items)


def _heads(items: Sequence[Item], columns: int) -> Sequence[Item]:
    """Return the labels of a line as the heads of so many columns; none if there are more or fewer."""
    if len(items) == columns:
        return items
    apart = [replace(item, role=role) for item in items for role in (item.columns or (item.role,))]
    return apart if len(apart) == columns else ()


def _on_the_line(line: Line, currency: str | None) -> Iterator[_Pair]:
    """Pair labels with the figures behind them; if only the first figure has no label before it, with those before."""
    behind = [item.figures for item in line.items]
    figures_come_first = bool(line.figures) and line.is_plain
    if figures_come_first and not behind[-1]:
        behind = [line.figures, *behind[:-1]]
    is_sure = not figures_come_first or not line.items[-1].figures
    for item, figures in zip(line.items, behind, strict=True):
        if figures:
            yield item, one_amount(figures, currency), is_sure


def _in_lines(lines: Sequence[Line], place: int, currency: str | None) -> Iterator[_Pair]:
    """Pair a label that has a line of its own with the line behind it or before it, or with its place in a column."""
    item = lines[place].items[0]
    top = place - len(_labels(lines, place - 1, -1))
    bottom = place + len(_labels(lines, place + 1, 1))
    labels = bottom - top + 1
    before = [each.figures for each in reversed(_run(lines, top - 1, -1))]
    behind = [each.figures for each in _run(lines, bottom + 1, 1)]
    if labels == 1 and (before or behind):
        yield item, _beside(lines, place, before, behind, currency), True
    elif (len(before) == labels) != (len(behind) == labels):
        column = behind if len(behind) == labels else before
        yield item, one_amount(column[place - top], currency), True
    elif before or behind:
        yield item, _one_of([*before[-labels:], *behind], currency), True


def _beside(
    lines: Sequence[Line],
    place: int,
    before: Sequence[tuple[Figure, ...]],
    behind: Sequence[tuple[Figure, ...]],
    currency: str | None,
) -> Reading:
    """Read the line behind a label, or the one before if labels come after their figures here."""
    starts_with_figure, ends_with_figure = _chain(lines, place, -1), _chain(lines, place, 1)
    if len(before) > 1 and len(behind) == 1:
        return one_amount(behind[0], currency)  # the figures above are the cells of a table
    if starts_with_figure == ends_with_figure:
        return Reading(None, _one_of([*before[-1:], *behind], currency).possible)
    chosen = before[-1:] if starts_with_figure else behind
    return one_amount(chosen[0], currency) if len(chosen) == 1 else _one_of(chosen, currency)


def _chain(lines: Sequence[Line], place: int, step: int) -> bool:
    """Return whether the lines that are by turns a label and its amounts end with amounts in one direction."""
    at, is_amounts = place, False
    while 0 <= at + step < len(lines) and (lines[at + step].is_label if is_amounts else lines[at + step].is_amounts):
        at, is_amounts = at + step, not is_amounts
    return is_amounts


def _one_of(candidates: Sequence[Sequence[Figure]], currency: str | None) -> Reading:
    """Return a reading that is open unless there is one candidate."""
    readings = [one_amount(figures, currency) for figures in candidates]
    return readings[0] if len(readings) == 1 else Reading(None, any_of(readings).possible)


def _run(lines: Sequence[Line], start: int, step: int) -> list[Line]:
    """Return the lines from a place on, in one direction, that have nothing but amounts."""
    found = []
    while 0 <= start < len(lines) and lines[start].is_amounts:
        found.append(lines[start])
        start += step
    return found


def _labels(lines: Sequence[Line], start: int, step: int) -> list[Line]:
    """Return the lines from a place on, in one direction, that are labels without a figure."""
    found = []
    while 0 <= start < len(lines) and lines[start].is_label:
        found.append(lines[start])
        start += step
    return found
