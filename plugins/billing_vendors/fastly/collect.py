"""Fetch everything Fastly has on one account and month."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from billing.config.accounts import Account
from billing.errors import PayloadError, VendorUnavailable
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.base.client.request import CSV, PDF
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.documents import document_or_reason
from billing_vendors.base.vendor import Document, MissingDocument
from billing_vendors.fastly.derive import bill_of, estimate_of
from billing_vendors.fastly.errors import NoBill
from billing_vendors.fastly.hooks import FastlyBillingHook
from billing_vendors.fastly.paging import listed_ids
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.fastly.usage import metered_kinds, metered_rows

MAX_KINDS = 200  # one request for each
_SIGNATURES = {"csv": (CSV, b""), "pdf": (PDF, b"%PDF-")}


def collect(
    account: Account[FastlySettings], month: Month, *, limits: Limits | None = None
) -> Iterator[Response | Document | MissingDocument]:
    """
    Yield every response on a month as it arrives, and each bill's files, or why there are none, after the bill.

    v3: the invoice list around the month, each invoice of the month by id, usage, and usage by service for each kind
    of usage (for all kinds together if there are more than 200).
    v2: the month's bill, the same by id, as CSV and as PDF. A month without a bill yields nothing for it.

    :param limits: other limits of each request than the usual ones.
    :raises BillingError: Fastly rejected a request or sent an unexpected format; earlier responses were yielded.
    """
    with FastlyBillingHook(account.conn_id, limits=limits) as hook:
        if account.settings.api == "v2":
            yield from _collect_v2(hook, account.settings.customer_id, month)
        else:
            yield from _collect_v3(hook, month)


def collect_month_to_date(
    account: Account[FastlySettings], billing_month: Month, *, limits: Limits | None = None
) -> Iterator[Response]:
    """
    Yield the estimate of the running month.

    :param month: requested from v2; v3 has no such parameter and always returns the running month.
    :param limits: other limits of the request than the usual ones.
    :raises NotReady: Fastly has not generated it yet.
    :raises PayloadError: it is not an estimate, or one of another month.
    """
    with FastlyBillingHook(account.conn_id, limits=limits) as hook:
        if account.settings.api == "v2":
            response = hook.get_legacy_month_to_date(account.settings.customer_id, billing_month)
        else:
            response = hook.get_month_to_date()
    if (month := estimate_of(response).month) != billing_month:
        raise PayloadError(f"{response.request}: expected an estimate of {billing_month}, but it is of {month}")
    yield response


def _collect_v3(hook: FastlyBillingHook, month: Month) -> Iterator[Response]:
    ids: dict[str, None] = {}
    for page in hook.list_invoices(month):
        yield page
        ids |= dict.fromkeys(listed_ids(page, month))
    for invoice_id in ids:
        yield hook.get_invoice(invoice_id)
    usage = hook.get_usage_metrics(month)
    yield usage
    if not metered_rows(usage, month) and month.is_over(usage.received_at):
        # nothing was used, or the vendor does not include the last month asked for
        usage = hook.get_usage_metrics(month, month.shifted(1))
        yield usage
    kinds = metered_kinds(usage, month)
    if len(kinds) > MAX_KINDS:
        hook.log.warning(
            "%s kinds of usage in %s: usage by service is fetched in one request for all kinds", len(kinds), month
        )
        kinds = [("", "")]
    for product_id, usage_type in kinds:
        yield from hook.list_service_usage_metrics(month, product_id, usage_type)


def _collect_v2(
    hook: FastlyBillingHook, customer_id: str, month: Month
) -> Iterator[Response | Document | MissingDocument]:
    try:
        response = hook.get_invoice_by_month(month)
    except NoBill as error:
        hook.log.info("%s", error)
        return
    bill = bill_of(response, month)
    if bill is not None and bill.attributes["vendor_state"] == "down":
        raise VendorUnavailable(f"{response.request}: vendor_state is down, so the bill may lack lines")
    yield response
    if bill is None:
        return
    yield hook.get_legacy_invoice(customer_id, bill.invoice_id)
    for form in _SIGNATURES:
        yield document_or_reason(bill.invoice_id, form, partial(_file, hook, customer_id, bill.invoice_id, form))


def _file(hook: FastlyBillingHook, customer_id: str, invoice_id: str, form: str) -> Document:
    media_type, signature = _SIGNATURES[form]
    file = hook.get_legacy_invoice(customer_id, invoice_id, media_type)
    if not file.body.startswith(signature):
        raise PayloadError(
            f"{file.request}: the {form} of {len(file.body)} bytes does not start with the signature of its format"
        )
    return Document(invoice_id, form, file.media_type, file.request, file.body)
