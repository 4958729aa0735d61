"""How v3 documents write what they say: names of members, blanks, numbers, identifiers. Only readings are applied."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly.readings import Values

Document = dict[str, Any]
_NAMED = ("product_name", "product_group", "product_line", "region", "usage_type")
_NUMBERS = ("amount", "rate", "units")
_TOTAL = "monthly_transaction_amount"


def dressed(document: Document, values: Values) -> Document:
    """Return the same v3 invoice as this account's documents write it."""
    lines = [_dressed_line(line, values) for line in document["transaction_line_items"]]
    document["transaction_line_items"] = None if not lines and values["empty_list"] == "null" else lines
    if _TOTAL in document and isinstance(document[_TOTAL], Decimal):
        document[_TOTAL] = number(document[_TOTAL], values["numbers"])
    if document["invoice_id"].isdigit():
        document["invoice_id"] = identifier(document["invoice_id"], values["v3_invoice_id"])
    if "statement_number" in document:
        _number_statement(document, values["v3_statement_number"])
    if values["v3_currency_code"] == "lower" and "currency_code" in document:
        document["currency_code"] = document["currency_code"].lower()
    return with_offsets(document) if values["date_times"] == "offset" else document


def identifier(digits: str | int, form: str) -> str | int | Decimal:
    """Write an identifier of digits as a text, a number, or a number with a fraction of zero."""
    as_form: dict[str, Callable[[str], str | int | Decimal]] = {
        "text": str,
        "number": int,
        "decimal": lambda text: Decimal(f"{text}.0"),
    }
    return as_form[form](str(digits))


def number(value: Decimal, form: str) -> Decimal | str:
    """Write an amount, a rate or units."""
    match form:
        case "shortest":
            return Decimal(exact.plain(value))
        case "fraction":
            return value if value.as_tuple().exponent else exact.rounded(value, 1)
        case "text":
            return format(value, "f")
    return value


def with_offsets(value: Any) -> Any:  # noqa: ANN401 (a JSON value)
    """Write every date-time with its offset instead of Z."""
    match value:
        case dict():
            return {name: with_offsets(member) for name, member in value.items()}
        case list():
            return [with_offsets(member) for member in value]
        case str() if value.endswith("Z") and value[10:11] == "T":
            return f"{value[:-1]}+00:00"
    return value


def _number_statement(document: Document, form: str) -> None:
    match form:
        case "missing":
            del document["statement_number"]
        case "number":
            document["statement_number"] = int(document["statement_number"].removeprefix("ST"))


def _dressed_line(line: Document, values: Values) -> Document:
    if values["numbers"] != "own":
        line |= {name: number(line[name], values["numbers"]) for name in _NUMBERS if name in line}
    if values["v3_product_line"] == "missing":
        del line["product_line"]
    if values["v3_blanks"] != "empty":
        line = {name: value for name, value in line.items() if value or name not in _NAMED} | _nulls(line, values)
    if values["v3_field_names"] == "camel":
        return {_camel(name) if name in _NAMED else name: value for name, value in line.items()}
    return line


def _nulls(line: Document, values: Values) -> Document:
    if values["v3_blanks"] == "missing":
        return {}
    return {name: None for name in _NAMED if name in line and not line[name]}


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
