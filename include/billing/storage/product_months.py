"""The sums of invoice lines by vendor, month, currency and product, for charts of several years."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from billing.storage.versions import Change

# Each version adds its lines and subtracts those of the version before it, also when an invoice's month has changed.
# In the order of the key, so that two transactions cannot wait for each other's rows.
_ADD = text("""
insert into billing.product_month (vendor, month, currency, product, lines, amount)
select r.vendor, i.month, coalesce(i.currency, ''), coalesce(l.product, ''), sum(s.sign), sum(s.sign * l.amount)
from unnest(cast(:ids as text[]), cast(:versions as integer[])) as changed (record_id, version)
join billing.record r
    on (r.vendor, r.account, r.record_type, r.record_id) = (:vendor, :account, 'invoice', changed.record_id)
cross join lateral (values (changed.version, 1), (changed.version - 1, -1)) as s (version, sign)
join billing.invoice i on (i.record_key, i.version) = (r.record_key, s.version)
join billing.invoice_line l on (l.record_key, l.version) = (r.record_key, s.version)
group by 1, 2, 3, 4
order by 1, 2, 3, 4
on conflict (vendor, month, currency, product) do update
set lines = product_month.lines + excluded.lines, amount = product_month.amount + excluded.amount
""")


def add_to_product_months(connection: Connection, vendor: str, account: str, changes: Sequence[Change]) -> None:
    """
    Add what an account's new versions have changed; in the caller's transaction, as its last statement.

    The vendor's other accounts add to the same rows, and wait for this transaction to end.

    :param changes: the versions that this transaction has added.
    """
    invoices = [change for change in changes if change.record_type == "invoice"]
    if invoices:
        named = {"ids": [each.record_id for each in invoices], "versions": [each.version for each in invoices]}
        connection.execute(_ADD, {"vendor": vendor, "account": account} | named)
