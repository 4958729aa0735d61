"""Months end in the same results in whatever order they are stored; a second pass adds nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from billing.models import UsageLine, UsageReport
from billing.month import Month
from billing_vendors.fastly.controls.catalogue import CONTROLS
from billing_vendors.fastly.settings import FastlySettings

# the second looks at the first, the third at the first (a year on), the fourth at all: it bears the first's number
MONTHS = [Month(2025, 9), Month(2025, 10), Month(2026, 9), Month(2026, 10)]
RATES = {MONTHS[0]: "2", MONTHS[1]: "2", MONTHS[2]: "2.5", MONTHS[3]: "2.5"}
EVIDENCE_TABLES = ("record_version", "invoice", "invoice_line", "reconciliation", "control_result", "account_month")
CURRENT = """
    select m.month, r.inputs_sha256, r.results_sha256, c.position, c.control_id, c.subject, c.state, c.expected,
           c.actual, c.difference, c.bound, c.currency, c.operands, c.explanation, c.rule_sha256
    from billing.account_month m
    join billing.reconciliation r using (reconciliation_id)
    join billing.control_result c using (reconciliation_id)
    where m.account = %s order by m.month, c.position
"""


@pytest.fixture
def vendor(ledger, make):
    """Four months of a vendor, each with an invoice and usage; the first and the last share a statement number."""
    ledger.controls = CONTROLS
    return FourMonths(ledger, make)


class FourMonths:
    def __init__(self, ledger, make) -> None:
        self.ledger, self.make = ledger, make

    def account(self, name):
        return replace(self.make.account(name), first_month=MONTHS[0], settings=FastlySettings("xTRzc8Zo"))

    def month(self, name, month):
        rate, units = Decimal(RATES[month]), Decimal(month.month)
        line = self.make.line(
            1, str(rate * units), product="CDN", usage_type="requests", region="Europe", quantity=units, rate=rate
        )
        shared = month in (MONTHS[0], MONTHS[3])
        invoice = replace(
            self.make.invoice(invoice_id=f"I-{month}"),
            month=month,
            lines=(line,),
            total=line.amount,
            service_start=month.start,
            service_end=month.end,
            issued_at=month.end,
            statement_number="ST-1" if shared else f"ST-{month}",
        )
        usage = UsageLine(1, "CDN", units, region="Europe", usage_type="requests", raw_quantity=units * 10_000)
        report = UsageReport(f"usage_metrics/{month}", "usage_metrics", month, None, None, None, (usage,))
        return self.make.month(
            invoice, account=name, month=month, by_id={invoice.invoice_id: invoice}, usage_reports=(report,)
        )

    def fetch(self, name, months):
        """Read some months; give the fetches by month."""
        fetches = {}
        for month in months:
            fetches[month] = self.ledger.fetch(str(month), account=name, month=month)
        return fetches

    def derive(self, account, month, responses, _recall):
        """Read a month; an answer that says so holds the invoice at another rate."""
        account_month = self.month(account.name, month)
        if responses[0].json_object()["reading"] != "restated":
            return account_month
        (invoice,) = account_month.invoices
        dearer = replace(invoice.lines[0], rate=Decimal("2.6"), amount=Decimal("2.6") * month.month)
        return replace(account_month, invoices=(replace(invoice, lines=(dearer,), total=dearer.amount),))

    def reconcile(self, name, fetch_id):
        return self.ledger.reconcile(fetch_id, self.account(name), self.derive)

    def current(self, name):
        return [tuple(map(_comparable, row)) for row in self.ledger.rows(CURRENT, name)]

    def counts(self):
        return {table: self.ledger.one(f"select count(*) from billing.{table}") for table in EVIDENCE_TABLES}


def _comparable(value):
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.mark.long
def test_24_orders_of_storing_end_in_the_same_results(vendor):
    """Fetched in order and stored in any; fetched and stored in any."""
    wanted = None
    for number, order in enumerate(permutations(MONTHS)):
        for name, fetched in ((f"stored-{number}", MONTHS), (f"fetched-{number}", order)):
            fetches = vendor.fetch(name, fetched)
            for month in order:
                vendor.reconcile(name, fetches[month])
            wanted = wanted or vendor.current(name)
            assert vendor.current(name) == wanted, order
    states = {(str(row[0])[:7], row[4], row[6]) for row in wanted}
    assert ("2026-10", "F7", "EXCEPTION") in states
    assert ("2026-09", "F21", "BLOCKED") in states, "the month before it is not stored"
    assert ("2025-10", "F14", "PASS") in states


def test_a_second_pass_adds_no_row(vendor):
    """Neither over the same fetches nor over new ones of the same content, in any order."""
    fetches = vendor.fetch("acme", MONTHS)
    for month in reversed(MONTHS):
        vendor.reconcile("acme", fetches[month])
    before, results = vendor.counts(), vendor.current("acme")
    for again in (fetches, vendor.fetch("acme", MONTHS)):
        for month in (MONTHS[2], MONTHS[0], MONTHS[3], MONTHS[1]):
            done = vendor.reconcile("acme", again[month])
            assert (done.results_added, done.rerun, done.changes) == (False, (), ())
    assert (vendor.counts(), vendor.current("acme")) == (before, results)


def test_two_runs_at_the_same_time_end_in_the_same_results(vendor):
    wanted = vendor.fetch("sequential", MONTHS)
    for month in MONTHS:
        vendor.reconcile("sequential", wanted[month])
    fetches = vendor.fetch("parallel", MONTHS)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda month: vendor.reconcile("parallel", fetches[month]), reversed(MONTHS)))
    assert vendor.current("parallel") == vendor.current("sequential")


def test_a_late_month_is_followed_by_those_that_look_at_it(vendor):
    """The next month, the same month a year on, and one that shares a number: no other."""
    fetches = vendor.fetch("acme", MONTHS)
    for month in MONTHS[1:]:
        vendor.reconcile("acme", fetches[month])
    versions = vendor.counts()["record_version"]
    done = vendor.reconcile("acme", fetches[MONTHS[0]])
    assert done.rerun == (MONTHS[1], MONTHS[2], MONTHS[3])
    assert vendor.counts()["record_version"] == versions + 2, "an invoice and a usage report: nobody else's"


def test_a_restated_month_is_followed_by_the_next(vendor):
    fetches = vendor.fetch("acme", MONTHS)
    for month in MONTHS:
        vendor.reconcile("acme", fetches[month])
    done = vendor.reconcile("acme", vendor.ledger.fetch("restated", account="acme", month=MONTHS[2]))
    assert done.rerun == (MONTHS[3],)
    rate = [row for row in vendor.current("acme") if str(row[0])[:7] == "2026-10" and row[4] == "F14"]
    assert [row[6] for row in rate] == ["EXCEPTION"]


def test_an_overtaken_fetch_changes_no_result(vendor):
    """Two readings of a month, the later one stored first: the earlier adds its version of nothing."""
    early = vendor.fetch("acme", MONTHS[:1])[MONTHS[0]]
    late = vendor.fetch("acme", MONTHS[:1])[MONTHS[0]]
    vendor.reconcile("acme", late)
    before = vendor.ledger.dump()
    done = vendor.reconcile("acme", early)
    assert (done.results_added, done.changes) == (False, ())
    assert vendor.ledger.dump() == before


def test_a_month_that_cannot_be_rerun_does_not_hold_up_the_one_that_is_stored(vendor):
    """Its failure is raised when everything else is stored."""
    fetches = vendor.fetch("acme", MONTHS[:2])
    vendor.reconcile("acme", fetches[MONTHS[1]])
    altered = "update billing.payload set sha256 = sha256(body) where request = 'GET /invoices' and payload_id in"
    seen = f"(select payload_id from billing.payload_sighting where fetch_id = {fetches[MONTHS[1]]})"
    vendor.ledger.tamper("payload", f"{altered} {seen}")
    with pytest.raises(ExceptionGroup, match="internal error in the rerun of 2025-10"):
        vendor.reconcile("acme", fetches[MONTHS[0]])
    assert vendor.ledger.one("select count(*) from billing.account_month") == 2
