"""
Read Fastly's billing through its official SDK and print what it understood, as JSON.

Runs in an environment that holds nothing but the SDK. Standard input: base_url, token, customer_id, month.
Prices are floats in the SDK: ``repr`` gives back the digits of any amount of up to 15.
"""

import json
import sys
import time

import fastly
import urllib3
from fastly.api.billing_invoices_api import BillingInvoicesApi
from fastly.api.billing_usage_metrics_api import BillingUsageMetricsApi


def bill(invoice) -> dict:
    return {
        "id": invoice.invoice_id,
        "total": repr(invoice.monthly_transaction_amount),
        "currency": invoice.currency_code,
        "lines": [repr(line.amount) for line in invoice.transaction_line_items],
        "coupons": [getattr(line, "credit_coupon_code", "") for line in invoice.transaction_line_items],
    }


def read_v3(client, month: str) -> dict:
    invoices = BillingInvoicesApi(client)
    rows, cursor = [], None
    while cursor != "":
        page = invoices.list_invoices(limit="20", **({"cursor": cursor} if cursor else {}))
        rows += [bill(row) for row in page.data]
        cursor = page.meta.next_cursor
    statuses = []
    while 200 not in statuses:
        estimate, status, _ = invoices.get_month_to_date_invoice(_return_http_data_only=False)
        statuses.append(status)
        time.sleep(0.01)
    usage = BillingUsageMetricsApi(client)
    metrics = usage.get_usage_metrics(start_month=month, end_month=month)
    product = {"product_id": "cdn_usage", "usage_type_name": "Europe Requests"}
    services = usage.get_service_level_usage(start_month=month, end_month=month, **product)
    return {
        "invoices": rows,
        "by_id": bill(invoices.get_invoice_by_invoice_id(int(rows[0]["id"]))),
        "statuses": statuses,
        "estimate": estimate.monthly_transaction_amount,
        "estimate_lines": len(estimate.transaction_line_items),
        "metrics": [[row["name"], repr(row["quantity"]), row["raw_quantity"]] for row in metrics.data],
        "services": [repr(detail.usage_units) for detail in services.data.details],
    }


def read_v2(client, customer_id: str, month: str) -> dict:
    from fastly.api.billing_api import BillingApi

    billing = BillingApi(client)
    year, number = month.split("-")
    by_month = billing.get_invoice(month=number, year=year)
    by_id = billing.get_invoice_by_id(customer_id=customer_id, invoice_id=by_month.invoice_id)
    statuses = []
    while 200 not in statuses:
        estimate, status, _ = billing.get_invoice_mtd(customer_id=customer_id, _return_http_data_only=False)
        statuses.append(status)
        time.sleep(0.01)
    return {
        "id": by_month.invoice_id,
        "total": repr(by_month.total.cost),
        "by_id_total": repr(by_id.total.cost),
        "lines": [repr(line.amount) for line in by_month.line_items.value],
        "regions": sorted(by_month.regions),
        "statuses": statuses,
        "estimate": repr(estimate.total.cost),
        "estimate_lines": len(estimate.line_items),
    }


def main() -> None:
    wanted = json.load(sys.stdin)
    configuration = fastly.Configuration(host=wanted["base_url"])
    configuration.api_token = wanted["token"]
    configuration.retries = urllib3.Retry(total=0, respect_retry_after_header=False)
    with fastly.ApiClient(configuration) as client:
        if wanted["api"] == "v2":
            answer = read_v2(client, wanted["customer_id"], wanted["month"])
        else:
            answer = read_v3(client, wanted["month"])
    json.dump(answer, sys.stdout)


main()
