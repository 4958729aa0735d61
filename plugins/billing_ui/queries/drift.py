"""What a vendor began to do differently: unknown fields, restated and withdrawn bills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from billing_ui.pages.page import rows

_FIELDS = text("""
    select u.vendor, u.record_type, u.name, u.first_seen_at, f.account, f.month
    from billing.unknown_field u
    join billing.fetch f on f.fetch_id = u.first_fetch_id
    where u.vendor = any(:vendors)
    order by u.first_seen_at desc, u.vendor, u.record_type, u.name
    limit 500
""")

_RESTATED = text("""
    select r.vendor, r.account, r.record_id as invoice_id, r.record_key, v.version, v.recorded_at, i.month, i.currency,
           o.total as before, i.total as after, i.total - o.total as difference
    from billing.record_version v
    join billing.record r using (record_key)
    join billing.invoice i using (record_key, version)
    join billing.invoice o on o.record_key = v.record_key and o.version = v.version - 1
    where v.cause = 'vendor' and r.record_type = 'invoice' and r.vendor = any(:vendors)
    order by v.recorded_at desc, r.record_key
    limit 500
""")


_WITHDRAWN = text("""
    select vendor, account, invoice_id, record_key, month, currency, total, withdrawn_at
    from billing.withdrawn_invoice
    where vendor = any(:vendors)
    order by withdrawn_at desc, record_key
    limit 500
""")


def drift(connection: Connection, vendors: Sequence[str]) -> dict[str, Any]:
    """Return unknown fields and values, and bills that were changed or withdrawn after issue; newest first."""
    given = {"vendors": list(vendors)}
    return {
        "fields": rows(connection, _FIELDS, **given),
        "restated": rows(connection, _RESTATED, **given),
        "withdrawn": rows(connection, _WITHDRAWN, **given),
    }
