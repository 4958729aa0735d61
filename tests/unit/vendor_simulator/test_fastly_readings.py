"""Each reading of Fastly's contract changes what it names, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from vendor_simulator.fastly.readings import DEFAULTS, READINGS

V3, V2 = ("drawn-fastly-30", "drawn-fastly-34"), ("drawn-fastly-17", "drawn-fastly-53")
DRAWN = 53
INVOICES, USAGE = "/billing/v3/invoices", "/billing/v3/usage-metrics"
MONTH = "2026-06"
LINES = ("transaction_line_items", "line_items")
AMOUNTS = {"amount", "rate", "units", "rate_per_unit", "monthly_transaction_amount", "per_unit_cost"}
SHARES = {"total", "price", "discounted_price"}
MONEY = {"bandwidth_cost", "requests_cost", "incurred_cost", "extras_cost", "cost_before_discount", "cost", "overage"}
SCALED = {
    "units", "rate", "rate_per_unit", "per_unit_cost", "price", "discounted_price", "quantity", "usage_units",
}  # fmt: skip
CREDIT = {"credit_coupon_code", "amount", "rate", "rate_per_unit"}

# What else may differ than a member of the reading's own name; "lines" is the number of lines.
CHANGES: dict[str, set[str]] = {
    "period_end": {"billing_end_date", "end_time"},
    "zone": {"billing_start_date", "billing_end_date", "start_time", "end_time"},
    "posted_time": {"invoice_posted_on", "sent_at"},
    "date_times": {
        "billing_start_date", "billing_end_date", "start_time", "end_time", "invoice_posted_on", "sent_at",
        "created_at", "updated_at", "last_updated_at",
    },
    "v2_period": {"start_time", "end_time"},
    "v3_list_filter": {"data", "total"},
    "v3_list_end": {"next_cursor"},
    "empty_list": {"data", "extras", "lines"},
    "v3_list_total": set(),
    "v3_counts": {"limit", "total"},
    "line_order": {"lines in another order"},
    "v2_month": {"status of /billing/v2/year/2026/month/6"},
    "v2_no_bill": {"status of /billing/v2/year/2026/month/01", "status of /billing/v2/year/2026/month/06"},
    "v2_unposted": {"status of /billing/v2/year/2026/month/10"},
    "v3_invoice_id": {"invoice_id"},
    "v2_invoice_id": {"invoice_id"},
    "v3_statement_number": {"statement_number"},
    "numbers": AMOUNTS | {"cost", "quantity"},
    "v3_estimate_total": {"monthly_transaction_amount"},
    "v3_currency_code": {"currency_code"},
    "v3_field_names": {
        "product_name", "product_group", "product_line", "region", "usage_type",
        "ProductName", "ProductGroup", "ProductLine", "Region", "UsageType",
    },
    "v3_blanks": {"region", "usage_type"},
    "v3_product_line": {"product_line"},
    "v3_coupon": {"credit_coupon_code"},
    "v3_metric_names": {"name", "usage_type", "region"},
    "line_quantity": SCALED,
    "request_unit": SCALED,
    "bandwidth_unit": SCALED | {"unit"},
    "v3_metric_quantity": {"quantity", "usage_units"},
    "v3_metric_rows": {"rows"},
    "v3_metric_unit": {"unit"},
    "v3_metric_usage_type": {"usage_type"},
    "v3_usage_metrics": {"rows"},
    "v3_end_month": {"rows"},
    "v3_service_usage": {"data"},
    "accepted": {"body of a 202"},
    "rounding": AMOUNTS | MONEY | SHARES | {"recurring", "commit_shortfall"},
    "credit": CREDIT,
    "tax": AMOUNTS | {"cost", "lines"},
    "v3_correction": {"data", "total"},
    "discount": AMOUNTS | SHARES | {"cost", "lines", "commit_shortfall"},
    "v2_discount": {"discount"},
    "shortfall_name": {"description", "product_name"},
    "shortfall_base": AMOUNTS | {"cost", "commit_shortfall", "lines"},
    "v2_shortfall": {"commit_shortfall", "lines"},
    "v2_minimum": {"plan_minimum"},
    "v2_other_usage": MONEY | {"extras"},
    "v2_percentile": {"percentile", "percentile_cost", "discount_amount"},
    "v2_requests": {"requests", "total"},
    "v2_status": {"status"},
    "v2_vendor_state": {"vendor_state"},
    "v2_lines": {
        "units", "rate_per_unit", "usage_type_no", "usage_type_cd", "rate_schedule_no", "rate_schedule_tier_no",
    },
    "v2_voided": {"lines"},
}  # fmt: skip
ALONE = [(reading.key.partition(".")[2], value) for reading in READINGS for value in reading.values[1:]]


def v3_paths(client, name: str) -> Iterator[str]:
    yield f"{INVOICES}?limit=200&billing_start_date=2025-08-15"
    yield f"{INVOICES}?billing_start_date=2026-06-15&billing_end_date=2026-08-20"
    yield f"{INVOICES}?billing_end_date=2020-01-01"
    for month in ("2026-05", "2026-06"):
        for bill in client.sim.truth("fastly", name, month)[:1]:
            yield f"{INVOICES}/{bill.invoice_id}"
    yield from [f"{INVOICES}/month-to-date"] * 2
    yield f"{USAGE}?start_month=2026-05&end_month=2026-07"
    yield f"{USAGE}?start_month=2026-06&end_month=2026-06"
    yield "/billing/v3/service-usage-metrics?start_month=2026-06"


def v2_paths(client, name: str) -> Iterator[str]:
    yield from (f"/billing/v2/year/2026/month/{number:02d}" for number in range(1, 12))
    yield "/billing/v2/year/2026/month/6"
    customer = f"/billing/v2/account_customers/{client.customer_id(name)}"
    for bill in client.sim.truth("fastly", name, MONTH):
        yield f"{customer}/invoices/{bill.invoice_id}"
    yield from [f"{customer}/mtd_invoice"] * 2


def answers(client) -> list[tuple[str, int, Any]]:
    """Ask drawn customers for everything, the month-to-date twice: it is not ready at first."""
    client.sim.settings.estimate_asks = 1
    client.sim.set_now(client.sim.state.now().replace(day=1, month=11))
    asked = [(name, path) for name in V3 for path in v3_paths(client, name)]
    asked += [(name, path) for name in V2 for path in v2_paths(client, name)]
    replies = [(path, client.get(name, path)) for name, path in asked]
    return [
        (path, each.status, each.json if each.body.startswith((b"{", b"[")) else each.body) for path, each in replies
    ]


def differences(before: Any, after: Any, name: str) -> Iterator[str]:
    """Yield the names of the members that differ; a list of another length counts as one."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            if key not in before or key not in after:
                yield key
            else:
                yield from differences(before[key], after[key], key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        if before != after and sorted(map(str, before)) == sorted(map(str, after)):
            yield "lines in another order"
            return
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, name)
    elif repr(before) != repr(after):
        yield name


def changed(before: list[tuple[str, int, Any]], after: list[tuple[str, int, Any]]) -> set[str]:
    found = set()
    for (path, status, body), (_, other_status, other_body) in zip(before, after, strict=True):
        if status != other_status:
            found.add(f"status of {path}")
        elif status == 202:
            found |= {"body of a 202"} if body != other_body else set()
        else:
            usage = path.startswith(USAGE)
            names = set(differences(body, other_body, "data"))
            found |= {"rows" if usage and each == "data" else "lines" if each in LINES else each for each in names}
    return found


@pytest.fixture(scope="module")
def ordinary(module_client) -> list[tuple[str, int, Any]]:
    return answers(module_client({}, drawn=DRAWN, errors=False))


@pytest.mark.parametrize(("word", "value"), ALONE, ids=[f"{word}={value}" for word, value in ALONE])
def test_a_value_changes_what_it_names_and_nothing_else(reading_client, ordinary, word, value):
    after = answers(reading_client({f"fastly.{word}": value}, drawn=DRAWN, errors=False))
    found = changed(ordinary, after)
    assert found <= CHANGES[word]
    assert found or word == "v3_list_total", "the value has no effect"


def test_every_reading_is_told_what_it_may_change():
    assert set(CHANGES) == set(DEFAULTS)
