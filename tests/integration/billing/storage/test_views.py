"""What a reader of the database sees."""

from dataclasses import replace

import pytest

from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.month import Month

SUMMARY = (
    "vendor, account, month::text, currency, invoices, lines, total::text, "
    "passed, exceptions, warnings, blocked, not_applicable, status"
)
NONE = ("initech", "acme", "2026-10-01", "USD", 0, 0, "0")


def finding(*states, severity="exception"):
    """Make a control that finds these states."""
    return Control(
        *("X1", "statement", "accuracy", severity),
        lambda _: [Finding("I-1", state, "said by the test") for state in states],
    )


@pytest.fixture
def summary(ledger):
    return lambda: ledger.rows(f"select {SUMMARY} from billing.account_month_summary order by account, month, currency")


def test_a_month_that_was_never_stored_has_no_row(ledger, make, summary):
    ledger.fetch("first")
    assert summary() == []


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        ([State.PASS, State.PASS_WITHIN_ROUNDING, State.VARIANCE_TOLERATED], (3, 0, 0, 0, 0, "reconciled")),
        ([State.PASS, State.NOT_APPLICABLE], (1, 0, 0, 0, 1, "reconciled")),
        ([State.PASS, State.BLOCKED], (1, 0, 0, 1, 0, "blocked")),
        ([State.EXCEPTION, State.BLOCKED, State.PASS], (1, 1, 0, 1, 0, "exceptions")),
    ],
)
def test_the_status_is_the_worst_result(ledger, make, summary, states, counts):
    ledger.controls = (finding(*states),)
    ledger.store(make.month())
    assert summary() == [NONE + counts]


@pytest.mark.parametrize(
    ("severity", "counts"),
    [
        ("exception", (0, 1, 0, 1, 0, "exceptions")),
        ("hold", (0, 1, 0, 1, 0, "exceptions")),
        ("blocked", (0, 0, 0, 2, 0, "blocked")),
        ("alert", (0, 0, 1, 1, 0, "blocked")),
        ("warning", (0, 0, 1, 1, 0, "blocked")),
        ("variance", (0, 0, 1, 1, 0, "blocked")),
        ("info", (0, 0, 1, 1, 0, "blocked")),
    ],
)
def test_an_exception_counts_by_its_severity(ledger, make, summary, severity, counts):
    """What is blocked is blocked whatever the severity."""
    ledger.controls = (finding(State.EXCEPTION, State.BLOCKED, severity=severity),)
    ledger.store(make.month())
    assert summary() == [NONE + counts]


@pytest.mark.parametrize("severity", ["alert", "warning", "variance", "info"])
def test_a_month_with_warnings_alone_has_a_status_of_its_own(ledger, make, summary, severity):
    ledger.controls = (finding(State.EXCEPTION, severity=severity),)
    ledger.store(make.month())
    assert summary() == [(*NONE, 0, 0, 1, 0, 0, "warnings")]


def test_a_finding_may_have_a_severity_of_its_own(ledger, make, summary):
    late, missing = (Finding("2026-10", State.EXCEPTION, "said", severity=severity) for severity in ("alert", None))
    ledger.controls = (Control("X1", "statement", "accuracy", "exception", lambda _: [late, missing]),)
    ledger.store(make.month())
    assert summary() == [(*NONE, 0, 1, 1, 0, 0, "exceptions")]


def test_nothing_was_proved_where_no_control_ran(ledger, make, summary):
    ledger.store(make.month(make.invoice("1.00")))
    assert summary() == [("initech", "acme", "2026-10-01", "USD", 1, 1, "1.00", 0, 0, 0, 0, 0, "blocked")]


def test_invoices_of_one_currency_are_added_and_two_currencies_never(ledger, make, summary):
    ledger.controls = (finding(State.PASS),)
    bills = [
        make.invoice("10.00", "5.50"),
        make.invoice("1.001", invoice_id="I-2"),
        make.invoice("7.00", invoice_id="I-3", currency="EUR"),
        make.invoice("0.25", invoice_id="I-4", currency=None),  # billed in the account's
    ]
    ledger.store(make.month(*bills))
    result = (1, 0, 0, 0, 0, "reconciled")
    assert summary() == [
        ("initech", "acme", "2026-10-01", "EUR", 1, 1, "7.00", *result),
        ("initech", "acme", "2026-10-01", "USD", 3, 4, "16.751", *result),
    ]


def test_only_current_versions_of_the_month_and_account_count(ledger, make, summary):
    ledger.store(make.month(make.invoice("1.00", "1.00")))
    ledger.store(make.month(make.invoice("9.00")), "second")
    september = Month(2026, 9)
    ledger.store(make.month(make.invoice("3.00", invoice_id="I-9", month=september), month=september), "september")
    ledger.store(make.month(make.invoice("4.00", invoice_id="I-1"), account="other"), "other")
    assert [row[1:7] for row in summary()] == [
        ("acme", "2026-09-01", "USD", 1, 1, "3.00"),
        ("acme", "2026-10-01", "USD", 1, 1, "9.00"),
        ("other", "2026-10-01", "USD", 1, 1, "4.00"),
    ]


def test_only_the_results_in_force_count(ledger, make, summary):
    ledger.controls = (finding(State.EXCEPTION, State.EXCEPTION),)
    ledger.store(make.month())
    ledger.controls = (finding(State.PASS),)
    ledger.reconcile(1)
    assert summary() == [(*NONE, 1, 0, 0, 0, 0, "reconciled")]


def test_current_views_show_each_record_once_and_all_its_rows(ledger, make):
    first = make.invoice("1.00", "2.00", "3.00")
    ledger.store(make.month(first))
    ledger.store(make.month(replace(first, lines=first.lines[:2])), "second")
    assert ledger.rows("select vendor, account, invoice_id, version from billing.current_invoice") == [
        ("initech", "acme", "I-1", 2)
    ]
    lines = (
        "select vendor, account, position, amount::text, version from billing.current_invoice_line order by position"
    )
    assert ledger.rows(lines) == [("initech", "acme", 1, "1.00", 2), ("initech", "acme", 2, "2.00", 2)]


def test_every_table_of_versions_has_its_current_view(ledger):
    views = {name for (name,) in ledger.rows("select viewname from pg_views where schemaname = 'billing'")}
    versioned = ledger.rows(
        "select table_name from information_schema.columns where table_schema = 'billing' "
        "and column_name = 'record_key' "
        "and table_name in (select tablename from pg_tables where schemaname = 'billing')"
    )
    # accruals name the version they rest on, which need not be the current one
    naming = {"record", "record_version", "payment_status", "reading", "withdrawal", "accrual_part", "true_up_document"}
    nouns = {name for (name,) in versioned} - naming
    assert views == {f"current_{name}" for name in nouns} | {
        "current_payment_status",
        "withdrawn_invoice",
        "current_control_result",
        "current_finding",
        "current_accrual",
        "accrual_ledger",
        "accrual_quality",
        "account_month_status",
        "account_month_summary",
        "account_month_content",
        "closed_month",
    }


def test_the_summary_of_one_month_reads_no_table_whole(ledger, make):
    """With the rows of three years of many accounts there, each step goes by an index."""
    ledger.store(make.month(make.invoice("1.00")))
    plan = "\n".join(
        row
        for (row,) in ledger.rows(
            "set enable_seqscan = off; explain select * from billing.account_month_summary "
            "where vendor = 'initech' and account = 'acme' and month = '2026-10-01'"
        )
    )
    assert "Seq Scan" not in plan, plan
