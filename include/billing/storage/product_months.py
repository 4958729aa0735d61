"""The sums of invoice lines by vendor, month, currency and product, for charts of several years."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, text

from billing.money import currency_code
from billing.names import name_key
from billing.storage.versions import Change

_CHANGED = """
from unnest(cast(:ids as text[]), cast(:versions as integer[]), cast(:signs as integer[]))
    as s (record_id, version, sign)
join billing.record r
    on (r.vendor, r.account, r.record_type, r.record_id) = (:vendor, :account, 'invoice', s.record_id)
join billing.invoice i on (i.record_key, i.version) = (r.record_key, s.version)
join billing.invoice_line l on (l.record_key, l.version) = (r.record_key, s.version)
"""
_ITEMS = text(f"select distinct coalesce(i.currency, ''), coalesce(l.product, '') {_CHANGED}")

# In the order of the key, so that two transactions cannot wait for each other's rows. Of several spellings of a product
# the newest bill's is kept.
_ADD = text(f"""
insert into billing.product_month as kept (vendor, month, item_key, currency, product, named_at, lines, amount)
select r.vendor, i.month, item.key, max(item.code),
    (array_agg(item.product order by s.sign desc, i.issued_at desc nulls last, item.product))[1],
    max(i.issued_at) filter (where s.sign = 1), sum(s.sign), sum(s.sign * l.amount)
{_CHANGED}
join unnest(cast(:currencies as text[]), cast(:products as text[]), cast(:codes as text[]), cast(:keys as bytea[]))
    as item (currency, product, code, key)
    on (item.currency, item.product) = (coalesce(i.currency, ''), coalesce(l.product, ''))
group by 1, 2, 3
order by 1, 2, 3
on conflict (vendor, month, item_key) do update
set lines = kept.lines + excluded.lines,
    amount = kept.amount + excluded.amount,
    product = case when coalesce(excluded.named_at >= kept.named_at, kept.named_at is null)
        then excluded.product else kept.product end,
    named_at = greatest(kept.named_at, excluded.named_at)
""")


def add_to_product_months(connection: Connection, vendor: str, account: str, changes: Sequence[Change]) -> None:
    """
    Add what an account's changes have changed; in the caller's transaction, as its last statement.

    A version adds its lines and subtracts those of the version before it, also when an invoice's month has changed. A
    withdrawn invoice subtracts its lines, a restored one adds them.

    The vendor's other accounts add to the same rows, and wait for this transaction to end.

    :param changes: those of this transaction, in order.
    """
    invoices = [change for change in changes if change.record_type == "invoice"]
    if not invoices:
        return
    signed = [(each.record_id, *signs) for each in invoices for signs in _signs(each)]
    ids, versions, signs = map(list, zip(*signed, strict=True))
    changed = {"vendor": vendor, "account": account, "ids": ids, "versions": versions, "signs": signs}
    items = [(currency, product) for currency, product in connection.execute(_ITEMS, changed)]
    named = {
        "currencies": [currency for currency, _ in items],
        "products": [product for _, product in items],
        "codes": [currency_code(currency) for currency, _ in items],
        "keys": [_item_key(*item) for item in items],
    }
    connection.execute(_ADD, changed | named)


def _signs(change: Change) -> list[tuple[int, int]]:
    """Return the versions whose lines a change adds (1) or subtracts (-1)."""
    match change.cause:
        case "withdrawn":
            return [(change.version, -1)]
        case "restored":
            return [(change.version, 1)]
        case _:
            return [(change.version, 1), (change.version - 1, -1)]


def _item_key(currency: str, product: str) -> bytes:
    """
    Return the hash of what a person reads of a currency and a product: an index does not hold a text of any length.

    Stored sums have this key: a change of ``name_key`` needs a migration that adds them up again.
    """
    return hashlib.sha256(f"{currency_code(currency)}\0{name_key(product)}".encode()).digest()
