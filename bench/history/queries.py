"""Queries of the stored bills, as in docs/tables.md."""

from __future__ import annotations

from history.fill import LAST_MONTH

_VALUES = {"vendor": "fastly", "account": "account-002", "month": LAST_MONTH}

QUERIES = {
    "a month's accounts": """
        select * from billing.account_month_summary where month = %(month)s order by vendor, account""",
    "a month's invoices of a vendor": """
        select account, invoice_id, currency, total, issued_at from billing.current_invoice
        where vendor = %(vendor)s and month = %(month)s order by account, invoice_id""",
    "one invoice": """
        select * from billing.current_invoice where vendor = %(vendor)s and invoice_id = %(invoice)s""",
    "its lines": """
        select l.* from billing.current_invoice i join billing.current_invoice_line l using (record_key, version)
        where i.vendor = %(vendor)s and i.invoice_id = %(invoice)s order by l.position""",
    "its control results": """
        select control_id, state, expected, actual, difference, explanation from billing.current_control_result
        where vendor = %(vendor)s and account = %(account)s and month = %(month)s and subject = %(invoice)s""",
    "all months by vendor": """
        select vendor, month, currency, sum(total) as total, sum(invoices) as invoices
        from billing.account_month_summary group by vendor, month, currency order by 1, 2, 3""",
    "all months by vendor and product": """
        select vendor, month, product, currency, lines, amount from billing.product_month
        order by 1, 2, 3, 4""",
    "all unexplained exceptions": """
        select vendor, account, month, control_id, subject, expected, actual, difference, explanation
        from billing.current_control_result where state in ('EXCEPTION', 'BLOCKED')
        order by month desc, vendor, account, control_id""",
}

BESIDE = {
    "the same, added up from the lines": """
        select i.vendor, i.month, l.product, i.currency, count(*) as lines, sum(l.amount) as amount
        from billing.current_invoice i join billing.current_invoice_line l using (record_key, version)
        group by 1, 2, 3, 4 order by 1, 2, 3, 4""",
}
"""What a query would cost if its response were not kept: shown, not judged."""


def values_of(invoice: str) -> dict[str, str]:
    """Return the parameters of the queries: the last month, one account, one of its invoices."""
    return _VALUES | {"invoice": invoice}
