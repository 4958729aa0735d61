"""Split a printed line into numbers, signs, currencies, labels and other words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import iso4217

from billing.money import minor_unit
from billing.printed.canonical import bare, canonical
from billing.printed.labels import Role, roles, words

NUMBER, CURRENCY, LABEL, PART, WORD, LETTER, ODD = "N", "C", "L", "P", "w", "h", "x"
INCLUSIVE, EXCLUSIVE = "i", "e"  # words: with its taxes, without them
BLANK, COLUMN, LEADER = " ", "_", "."
CREDITED, DEBITED = "R", "D"  # the signs - + ( ) are themselves

_WORDS = frozenset({WORD, INCLUSIVE, EXCLUSIVE})
_CURRENCIES = {
    "€": "EUR", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₪": "ILS", "₱": "PHP",
    "us$": "USD", "ca$": "CAD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "sg$": "SGD", "mx$": "MXN", "r$": "BRL",
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "usd": "USD", "gbp": "GBP", "chf": "CHF", "jpy": "JPY", "inr": "INR",
    "zł": "PLN", "kc": "CZK", "ft": "HUF", "lei": "RON", "rm": "MYR", "rp": "IDR", "sfr": "CHF", "円": "JPY",
    "元": "CNY", "원": "KRW", "руб": "RUB", "грн": "UAH", "лв": "BGN",
    **dict.fromkeys(("$", "c$", "a$", "s$", "nt$", "£", "¥", "₦", "₴", "₡", "₲", "₸", "kr", "rs", "fr", "圓"), ""),
}  # fmt: skip
"""Currency by sign or word; empty where several countries write it so."""

_TOKEN = re.compile(
    r"(?P<odd>\d[\d.,'·]*(?:[:/⁄-]\d[\d.,'·]*)+)"
    r"|(?P<number>(?:(?<![\d.,'·])[.,·])?\d(?:[\d.,'·]*\d)?(?:[.,]-{1,2}(?![\d-]))?)"
    r"|(?P<column>\s{2,}|\t)|(?P<blank>\s)"
    r"|(?P<symbol>(?:US|CA|AU|NZ|HK|SG|MX|NT|R|C|A|S)?\$|[€₹₩₽₺₫฿₪₱£¥₦₴₡₲₸])"
    r"|(?P<letters>[^\W\d_]+?(?=(?:US|CA|AU|NZ|HK|SG)\$)|[^\W\d_]+)"
    r"|(?P<sign>[-+()])"
    r"|(?P<leader>[:;=|*#_\"']+|[.,…]+)"
    r"|(?P<other>.)"
)
_SPACED = re.compile(r"(?<!\S)\S(?: \S){3,}(?!\S)")
_LETTER_SPACED = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){3,}")
_HEAD = re.compile(r"[1-9]\d{0,2}(?:'\d{3})*")
_THOUSANDS = re.compile(r"\d{3}(?:[.,·]\d+|[.,]-{1,2})?")
_LONGEST_LABEL = 40  # letters; no label is longer
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Token:
    """
    One piece of a line.

    :param shape: its kind, one character, for patterns over a whole line.
    :param text: as printed; of a currency its ISO code, empty where several write it so; of a word its bare form.
    :param role: of a label.
    :param gives_back: a word or label that says that money is given back.
    :param columns: of a label of several words that are labels too: their roles, as they may be heads of columns.
    :param parted: of a number whose thousands are parted by blanks: its pieces, which may be several numbers.
    """

    shape: str
    text: str
    role: Role | None = None
    gives_back: bool = False
    columns: tuple[Role, ...] = ()
    parted: tuple[str, ...] = ()


def tokens_of(line: str, currency: str | None) -> list[Token]:
    """
    Return the pieces of one line.

    :param currency: the invoice's: its code is known in small letters too.
    """
    text = canonical(line).strip()
    if _LETTER_SPACED.search(text):  # T o t a l : 1 0 0 . 0 0
        text = _SPACED.sub(lambda run: run[0].replace(" ", ""), text)
    found = [_token(match, currency) for match in _TOKEN.finditer(text)]
    return _with_thousands(_without_odd_numbers(list(_with_labels(found, currency))))


def _token(match: re.Match[str], currency: str | None) -> Token:
    kind, text = str(match.lastgroup), match[0]
    if kind == "letters":
        return _word(text, currency)
    if kind == "symbol":
        return Token(CURRENCY, _CURRENCIES[text.casefold()])
    shapes = {"number": NUMBER, "column": COLUMN, "blank": BLANK, "leader": LEADER, "sign": text}
    return Token(shapes.get(kind, ODD), text)


def _word(text: str, currency: str | None) -> Token:
    code = _code(text, currency)
    if code is not None:
        return Token(CURRENCY, code)
    key = bare(text)
    if key in {"cr", "dr"}:
        return Token(CREDITED if key == "cr" else DEBITED, text)
    shape = EXCLUSIVE if key in words("excluding") else INCLUSIVE if key in words("including") else WORD
    return Token(LETTER if len(text) == 1 and text.isascii() else shape, text, gives_back=key in words("credit"))


def _code(text: str, currency: str | None) -> str | None:
    """Return the currency that a word names, empty if it is that of several; None if it names none."""
    if text.isupper() and text in _codes():
        return text
    if currency and text.casefold() == currency.casefold():
        return currency.upper()
    return _CURRENCIES.get(text.casefold())


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(code for code in iso4217.raw_table if code and minor_unit(code) is not None)


def _with_labels(found: Sequence[Token], currency: str | None) -> Iterator[Token]:
    """Yield the tokens with each label as one of them: the longest that begins at a word."""
    place = 0
    while place < len(found):
        label, length = _label_at(found, place)
        if label is not None:
            yield label
        elif found[place].shape in _WORDS:
            yield from _parts(found[place], currency)
        else:
            yield found[place]
        place += length


def _label_at(found: Sequence[Token], place: int) -> tuple[Token | None, int]:
    """Return the longest label that begins with a token and how many tokens it takes; else None and 1."""
    best: tuple[Token | None, int] = (None, 1)
    words_read: list[str] = []
    for length, token in enumerate(found[place:], start=1):
        if token.shape in {*_WORDS, LETTER} or (words_read and token.shape == CURRENCY and token.text.isalpha()):
            words_read.append(bare(token.text))
            letters = "".join(words_read)
            if len(letters) > _LONGEST_LABEL:
                break
            if letters in roles():
                columns = [roles()[word] for word in words_read if word in roles()]
                best = _label(letters, columns if len(columns) == len(words_read) > 1 else ()), length
        elif not words_read or (token.shape not in {BLANK, "-"} and token.text not in {"'", "."}):
            break
    return best


def _label(letters: str, columns: Sequence[Role] = ()) -> Token:
    shape = PART if roles()[letters] is Role.PART else LABEL
    gives_back = letters in words("credit_labels")
    return Token(shape, letters, role=roles()[letters], gives_back=gives_back, columns=tuple(columns))


def _parts(word: Token, currency: str | None) -> list[Token]:
    """Split a word that is a label and a currency in one (TotalEUR), or holds a label in a script without blanks."""
    for length in (3, 2, 4):
        head, tail = word.text[:-length], word.text[-length:]
        if bare(head) in roles() and (code := _code(tail, currency)) is not None:
            return [_label(bare(head)), Token(CURRENCY, code)]
    if not _IDEOGRAPH.search(word.text):
        return [word]
    for length in range(min(len(word.text) - 1, _LONGEST_LABEL), 1, -1):
        for start in range(len(word.text) - length + 1):
            inner = bare(word.text[start : start + length])
            if inner in roles():
                around = word.text[:start], word.text[start + length :]
                before, after = ([_word(text, currency)] if text else [] for text in around)
                return [*before, _label(inner), *after]
    return [word]


def _without_odd_numbers(found: list[Token]) -> list[Token]:
    """Return the tokens with numbers that are part of a word as odd ones: CX3, 30days, 19%."""
    part_of_word = {*_WORDS, LETTER}
    shapes = ["", *(token.shape for token in found), "", ""]
    percent = ["", *(token.text for token in found), "", ""]
    return [
        replace(token, shape=ODD)
        if token.shape == NUMBER
        and (
            shapes[place] in part_of_word
            or shapes[place + 2] in _WORDS
            or "%" in (percent[place + 2], percent[place + 3] if shapes[place + 2] == BLANK else "")
            or (token.text[0] in ".,·" and shapes[place] in {*part_of_word, LABEL, PART})
        )
        else token
        for place, token in enumerate(found)
    ]


def _with_thousands(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with numbers such as ``1 234,50`` as one."""
    kept: list[Token] = []
    for token in found:
        is_next = [each.shape for each in kept[-2:]] == [NUMBER, BLANK] and token.shape == NUMBER
        if is_next and _HEAD.fullmatch(kept[-2].text) and _THOUSANDS.fullmatch(token.text):
            head = kept[-2]
            whole = replace(head, text=f"{head.text}'{token.text}", parted=(*(head.parted or (head.text,)), token.text))
            kept[-2:] = [whole]
        else:
            kept.append(token)
    return kept
