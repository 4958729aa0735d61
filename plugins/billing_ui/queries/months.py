"""The matrix of accounts by months, and the totals above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from billing.config.accounts import Account
from billing.money import exact_sum
from billing.month import Month
from billing_ui.pages.page import pages_of, rows
from billing_ui.queries.closing import closed_states
from billing_ui.queries.explanations import explained_counts

SHOWN_MONTHS = 13
ACCOUNTS_A_PAGE = 40

# One row for each currency of a month, or one without; the view account_month_summary counts the lines, too.
_MONTHS = text("""
    with billed as (
        select r.vendor, r.account, i.month, i.currency, count(*) filter (where not r.withdrawn) as invoices,
               coalesce(sum(i.total) filter (where not r.withdrawn), 0) as total,
               count(*) filter (where r.withdrawn) as withdrawn
        from billing.record r
        join billing.invoice i on i.record_key = r.record_key and i.version = r.current_version
        where i.month between :first and :last and r.vendor = any(:vendors)
        group by r.vendor, r.account, i.month, i.currency
    )
    select vendor, account, month, coalesce(b.currency, s.currency) as currency, coalesce(b.invoices, 0) as invoices,
           b.total, coalesce(b.withdrawn, 0) as withdrawn, s.status, s.exceptions, s.warnings, s.blocked,
           s.last_seen_at
    from billing.account_month_status s
    left join billed b using (vendor, account, month)
    where month between :first and :last and vendor = any(:vendors)
    order by vendor, account, month, currency
""")

_ESTIMATES = text("""
    select distinct on (vendor, account) vendor, account, total, currency, as_of
    from billing.month_to_date
    where month = :running and vendor = any(:vendors)
    order by vendor, account, taken_at desc
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the matrix is shown; None is everything."""

    vendor: str | None = None
    account: str | None = None
    currency: str | None = None
    state: str | None = None


def matrix(
    connection: Connection,
    accounts: Sequence[Account[Any]],
    vendors: Sequence[str],
    last: Month,
    filters: Filters,
    page: int = 1,
    now: datetime | None = None,
) -> dict[str, Any]:
    """
    Return the months of each account, newest first, and what is above the matrix.

    Totals are of the newest month shown that has bills, one for each currency. A month without a row is awaited until
    the posting day of its account and missing afterwards.

    :param accounts: as ``accounts.yaml`` has them; accounts that are stored and no longer listed are shown, too.
    :param vendors: that the user may read.
    :param page: of the accounts; what is above the matrix is of all of them.
    """
    now = now or datetime.now(UTC)
    shown = [last.shifted(-back) for back in range(SHOWN_MONTHS)]
    explained = explained_counts(connection, vendors, shown[-1].first_day, last.first_day)
    closed = closed_states(connection, vendors, shown[-1].first_day, last.first_day)
    stored: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    found = rows(
        connection, _MONTHS, first=shown[-1].first_day, last=last.first_day, vendors=list(vendors)
    )  # one row for each currency of a month
    keys = {month.first_day: str(month) for month in shown}
    for row in found:
        stored.setdefault((row["vendor"], row["account"]), {}).setdefault(keys[row["month"]], []).append(row)
    listed = {(each.vendor, each.name): each for each in accounts if each.vendor in vendors}
    lines: list[dict[str, Any]] = []
    for key in sorted(listed.keys() | stored.keys()):
        cells = [
            _cell(month, stored.get(key, {}).get(str(month), []), listed.get(key), now)
            | {"explained": explained.get((*key, str(month)), 0), "closed": closed.get((*key, str(month)))}
            for month in shown
        ]
        line = {"vendor": key[0], "account": key[1], "currency": _currency(cells, listed.get(key)), "months": cells}
        if _wanted(line, filters):
            lines.append(line)
    kept = {(line["vendor"], line["account"]) for line in lines}
    billed = [row for row in found if (row["vendor"], row["account"]) in kept and row["invoices"]]
    newest = max((Month.of(row["month"]) for row in billed), default=None)
    shown_cells = [(line, cell) for line in lines for cell in line["months"]]
    return {
        "months": [str(month) for month in shown],
        "accounts": lines[(page - 1) * ACCOUNTS_A_PAGE : page * ACCOUNTS_A_PAGE],
        "page": page,
        "pages": len(list(pages_of(len(lines), ACCOUNTS_A_PAGE))),
        "totals_of": newest and str(newest),
        "totals": _totals([row for row in billed if row["month"] == newest.first_day]) if newest else [],
        "open_exceptions": sum(cell["exceptions"] - cell["explained"] for _, cell in shown_cells),
        "awaited": [
            {"vendor": line["vendor"], "account": line["account"]}
            | {key: cell[key] for key in ("month", "state", "until")}
            for line, cell in shown_cells
            if cell["state"] in {"awaited", "missing"}
        ],
        "last_reading": max((row["last_seen_at"] for row in found), default=None),
    }


def estimates(connection: Connection, vendors: Sequence[str], running: Month) -> list[dict[str, Any]]:
    """Return the newest month-to-date figure of each account in the running month."""
    return rows(connection, _ESTIMATES, running=running.first_day, vendors=list(vendors))


def _cell(month: Month, found: list[dict[str, Any]], account: Account[Any] | None, now: datetime) -> dict[str, Any]:
    """Return one account's month: its state, and its figures in each currency."""
    until = account.posting_deadline(month) if account else None
    return {
        "month": str(month),
        "state": _state_of(found) if found else _state_without_row(month, account, now),
        "exceptions": found[0]["exceptions"] if found else 0,
        "warnings": found[0]["warnings"] if found else 0,
        "blocked": found[0]["blocked"] if found else 0,
        "invoices": sum(row["invoices"] for row in found),
        "totals": [{"currency": row["currency"], "total": row["total"]} for row in found if row["invoices"]],
        "until": None if found else until,
    }


def _state_of(found: list[dict[str, Any]]) -> str:
    """Return the status of a month; of one that nothing is wrong with and that has no bill, why it has none."""
    status: str = found[0]["status"]
    if status not in {"reconciled", "warnings"} or any(row["invoices"] for row in found):
        return status
    return "withdrawn" if any(row["withdrawn"] for row in found) else "no_bill"


def _state_without_row(month: Month, account: Account[Any] | None, now: datetime) -> str:
    if account is None or month < account.first_month:
        return "none"
    if now < month.end:
        return "running"
    return "awaited" if now < account.posting_deadline(month) else "missing"


def _currency(cells: list[dict[str, Any]], account: Account[Any] | None) -> str:
    billed = {each["currency"] for cell in cells for each in cell["totals"] if each["currency"]}
    return ", ".join(sorted(billed)) or (account.currency if account else "")


def _wanted(line: dict[str, Any], filters: Filters) -> bool:
    return (
        filters.vendor in (None, line["vendor"])
        and filters.account in (None, line["account"])
        and (filters.currency is None or filters.currency in line["currency"].split(", "))
        and (filters.state is None or any(filters.state in (cell["state"], cell["closed"]) for cell in line["months"]))
    )


def _totals(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sum a month by currency: amounts of two currencies are never added."""
    by_currency: dict[str, dict[str, Any]] = {}
    for row in found:
        code = row["currency"] or ""
        sums = by_currency.setdefault(code, {"currency": row["currency"], "invoices": 0, "total": Decimal(0)})
        sums["invoices"] += row["invoices"]
        sums["total"] = exact_sum((sums["total"], row["total"]))
    return [by_currency[code] for code in sorted(by_currency)]
