"""What people are told: each kind, once; and what a message must not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url
from tests.receivers import mailbox, webhook
from tests.scripted_server import connect

from billing.alerts.failures import Failure, save_failure
from billing.alerts.message import LONGEST, MOST_OF_A_KIND, inert, without_amounts, write_message
from billing.alerts.news import Kind, News, all_news, failures
from billing.alerts.told import claim
from billing.close.events import Consent, add_event, draft
from billing.config.accounts import Account
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.models import Listing, UnknownField
from billing.month import Month
from billing.storage.engine import task_engine
from billing_vendors.base.alert_hook import AlertHook
from tieout_stack.logins import CLOSING

__all__ = ["connect", "mailbox", "webhook"]

OCTOBER = Month(2026, 10)
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
HOSTILE = "I-1 <!channel> @everyone [pay](https://evil.example) \x1b[31m\n- fake line"


def finds(*states, said="said by the test"):
    """Make a control that finds these states."""
    return Control(
        "X1", "statement", "accuracy", "exception", lambda _: [Finding("I-1", state, said) for state in states]
    )


@pytest.fixture
def tell(ledger, make):
    """Tell what is new of one account, as the tasks' login; give it by kind."""

    def told(run="manual__1", now=NOW):
        account = replace(make.account(), first_month=OCTOBER)
        with ledger.engine.begin() as connection:
            new = claim(connection, all_news(connection, [account], now), run)
        return {kind: [each for each in new if each.kind is kind] for kind in {each.kind for each in new}}

    return told


def listing(*ids):
    return (Listing("list_invoices", ids, len(ids), ended=True),)


def fail(ledger, sentence="the vendor refused the token", run="manual__7"):
    failure = Failure("invoices_initech", run, "fetch", "acme", "VendorRejected", sentence, NOW)
    with ledger.engine.begin() as connection:
        save_failure(connection, failure)


def close(ledger):
    engine = task_engine(make_url(ledger.url).set(username=CLOSING, password=CLOSING))
    with engine.begin() as connection:
        consent = Consent("olga", "carl", "", "manual__1")
        add_event(connection, draft(connection, "initech", OCTOBER), consent)
    engine.dispose()


def test_a_failed_task_is_told_with_its_sentence_once(ledger, tell):
    fail(ledger)
    (failed,) = tell(now=datetime(2026, 11, 2, tzinfo=UTC))[Kind.FAILED]
    assert failed.about == "invoices_initech, fetch of acme"
    assert failed.text == "the vendor refused the token (VendorRejected)"
    assert failed.path == "/dags/invoices_initech/runs/manual__7"
    assert Kind.FAILED not in tell("manual__2")
    fail(ledger, run="manual__8")
    assert [each.path for each in tell("manual__3")[Kind.FAILED]] == ["/dags/invoices_initech/runs/manual__8"]


def test_a_run_tells_its_own_failures(ledger):
    fail(ledger, run="manual__7")
    fail(ledger, run="manual__8")
    with ledger.engine.begin() as connection:
        assert [each.path for each in failures(connection, "invoices_initech", "manual__8")] == [
            "/dags/invoices_initech/runs/manual__8"
        ]


def test_a_bill_is_missing_from_the_end_of_its_posting_day_on(tell):
    """The posting day of October is November 5th."""
    assert tell(now=datetime(2026, 11, 5, 23, 59, tzinfo=UTC)) == {}
    (missing,) = tell(now=datetime(2026, 11, 6, tzinfo=UTC))[Kind.MISSING]
    assert missing.about == "initech/acme 2026-10"
    assert tell() == {}


def test_a_stored_month_is_not_missing_and_ready_to_approve_once(ledger, make, tell):
    ledger.controls = (finds(State.PASS),)
    ledger.store(make.month(make.invoice("15.00")))
    (ready,) = (found := tell())[Kind.READY]
    assert (ready.about, set(found)) == ("initech 2026-10", {Kind.READY})
    assert tell() == {}


def test_an_exception_is_told_until_it_is_another_one(ledger, make, tell):
    ledger.controls = (finds(State.EXCEPTION, said="unclassified residual of 15.00"),)
    ledger.store(make.month(make.invoice("15.00")))
    (exception,) = (found := tell())[Kind.EXCEPTION]
    assert set(found) == {Kind.EXCEPTION}, "a month with an open exception is not ready"
    assert exception.about == "initech/acme 2026-10, X1 of I-1"
    assert exception.path == "/billing/months/initech/acme/2026-10"
    assert tell() == {}
    ledger.controls = (finds(State.EXCEPTION, said="unclassified residual of 16.00"),)
    ledger.store(make.month(make.invoice("16.00")), "second")
    assert "16.00" in tell()[Kind.EXCEPTION][0].text


def test_restated_and_withdrawn_bills_are_told_once(ledger, make, tell):
    ledger.controls = (finds(State.PASS),)
    ledger.store(make.month(make.invoice("15.00"), listings=listing("I-1")))
    tell()
    ledger.store(make.month(make.invoice("16.00"), listings=listing("I-1")), "restated")
    (restated,) = tell()[Kind.RESTATED]
    assert (restated.text, restated.amount) == ("bill I-1 has version 2", "15.00, now 16.00 USD")
    ledger.store(make.month(listings=listing()), "withdrawn")
    (withdrawn,) = tell()[Kind.WITHDRAWN]
    assert withdrawn.text == "bill I-1 is no longer listed"
    assert tell() == {}


def test_a_change_after_closing_is_told_and_another_one_again(ledger, make, tell):
    ledger.controls = (finds(State.PASS),)
    ledger.store(make.month(make.invoice("15.00")))
    close(ledger)
    assert tell() == {}
    for total in ("16.00", "17.00"):
        ledger.store(make.month(make.invoice(total)), total)
        (changed,) = tell()[Kind.CHANGED]
        assert (changed.about, changed.text) == ("initech/acme 2026-10", "is not as closed (USD)")
        assert tell() == {}


def test_a_new_field_of_a_vendor_is_told_once(ledger, make, tell):
    fields = (UnknownField("invoice", HOSTILE),)
    ledger.store(make.month(make.invoice("15.00"), unknown_fields=frozenset(fields)))
    (field,) = tell()[Kind.FIELD]
    assert field.text == f"invoice has the field {HOSTILE}"
    assert tell() == {}


def test_what_is_not_delivered_is_told_later(ledger, make):
    with pytest.raises(RuntimeError, match="down"), ledger.engine.begin() as connection:  # noqa: PT012
        fail(ledger)
        assert claim(connection, failures(connection), "manual__1")
        raise RuntimeError("the receiver is down")
    with ledger.engine.begin() as connection:
        assert len(claim(connection, failures(connection), "manual__2")) == 1


def test_what_was_told_stays(ledger):
    fail(ledger)
    with ledger.engine.begin() as connection:
        claim(connection, failures(connection), "manual__1")
    for table in ("alert", "task_failure"):
        with pytest.raises(Exception, match="is evidence"):
            ledger.rows(f"delete from billing.{table}")


def news(count=1, text="X1 of I-1: difference 1,234.50 USD", amount="difference 15.00 USD", kind=Kind.EXCEPTION):
    return [News(kind, str(n), "initech/acme 2026-10", text, "/billing/months/1", amount) for n in range(count)]


def test_a_message_has_no_amounts_unless_it_may():
    base = "https://airflow.example/"
    silent, open_ = (write_message(news(), base, amounts=amounts).body for amounts in (False, True))
    assert silent == (
        "1 new exception\n- initech/acme 2026-10: X1 of I-1: difference … USD\n  https://airflow.example/billing/months/1"
    )
    assert "1,234.50 USD; difference 15.00 USD" in open_


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("total 1234.5, lines 15", "total …, lines 15"),
        ("total -1,234,567 JPY", "total … JPY"),
        ("15 JPY of 20JPY", "… JPY of …JPY"),
        ("USD 15 and USD 15.00", "USD … and USD …"),
        ("until 2026-10-01 06:15 UTC", "until 2026-10-01 06:15 UTC"),
        ("2026-10-01: HTTP 404 after 3 attempts", "2026-10-01: HTTP 404 after 3 attempts"),
    ],
)
def test_amounts_are_left_out(text, told):
    assert without_amounts(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unclassified residual of 1500: tax, fee?", "unclassified residual of …: tax, fee?"),
        ("billed 1500, payable -1400, difference 100.", "billed …, payable …, difference …."),
        ("INV-2026-10 of 2026-10-01 in 20JPY", "INV-2026-10 of 2026-10-01 in …JPY"),
    ],
)
def test_of_an_exception_every_number_is_left_out(text, told):
    assert without_amounts(text, figures=True) == told


def test_a_vendors_words_are_only_words():
    shown = inert(HOSTILE)
    assert shown == r"I-1 ‹!channel› (at)everyone (pay)(https: //evil.example) \x1b(31m\n- fake line"
    assert len(inert("x" * 5000)) == LONGEST + 1


def test_a_message_is_bounded_and_says_what_it_leaves_out():
    message = write_message(news(1000) + news(2, kind=Kind.MISSING), "", amounts=False)
    assert message.title == "Tieout: 2 missing bills, 1,000 new exceptions"
    assert f"- and {1000 - MOST_OF_A_KIND} more: /billing/" in message.body
    assert len(message.body) < 2000


@pytest.fixture
def everything(ledger, make):
    """One thing of each kind; gives the accounts."""
    september = OCTOBER.shifted(-1)
    ledger.controls = (finds(State.PASS),)
    ledger.store(make.month(make.invoice("9.00", invoice_id="I-0", month=september), month=september), "ready")
    bills = make.invoice("15.00"), make.invoice("7.00", invoice_id="I-2")
    ledger.store(make.month(*bills, listings=listing("I-1", "I-2")))
    close(ledger)
    fields = frozenset({UnknownField("invoice", HOSTILE)})
    ledger.controls = (finds(State.EXCEPTION, said="residual of 1500"),)
    ledger.store(make.month(make.invoice("16.00"), listings=listing("I-1"), unknown_fields=fields), "second")
    fail(ledger)
    late = Account("initech", "late", "initech_late", "USD", OCTOBER, 5, None)
    return [replace(make.account(), first_month=september), late]


def test_every_kind_arrives_once_at_a_webhook_and_a_mailbox(ledger, everything, connect, webhook, mailbox):
    connect("tieout_alerts", conn_type="apprise", extra={"config": [{"path": webhook.url}, {"path": mailbox.url}]})
    hook = AlertHook()

    def tell(run):
        with ledger.engine.begin() as connection:
            if new := claim(connection, all_news(connection, everything, NOW), run):
                hook.send(write_message(new, "https://airflow.example", amounts=hook.amounts))
        return {each.kind for each in new}

    assert tell("manual__1") == set(Kind)
    assert tell("manual__2") == set()
    (posted,), (mail,) = webhook.messages, mailbox.messages
    assert mail.get_content().splitlines() == posted["message"].splitlines()
    assert posted["message"].splitlines() == [
        "1 failed task",
        "- invoices_initech, fetch of acme: the vendor refused the token (VendorRejected)",
        "  https://airflow.example/dags/invoices_initech/runs/manual__7",
        "",
        "1 missing bill",
        "- initech/late 2026-10: no bill is stored; it was expected by 2026-11-05",
        "  https://airflow.example/billing/?vendor=initech&last=2026-10",
        "",
        "1 new exception",
        "- initech/acme 2026-10, X1 of I-1: residual of …",
        "  https://airflow.example/billing/months/initech/acme/2026-10",
        "",
        "1 restated bill",
        "- initech/acme 2026-10: bill I-1 has version 2",
        "  https://airflow.example/billing/months/initech/acme/2026-10",
        "",
        "1 withdrawn bill",
        "- initech/acme 2026-10: bill I-2 is no longer listed",
        "  https://airflow.example/billing/months/initech/acme/2026-10",
        "",
        "1 change after closing",
        "- initech/acme 2026-10: is not as closed (USD)",
        "  https://airflow.example/billing/months/initech/acme/2026-10",
        "",
        "1 new field of a vendor",
        f"- initech: invoice has the field {inert(HOSTILE)}",
        "  https://airflow.example/billing/drift",
        "",
        "1 month ready to approve",
        "- initech 2026-09: nothing is missing: start close_month",
        "  https://airflow.example/dags/close_month",
    ]
