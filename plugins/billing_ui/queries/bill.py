"""One bill: its header, its lines a page at a time, sums, versions, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from billing.money import difference
from billing_ui.pages.page import first, rows

LINES_A_PAGE = 100
SHOWN_CHANGES = 500

_HEADER = text("""
    select r.record_key, r.vendor, r.account, r.current_version, r.withdrawn, i.*, v.cause, v.recorded_at, v.dag_run,
           encode(v.content_sha256, 'hex') as sha256
    from billing.record r
    join billing.invoice i using (record_key)
    join billing.record_version v using (record_key, version)
    where r.record_key = :key and i.version = coalesce(:version, r.current_version) and r.vendor = any(:vendors)
""")

_VERSIONS = text("""
    select v.version, v.cause, v.recorded_at, v.dag_run, i.total, i.currency, i.month
    from billing.record_version v
    join billing.invoice i using (record_key, version)
    where record_key = :key
    order by version
""")

# names of columns that a reader may sort by; the request's word is looked up here and never part of a statement
SORTS = {
    "position": "position",
    "description": "description, position",
    "product": "product nulls last, position",
    "region": "region nulls last, position",
    "quantity": "quantity desc nulls last, position",
    "amount": "amount desc, position",
}

_FOUND = """
    from billing.invoice_line
    where record_key = :key and version = :version
      and (:words is null or concat_ws(' ', description, product, region, usage_type, line_id) ilike :words)
"""

_SUMS = text("""
    select product, region, count(*) as lines, sum(amount) as amount
    from billing.invoice_line
    where record_key = :key and version = :version
    group by grouping sets ((product), (region))
    order by grouping(product), sum(amount) desc
    limit 200
""")

_PAYMENT = text("""
    select payment_status, recorded_at from billing.payment_status where record_key = :key order by fetch_id
""")

_DOCUMENTS = text("""
    select document_id, file_format, media_type, size, encode(sha256, 'hex') as sha256, first_seen_at
    from billing.document
    where (vendor, account, invoice_id) = (:vendor, :account, :invoice_id)
    order by document_id desc
""")

_RESULTS = text("""
    select control_id, severity, outcome, expected, actual, difference, currency, explanation
    from billing.current_control_result
    where (vendor, account, month) = (:vendor, :account, :month) and subject = :invoice_id
    order by length(control_id), control_id, position
""")

# what tells a line without an id from the others of its bill
_SAME_LINE = ("description", "product", "region", "usage_type", "unit", "service_start", "service_end")

# Lines of two versions are paired by their content, each as often as it comes: the order of lines says nothing.
_CHANGES = text("""
    with line as (
        select version, line_id, description, product, region, usage_type, quantity, unit, rate, amount,
               service_start, service_end,
               row_number() over (
                   partition by version, line_id, description, product, region, usage_type, quantity, unit, rate,
                                amount, service_start, service_end
                   order by position
               ) as copy
        from billing.invoice_line
        where record_key = :key and version in (:old, :new)
    )
    select min(version) as version, line_id, description, product, region, usage_type, quantity, unit, rate, amount,
           service_start, service_end
    from line
    group by line_id, description, product, region, usage_type, quantity, unit, rate, amount, service_start,
             service_end, copy
    having count(*) = 1
    order by description, product, region, usage_type, service_start, version
    limit :limit
""")


def header(connection: Connection, key: int, version: int | None, vendors: tuple[str, ...]) -> dict[str, Any] | None:
    """Return a bill's header in one version, the current one if None; None if there is no such bill."""
    return first(rows(connection, _HEADER, key=key, version=version, vendors=list(vendors)))


def lines(
    connection: Connection, key: int, version: int, words: str | None, sort: str, page: int
) -> tuple[int, list[dict[str, Any]]]:
    """
    Return how many lines there are and one page of them.

    :param words: that a line must hold, in any letter case.
    :param sort: a key of ``SORTS``.
    """
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else None
    given = {"key": key, "version": version, "words": pattern}
    count = connection.scalar(text(f"select count(*) {_FOUND}"), given)
    statement = text(f"select * {_FOUND} order by {SORTS[sort]} limit :size offset :start")
    found = rows(connection, statement, **given, size=LINES_A_PAGE, start=(page - 1) * LINES_A_PAGE)
    return int(count or 0), found


def about(connection: Connection, bill: dict[str, Any]) -> dict[str, Any]:
    """Return what belongs to a bill besides its lines."""
    key = {name: bill[name] for name in ("vendor", "account", "month", "invoice_id")}
    sums = rows(connection, _SUMS, key=bill["record_key"], version=bill["version"])
    return {
        "by_product": [row for row in sums if row["region"] is None and row["product"] is not None],
        "by_region": [row for row in sums if row["product"] is None and row["region"] is not None],
        "versions": rows(connection, _VERSIONS, key=bill["record_key"]),
        "payments": rows(connection, _PAYMENT, key=bill["record_key"]),
        "documents": rows(connection, _DOCUMENTS, **key),
        "results": rows(connection, _RESULTS, **key),
    }


def changes(connection: Connection, key: int, old: int, new: int) -> dict[str, Any]:
    """
    Return the header of two versions, and the lines that differ: each as it was and as it is, with the difference.

    A line that one of the two lacks is None there.
    """
    versions = {row["version"]: row for row in rows(connection, _VERSIONS, key=key)}
    found = rows(connection, _CHANGES, key=key, old=old, new=new, limit=SHOWN_CHANGES + 1)
    before, after = versions.get(old), versions.get(new)
    return {
        "before": before,
        "after": after,
        "difference": difference(after["total"], before["total"]) if before and after else None,
        "lines": paired(found[:SHOWN_CHANGES], old),
        "more": len(found) > SHOWN_CHANGES,
    }


def paired(found: Sequence[dict[str, Any]], old: int) -> list[dict[str, Any]]:
    """Pair the line of one version with that of the other for the same thing: by its id, or by what it says."""
    pairs: list[dict[str, Any]] = []
    open_pairs: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for line in found:
        side = "was" if line["version"] == old else "is"
        key = (line["line_id"],) if line["line_id"] else tuple(line[name] for name in _SAME_LINE)
        pair = next((each for each in open_pairs.get(key, ()) if each[side] is None), None)
        if pair is None:
            pair = {"was": None, "is": None}
            pairs.append(pair)
            open_pairs.setdefault(key, []).append(pair)
        pair[side] = line
    for pair in pairs:
        now, before = (pair[side]["amount"] if pair[side] else Decimal(0) for side in ("is", "was"))
        pair["difference"] = difference(now, before)
    return pairs
