"""How v2 documents write what they say: identifiers, statuses, numbers, and what is null. Only readings are applied."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from vendor_simulator.fastly.forms import Document, identifier, number, with_offsets
from vendor_simulator.fastly.readings import Values

_SPARSE = ("units", "rate_per_unit", "usage_type_no", "usage_type_cd", "rate_schedule_no", "rate_schedule_tier_no")
_LINE_NUMBERS = ("amount", "units", "rate_per_unit", "per_unit_cost")


def dressed(document: Document, values: Values) -> Document:
    """Return the same v2 bill as this account's documents write it."""
    if isinstance(document["invoice_id"], int):
        document["invoice_id"] = identifier(document["invoice_id"], values["v2_invoice_id"])
    for word, apply in _FORMS.items():
        apply(document, values[word])
    if values["empty_list"] == "null":
        document["line_items"] = document["line_items"] or None
        document["total"]["extras"] = document["total"]["extras"] or None
    return with_offsets(document) if values["date_times"] == "offset" else document


def _period(document: Document, form: str) -> None:
    if form == "null":
        document |= {"start_time": None, "end_time": None}


def _status(document: Document, form: str) -> None:
    if form != "known" and document["status"]["status"] in {"Outstanding", "Paid"}:
        document["status"]["status"] = None if form == "null" else "Closed"


def _vendor_state(document: Document, form: str) -> None:
    document["vendor_state"] = {"null": None, "unknown": "degraded"}.get(form, form)


def _minimum(document: Document, form: str) -> None:
    minimum = document["total"]["plan_minimum"]
    document["total"]["plan_minimum"] = {"text": format(minimum, "f"), "null": None}.get(form, minimum)


def _lines(document: Document, form: str) -> None:
    if form == "sparse":
        for line in document["line_items"]:
            line |= {name: None for name in _SPARSE if name in line}


def _numbers(document: Document, form: str) -> None:
    if form == "own":
        return
    for line in document["line_items"]:
        line |= {name: number(line[name], form) for name in _LINE_NUMBERS if isinstance(line.get(name), Decimal)}
    document["total"]["cost"] = number(document["total"]["cost"], form)


_FORMS: dict[str, Callable[[Document, str], None]] = {
    "v2_period": _period,
    "v2_status": _status,
    "v2_vendor_state": _vendor_state,
    "v2_minimum": _minimum,
    "v2_lines": _lines,
    "numbers": _numbers,
}
