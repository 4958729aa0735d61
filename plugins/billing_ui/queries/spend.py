"""What is spent: by month, vendor and product over years, and what changed between two months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from billing.month import Month
from billing_ui.pages.page import rows

LARGEST_CHANGES = 20

_CURRENCIES = text("""
    select distinct currency from billing.product_month where vendor = any(:vendors) and currency <> '' order by 1
""")

_BY_MONTH = text("""
    select month, vendor, sum(amount) as amount from billing.product_month
    where currency = :currency and vendor = any(:vendors) and month between :first and :last
    group by month, vendor order by month, vendor
""")

_BY_PRODUCT = text("""
    select vendor, product, sum(amount) as amount, count(distinct month) as months, sum(lines)::bigint as lines
    from billing.product_month
    where currency = :currency and vendor = any(:vendors) and month between :first and :last
    group by vendor, product order by sum(amount) desc, vendor, product
    limit 200
""")

_BY_REGION = text("""
    select i.vendor, coalesce(l.region, '') as region, sum(l.amount) as amount, count(*) as lines
    from billing.current_invoice i
    join billing.current_invoice_line l using (record_key, version)
    where i.currency = :currency and i.vendor = any(:vendors) and i.month = :last
    group by i.vendor, coalesce(l.region, '') order by sum(l.amount) desc limit 100
""")

# Quantity part: what the other quantity costs at the old price. Price part: the rest, so that the two add up.
_CHANGES = text("""
    with line as (
        select i.month, i.vendor, i.account, coalesce(l.product, '') as product, coalesce(l.unit, '') as unit,
               sum(l.amount) as amount, sum(l.quantity) as quantity, count(l.quantity) = count(*) as counted
        from billing.current_invoice i
        join billing.current_invoice_line l using (record_key, version)
        where i.currency = :currency and i.vendor = any(:vendors) and i.month in (:last, :before)
        group by i.month, i.vendor, i.account, coalesce(l.product, ''), coalesce(l.unit, '')
    ), pair as (
        select vendor, account, product, unit,
               coalesce(n.amount, 0) as amount, coalesce(o.amount, 0) as amount_before,
               n.quantity, o.quantity as quantity_before,
               case when n.counted and o.counted and o.quantity > 0
                    then round((n.quantity - o.quantity) * o.amount / o.quantity, 4) end as quantity_part
        from (select * from line where month = :last) n
        full join (select * from line where month = :before) o using (vendor, account, product, unit)
    )
    select *, amount - amount_before as change, amount - amount_before - quantity_part as price_part
    from pair
    where amount <> amount_before
    order by abs(amount - amount_before) desc, vendor, account, product
    limit :limit
""")


def currencies(connection: Connection, vendors: Sequence[str]) -> list[str]:
    """Return the currencies that anything was billed in."""
    return [row["currency"] for row in rows(connection, _CURRENCIES, vendors=list(vendors))]


def by_month(
    connection: Connection, vendors: Sequence[str], currency: str, last: Month, months: int
) -> list[dict[str, Any]]:
    """Return what was billed in one currency, by month and vendor."""
    return rows(connection, _BY_MONTH, **_span(vendors, currency, last, months))


def by_product(
    connection: Connection, vendors: Sequence[str], currency: str, last: Month, months: int
) -> list[dict[str, Any]]:
    """Return what was billed in one currency over some months, by product; the largest 200."""
    return rows(connection, _BY_PRODUCT, **_span(vendors, currency, last, months))


def by_region(connection: Connection, vendors: Sequence[str], currency: str, month: Month) -> list[dict[str, Any]]:
    """Return what was billed in one currency in a month, by region."""
    return rows(connection, _BY_REGION, vendors=list(vendors), currency=currency, last=month.first_day)


def changes(
    connection: Connection, vendors: Sequence[str], currency: str, month: Month, before: Month
) -> list[dict[str, Any]]:
    """Return the largest changes of a month against another, by account and product."""
    given = {"vendors": list(vendors), "currency": currency, "last": month.first_day, "before": before.first_day}
    return rows(connection, _CHANGES, **given, limit=LARGEST_CHANGES)


def _span(vendors: Sequence[str], currency: str, last: Month, months: int) -> dict[str, Any]:
    first = last.shifted(1 - months).first_day
    return {"vendors": list(vendors), "currency": currency, "first": first, "last": last.first_day}
