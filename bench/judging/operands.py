"""What a vendor may really not send: the reasons for which a control may be BLOCKED in a world without errors."""

from __future__ import annotations

import re

_OTHER_MONTHS = (  # the bill is one of a month that is not fetched, or not billed yet
    r"it may have been billed for \d+ months before \S+ the first month that is stored",
    r"it may be billed for \d+ months at their end, with ",
    r"it is billed in advance, and \S+ is not stored",
)
_CONTRACT = (r"may bill it or another contract's; the vendor does not say which",)
_PERIODS = (
    r"the vendor lists no billing period of (its )?contract",
    r"no billing period of a contract ends in the month",
)
_DATES = (r"has no service dates",)
_NOT_STORED = (r"the (month|billing period) before\S*( \S+)? is not stored", r"\d{4}-\d\d is not stored")
_NO_RATE, _NO_QUANTITY = r"has an overage of \S+ and no rate", r"has (no|neither) .*quantity"
_NO_PRODUCT = (r"lines of no product may bill it", r"of no product may bill what no other line does")

MISSING: dict[str, tuple[str, ...]] = {
    "F6": (r"there is no invoice, and no usage record, estimate or commitment",),
    "F9": (r"there is no invoice, and no usage record, estimate or commitment",),
    "F15": (r"neither the invoice nor `commitments` in accounts.yaml states a minimum",),
    "G1": (r"there is no other invoice that tells a tax from an error",),
    "G2": (
        r"is for no product, which no contract prices",
        r"the vendor lists no billing period that states what was used",
        r"several prices are in force and none is for a quantity of",
    ),
    "G3": (_NO_QUANTITY,),
    "G4": (_NO_RATE, _NO_QUANTITY, r"wallet .* has no overage charge"),
    "G5": (*_OTHER_MONTHS, *_PERIODS, *_CONTRACT, *_NO_PRODUCT),
    "G7": _NOT_STORED,
    "G9": (r"names? no purchase order",),
    "G10": (*_PERIODS, *_DATES),
    "G11": _DATES,
    "G12": (r"is without a status", r"is Pending, not Closed"),
    "G16": (*_PERIODS, *_NOT_STORED),
    "G17": (r"does not state through which day it is charged", r"its billing period is not closed"),
    "G18": _DATES,
    "G19": (r"which is not stored for this month or the one before",),
    "G20": (r"the vendor returned no payment status",),
    "G21": (r"its totals may say \S+ or ",),
    "G24": (r"the overview covers", r"the vendor returned no trustee overview", r"does not list it"),
    "G27": (r"payment terms .* give no due date", r"the vendor returned no payment status"),
    "G28": _NOT_STORED,
    "G29": (*_OTHER_MONTHS, *_PERIODS, *_CONTRACT, *_NO_PRODUCT),
}
"""By control id, what the sentence says, as regular expressions."""


def is_known(control: str, sentence: str) -> bool:
    """Return whether a control may be BLOCKED for this reason."""
    return any(re.search(pattern, sentence) for pattern in MISSING.get(control, ()))
