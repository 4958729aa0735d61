"""Journal entries balance, sum to the accrual ledger, and lose nothing that no rule fits."""

import csv
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from billing.errors import ConfigurationError, ExportStopped
from billing.export.journal import Entry, check_balanced, export_journal
from billing.export.ledger_accounts import LedgerAccount, load_ledger_accounts
from billing.export.terms import ExportTerms
from billing.month import Month

MAPPING = """
accounts: {payable: "2000", accrued: "2150", unmapped: "6999", true_up: "6290"}
rules:
- {vendor: initech, product: Bandwidth, ledger_account: "6210", cost_centre: CC-1}
- {vendor: initech, service: Support, ledger_account: "6220"}
"""


@pytest.fixture
def journal(ledger, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")

    def of(month):
        with ledger.engine.begin() as connection:
            places, _ = export_journal(
                connection, {"initech": ExportTerms()}, load_ledger_accounts(mapping), month, tmp_path
            )
        entries, unmapped = (
            list(csv.DictReader((tmp_path / place).open(encoding="utf-8", newline=""))) for place in places
        )
        return SimpleNamespace(entries=entries, unmapped=unmapped)

    return of


def amounts(found, entry):
    """Debits above zero, credits below, by account."""
    return {
        (row["ledger_account"], row["cost_centre"]): Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        for row in found.entries
        if row["entry"] == entry
    }


def accrue(ledger, amount, actual):
    """An accrual of October that a bill of November reverses."""
    ledger.rows(
        "insert into billing.accrual (vendor, account, month, state, basis, currency, amount, as_of, extrapolated, "
        "cut_off, explanation, inputs_sha256, dag_run, recorded_at) values ('initech', 'acme', '2026-10-01', "
        f"'PROPOSED', 'said by the test', 'USD', {amount}, now(), false, now(), '', sha256(''), 'run', '2026-11-01');"
        "insert into billing.accrual_reversal select accrual_id, 'billed', '2026-11-01', -amount, 'run', '2026-11-03' "
        "from billing.accrual; insert into billing.true_up (accrual_id, currency, actual, amount, explanation, "
        f"dag_run, recorded_at) select accrual_id, 'USD', {actual}, {actual} - amount, '', 'run', '2026-11-03' "
        "from billing.accrual"
    )


def test_accrual_reversal_bill_and_true_up(ledger, make, journal):
    lines = (
        make.line(1, "90.00", product="Bandwidth"),
        make.line(2, "7.50", product="Platinum", product_group="Support"),
        make.line(3, "12.50", product="Other"),
    )
    issued = datetime(2026, 11, 2, tzinfo=UTC)
    invoice = replace(make.invoice("1"), lines=lines, total=Decimal("110.00"), issued_at=issued)
    ledger.store(make.month(invoice))
    accrue(ledger, "100.00", "110.00")

    october, november = journal(Month(2026, 10)), journal(Month(2026, 11))
    assert amounts(october, "accrual") == {("6999", ""): 100, ("2150", ""): -100}
    assert amounts(november, "reversal") == {("6999", ""): -100, ("2150", ""): 100}
    assert amounts(november, "bill") == {
        ("6210", "CC-1"): Decimal("90.00"),
        ("6220", ""): Decimal("7.50"),
        ("6999", ""): Decimal("12.50"),
        ("2000", ""): Decimal("-110.00"),
    }
    assert amounts(november, "true_up") == {("6290", ""): 10, ("6999", ""): -10}
    assert [(row["product"], row["amount"]) for row in november.unmapped if row["invoice_id"]] == [("Other", "12.5")]


def test_each_version_and_withdrawal_posts_what_it_changes(ledger, make, journal):
    """The sums by invoice are those of the ledger that finance reads."""
    ledger.store(make.month(make.invoice("10.00", "5.00"), make.invoice("3.00", invoice_id="I-2")))
    ledger.store(
        make.month(make.invoice("10.00", "7.00", total="17.01"), make.invoice("3.00", invoice_id="I-2")), "restated"
    )
    ledger.store(make.month(make.invoice("3.00", invoice_id="I-2")), "withdrawn")
    found = journal(Month.of(datetime.now(UTC)))
    payable = defaultdict(Decimal)
    for row in found.entries:
        if row["ledger_account"] == "2000":
            payable[row["invoice_id"]] -= Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    booked = "select invoice_id, sum(amount) from billing.accrual_ledger where entry = 'actual' group by 1"
    assert payable == dict(ledger.rows(booked)) == {"I-1": 0, "I-2": 3}
    by_entry = [
        (row["entry"], row["debit"] or f"-{row['credit']}") for row in found.entries if row["invoice_id"] == "I-1"
    ]
    assert sorted(by_entry) == [
        *[("bill", "-15.0"), ("bill", "-2.01"), ("bill", "15.0"), ("bill", "2.01")],
        *[("withdrawal", "-17.01"), ("withdrawal", "17.01")],
    ]


def test_an_entry_has_every_digit(ledger, make, journal):
    long = "12345678901234567890123456.123456789012345"
    ledger.store(make.month(make.invoice(long)))
    entries = journal(Month.of(datetime.now(UTC))).entries
    assert sorted((row["debit"], row["credit"]) for row in entries) == [("", long), (long, "")]


def test_debits_equal_credits_in_each_entry(ledger, make, journal):
    ledger.store(make.month(make.invoice("10.00", "-5.00", "0.005", total="5.01")))
    sums = defaultdict(Decimal)
    for row in journal(Month.of(datetime.now(UTC))).entries:
        sums[row["entry_id"], row["currency"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert sums
    assert not any(sums.values())


def test_an_entry_that_does_not_balance_stops_the_export():
    amounts = {LedgerAccount("6200"): Decimal("10.00"), LedgerAccount("2000"): Decimal("-9.99")}
    day = datetime(2026, 10, 1, tzinfo=UTC).date()
    entry = Entry("bill-1-1", "bill", day, "initech", "acme", day, "I-1", "USD", amounts)
    with pytest.raises(ExportStopped, match=r"bill-1-1: debits less credits are 0\.01 USD"):
        check_balanced([entry])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "should be keys and values"),
        ("{accounts: {payable: '1', accrued: '2'}, rules: []}", "unmapped is missing"),
        ("{accounts: {payable: 1, accrued: '2', unmapped: '3'}, rules: []}", "payable 1 should be a text"),
        ("{accounts: {payable: '1', accrued: '2', unmapped: '3'}, rules: [{sku: x}]}", "rule 1: unknown sku"),
        ("{accounts: {payable: '1', accrued: '2', unmapped: '3'}, rules: {}}", "rules should be a list"),
        ("{", "cannot be read"),
    ],
)
def test_a_mapping_that_is_wrong_is_named(tmp_path, text, said):
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        load_ledger_accounts(path)
