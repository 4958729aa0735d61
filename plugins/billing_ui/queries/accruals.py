"""What was accrued, reversed and trued up, and how good the estimates were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from billing.month import Month
from billing_ui.pages.page import rows

_ACCRUALS = text("""
    select a.vendor, a.account, a.month, a.state, a.basis, a.amount, a.currency, a.as_of, a.cut_off, a.extrapolated,
           a.explanation, r.cause as reversed_because, r.reversed_on, t.actual, t.amount as true_up, t.percent
    from billing.current_accrual a
    left join billing.accrual_reversal r using (accrual_id)
    left join lateral (
        select actual, amount, percent from billing.true_up
        where accrual_id = a.accrual_id order by true_up_id desc limit 1
    ) t on true
    where a.vendor = any(:vendors) and a.month between :first and :last
    order by a.month desc, a.vendor, a.account
    limit 2000
""")

_QUALITY = text("""
    select * from billing.accrual_quality where vendor = any(:vendors) order by vendor, account, currency
""")


def accruals(connection: Connection, vendors: Sequence[str], last: Month, months: int) -> dict[str, Any]:
    """Return the current accrual of each account in some months, the newest first, and the accounts' accuracy."""
    return {
        "accruals": rows(
            connection,
            _ACCRUALS,
            vendors=list(vendors),
            first=last.shifted(1 - months).first_day,
            last=last.first_day,
        ),
        "quality": rows(connection, _QUALITY, vendors=list(vendors)),
    }
