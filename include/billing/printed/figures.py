"""Read the amounts of a piece of a line: number, sign wherever it is put, and currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.money import exact_sum, minor_unit, negated
from billing.printed.numbers import UNREADABLE, Reading, any_of, read_number, sure
from billing.printed.tokens import CURRENCY, Token

_GAP = "[ _]*"
_FIGURE = re.compile(
    rf"(?P<before>(?:[-+(CRD]{_GAP})*)N(?P<after>(?:"
    rf"[-+](?![-+(CNwhxLP])|{_GAP}-{_GAP}$"  # a sign behind the digits, at the end also after a blank
    rf"|{_GAP}C(?!{_GAP}[-+(]?{_GAP}N)|{_GAP}\)|{_GAP}[RD]|[ ]?h(?!h))*)"
)
_CREDIT_BETWEEN = re.compile(r"N[ _]+[RD][ _]+[-+(C _]*N(?![ _.C)]*[RD])")  # 1.00 CR 2.00: of the one or the other
_SURE_BEFORE_MINUS = re.compile(rf"[.C(]{_GAP}$")
_BLANK_BEFORE_MINUS = re.compile(r"(?:^|[ _])$")


@dataclass(frozen=True, slots=True)
class Figure:
    """
    One printed amount.

    :param reading: what it may say, with its sign.
    :param currency: the code printed beside it; empty if there is none, or one that several currencies have.
    :param start: the place of its first token, and ``end`` the place after its last.
    :param digits: as printed.
    """

    reading: Reading
    currency: str
    start: int
    end: int
    digits: str


def figures_of(tokens: Sequence[Token], currency: str | None) -> list[Figure]:
    """
    Return the amounts among tokens, in order.

    :param currency: the invoice's, which decides how many decimals an amount has where no other is printed.
    """
    shape = "".join(token.shape for token in tokens)
    matches = list(_FIGURE.finditer(shape))
    codes = [token.text for token in tokens if token.shape == CURRENCY]
    printed = codes if len(codes) == len(matches) else [codes[0] if len(set(codes)) == 1 else ""] * len(matches)
    return [
        Figure(
            _with_sign(tokens[match.end("before")], code or currency, shape, match),
            code,
            match.start(),
            match.end(),
            tokens[match.end("before")].text,
        )
        for match, code in zip(matches, printed, strict=True)
    ]


def one_amount(figures: Sequence[Figure], currency: str | None) -> Reading:
    """
    Read the amount that several figures beside one label give.

        100.00 EUR 117.00 USD, the invoice is in EUR -> 100.00
        100.00 19.00 119.00                          -> 119.00, the sum of the others
        5 100.00                                     -> one of them, or a number parted by a blank
    """
    ours = [each for each in figures if currency and each.currency == currency.upper()]
    chosen = ours if ours and all(each.currency for each in figures) else figures
    readings = [each.reading for each in chosen]
    if len(readings) == 1:
        return readings[0]
    values = [each.value for each in readings if each.value is not None]
    if len(values) == len(readings) > 2 and exact_sum(values[:-1]) == values[-1]:
        return sure(values[-1])
    joined = read_number("".join(each.digits for each in chosen), _decimals(currency))
    both = any_of([*readings, *([joined] if joined.possible is not None else [])])
    return Reading(None, both.possible) if len(set(values)) > 1 or len(values) < len(readings) else any_of(readings)


def _number(token: Token, currency: str | None) -> Reading:
    decimals = _decimals(currency)
    whole = read_number(token.text, decimals)
    if not token.parted or whole.possible is None:
        return whole
    pieces = [read_number(piece, decimals).possible or frozenset() for piece in token.parted]
    return Reading(whole.value, whole.possible.union(*pieces))


def _decimals(currency: str | None) -> int | None:
    unit = minor_unit(currency) if currency else None
    return None if unit is None else max(0, -int(unit.as_tuple().exponent))


def _with_sign(token: Token, currency: str | None, shape: str, match: re.Match[str]) -> Reading:
    """
    Read a number with the sign that is printed around it.

    It is below zero by a minus before or behind it, in brackets, or by CR. Two of these, one bracket alone, a minus
    that may be a dash between two words, and a single letter behind the digits leave it open.
    """
    reading, before, after = _number(token, currency), match["before"], match["after"]
    if "h" in after:
        return UNREADABLE
    minuses = before.count("-") + after.count("-")
    opened, closed = before.count("("), after.count(")")
    credits_ = before.count("R") + after.count("R")
    others = "+" in before + after or "D" in before + after
    signs = (minuses > 0) + (opened > 0) + (credits_ > 0) + others
    in_brackets = opened == closed == 1 and re.search(r"\([^(]*-", before) is not None and not others and not credits_
    open_ended = (
        max(minuses, opened, closed, credits_) > 1
        or opened != closed
        or (signs > 1 and not in_brackets)
        or token.text.endswith("--")  # 100,-- has no cents, or is 100,- below zero
        or _may_be_a_dash(shape, match)
        or _CREDIT_BETWEEN.search(shape) is not None
    )
    if open_ended:
        return _either(reading, None)
    if re.search(r"[ _]-[ _]*$", after):  # an empty column is printed so too
        return _either(reading, _negated(reading.value))
    is_negative = minuses > 0 or opened > 0 or credits_ > 0
    return _negative(reading) if is_negative else reading


def _may_be_a_dash(shape: str, match: re.Match[str]) -> bool:
    """Return whether a minus before or behind the number may only part words: ``Total - 100.00``, ``100.00 - Net``."""
    place = match["before"].find("-")
    if place >= 0:
        upto, follows = shape[: match.start() + place], shape[match.start() + place + 1]
        is_minus = _SURE_BEFORE_MINUS.search(upto) or (_BLANK_BEFORE_MINUS.search(upto) and follows not in " _")
        if not is_minus:
            return True
    return re.match(rf"{_GAP}-", shape[match.end() :]) is not None


def _negated(value: Decimal | None) -> Decimal | None:
    return None if value is None else negated(value)


def _negative(reading: Reading) -> Reading:
    possible = None if reading.possible is None else frozenset(negated(each) for each in reading.possible)
    return Reading(_negated(reading.value), possible)


def _either(reading: Reading, value: Decimal | None) -> Reading:
    """Return a number whose sign is open; nought has none."""
    if reading.possible is None:
        return UNREADABLE
    both = reading.possible | {negated(each) for each in reading.possible}
    return Reading(Decimal(0) if both == {Decimal(0)} else value, both)


def given_back(reading: Reading) -> Reading:
    """Return the amount beside a word such as credit, which is no sign: one above zero may be given back or charged."""
    return reading if reading.value is not None and reading.value <= 0 else _either(reading, None)
