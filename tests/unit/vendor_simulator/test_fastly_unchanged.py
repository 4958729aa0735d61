"""Without any reading the demo's Fastly customers are answered the same bytes as ever: a change changes every demo."""

import hashlib
from collections.abc import Iterator

import pytest

INVOICES, USAGE = "/billing/v3/invoices", "/billing/v3/usage-metrics"
SERVICES = "/billing/v3/service-usage-metrics"
DIGESTS = {
    "acme-media": "ac2151fca044124a",
    "brett-verlag": "44a2c7839fd35e16",
    "young-shop": "641d971e784e33ee",
    "kumo-games": "fc80effb8ed0e7ef",
    "gulf-stream": "62627783b822f399",
    "titan-cloud": "4df91f20a9676d77",
    "bulk-5000-lines": "c639cf3ef099f05b",
    "legacy-press": "f344a492b782ad8f",
    "legacy-child": "30b8a21156e6f00c",
}


def v3(reader, name: str) -> Iterator[bytes]:
    """Yield the list, its newest invoices by id, and the month to date."""
    for page in (f"{INVOICES}?limit=100", f"{INVOICES}?billing_start_date=2026-08-15&billing_end_date=2026-09-30"):
        listing = reader.get(name, page)
        yield listing.body
        for row in listing.json["data"][:6]:
            yield reader.get(name, f"{INVOICES}/{row['invoice_id']}").body
    yield reader.get(name, f"{INVOICES}/month-to-date").body


def v2(reader, name: str) -> Iterator[bytes]:
    """Yield each month's bill in its three forms, the newest by id, and estimates."""
    for month in range(1, 12):
        path = f"/billing/v2/year/2026/month/{month:02d}"
        for form in ("application/json", "text/csv", "application/pdf"):
            yield reader.ask(path, reader.credential(name) | {"Accept": form}).body
    customer = f"/billing/v2/account_customers/{reader.customer_id(name)}"
    for bill in reader.sim.truth("fastly", name, "2026-09"):
        yield reader.get(name, f"{customer}/invoices/{bill.invoice_id}").body
    yield reader.get(name, f"{customer}/mtd_invoice").body
    yield reader.get(name, f"{customer}/mtd_invoice?year=2026&month=05").body


def answers(reader, name: str) -> Iterator[bytes]:
    yield from v2(reader, name) if name.startswith("legacy") else v3(reader, name)
    for month in ("2023-06", "2025-03", "2026-09"):
        yield reader.get(name, f"{USAGE}?start_month={month}&end_month={month}").body
        yield reader.get(
            name, f"{SERVICES}?start_month={month}&product_id=cdn_usage&usage_type_name=Europe%20Requests"
        ).body
        yield reader.get(name, f"{SERVICES}?start_month={month}&limit=2").body


@pytest.mark.parametrize("name", DIGESTS)
def test_the_demo_is_answered_what_it_always_was(reader, name):
    digest = hashlib.sha256()
    for body in answers(reader, name):
        digest.update(body)
    assert digest.hexdigest()[:16] == DIGESTS[name]
