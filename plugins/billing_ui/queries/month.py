"""One month of one account: what it comes to, what the controls say, and what it is made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from billing.money import difference, exact_sum
from billing.month import Month
from billing_ui.pages.page import first, rows
from billing_ui.queries.closing import closed_states
from billing_ui.queries.explanations import join_explanations

_SUMMARY = text("""
    select * from billing.account_month_summary
    where (vendor, account, month) = (:vendor, :account, :month)
    order by currency
""")

_RESULTS = text("""
    select position, control_id, severity, subject, state, outcome, expected, actual, difference, bound, currency,
           explanation, operands
    from billing.current_control_result
    where (vendor, account, month) = (:vendor, :account, :month)
    order by length(control_id), control_id, position
""")

_BILLS = text("""
    select i.record_key, i.version, i.invoice_id, i.kind, i.currency, i.total, i.issued_at, i.service_start,
           i.service_end, i.statement_number, p.payment_status,
           (select count(*) from billing.invoice_line l
            where l.record_key = i.record_key and l.version = i.version) as lines
    from billing.current_invoice i
    left join billing.current_payment_status p using (record_key)
    where (i.vendor, i.account, i.month) = (:vendor, :account, :month)
    order by i.issued_at, i.invoice_id
""")

_ACCRUAL = text("""
    select a.state, a.amount, a.currency, a.as_of, a.cut_off, a.explanation, t.amount as true_up, t.percent
    from billing.current_accrual a
    left join lateral (
        select amount, percent from billing.true_up where accrual_id = a.accrual_id order by true_up_id desc limit 1
    ) t on true
    where (vendor, account, month) = (:vendor, :account, :month)
""")

_ESTIMATE = text("""
    select total, currency, as_of from billing.month_to_date
    where (vendor, account, month) = (:vendor, :account, :month)
    order by taken_at desc limit 1
""")

_ANSWERS = text("""
    select p.payload_id, p.request, p.status, p.media_type, p.size, encode(p.sha256, 'hex') as sha256, s.seen_at
    from billing.account_month m
    join billing.payload_sighting s using (fetch_id)
    join billing.payload p using (payload_id)
    where (m.vendor, m.account, m.month) = (:vendor, :account, :month)
    order by s.position
    limit 200
""")

_RUNS = text("""
    select fetch_id, dag_run, purpose, completed_at from billing.fetch
    where (vendor, account, month) = (:vendor, :account, :month)
    order by fetch_id desc limit 20
""")

OUTCOMES = {
    "exceptions": "exception",
    "blocked": "blocked",
    "warnings": "warning",
    "passed": "passed",
    "not_applicable": "not_applicable",
}
"""The sections of the page, by what a result means to the month (``current_control_result.outcome``)."""


def of_account(connection: Connection, vendor: str, account: str, month: Month) -> dict[str, Any] | None:
    """Return everything about a month of an account; None if nothing is stored of it."""
    key = {"vendor": vendor, "account": account, "month": month.first_day}
    summary = rows(connection, _SUMMARY, **key)
    if not summary:
        return None
    results = [row | {"finding": None, "explained": None, "earlier": []} for row in rows(connection, _RESULTS, **key)]
    estimate = first(rows(connection, _ESTIMATE, **key))
    if estimate:
        billed = [row["total"] for row in summary if row["invoices"] and row["currency"] == estimate["currency"]]
        estimate["difference"] = difference(exact_sum(billed), estimate["total"]) if billed else None
    join_explanations(connection, [row for row in results if row["outcome"] in {"exception", "blocked"}], **key)
    return {
        "vendor": vendor,
        "account": account,
        "month": str(month),
        "summary": summary,
        "status": summary[0]["status"],
        "closed": closed_states(connection, [vendor], month.first_day, month.first_day).get(
            (vendor, account, str(month))
        ),
        "explained": sum(row["explained"] is not None for row in results if row["outcome"] == "exception"),
        "results": {name: [row for row in results if row["outcome"] == outcome] for name, outcome in OUTCOMES.items()},
        "bills": rows(connection, _BILLS, **key),
        "accrual": first(rows(connection, _ACCRUAL, **key)),
        "estimate": estimate,
        "answers": rows(connection, _ANSWERS, **key),
        "runs": rows(connection, _RUNS, **key),
    }
