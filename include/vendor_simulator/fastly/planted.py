"""Which errors of Fastly's months there are, where each fits, and which other controls see it."""

from __future__ import annotations

from collections.abc import Callable

from vendor_simulator.fastly import planted_documents, planted_figures
from vendor_simulator.fastly.model import FastlyMonth
from vendor_simulator.fastly.planted_figures import Corrupted

_Plant = Callable[[FastlyMonth], Corrupted | None]


def plant(kind: str, clean: FastlyMonth) -> Corrupted | None:
    """Return the month with the error, or None if the error does not fit this month."""
    if not clean.invoices or clean.account.api in _NOT_IN.get(kind, ()):
        return None
    return _KINDS[kind](clean)


_KINDS: dict[str, _Plant] = {
    "F1": planted_figures.header_off,
    "F1:dropped": planted_figures.line_dropped,
    "F1:sign": planted_figures.sign_changed,
    "F2": planted_figures.amount_off,
    "F3": planted_documents.other_currency,
    "F4": planted_documents.period_short,
    "F4:other_month": planted_documents.period_of_last_month,
    "F6": planted_documents.billed_twice,
    "F7:row": planted_documents.listed_twice,
    "F7:statement": planted_documents.statement_twice,
    "F8": planted_documents.posted_early,
    "F9:usage": planted_documents.usage_not_billed,
    "F9:commitment": planted_documents.commitment_not_billed,
    "F9:other_month": planted_documents.period_of_last_month,
    "F10": planted_documents.row_not_listed,
    "F11": planted_documents.by_id_description,
    "F11:amount": planted_documents.by_id_amount,
    "F11:line": planted_documents.by_id_line,
    "F12": planted_figures.usage_less,
    "F13": planted_figures.conversion_off,
    "F14": planted_figures.rate_raised,
    "F15": planted_figures.shortfall_off,
    "F15:missing": planted_figures.shortfall_missing,
    "F16": planted_figures.credit_above_charges,
    "F17": planted_figures.residual,
    "F20": planted_documents.restated_later,
    "F20:withdrawn": planted_documents.withdrawn_later,
    "F23": planted_documents.other_customer,
    "F24": planted_figures.subtotal_off,
}
KINDS = tuple(_KINDS)

# v2 has one bill a month, no list, no currency, no usage metrics, and its minimum on the bill; v3 has no subtotals. An
# invoice with another month's period is that month's in v3; in v2 the month is the one that was asked for.
_NOT_IN = {
    **dict.fromkeys(("F3", "F6", "F7:row", "F7:statement", "F9:usage", "F9:commitment", "F9:other_month"), ("v2",)),
    **dict.fromkeys(("F10", "F12", "F13"), ("v2",)),
    **dict.fromkeys(("F4:other_month", "F24"), ("v3",)),
}

RAISED_RATE = "F14"  # in the rotation no change of one month: the rate stays up, see FastlyWorld
ROTATION = ("F1", "F12", "F2", "F14", "F6", "F11", "F13", "F4", "F15")

# What the lines lack is a residual; days that no invoice bills are a gap; what is billed twice is metered once.
ALSO = {
    "F1": ("F17",),
    "F1:dropped": ("F12", "F15", "F17", "F22", "F24"),
    "F1:sign": ("F2", "F15", "F16", "F17", "F24"),
    "F4": ("F5",),
    "F4:other_month": ("F5",),
    "F7:row": ("F6", "F10"),
    "F7:statement": ("F6", "F12", "F15"),
    "F8": ("F9",),
    "F9:usage": ("F6", "F12"),
    "F9:commitment": ("F6", "F15"),
    "F9:other_month": ("F4", "F5", "F6", "F12", "F15"),
    "F14": ("F15", "F24"),
    "F17": ("F1",),
}
