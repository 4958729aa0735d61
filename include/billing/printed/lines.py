"""Read one printed line: its labels, and the amounts before and behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from billing.printed.canonical import bare
from billing.printed.figures import Figure, figures_of
from billing.printed.labels import Role, words
from billing.printed.tokens import BLANK, EXCLUSIVE, INCLUSIVE, LABEL, PART, WORD, Token, tokens_of

_NOTHING = re.compile(r"[ _.Ci]*")
_BRACKETS = re.compile(r"\([^()]*\)")
_ONLY_AMOUNT = re.compile(r"\([-+NCRD ._]*\)")
_TAX_PHRASE = re.compile(r"(?P<kind>[ie])(?:[ _.]*[wx]){0,3}[ _.]*P(?:[ _.]*x)*|P[ _.]*(?P<last>[ie])")
_BARE_END = re.compile(r"[ _.Ci]*P[ _.]*(?:[LP]|$)")


@dataclass(frozen=True, slots=True)
class Item:
    """
    A label with the amounts behind it on its line.

    :param is_sure: the label says no more than its role, and its amounts are no rates or parts.
    :param gives_back: it says that money is given back, which is no sign.
    :param columns: the roles of its words, if they may be heads of columns.
    """

    role: Role
    is_sure: bool
    gives_back: bool
    figures: tuple[Figure, ...]
    columns: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line of the document.

    :param items: its labels.
    :param figures: the amounts before the first label; all of a line without labels.
    :param is_plain: it has nothing but labels and amounts.
    :param is_sign: it has nothing but a sign, which may be that of an amount above or below it.
    """

    items: tuple[Item, ...]
    figures: tuple[Figure, ...]
    is_plain: bool
    is_sign: bool = False

    @property
    def is_label(self) -> bool:
        """One label and nothing else."""
        return self.is_plain and len(self.items) == 1 and not self.items[0].figures and not self.figures

    @property
    def is_amounts(self) -> bool:
        """Amounts and nothing else."""
        return self.is_plain and not self.items and bool(self.figures)

    @property
    def is_empty(self) -> bool:
        """No words and no amounts, at most a currency."""
        return self.is_plain and not self.items and not self.figures


def read_line(text: str, currency: str | None) -> Line:
    """
    Read a line.

    :param currency: the invoice's; decides how many decimals an amount has if the document names no other.
    """
    tokens = _with_phrases(_with_brackets(tokens_of(text, currency)))
    places = [place for place, token in enumerate(tokens) if token.shape in {LABEL, PART}]
    first = places[0] if places else len(tokens)
    items = tuple(_item(tokens, start, end, currency) for start, end in pairwise([*places, len(tokens)]))
    before = figures_of(tokens[: first + 1], currency)
    is_sign = re.fullmatch(r"[ _.C]*[-+()RDh][-+()RDh _.C]*", _shape(tokens)) is not None
    return Line(items, tuple(before), _is_plain(tokens, currency), is_sign)


def _shape(tokens: Sequence[Token]) -> str:
    return "".join(token.shape for token in tokens)


def _with_brackets(tokens: list[Token]) -> list[Token]:
    """Return the tokens with each bracket that holds words as one of them: with taxes, without, or any other."""
    for match in reversed(list(_BRACKETS.finditer(_shape(tokens)))):
        inner = tokens[match.start() + 1 : match.end() - 1]
        if _ONLY_AMOUNT.fullmatch(match[0]) and "N" in match[0]:
            continue
        shape = _TAX_PHRASE.sub(lambda found: found["kind"] or found["last"], match[0][1:-1].replace("N", "x"))
        kind = EXCLUSIVE if {EXCLUSIVE, PART} & set(shape) else INCLUSIVE if _NOTHING.fullmatch(shape) else WORD
        note = Token(kind, "", gives_back=any(token.gives_back for token in inner))
        tokens = [*tokens[: match.start()], Token(BLANK, " "), note, Token(BLANK, " "), *tokens[match.end() :]]
    return tokens


def _with_phrases(tokens: list[Token]) -> list[Token]:
    """Return the tokens with "including 19 % VAT" and the like as one, and "in EUR" without its first word."""
    for match in reversed(list(_TAX_PHRASE.finditer(_shape(tokens)))):
        tokens = [*tokens[: match.start()], Token(match["kind"] or match["last"], ""), *tokens[match.end() :]]
    for match in re.finditer(r"w(?=[ _]C)", _shape(tokens)):
        if tokens[match.start()].text.casefold() in {"in", "en", "em"}:
            tokens[match.start()] = Token(BLANK, " ")
    return tokens


def _item(tokens: Sequence[Token], start: int, end: int, currency: str | None) -> Item:
    label, part = tokens[start], tokens[start:end]
    shape, figures = _shape(part), figures_of(tokens[start : end + 1], currency)
    together = figures[:1] + [
        each
        for place, each in enumerate(figures[1:], start=1)
        if all(_NOTHING.fullmatch(shape[a.end : b.start]) for a, b in pairwise(figures[: place + 1]))
    ]
    behind = part[together[-1].end :] if together else []
    is_sure = (
        _NOTHING.fullmatch(shape[1 : figures[0].start] if figures else shape[1:]) is not None
        and not re.search(r"[wh] ?$", _shape(tokens[:start]))
        and not _makes_a_rate(behind)
        and not (together and _BARE_END.match(_shape(tokens[start + together[-1].end :])))
    )
    role = Role.PART if EXCLUSIVE in shape and label.role in {Role.TOTAL, Role.DUE} else label.role or Role.PART
    gives_back = any(token.gives_back for token in tokens[start:end])
    return Item(role, is_sure, gives_back, tuple(together if is_sure else figures), label.columns)


def _makes_a_rate(behind: Sequence[Token]) -> bool:
    """Return whether what follows an amount makes it a rate, a part or a larger one: per user, / 5, million."""
    following = next((token for token in behind if token.shape not in " _.C"), None)
    return following is not None and (following.text in {"/", "%"} or bare(following.text) in words("rates"))


def _is_plain(tokens: Sequence[Token], currency: str | None) -> bool:
    shape = _shape(tokens)
    for figure in reversed(figures_of(tokens, currency)):
        shape = shape[: figure.start] + shape[figure.end :]
    return re.fullmatch(r"[ _.CiLP]*", shape) is not None
