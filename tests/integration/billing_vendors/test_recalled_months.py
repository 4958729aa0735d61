"""Months in which some invoices are recalled by their texts: rows, results and certificates as of a full derivation."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.ledger import ledger
from tests.unit.billing_vendors.genesys_cloud.conftest import make_account, stored
from tests.unit.billing_vendors.genesys_cloud.test_derive import a_month

from billing.certificate.sources import Subject, stored_statement
from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.response import Response
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.payloads import Fetch
from billing_vendors.fastly import endpoints, parse
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.fastly.vendor import FASTLY
from billing_vendors.genesys_cloud import derive as genesys_derive
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD

__all__ = ["ledger"]

OCTOBER = Month(2026, 10)
CODE, OTHER_CODE = bytes(32), bytes(range(32))
PRODUCTS = ("Bandwidth", "Requests", "Compute")
"""What a month is, regardless of when and under which key it was stored."""
ROWS = {
    "versions": (
        "select r.record_type, r.record_id, r.withdrawn, r.current_version, v.version, v.cause, "
        "encode(v.content_sha256, 'hex') from billing.record r join billing.record_version v using (record_key)"
    ),
    "lines": (
        "select r.record_id, l.version, l.position, l.description, l.amount::text, l.quantity::text, l.rate::text, "
        "l.product, l.region, l.attributes::text "
        "from billing.record r join billing.invoice_line l using (record_key)"
    ),
    "invoices": (
        "select i.invoice_id, i.version, i.month, i.period_evidence, i.total::text, i.attributes::text "
        "from billing.record r join billing.invoice i using (record_key)"
    ),
    "withdrawals": (
        "select r.record_id, w.version, w.withdrawn from billing.record r join billing.withdrawal w using (record_key)"
    ),
}


def line(number, amount):
    product = PRODUCTS[number % len(PRODUCTS)]
    return {"description": product, "amount": amount, "rate": 0.5, "units": amount * 2, "product_name": product,
            "region": f"R{number % 2}", "usage_type": product.lower()}  # fmt: skip


def bill(number, *amounts, month="10"):
    return {
        "customer_id": "ours",
        "invoice_id": str(number),
        "invoice_posted_on": f"2026-{int(month) + 1}-02T00:00:00Z",
        "billing_start_date": f"2026-{month}-01T00:00:00Z",
        "billing_end_date": f"2026-{month}-28T23:59:59Z",
        "currency_code": "USD",
        "monthly_transaction_amount": sum(amounts),
        "transaction_line_items": [line(place, amount) for place, amount in enumerate(amounts)],
    }


def response_of(operation, request, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(operation, request, 200, "application/json", body, datetime.now(UTC))


class Vendor:
    """A vendor whose answers a test edits; each fetch is reconciled for two accounts, of which one recalls nothing."""

    vendor = FASTLY
    month_key = OCTOBER

    def __init__(self, ledger):
        self.ledger = ledger
        self.code = CODE
        self.late = []

    def account(self, name):
        raise NotImplementedError

    def responses(self):
        raise NotImplementedError

    def month(self, accounts=("recalls", "parses")):
        """Fetch and reconcile for both accounts; then what was fetched before and is reconciled late."""
        for name, fetch_id in [*self.fetched(accounts), *self.late]:
            derive = self.vendor.load_implementation().derive
            rules = Rules(derive, self.vendor.controls(), code_sha256=self.code)
            reconcile_month(self.ledger.engine, rules, self.account(name), fetch_id, force=name == "parses")
        self.late = []
        return self

    def fetched(self, accounts=("recalls", "parses")):
        """Fetch for both accounts; give the account and fetch of each."""
        responses, fetches = list(self.responses()), []
        for name in accounts:
            names = {"vendor": self.vendor.name, "account": name, "month": self.month_key, "dag_run": "manual__1"}
            fetch = Fetch(self.ledger.engine, self.ledger.folder, purpose="month", **names)
            for response in responses:
                fetch.keep(response)
            fetches.append((name, fetch.complete().fetch_id))
        return fetches

    def stored(self, account):
        found = {
            name: sorted(self.ledger.rows(f"{query} where account = %s", account), key=repr)
            for name, query in ROWS.items()
        }
        with self.ledger.engine.connect() as connection:
            statement = stored_statement(connection, Subject(self.vendor.name, account, self.month_key))
        return found | {name: statement[name] for name in ("controls", "invoices", "usage_reports", "responses")}

    def check(self):
        """Compare both accounts."""
        recalled, parsed = self.stored("recalls"), self.stored("parses")
        for name in parsed:
            assert recalled[name] == parsed[name], name

    def change_code(self, chance):
        self.code = chance.choice([CODE, OTHER_CODE])

    def be_late(self, _chance):
        self.late = self.fetched()


class Fastly(Vendor):
    def __init__(self, ledger):
        super().__init__(ledger)
        self.rows = [bill(number, 10 + number, 20, 30) for number in range(4)] + [bill(9, 5, month="09")]
        self.by_id = {}
        self.usage = {"Bandwidth": 100}
        self.customer = "ours"

    def account(self, name):
        return Account("fastly", name, "c", "USD", OCTOBER, 5, FastlySettings(self.customer))

    def responses(self):
        listing = {"data": self.rows, "meta": {"total": len(self.rows), "next_cursor": ""}}
        yield response_of(endpoints.V3_LIST, "GET /billing/v3/invoices", listing)
        for row in self.rows:
            if row["billing_start_date"].startswith("2026-10"):
                number = row["invoice_id"]
                body = self.by_id.get(number, json.dumps(row).encode())
                yield response_of(endpoints.V3_INVOICE, f"GET /billing/v3/invoices/{number}", body)
        metrics = [
            {"month": "2026-10", "name": name, "usage_type": name.lower(), "quantity": quantity, "product_id": name}
            for name, quantity in self.usage.items()
        ]
        yield response_of(endpoints.V3_USAGE, "GET /billing/v3/usage-metrics", {"data": metrics})

    # -- edits

    def change(self, chance):
        row = chance.choice(self.rows)
        row["transaction_line_items"][0]["amount"] += chance.choice([-1, 1])

    def reorder(self, chance):
        chance.choice(self.rows)["transaction_line_items"].reverse()

    def reorder_list(self, chance):
        chance.shuffle(self.rows)

    def repeat(self, chance):
        self.rows.append(copied(chance.choice(self.rows)))

    def withdraw(self, chance):
        if len(self.rows) > 1:
            self.rows.remove(chance.choice(self.rows))

    def add(self, chance):
        number = chance.randrange(8)
        if str(number) not in {row["invoice_id"] for row in self.rows}:
            self.rows.append(bill(number, 10 + number, 20, 30))

    def write_differently(self, chance):
        row = chance.choice(self.rows)
        self.by_id[row["invoice_id"]] = json.dumps(row, indent=1).encode()

    def contradict(self, chance):
        row = chance.choice(self.rows)
        self.by_id[row["invoice_id"]] = json.dumps(row | {"statement_number": chance.randrange(3)}).encode()

    def write_alike(self, _chance):
        self.by_id.clear()

    def send_unknown(self, chance):
        row = chance.choice([*self.rows, self.rows[0]["transaction_line_items"][0]])
        row["surprise"] = chance.choice([1.50, "x", True, None, [1, 1.0]])

    def meter(self, chance):
        self.usage[chance.choice(PRODUCTS)] = chance.randrange(200)

    def change_usage(self):
        self.usage["Bandwidth"] += 1

    def move(self, chance):
        chance.choice(self.rows)["billing_start_date"] = chance.choice(["2026-10-01T00:00:00Z", "2026-09-01T00:00:00Z"])

    edits = (
        *(change, reorder, reorder_list, repeat, withdraw, add, move),
        *(write_differently, contradict, write_alike, send_unknown, meter, Vendor.change_code, Vendor.be_late),
    )


class GenesysCloud(Vendor):
    vendor = GENESYS_CLOUD
    month_key = Month(2025, 1)

    def __init__(self, ledger):
        super().__init__(ledger)
        self.answers = {each.operation: json.loads(each.body) for each in reversed(a_month())}
        (first,) = [row for row in self.answers["invoices"]["entities"] if row["id"] == "INV00501234"]
        others = [first | {"id": f"INV{number}"} for number in range(3)]
        self.answers["invoices"]["entities"] = [first, *others]
        lines = self.answers["invoice_lines"]["entities"]
        self.lines = {row["id"]: copied(lines) for row in [first, *others]}
        self.pages = 1

    def account(self, name):
        return replace(make_account(), name=name)

    def responses(self):
        for response in a_month():
            if response.operation != "invoice_lines":
                yield replace(response, body=json.dumps(self.answers[response.operation]).encode())
        for row in {row["id"]: row for row in self.answers["invoices"]["entities"]}.values():
            yield from self.line_pages(row["id"])

    def line_pages(self, invoice_id):
        lines, path = self.lines[invoice_id], f"/contracts/invoices/{invoice_id}/lines?pageSize=200"
        size = -(-len(lines) // self.pages) or 1
        for page in range(self.pages):
            more = {"nextUri": f"{path}&after={page + 1}"} if page + 1 < self.pages else {}
            asked = f"{path}&after={page}" if page else path
            yield stored("invoice_lines", asked, {"entities": lines[page * size : (page + 1) * size]} | more)

    def some(self, chance):
        """Return the lines of some listed invoice."""
        return self.lines[chance.choice(self.answers["invoices"]["entities"])["id"]]

    def change(self, chance):
        chance.choice(self.some(chance))["amount"] += 1

    def reorder(self, chance):
        self.some(chance).reverse()

    def repeat(self, chance):
        lines = self.some(chance)
        lines.append(copied(lines[0]))

    def drop_an_id(self, chance):
        chance.choice(self.some(chance))["id"] = "other"

    def send_unknown(self, chance):
        row = chance.choice([self.answers["invoices"]["entities"][0], self.some(chance)[0]])
        row["surprise"] = chance.choice([1.50, "x", True, None, [1, 1.0]])

    def pay(self, chance):
        chance.choice(self.answers["invoices"]["entities"])["paymentStatus"] = chance.choice(["Paid", "Unpaid"])

    def withdraw(self, chance):
        rows = self.answers["invoices"]["entities"]
        rows.remove(chance.choice(rows[1:] or rows[:1]))

    def add(self, chance):
        rows = self.answers["invoices"]["entities"]
        known = sorted(set(self.lines) - {row["id"] for row in rows})
        if known:
            rows.append(rows[0] | {"id": chance.choice(known)})

    def turn_pages(self, chance):
        self.pages = chance.choice([1, 2, 3])

    def agree(self, chance):
        """Change the contract, on which the month of each invoice depends."""
        self.answers["contract"]["status"] = chance.choice(["Active", "Ended"])

    def move(self, chance):
        chance.choice(self.answers["invoices"]["entities"])["dateInvoiced"] = chance.choice(
            ["2025-02-01", "2025-03-01"]
        )

    edits = (
        *(change, reorder, repeat, drop_an_id, send_unknown, pay, withdraw, add, turn_pages, agree, move),
        *(Vendor.change_code, Vendor.be_late),
    )


def copied(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("kind", [Fastly, GenesysCloud])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))])
def test_any_edits_give_what_a_full_derivation_gives(ledger, kind, seed):
    chance, vendor = random.Random(seed), kind(ledger)  # noqa: S311 (not a secret)
    vendor.month().check()
    for _ in range(12):
        for edit in chance.choices(vendor.edits, k=chance.randrange(1, 4)):
            edit(vendor, chance)
        vendor.month().check()


@pytest.fixture
def vendor(ledger):
    return Fastly(ledger)


@pytest.fixture
def parsed(vendor, monkeypatch):
    """Let the month be fetched again; return the invoices that had to be parsed for the account that recalls."""
    usual = parse.parse_invoice

    def month():
        found = []

        def spy(row, unknown_fields):
            found.append(invoice := usual(row, unknown_fields))
            return invoice

        monkeypatch.setattr(parse, "parse_invoice", spy)
        vendor.month(["recalls"])
        monkeypatch.setattr(parse, "parse_invoice", usual)
        vendor.month(["parses"])
        vendor.check()
        return sorted(invoice.invoice_id for invoice in found)

    return month


def test_only_a_changed_invoice_is_parsed_again(vendor, parsed):
    assert parsed() == ["0", "1", "2", "3"]
    vendor.rows[2]["transaction_line_items"][0]["amount"] = 11
    assert parsed() == ["2"]
    del vendor.rows[2]["transaction_line_items"][0]
    vendor.rows[1]["transaction_line_items"].reverse()
    assert parsed() == ["1", "2"]


def test_another_text_of_the_same_content_is_parsed_once(vendor, parsed):
    parsed()
    vendor.by_id["1"] = json.dumps(vendor.rows[1], indent=1).encode()
    assert (parsed(), vendor.change_usage(), parsed()) == (["1"], None, [])


def test_changed_usage_is_judged_without_parsing_an_invoice(vendor, parsed, ledger):
    """The lines are recalled, and F12 compares them with what was metered this time."""
    parsed()
    query = (
        "select expected from billing.current_control_result "
        "where account = 'recalls' and control_id = 'F12' and state = 'EXCEPTION' order by 1"
    )
    before = ledger.rows(query)
    vendor.change_usage()
    assert parsed() == []
    assert ledger.rows(query) != before


@pytest.mark.parametrize("change", ["code", "settings"])
def test_other_code_or_settings_recall_nothing(vendor, parsed, change):
    """A changed setting is part of the hash of the code."""
    parsed()
    vendor.code = OTHER_CODE
    vendor.customer = "ours" if change == "code" else "another"
    assert parsed() == ["0", "1", "2", "3"]
    vendor.rows.reverse()
    assert parsed() == []


def test_only_the_lines_of_a_changed_invoice_are_read_again(ledger, monkeypatch):
    """Of Genesys Cloud, where header, contracts and month decide as well."""
    vendor, read, usual = GenesysCloud(ledger), [], genesys_derive.read_lines

    def spy(invoice_id, *rest):
        read.append(invoice_id)
        return usual(invoice_id, *rest)

    def month():
        read.clear()
        monkeypatch.setattr(genesys_derive, "read_lines", spy)
        vendor.month(["recalls"])
        monkeypatch.setattr(genesys_derive, "read_lines", usual)
        vendor.month(["parses"]).check()
        return sorted(set(read))

    everything = ["INV0", "INV00501234", "INV1", "INV2"]
    assert month() == everything
    vendor.lines["INV1"][0]["amount"] += 1
    assert month() == ["INV1"]
    vendor.answers["contract"]["status"] = "Ended"
    assert month() == everything


def test_a_text_that_was_reconciled_too_late_is_no_reading_of_the_version_in_force(vendor):
    vendor.month()
    amounts = vendor.rows[0]["transaction_line_items"][0]
    amounts["amount"] = 11
    vendor.be_late(None)
    amounts["amount"] = 12
    vendor.month()
    amounts["amount"] = 11
    vendor.month().check()


def test_rows_that_were_changed_behind_our_back_are_not_recalled(vendor, ledger):
    """Other code derives what was stored, finds rows of another content, and does not remember them."""
    vendor.month()
    ledger.tamper("invoice_line", "update billing.invoice_line set amount = 1 where position = 1")
    vendor.code = OTHER_CODE
    for usage in (1, 2):
        vendor.usage["Bandwidth"] = usage
        vendor.month()
    query = "select expected from billing.current_control_result where account = 'recalls' and control_id = 'F1'"
    assert {lines for (lines,) in ledger.rows(query)} == {Decimal(60 + number) for number in range(4)}
