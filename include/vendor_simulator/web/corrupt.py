"""Corrupt a correct response: in its JSON value, or in its bytes."""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import web

from vendor_simulator.web import cursors
from vendor_simulator.web.answers import Answer
from vendor_simulator.web.faults import Fault

_PAGES_BEFORE_THE_JUMP = 2
_FAR = 1_000_000  # an offset behind every listing
_ENUMERATED = ("status", "paymentStatus", "unitOfMeasure", "subscriptionType")
_NUMBER = re.compile(
    rb'"(?P<name>[a-z_]*amount|total|price|quantity|units|units_billed|raw_usage_quantity|usage_units|overageCharge|'
    rb'[a-z]+Quantity|minimumMonthlyAmount|totalUsage|expires_in|minimum)":("?)-?[0-9]+(\.[0-9]+)?\2(?=[,}])'
)
_TEXTS = ("currency_code", "currencyIsoCode", "currency", "description", "month", "usage_type", "access_token", "url")
_LISTS = ("data", "entities", "transaction_line_items", "line_items", "charges", "usages", "details")


def payload(fault: Fault, answer: Answer, request: web.Request) -> None:
    """Change a correct response as the fault says; a fault that does not fit the response changes nothing."""
    before = answer.body()
    if fault.kind in _VALUES and isinstance(answer.payload, dict):
        answer.payload = _VALUES[fault.kind](answer.payload, fault, request)
    if fault.kind in _BYTES:
        _BYTES[fault.kind](answer, fault)
    fault.changed += answer.body() != before


def _home_of_rows(value: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Find the object and the field that contain the rows of a response."""
    for name in _LISTS:
        if isinstance(value.get(name), list):
            return value, name
        if isinstance(value.get(name), dict):
            return _home_of_rows(value[name])
    return value, "entities"


def _meta(value: dict[str, Any]) -> dict[str, Any] | None:
    inside = value.get("data")
    meta = inside.get("meta") if isinstance(inside, dict) else value.get("meta")
    return meta if isinstance(meta, dict) else None


def _get_next(value: dict[str, Any]) -> str:
    meta = _meta(value)
    if meta is not None:
        return str(meta.get("next_cursor") or "")
    query = dict(parse_qsl(urlsplit(str(value.get("nextUri") or "")).query))
    return query.get("after", "")


def _set_next(value: dict[str, Any], request: web.Request, cursor: str) -> dict[str, Any]:
    meta = _meta(value)
    if meta is not None:
        meta["next_cursor"] = cursor
    else:
        rest = {name: text for name, text in request.query.items() if name not in {"after", "before"}}
        value["nextUri"] = f"{request.path}?{urlencode({**rest, 'after': cursor})}"
    return value


def _repeat_cursor(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    following = _get_next(value)
    kept = fault.memory.setdefault(cursors.scope_of(request.path, request.query), following)
    return _set_next(value, request, kept) if kept else value


def _jump_back(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    given = fault.memory.setdefault(cursors.scope_of(request.path, request.query), [])
    following = _get_next(value)
    if len(given) == _PAGES_BEFORE_THE_JUMP or (given and not following):
        following = given[0]
    given.append(following)
    return _set_next(value, request, following) if following else value


def _endless_rows(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    scope = cursors.scope_of(request.path, request.query)
    return _set_next(_repeat_page(value, fault, request), request, cursors.write(scope, _FAR + fault.met))


def _endless_cursor(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    if _get_next(value):
        return value
    scope = cursors.scope_of(request.path, request.query)
    return _set_next(value, request, cursors.write(scope, _FAR + fault.met))


def _skip_page(value: dict[str, Any], _fault: Fault, request: web.Request) -> dict[str, Any]:
    if not _get_next(value):
        return value
    scope = cursors.scope_of(request.path, request.query)
    home, name = _home_of_rows(value)
    offset = cursors.read(scope, _get_next(value)) + len(home[name])
    return _set_next(value, request, cursors.write(scope, offset))


def _drop_rows(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    home, name = _home_of_rows(value)
    home[name] = home[name][:-1]
    return value


def _repeat_page(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    home, name = _home_of_rows(value)
    home[name] = fault.memory.setdefault(cursors.scope_of(request.path, request.query), home[name])
    return value


def _wrong_total(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    meta = _meta(value)
    if meta is not None:
        meta["total"] += 1
    return value


def _extra_field(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    home, name = _home_of_rows(value)
    for row in home.get(name) or []:
        row["sustainability_score"] = Decimal("0.1")
    return {**value, "brand_new_member": {"since": "2031-01-01"}}


def _enum(value: dict[str, Any], replacement: str | None) -> bool:
    """Replace the first enumerated member, outer fields first."""
    for name in _ENUMERATED:
        if isinstance(value.get(name), str):
            value[name] = replacement
            return True
    rows = [row for member in value.values() for row in (member if isinstance(member, list) else [member])]
    return any(isinstance(row, dict) and _enum(row, replacement) for row in rows)


def _unknown_enum(value: dict[str, Any], fault: Fault, _request: web.Request) -> dict[str, Any]:
    _enum(value, fault.text or "BrandNewValue")
    return value


def _null_enum(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    _enum(value, None)
    return value


def _null_list(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    home, name = _home_of_rows(value)
    home[name] = None
    return value


def _text_numbers(value: Any, fault: Fault, request: web.Request) -> Any:  # noqa: ANN401 (any JSON value)
    match value:
        case dict():
            return {name: _text_numbers(member, fault, request) for name, member in value.items()}
        case list() | tuple():
            return [_text_numbers(member, fault, request) for member in value]
        case Decimal():
            return format(value, "f")
        case _:
            return value


def _number_for_text(value: dict[str, Any], _fault: Fault, _request: web.Request) -> dict[str, Any]:
    _put_number(value)
    return value


def _put_number(value: Any) -> bool:  # noqa: ANN401 (any JSON value)
    """Put 7 for the first of the strings, outer fields first."""
    members = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for name, member in members:
        if isinstance(member, str) and name in _TEXTS:
            value[name] = 7
            return True
    return any(_put_number(member) for _, member in members)


def _document_url(value: dict[str, Any], fault: Fault, _request: web.Request) -> dict[str, Any]:
    return {**value, "url": fault.url} if "url" in value else value


def _document_host(value: dict[str, Any], fault: Fault, request: web.Request) -> dict[str, Any]:
    return {**value, "url": value["url"].replace(request.url.host or "", fault.text, 1)} if "url" in value else value


_CAMEL = {
    "product_name": "ProductName",
    "product_group": "ProductGroup",
    "product_line": "ProductLine",
    "region": "Region",
    "usage_type": "UsageType",
}
_GET = {name: f"get{name}" for name in ("prepaidQuantity", "fairuseQuantity", "actualQuantity", "overageQuantity")}
_GET["purchaseOrderNumbers"] = "getpurchaseOrderNumbers"


def _renamed(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401 (any JSON value)
    match value:
        case dict():
            return {names.get(name, name): _renamed(member, names) for name, member in value.items()}
        case list() | tuple():
            return [_renamed(member, names) for member in value]
        case _:
            return value


def _camel_lines(value: dict[str, Any], _fault: Fault, _request: web.Request) -> Any:  # noqa: ANN401 (a JSON value)
    return _renamed(value, _CAMEL)


def _get_names(value: dict[str, Any], _fault: Fault, _request: web.Request) -> Any:  # noqa: ANN401 (a JSON value)
    return _renamed(value, _GET)


def _duplicate_key(answer: Answer, _fault: Fault) -> None:
    text = answer.body().decode()
    first = re.match(r'\{"([^"]+)":', text)
    if first:
        answer.payload = f'{{"{first[1]}":"first of two",{text[1:]}'.encode()


def _put(body: bytes, value: str) -> bytes:
    """Put a value for the first amount or quantity, however the vendor writes it."""
    return _NUMBER.sub(lambda found: b'"' + found["name"] + b'":' + value.encode(), body, count=1)


def _nan(answer: Answer, fault: Fault) -> None:
    answer.payload = _put(answer.body(), fault.text or "NaN")


def _word_for_number(answer: Answer, fault: Fault) -> None:
    answer.payload = _put(answer.body(), f'"{fault.text or "n/a"}"')


def _truncated(answer: Answer, _fault: Fault) -> None:
    body = answer.body()
    answer.payload = body[: len(body) // 2]


def _bom(answer: Answer, _fault: Fault) -> None:
    answer.payload = codecs.BOM_UTF8 + answer.body()


def _charset(answer: Answer, fault: Fault) -> None:
    name = fault.text or "utf-16"
    answer.payload = answer.body().decode("utf-8", "replace").encode(name, "replace")
    answer.media_type += f"; charset={name}"


def _bomb(answer: Answer, fault: Fault) -> None:
    _oversize(answer, fault)
    _gzip(answer, fault)


def _oversize(answer: Answer, fault: Fault) -> None:
    answer.payload = b" " * fault.size + answer.body()


def _gzip(answer: Answer, _fault: Fault) -> None:
    answer.payload = gzip.compress(answer.body(), mtime=0)
    answer.headers["Content-Encoding"] = "gzip"


def _media_type(answer: Answer, fault: Fault) -> None:
    answer.media_type = fault.text or "text/plain"


_VALUES: dict[str, Callable[[dict[str, Any], Fault, web.Request], Any]] = {
    "repeat_cursor": _repeat_cursor,
    "jump_back": _jump_back,
    "endless_rows": _endless_rows,
    "number_for_text": _number_for_text,
    "endless_cursor": _endless_cursor,
    "skip_page": _skip_page,
    "drop_rows": _drop_rows,
    "repeat_page": _repeat_page,
    "wrong_total": _wrong_total,
    "extra_field": _extra_field,
    "unknown_enum": _unknown_enum,
    "null_enum": _null_enum,
    "null_list": _null_list,
    "text_numbers": _text_numbers,
    "document_url": _document_url,
    "document_host": _document_host,
    "camel_lines": _camel_lines,
    "get_names": _get_names,
}
_BYTES: dict[str, Callable[[Answer, Fault], None]] = {
    "duplicate_key": _duplicate_key,
    "nan": _nan,
    "word_for_number": _word_for_number,
    "truncated": _truncated,
    "bom": _bom,
    "charset": _charset,
    "bomb": _bomb,
    "oversize": _oversize,
    "gzip": _gzip,
    "media_type": _media_type,
}

SPOILING = frozenset(_VALUES) | frozenset(_BYTES)
"""The kinds that change a good answer, if they fit it."""
