"""Which results hold for a month, and that none is ever lost."""

import pytest

from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.month import Month
from billing.storage.fetches import latest_fetch, reconciled_fetch


def finding(*states, severity="exception"):
    return Control(*("X1", "s", "accuracy", severity), lambda _: [Finding("I-1", state, "said") for state in states])


@pytest.fixture
def closed(ledger, make):
    """The fetch that October rests on, if it is closed."""

    def send(account="acme", month=make.month_key):
        with ledger.engine.connect() as connection:
            return reconciled_fetch(connection, "initech", account, month)

    return send


def test_the_month_points_at_the_results_in_force(ledger, make):
    for number, state in enumerate([State.PASS, State.EXCEPTION, State.PASS], start=1):
        ledger.controls = (finding(state),)
        ledger.store(make.month(make.invoice("1.00")))
        assert ledger.one("select reconciliation_id from billing.account_month") == number
    assert ledger.rows("select state from billing.control_result order by reconciliation_id") == [
        ("PASS",),
        ("EXCEPTION",),
        ("PASS",),
    ]


def test_a_reconciliation_names_its_fetch_run_and_code(ledger, make):
    ledger.store(make.month())
    ((fetch_id, run, version, inputs, results),) = ledger.rows(
        "select fetch_id, dag_run, code_version, inputs_sha256, results_sha256 from billing.reconciliation"
    )
    assert (fetch_id, run) == (1, "manual__1")
    assert version[0].isdigit()
    assert len(bytes(inputs)) == len(bytes(results)) == 32


def test_exact_numbers_and_nested_operands_are_stored_as_they_are(ledger, make):
    from decimal import Decimal

    operands = {"rate": Decimal("0.123456789"), "rows": [{"amount": Decimal("12345678901234567.10")}], "none": None}
    found = Finding("I-1", State.EXCEPTION, "said", expected=Decimal("1.10"), actual=Decimal("1E+3"), operands=operands)
    ledger.controls = (Control("X1", "s", "accuracy", "exception", lambda _: [found]),)
    ledger.store(make.month())
    assert ledger.rows("select expected::text, actual::text, operands::text from billing.control_result") == [
        ("1.10", "1000", '{"none": null, "rate": 0.123456789, "rows": [{"amount": 12345678901234567.10}]}')
    ]


def test_first_stored_stays_and_last_seen_moves(ledger, make):
    ledger.store(make.month(make.invoice("1.00")))
    first = ledger.rows("select first_stored_at, last_seen_at from billing.account_month")[0]
    ledger.store(make.month(make.invoice("1.00")))
    second = ledger.rows("select first_stored_at, last_seen_at from billing.account_month")[0]
    assert second[0] == first[0]
    assert second[1] > first[1]


def test_a_new_expected_currency_is_noted(ledger, make):
    ledger.store(make.month())
    ledger.reconcile(1, make.account(currency="EUR"))
    assert ledger.rows("select currency from billing.account_month") == [("EUR",)]


@pytest.mark.parametrize(
    ("states", "is_closed"),
    [
        ([State.PASS, State.PASS_WITHIN_ROUNDING, State.VARIANCE_TOLERATED, State.NOT_APPLICABLE], True),
        ([State.PASS, State.EXCEPTION], False),
        ([State.PASS, State.BLOCKED], False),
        ([], False),
    ],
)
def test_a_month_is_closed_once_nothing_is_open(ledger, make, closed, states, is_closed):
    ledger.controls = (finding(*states),) if states else ()
    ledger.store(make.month())
    assert closed() == (1 if is_closed else None)
    assert closed("other") is None
    assert closed(month=Month(2026, 9)) is None


@pytest.mark.parametrize(
    ("severity", "is_closed"),
    [(severity, False) for severity in ("exception", "hold", "blocked", "alert")]
    + [(severity, True) for severity in ("warning", "variance", "info")],
)
def test_a_warning_keeps_no_month_open(ledger, make, closed, severity, is_closed):
    """What is late is asked for again."""
    ledger.controls = (finding(State.PASS, State.EXCEPTION, severity=severity),)
    ledger.store(make.month())
    assert closed() == (1 if is_closed else None)


def test_a_month_whose_fetch_lacked_a_document_is_not_closed(ledger, make, closed):
    """The next run asks for it again, although everything else is reconciled."""
    ledger.controls = (finding(State.PASS),)
    ledger.readings["first"] = make.month(make.invoice("1.00"))
    for reason, is_closed in (("answered 503", False), ("", True)):
        fetch = ledger.begin()
        fetch.keep(ledger.response("first"))
        if reason:
            fetch.keep_missing_document("I-1", "pdf", reason)
        fetch_id = fetch.complete().fetch_id
        ledger.reconcile(fetch_id)
        assert closed() == (fetch_id if is_closed else None)


def test_a_month_that_opens_again_is_not_closed(ledger, make, closed):
    ledger.controls = (finding(State.PASS),)
    ledger.store(make.month())
    ledger.controls = (finding(State.EXCEPTION),)
    ledger.store(make.month())
    assert closed() is None


def test_the_latest_fetch_is_the_newest_whole_one_of_the_month(ledger, make):
    ledger.fetch("a")
    newest = ledger.fetch("a")
    ledger.fetch("a", account="other")
    ledger.fetch("a", month=Month(2026, 9))
    ledger.begin(purpose="month_to_date").complete()
    ledger.begin().keep(ledger.response("b"))  # never completed
    with ledger.engine.connect() as connection:
        assert latest_fetch(connection, "initech", "acme", make.month_key) == newest
        assert latest_fetch(connection, "initech", "nobody", make.month_key) is None
