"""
Read Genesys Cloud's billing through its official SDK and print what it understood, as JSON.

Runs in an environment that holds nothing but the SDK. Standard input: base_url, client_id, client_secret,
organization_id. Amounts are floats in the SDK: ``repr`` gives back the digits of any of up to 15.
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import PureCloudPlatformClientV2 as Genesys

Genesys.configuration.live_reload_config = False
OCTOBER = {"start_date": "2026-10-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"}


def read_all(call, size: int, *arguments) -> list:
    rows, after = [], None
    while True:
        page = call(*arguments, page_size=size, **({"after": after} if after else {}))
        rows += page.entities
        after = parse_qs(urlsplit(page.next_uri or "").query).get("after", [None])[0]
        if not after:
            return rows


def main() -> None:
    wanted = json.load(sys.stdin)
    client = Genesys.ApiClient(host=wanted["base_url"])
    client.get_client_credentials_token(wanted["client_id"], wanted["client_secret"])
    billing = Genesys.BillingApi(client)
    contracts = read_all(billing.get_billing_contracts, 10)
    invoices = read_all(billing.get_billing_contracts_invoices, 200)
    lines = {
        invoice.id: read_all(billing.get_billing_contracts_invoice_lines, 200, invoice.id)
        for invoice in invoices
        if str(invoice.date_invoiced) >= "2026-10-25"
    }
    contract = billing.get_billing_contract(contracts[0].id)
    period = billing.get_billing_contract_billingperiod(contract.id, contract.billing_periods[1].id)
    reports = [billing.get_billing_reports_billableusage(**OCTOBER) for _ in range(2)]
    overview = billing.get_billing_trusteebillingoverview_trustor_org_id(
        wanted["organization_id"], billing_period_index=1
    )
    document = billing.get_billing_contracts_invoice_document(invoices[0].id)
    json.dump(
        {
            "contracts": [each.id for each in contracts],
            "units": sorted({item.unit_of_measure for plan in contract.plans for item in plan.items}),
            "invoices": {each.id: repr(each.amount) for each in invoices},
            "statuses": sorted({each.payment_status for each in invoices}),
            "lines": {number: [repr(line.amount) for line in rows] for number, rows in lines.items()},
            "period": [str(period.date_start), str(period.date_end), period.status],
            "charges": [[charge.product.name, repr(charge.actual_quantity)] for charge in period.charges],
            "reports": [report.status for report in reports],
            "usages": {usage.name: usage.total_usage for usage in reports[-1].usages},
            "overview": [overview.currency, len(overview.usages), overview.subscription_type],
            "document": document.url,
        },
        sys.stdout,
    )


main()
