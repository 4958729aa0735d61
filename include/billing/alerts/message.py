"""One message about many things: short enough for a phone, and with nothing in it that a receiver would interpret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing.alerts.news import Kind, News
from billing.log_safe import single_line

MOST_OF_A_KIND = 5
LONGEST = 400

_HEADINGS = {
    Kind.FAILED: ("failed task", "failed tasks"),
    Kind.MISSING: ("missing bill", "missing bills"),
    Kind.EXCEPTION: ("new exception", "new exceptions"),
    Kind.RESTATED: ("restated bill", "restated bills"),
    Kind.WITHDRAWN: ("withdrawn bill", "withdrawn bills"),
    Kind.CHANGED: ("change after closing", "changes after closing"),
    Kind.FIELD: ("new field of a vendor", "new fields of a vendor"),
    Kind.READY: ("month ready to approve", "months ready to approve"),
}

# mentions, links and markup of chat services and mail
_INERT = str.maketrans({"<": "‹", ">": "›", "@": "(at)", "`": "'", "[": "(", "]": ")", "*": "·", "|": "/"})
_LINK = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//)")

# figures with decimals or thousands, and figures beside a currency
_AMOUNT = re.compile(
    r"[-+]?\d[\d,]*\.\d+|[-+]?\d{1,3}(?:,\d{3})+|[-+]?\d+ ?(?=(?!UTC)[A-Z]{3}\b)|(?<=\b[A-Z]{3} )[-+]?\d+"
)

# any number that stands alone: not a part of a date or of an identifier with letters
_NUMBER = re.compile(r"(?<![\w-])[-+]?\d[\d,.]*(?<![,.])(?![\w-])")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, as plain text."""

    title: str
    body: str


def write_message(news: Sequence[News], base_url: str, *, amounts: bool) -> Message:
    """
    Write one message about everything that is new.

    :param base_url: of Airflow's UI; links are paths if it is empty.
    :param amounts: whether the message may hold amounts of money.
    """
    of_kind = {kind: [each for each in news if each.kind is kind] for kind in Kind}
    parts = [_part(kind, found, base_url.rstrip("/"), amounts) for kind, found in of_kind.items() if found]
    counts = ", ".join(_count(kind, found) for kind, found in of_kind.items() if found)
    return Message(f"Tieout: {counts}", "\n\n".join("\n".join(part) for part in parts))


def without_amounts(text: str, *, figures: bool = False) -> str:
    """
    Return a sentence with each amount replaced.

        "total 1,234.50 USD, lines 15"           -> "total … USD, lines 15"
        the same, and any number may be one      -> "total … USD, lines …"
    """
    left = _AMOUNT.sub(lambda found: "… " if found[0].endswith(" ") else "…", text)
    return _NUMBER.sub("…", left) if figures else left


def inert(text: str) -> str:
    """
    Return somebody's words on one line, truncated, with no link, mention or markup.

        "<!channel> https://evil.example"  -> "‹!channel› https: //evil.example"
    """
    return _LINK.sub(r"\1: ", single_line(text, LONGEST).translate(_INERT))


def _part(kind: Kind, found: Sequence[News], base_url: str, amounts: bool) -> Iterator[str]:
    yield _count(kind, found).capitalize()
    for each in found[:MOST_OF_A_KIND]:
        if amounts:
            said = "; ".join(filter(None, (each.text, each.amount)))
        else:
            said = without_amounts(each.text, figures=each.figures)
        yield f"- {inert(each.about)}: {inert(said)}"
        yield f"  {base_url}{each.path}"
    if len(found) > MOST_OF_A_KIND:
        yield f"- and {len(found) - MOST_OF_A_KIND:,} more: {base_url}/billing/"


def _count(kind: Kind, found: Sequence[News]) -> str:
    return f"{len(found):,} {_HEADINGS[kind][len(found) > 1]}"
