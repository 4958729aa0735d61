"""
The requests of the billing API, as values.

Source: official Python client 269.0.0 (``BillingApi``), checked 2026-11-22.
"""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from billing.errors import PayloadError
from billing_vendors.base.client.request import Request
from billing_vendors.genesys_cloud.intervals import Interval

_BILLING = "/api/v2/billing"
_CONTRACTS_A_PAGE = "10"  # 200 until client release 267; now more is an error
_ROWS_A_PAGE = "200"


def token(authorization: str) -> Request:
    """Create the request for a token with a client's id and secret."""
    return Request(
        "token",
        "/oauth/token",
        method="POST",
        form={"grant_type": "client_credentials"},
        headers={"Authorization": authorization},
        base_url="login",
        signed=False,
    )


def contracts(page_size: str = _CONTRACTS_A_PAGE) -> Request:
    """Create the request for the contracts of any status: a late invoice may belong to an ended one."""
    return Request("contracts", f"{_BILLING}/contracts", {"pageSize": page_size})


def contract(contract_id: str) -> Request:
    """Create the request for one contract."""
    return Request("contract", f"{_BILLING}/contracts/{_part(contract_id)}")


def billing_period(contract_id: str, period_id: str) -> Request:
    """Create the request for one billing period of a contract, with charges and wallets."""
    return Request("billing_period", f"{_BILLING}/contracts/{_part(contract_id)}/billingperiods/{_part(period_id)}")


def invoices(first: date, last: date) -> Request:
    """Create the request for the invoices between two dates; whether the last one is included is unknown."""
    window = {"dateStart": first.isoformat(), "dateEnd": last.isoformat()}
    return Request("invoices", f"{_BILLING}/contracts/invoices", {"pageSize": _ROWS_A_PAGE} | window)


def invoice_lines(invoice_id: str) -> Request:
    """Create the request for the lines of one invoice."""
    return Request(
        "invoice_lines", f"{_BILLING}/contracts/invoices/{_part(invoice_id)}/lines", {"pageSize": _ROWS_A_PAGE}
    )


def invoice_document(invoice_id: str) -> Request:
    """Create the request for the link to an invoice's file. The response is a credential and is never stored."""
    return Request("invoice_document", f"{_BILLING}/contracts/invoices/{_part(invoice_id)}/document")


def billable_usage(interval: Interval) -> Request:
    """Create the request for the usage of these days; it is repeated until the report is complete."""
    dates = {"startDate": _moment(interval.starts_on), "endDate": _moment(interval.ends_on)}
    return Request("billable_usage", f"{_BILLING}/reports/billableusage", dates)


def trustee_overview(organization_id: str, index: int) -> Request:
    """
    Create the request for a trustee's overview of its client.

    :param index: 0 = the client's open billing period, 1 = the last closed one, 2 = the one before.
    """
    return Request(
        "trustee_overview",
        f"{_BILLING}/trusteebillingoverview/{_part(organization_id)}",
        {"billingPeriodIndex": str(index)},
    )


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000Z"


def _part(identifier: str) -> str:
    """Return an identifier quoted as exactly one part of a path."""
    if identifier in {"", ".", ".."}:
        raise PayloadError(f"the identifier {identifier!r} cannot be part of a path")
    return quote(identifier, safe="")
