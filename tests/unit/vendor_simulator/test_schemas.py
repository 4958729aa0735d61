"""Every operation's answers fit the contract's schemas, for every account."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMAS = Path(__file__).parents[2] / "contracts" / "schemas"
BILLING = "/api/v2/billing"
CHECKER = jsonschema.FormatChecker(formats=["date"])
NAMES = (
    ("acme-media", "brett-verlag", "young-shop", "kumo-games", "gulf-stream", "titan-cloud", "bulk-5000-lines"),
    ("legacy-press", "legacy-child"),
    ("nord-contact", "pacific-care", "sakura-support", "aurora-help"),
)


@CHECKER.checks("date-time", raises=ValueError)
def is_instant(value: object) -> bool:
    """Take the UTC form that both vendors write, and no other."""
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


@pytest.fixture(scope="module")
def fits() -> Callable[[str, Any], None]:
    """Check a JSON value against one of the schemas; nothing required may be missing, no type another."""
    validators: dict[str, jsonschema.Draft202012Validator] = {}

    def check(name: str, value: Any) -> None:
        if name not in validators:
            schema = json.loads((SCHEMAS / f"{name}.json").read_text())
            validators[name] = jsonschema.Draft202012Validator(schema, format_checker=CHECKER)
        validators[name].validate(value)
        unknown = set(value) - set(validators[name].schema["properties"])
        assert not unknown, f"{name} has members the contract does not know: {unknown}"

    return check


@pytest.mark.parametrize("name", NAMES[0])
def test_fastly_v3(reader, fits, name):
    page = reader.get(name, "/billing/v3/invoices", limit=9).json
    fits("fastly/v3_invoice_list", page)
    fits("fastly/v3_invoice", reader.get(name, f"/billing/v3/invoices/{page['data'][0]['invoice_id']}").json)
    fits("fastly/v3_mtd_invoice", reader.get(name, "/billing/v3/invoices/month-to-date").json)
    months = {"start_month": "2026-09", "end_month": "2026-11"}
    fits("fastly/v3_usage_metrics", reader.get(name, "/billing/v3/usage-metrics", **months).json)
    fits("fastly/v3_service_usage_metrics", reader.get(name, "/billing/v3/service-usage-metrics", **months).json)
    fits("fastly/v3_invoice_list", reader.get(name, "/billing/v3/invoices", billing_end_date="2020-01-01").json)
    fits("fastly/error_v3", reader.get(name, "/billing/v3/invoices/1").json)


@pytest.mark.parametrize("name", NAMES[1])
def test_fastly_v2(reader, fits, name):
    invoice = reader.get(name, "/billing/v2/year/2026/month/09").json
    customer = reader.customer_id(name)
    fits("fastly/v2_invoice", invoice)
    by_id = f"/billing/v2/account_customers/{customer}/invoices/{invoice['invoice_id']}"
    fits("fastly/v2_invoice", reader.get(name, by_id).json)
    fits("fastly/v2_invoice", reader.get(name, "/billing/v2/year/2026/month/11").json)
    fits("fastly/error_legacy", reader.get(name, "/billing/v2/year/2019/month/01").json)


def test_fastly_month_to_date_of_v2_and_what_precedes_it(client, fits):
    path = f"/billing/v2/account_customers/{client.customer_id('legacy-press')}/mtd_invoice"
    fits("fastly/v2_mtd_accepted", client.get("legacy-press", path).json)
    fits("fastly/v2_mtd_estimate", client.get("legacy-press", path).json)
    fits("fastly/v3_mtd_accepted", client.get("acme-media", "/billing/v3/invoices/month-to-date").json)


@pytest.mark.parametrize("name", NAMES[2])
def test_genesys_cloud(reader, fits, name):
    listing = reader.get(name, BILLING + "/contracts", pageSize=10).json
    contract = listing["entities"][0]
    fits("genesys_cloud/contract_listing", listing)
    fits("genesys_cloud/contract", reader.get(name, f"{BILLING}/contracts/{contract['id']}").json)
    for period in contract["billingPeriods"][:14]:  # the first is open
        path = f"{BILLING}/contracts/{contract['id']}/billingperiods/{period['id']}"
        fits("genesys_cloud/contract_billing_period", reader.get(name, path).json)
    invoices = reader.get(name, BILLING + "/contracts/invoices", pageSize=200).json
    fits("genesys_cloud/invoice_listing", invoices)
    invoice = f"{BILLING}/contracts/invoices/{invoices['entities'][0]['id']}"
    fits("genesys_cloud/invoice_line_listing", reader.get(name, invoice + "/lines").json)
    fits("genesys_cloud/invoice_document", reader.get(name, invoice + "/document").json)
    dates = {"startDate": "2026-10-01T00:00:00Z", "endDate": "2026-11-01T00:00:00.000Z"}
    report = reader.get(name, BILLING + "/reports/billableusage", **dates).json
    fits("genesys_cloud/billable_usage_report", report)
    organisation = next(o for o in reader.sim.world.accounts() if o["name"] == name)["organization_id"]
    for index in range(4):
        path = f"{BILLING}/trusteebillingoverview/{organisation}"
        fits("genesys_cloud/trustee_billing_overview", reader.get(name, path, billingPeriodIndex=index).json)


def test_genesys_cloud_login_and_errors(client, fits):
    fits("genesys_cloud/oauth_token", client.login("nord-contact").json)
    fits("genesys_cloud/oauth_error", client.login("nord-contact", secret="wrong").json)
    fits("genesys_cloud/error", client.get("nord-contact", BILLING + "/contracts/unknown").json)
    dates = {"startDate": "2026-10-01T00:00:00Z", "endDate": "2026-11-01T00:00:00Z"}
    report = client.get("nord-contact", BILLING + "/reports/billableusage", **dates).json
    fits("genesys_cloud/billable_usage_report", report)
    assert (report["status"], report["usages"]) == ("InProgress", [])
    client.sim.settings.rate_limit = 1
    fits("genesys_cloud/error", client.get("nord-contact", BILLING + "/contracts").json)
