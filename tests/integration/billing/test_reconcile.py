"""From stored answers to stored proof, through a real database."""

import ast
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import billing
from billing.content_hash import content_sha256
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.errors import PayloadError, StorageError
from billing.models import AccountMonth, Invoice, InvoiceLine
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.storage.stored_months import previous_invoices
from billing_vendors.fastly.controls.f01_footing import F1
from billing_vendors.fastly.controls.f04_calendar_month import F4
from billing_vendors.fastly.controls.f20_restatement import F20

OCTOBER = Month(2026, 10)
ARCHIVE = ("fetch", "payload", "payload_sighting")


def derive(_account, month, responses, _recall):
    """Read a JSON document of one invoice, as a vendor's parser does."""
    document = JsonObject(responses[0].json_object(), "invoice I-1")
    lines = tuple(
        InvoiceLine(
            position,
            row.text("text"),
            row.number("amount"),
            quantity=row.number_or_none("units"),
            rate=row.number_or_none("rate"),
            attributes=row.rest(),
        )
        for position, row in enumerate(document.objects("lines"), start=1)
    )
    total = document.number("total")
    bill = Invoice("I-1", month, "as asked", total, "USD", lines, attributes=document.rest())
    return AccountMonth("initech", "acme", month, (bill,))


@pytest.fixture
def said(ledger):
    """Let the vendor say a JSON document, and reconcile it."""

    def say(body):
        fetch = ledger.begin()
        fetch.keep(ledger.response("", body=body.encode()))
        return ledger.reconcile(fetch.complete().fetch_id, derive=derive)

    return say


# -- digits


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("12345678901234567.89", "12345678901234567.89"),  # 17 digits: a float would give ….890625
        ("0.123456789", "0.123456789"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
        ("0.10", "0.10"),
        ("100.000", "100.000"),
        ("-7.50", "-7.50"),
        ("1E+3", "1000"),
        ("1.5e-7", "0.00000015"),
        ("0", "0"),
        ("0.00", "0.00"),
        ("-0", "0"),
        ("-0.00", "0.00"),  # numeric knows no negative zero: the value is the same, the payload keeps the sign
    ],
)
def test_every_digit_goes_from_json_to_numeric_and_back(ledger, said, written, stored):
    """Compared with plain SQL, as text; also in members that nobody knows, within jsonb."""
    said(
        f'{{"total": {written}, "unknown": {written},'
        f' "lines": [{{"text": "a", "amount": {written}, "units": {written}, "rate": {written}, "new": [{written}]}}]}}'
    )
    assert ledger.rows("select total::text, attributes ->> 'unknown' from billing.current_invoice") == [
        (stored, stored)
    ]
    columns = "amount::text, quantity::text, rate::text, attributes -> 'new' ->> 0"
    assert ledger.rows(f"select {columns} from billing.current_invoice_line") == [(stored,) * 4]
    said('{"total": 9999, "lines": []}')
    with ledger.engine.connect() as connection:
        now = AccountMonth("initech", "acme", OCTOBER, (Invoice("I-1", OCTOBER, "", Decimal(9999), "USD", ()),))
        invoice = previous_invoices(connection, now)["I-1"]
    for number in (invoice.total, invoice.lines[0].amount, invoice.lines[0].quantity, invoice.lines[0].rate):
        assert type(number) is Decimal
        assert format(number, "f") == stored
    stored_hash = ledger.one("select content_sha256 from billing.record_version where version = 1")
    assert bytes(stored_hash) == content_sha256(invoice)


AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: abs(number.as_tuple().exponent) <= 38 and number.adjusted() < 38
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(AMOUNTS, min_size=1, max_size=5))
def test_any_amounts_add_up_in_the_database_as_they_do_for_the_control(ledger, said, amounts):
    """The sum by SQL is the sum that F1 stored, to the last digit."""
    ledger.controls = (F1,)
    lines = ",".join(f'{{"text": "a", "amount": {amount}}}' for amount in amounts)
    said(f'{{"total": 0, "lines": [{lines}]}}')
    by_sql = ledger.one("select sum(amount) from billing.current_invoice_line")
    assert ledger.one("select expected from billing.current_control_result") == by_sql


@pytest.mark.parametrize(
    "body",
    [
        '{"total": 1E+999999, "lines": []}',
        '{"total": 1, "lines": [], "new": 1E+999999}',
        '{"total": NaN, "lines": []}',
        '{"total": Infinity, "lines": []}',
        '{"total": 1, "total": 2, "lines": []}',
        '{"total": 1, "lines": [{"text": "\\u0000", "amount": 1}]}',
        '{"total": 1, "lines": [',
    ],
)
def test_an_ambiguous_answer_is_not_kept(ledger, said, body):
    empty = ledger.dump()
    with pytest.raises(PayloadError, match="GET /invoices"):
        said(body)
    assert ledger.dump() == empty


@pytest.mark.parametrize(
    "body",
    [
        '{"total": 1, "lines": [{"text": "a", "amount": 1E-41}]}',
        '{"total": "one", "lines": []}',
        '{"lines": []}',
    ],
)
def test_an_answer_of_another_shape_is_kept_and_nothing_is_derived(ledger, said, body):
    empty = ledger.dump(without=ARCHIVE)
    with pytest.raises(PayloadError):
        said(body)
    assert ledger.dump(without=ARCHIVE) == empty
    assert ledger.one("select size from billing.payload") == len(body)


def test_there_is_no_float_in_the_package():
    """Neither the type nor a literal, but for the seconds of a ``Retry-After`` and for how alike two names are."""
    root = Path(billing.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Name) and node.id == "float"
            if named or (isinstance(node, ast.Constant) and isinstance(node.value, float)):
                found.append(f"{path.relative_to(root)}:{node.lineno}")
    assert {place.split(":")[0] for place in found} <= {"errors.py", "names.py"}, found
    assert len(list(root.rglob("*.py"))) > 30


# -- proof


def test_a_month_is_derived_stored_and_proved(ledger, make):
    ledger.controls = (F1, F4, F20)
    done = ledger.store(make.month(make.invoice("10.00", "5.00", total="15.01")))
    assert (done.invoices, done.lines, done.results_added) == (1, 2, True)
    assert done.states == {"PASS_WITHIN_ROUNDING": 1, "BLOCKED": 1, "PASS": 1}
    columns = (
        "control_id, subject, state, expected::text, actual::text, difference::text, bound::text, currency, severity"
    )
    assert ledger.rows(f"select {columns} from billing.current_control_result order by position") == [
        ("F1", "I-1", "PASS_WITHIN_ROUNDING", "15.00", "15.01", "0.01", "0.010", "USD", "exception"),
        ("F4", "I-1", "BLOCKED", None, None, None, None, None, "exception"),
        ("F20", "I-1", "PASS", None, None, None, None, None, "exception"),
    ]
    rules = ledger.rows("select rule_sha256 from billing.control_result order by position")
    assert [bytes(rule) for (rule,) in rules] == [control.rule_sha256 for control in ledger.controls]


def test_the_same_fetch_again_gives_the_same_hashes_and_adds_nothing(ledger, make):
    ledger.controls = (F1, F4, F20)
    ledger.store(make.month(make.invoice("10.00")))
    before = ledger.dump()
    assert not ledger.reconcile(1).results_added
    assert ledger.dump() == before


def test_a_new_fetch_with_the_same_bytes_adds_no_result(ledger, make, differing):
    """Whatever order the answers came in, and though one was asked for twice."""
    ledger.controls = (F1, F4, F20)
    ledger.readings["first"] = make.month(make.invoice("10.00"))

    def read(*requests):
        fetch = ledger.begin()
        for request in requests:
            fetch.keep(ledger.response("first", request))
        return fetch.complete().fetch_id

    assert ledger.reconcile(read("GET /a", "GET /b")).results_added
    before = ledger.dump()
    assert not ledger.reconcile(read("GET /b", "GET /a", "GET /b")).results_added
    assert differing(before, ledger.dump()) == {"fetch", "payload_sighting", "account_month"}


def finding(state):
    """Make a control that always finds the same."""

    def check(_evidence):
        return [Finding("I-1", state, "said by the test")]

    return Control("X1", "statement", "accuracy", "exception", check)


def test_changed_results_are_added_and_the_old_ones_stay(ledger, make):
    ledger.controls = (finding(State.PASS),)
    ledger.store(make.month(make.invoice("10.00")))
    ledger.controls = (finding(State.EXCEPTION),)
    assert ledger.reconcile(1).results_added
    assert ledger.rows("select reconciliation_id, state from billing.control_result order by 1") == [
        (1, "PASS"),
        (2, "EXCEPTION"),
    ]
    assert ledger.rows("select state from billing.current_control_result") == [("EXCEPTION",)]
    assert ledger.one("select reconciliation_id from billing.account_month") == 2


def test_a_changed_rule_is_a_changed_result(ledger, make):
    """The same words by another rule are another proof."""
    ledger.controls = (F1,)
    ledger.store(make.month(make.invoice("10.00")))
    ledger.controls = (Control("F1", "Another claim", "accuracy", "exception", F1.check),)
    assert ledger.reconcile(1).results_added
    assert ledger.one("select count(distinct rule_sha256) from billing.control_result") == 2


def test_changed_inputs_are_added_though_the_results_are_the_same(ledger, make):
    ledger.controls = (finding(State.PASS),)
    ledger.store(make.month(make.invoice("10.00")))
    assert ledger.store(make.month(make.invoice("11.00")), "second").results_added
    assert ledger.one("select count(distinct inputs_sha256) from billing.reconciliation") == 2
    assert ledger.one("select count(distinct results_sha256) from billing.reconciliation") == 1


def test_a_control_that_fails_is_raised_once_everything_is_stored(ledger, make):
    """The month and all other results are there; the failed one is BLOCKED and every fault is told."""

    def broken(_evidence):
        raise ZeroDivisionError("our own fault")

    def also_broken(_evidence):
        raise KeyError("another one")

    ledger.controls = (
        F1,
        Control("X1", "statement", "accuracy", "exception", broken),
        Control("X2", "statement", "accuracy", "exception", also_broken),
        F20,
    )
    with pytest.raises(ExceptionGroup, match=r"X1.*X2.*the month is stored") as caught:
        ledger.store(make.month(make.invoice("10.00")))
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError, KeyError]
    assert ledger.rows("select control_id, state from billing.current_control_result order by position") == [
        ("F1", "PASS"),
        ("X1", "BLOCKED"),
        ("X2", "BLOCKED"),
        ("F20", "PASS"),
    ]
    assert ledger.one("select count(*) from billing.current_invoice") == 1
    before = ledger.dump()
    with pytest.raises(ExceptionGroup):
        ledger.reconcile(1)
    assert ledger.dump() == before


def test_a_restatement_stays_a_finding_however_often_it_is_read(ledger, make):
    ledger.controls = (F20,)
    ledger.store(make.month(make.invoice("10.00")))
    for _ in range(3):
        assert ledger.store(make.month(make.invoice("12.00")), "second").states == {"EXCEPTION": 1}
    assert ledger.one("select count(*) from billing.reconciliation") == 2
    assert ledger.rows("select expected::text, actual::text, difference::text from billing.current_control_result") == [
        ("10.00", "12.00", "2.00")
    ]
    assert ledger.rows("select operands #>> '{differences,1,field}' from billing.current_control_result") == [
        ("amount",)
    ]


def test_our_own_better_reading_is_no_restatement(ledger, make):
    ledger.controls = (F20,)
    ledger.store(make.month(make.invoice("10.00")))
    ledger.readings["first"] = make.month(make.invoice("10.00", statement_number="S-1"))
    assert ledger.reconcile(1).states == {"PASS": 1}


def test_an_invoice_that_the_vendor_no_longer_gives_is_found(ledger, make):
    """It stays stored, outside the totals."""
    ledger.controls = (F20,)
    ledger.store(make.month(make.invoice("10.00"), make.invoice("7.00", invoice_id="I-2")))
    done = ledger.store(make.month(make.invoice("10.00")), "second")
    assert done.states == {"PASS": 1, "EXCEPTION": 1}
    assert ledger.rows(
        "select subject, expected::text from billing.current_control_result where state = 'EXCEPTION'"
    ) == [("I-2", "7.00")]
    assert ledger.one("select sum(total)::text from billing.current_invoice") == "10.00"
    assert ledger.one("select sum(total)::text from billing.withdrawn_invoice") == "7.00"


# -- one transaction


def test_a_reader_sees_the_old_month_until_the_new_one_is_whole(ledger, make):
    """Looked at from another connection while the controls of the new one run."""
    seen = []

    def probe(_evidence):
        seen.append(ledger.rows("select version, total::text from billing.current_invoice"))
        seen.append(ledger.rows("select state from billing.current_control_result"))
        return [Finding("I-1", State.PASS, "looked")]

    ledger.controls = (finding(State.EXCEPTION),)
    ledger.store(make.month(make.invoice("1.00")))
    ledger.controls = (Control("X2", "statement", "accuracy", "exception", probe),)
    ledger.store(make.month(make.invoice("2.00")), "second")
    assert seen == [[(1, "1.00")], [("EXCEPTION",)]]
    assert ledger.rows("select version, total::text from billing.current_invoice") == [(2, "2.00")]


def test_a_failure_of_the_database_leaves_everything_as_it_was(ledger, make):
    """The last statement of all is refused: not one row of the month stays."""
    ledger.rows("alter table billing.account_month add constraint never check (false) not valid")
    ledger.readings["first"] = make.month(make.invoice("1.00"))
    fetch_id = ledger.fetch("first")
    before = ledger.dump()
    with pytest.raises(Exception, match="never") as caught:
        ledger.reconcile(fetch_id)
    assert isinstance(caught.value.__cause__, psycopg2.errors.CheckViolation)
    assert ledger.dump() == before


# -- refusals


def test_a_fetch_of_another_account_or_of_nobody_is_refused(ledger, make):
    fetch_id = ledger.fetch("first", account="other")
    with pytest.raises(StorageError, match=r"fetch 1 is a month of initech/other, not a month of initech/acme"):
        ledger.reconcile(fetch_id)
    with pytest.raises(StorageError, match="there is no fetch 99"):
        ledger.reconcile(99)


def test_a_fetch_of_estimates_is_never_reconciled_as_issued_costs(ledger):
    fetch_id = ledger.begin(purpose="month_to_date").complete().fetch_id
    with pytest.raises(StorageError, match="is a month_to_date of initech/acme"):
        ledger.reconcile(fetch_id)


def test_altered_bytes_stop_the_reconciliation(ledger, make):
    ledger.store(make.month(make.invoice("1.00")))
    ledger.tamper("payload", "update billing.payload set body = substring(body for 8)")
    before = ledger.dump()
    with pytest.raises(StorageError, match="payload 1"):
        ledger.reconcile(1)
    assert ledger.dump() == before
