"""A month is closed by two people, once, as it was approved; what changes afterwards is shown with its difference."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from threading import Barrier

import pytest
from psycopg2 import errors
from sqlalchemy import make_url

from billing.certificate.vendor_month import make_vendor_certificate
from billing.close.events import Consent, add_event, check_approver, draft
from billing.close.readiness import lacks_for_closing, lacks_for_reopening
from billing.close.summary import MOST_FINDINGS, heading, summary
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.errors import ConfigurationError, NotApproved
from billing.month import Month
from billing.storage.engine import task_engine
from tieout_stack.logins import CLOSING

OCTOBER = Month(2026, 10)
KEY = "initech", OCTOBER
CONSENT = Consent("olga", "carl", "", "manual__1")


def finds(*states, said="said by the test"):
    """Make a control that finds these states."""
    return Control(
        "X1", "statement", "accuracy", "exception", lambda _: [Finding("I-1", state, said) for state in states]
    )


@pytest.fixture
def engine(migrated_url):
    """The database by the login that closes."""
    made = task_engine(make_url(migrated_url).set(username=CLOSING, password=CLOSING))
    yield made
    made.dispose()


@pytest.fixture
def explain(ledger):
    """Store what somebody says of every open finding."""

    def add(by="nina", words="agreed by phone"):
        ledger.rows(
            "insert into billing.explanation (vendor, account, month, control_id, subject, finding_sha256, reason, "
            "text, explained_by, explained_at) select vendor, account, month, control_id, subject, finding_sha256, "
            "'accepted', %s, %s, now() from billing.current_finding where explanation_id is null",
            *(words, by),
        )

    return add


@pytest.fixture
def ready(ledger, make):
    """A month of one account that lacks nothing."""
    ledger.controls = (finds(State.PASS),)
    ledger.store(make.month(make.invoice("10.00", "2.50")))
    return ledger


def submit(engine):
    with engine.begin() as connection:
        return draft(connection, *KEY)


def close(engine, consent=CONSENT, submitted=None):
    submitted = submitted or submit(engine)
    with engine.begin() as connection:
        return add_event(connection, submitted, consent)


def lacks(engine, accounts=("acme",)):
    with engine.begin() as connection:
        return lacks_for_closing(connection, *KEY, accounts)


def states(ledger):
    return ledger.rows(
        "select account, currency, state, closed_total, total, difference from billing.closed_month order by 1, 2"
    )


def events(ledger):
    return ledger.rows("select number, event, prepared_by, approved_by, note from billing.month_close order by number")


# -- what is missing


def test_everything_missing_is_named_in_a_sentence(ledger, make, engine):
    ledger.controls = (finds(State.EXCEPTION, State.BLOCKED),)
    ledger.store(make.month(make.invoice("10.00")))
    ledger.controls = ()
    ledger.store(make.month(account="other"), "of another account")
    ledger.rows(
        "insert into billing.accrual (vendor, account, month, state, basis, currency, amount, as_of, extrapolated, "
        "cut_off, explanation, inputs_sha256, dag_run, recorded_at) values ('initech', 'other', '2026-10-01', "
        "'PROPOSED', 'b', 'USD', 5, now(), false, now(), 'e', sha256('a'), 'r', now())"
    )
    assert lacks(engine, ("acme", "other", "third")) == [
        "initech/third 2026-10: it is not stored; run invoices_initech for this month",
        "initech/other 2026-10: no control has a result",
        "initech/acme 2026-10: nobody has explained exception X1 of I-1",
        "initech/acme 2026-10: nobody has explained blocked control X1 of I-1",
        "initech/other 2026-10: its accrual is not trued up; the bill is missing",
    ]


def test_an_explained_month_is_ready(ledger, make, engine, explain):
    ledger.controls = (finds(State.EXCEPTION, State.BLOCKED),)
    ledger.store(make.month(make.invoice("10.00")))
    explain()
    assert lacks(engine) == []


def test_a_closed_month_is_not_closed_again(ready, engine):
    close(engine)
    (sentence,) = lacks(engine)
    assert sentence.startswith("initech 2026-10 is closed since 2")
    assert sentence.endswith("approved by carl")


# -- closed


def test_a_closed_month_holds_its_figures_and_the_hash_of_its_certificate(ready, engine):
    assert close(engine) is True

    assert events(ready) == [(1, "closed", "olga", "carl", "")]
    assert states(ready) == [("acme", "USD", "closed", Decimal("12.50"), Decimal("12.50"), 0)]
    with engine.begin() as connection:
        certificate = make_vendor_certificate(connection, *KEY)
    assert ready.one("select encode(certificate_sha256, 'hex') from billing.month_close") == certificate["sha256"]


def test_reading_the_same_again_leaves_it_closed(ready, make, engine):
    close(engine)
    ready.store(make.month(make.invoice("10.00", "2.50", payment_status="Paid")), "again")
    assert [row[2] for row in states(ready)] == ["closed"]


@pytest.mark.parametrize(
    ("invoices", "total", "difference"),
    [
        ([("I-1", "10.00", "2.75")], "12.75", "0.25"),
        ([("I-1", "2.50", "10.00")], "12.50", "0.00"),
        ([("I-1", "10.00", "2.50"), ("I-2", "7")], "19.50", "7.00"),
        ([], "0", "-12.50"),
    ],
    ids=["restated", "lines restated within the total", "another bill", "withdrawn"],
)
def test_a_bill_changed_after_closing_is_shown_with_its_difference(ready, make, engine, invoices, total, difference):
    close(engine)
    changed = [make.invoice(*amounts, invoice_id=name) for name, *amounts in invoices]
    if total == "12.50":  # the order of lines is no content
        changed = [replace(each, lines=tuple(replace(x, description="else") for x in each.lines)) for each in changed]
    ready.store(make.month(*changed), "restated")
    assert states(ready) == [
        ("acme", "USD", "changed after closing", Decimal("12.50"), Decimal(total), Decimal(difference))
    ]


def test_a_new_finding_after_closing_is_a_change(ready, make, engine):
    close(engine)
    ready.controls = (finds(State.EXCEPTION),)
    ready.store(make.month(make.invoice("10.00", "2.50")), "again")
    assert [row[2] for row in states(ready)] == ["changed after closing"]


def test_an_account_and_a_currency_stored_after_closing_are_a_change(ready, make, engine):
    close(engine)
    euros = make.invoice("1.00", invoice_id="I-2", currency="EUR")
    ready.store(make.month(make.invoice("10.00", "2.50"), euros), "two currencies")
    ready.store(make.month(make.invoice("3.00"), account="late"), "late")
    assert states(ready) == [
        ("acme", "EUR", "changed after closing", None, Decimal("1.00"), Decimal("1.00")),
        ("acme", "USD", "changed after closing", Decimal("12.50"), Decimal("12.50"), 0),
        ("late", "USD", "changed after closing", None, Decimal("3.00"), Decimal("3.00")),
    ]


# -- two people


@pytest.mark.parametrize("approved_by", ["olga", "Olga", "nina", "NINA"])
def test_who_prepared_or_explained_does_not_approve(ledger, make, engine, explain, approved_by):
    """Refused by the task, and by the database whatever the task does."""
    ledger.controls = (finds(State.EXCEPTION),)
    ledger.store(make.month(make.invoice("10.00")))
    explain(by="nina")
    consent = replace(CONSENT, approved_by=approved_by)
    with pytest.raises(NotApproved, match="ask somebody else"), engine.begin() as connection:
        check_approver(connection, *KEY, "olga", approved_by)
    with pytest.raises(NotApproved):
        close(engine, consent)
    with pytest.raises(errors.CheckViolation, match=r"two_people|has explained exceptions of initech 2026-10"):
        insert(ledger, approved_by=approved_by)
    assert events(ledger) == []
    assert close(engine) is True


def insert(ledger, **changed):
    values = {"number": 1, "event": "closed", "prepared_by": "olga", "approved_by": "carl", "note": "n"} | changed
    names = ", ".join(values)
    ledger.rows(
        f"insert into billing.month_close (vendor, month, {names}, certificate_sha256, explanations_sha256, dag_run, "
        f"recorded_at) values ('initech', '2026-10-01', {', '.join(['%s'] * len(values))}, sha256('a'), sha256('b'), "
        "'r', now())",
        *values.values(),
    )


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"number": 2, "event": "reopened"}, errors.ForeignKeyViolation),
        ({"number": 3}, errors.ForeignKeyViolation),
        ({"number": 0, "event": "reopened"}, errors.CheckViolation),
        ({"event": "reopened"}, errors.CheckViolation),
        ({"prepared_by": ""}, errors.CheckViolation),
        ({"approved_by": ""}, errors.CheckViolation),
        ({"note": "x" * 4001}, errors.CheckViolation),
    ],
)
def test_the_database_refuses_a_history_that_cannot_be(ledger, changed, error):
    """Even from its owner."""
    with pytest.raises(error):
        insert(ledger, **changed)


def test_the_database_refuses_a_second_closing_and_a_reopening_without_a_reason(ledger):
    insert(ledger)
    for changed, error in (
        ({}, errors.UniqueViolation),
        ({"number": 2}, errors.CheckViolation),
        ({"number": 2, "event": "reopened", "note": ""}, errors.CheckViolation),
    ):
        with pytest.raises(error):
            insert(ledger, **changed)


# -- what was approved


def test_a_month_that_changed_since_it_was_submitted_is_not_closed(ready, make, engine, explain):
    submitted = submit(engine)
    ready.store(make.month(make.invoice("11.00", "2.50")), "restated")
    with pytest.raises(ConfigurationError, match="has changed since it was submitted"):
        close(engine, submitted=submitted)

    ready.controls = (finds(State.EXCEPTION),)
    ready.store(make.month(make.invoice("11.00", "2.50")), "found")
    submitted = submit(engine)
    explain()
    with pytest.raises(ConfigurationError, match="has changed since it was submitted"):
        close(engine, submitted=submitted)
    assert events(ready) == []


def test_two_runs_close_a_month_once(ready, engine, migrated_url):
    engines = [task_engine(make_url(migrated_url).set(username=CLOSING, password=CLOSING)) for _ in range(4)]
    submitted, together = submit(engine), Barrier(len(engines))

    def run(number):
        together.wait()
        try:
            return close(engines[number], replace(CONSENT, dag_run=f"manual__{number}"), submitted)
        except ConfigurationError as error:
            return str(error)

    with ThreadPoolExecutor(len(engines)) as pool:
        done = list(pool.map(run, range(len(engines))))
    for each in engines:
        each.dispose()
    assert done.count(True) == 1
    assert all("was closed meanwhile by run manual__" in each for each in done if each is not True)
    assert len(events(ready)) == len(states(ready)) == 1


def test_a_repeated_task_finds_what_it_has_stored_and_adds_nothing(ready, make, engine):
    """A task that was killed after its commit; the month has changed since then."""
    submitted = submit(engine)
    assert close(engine, submitted=submitted) is True
    ready.store(make.month(make.invoice("11.00", "2.50")), "restated")
    assert close(engine, submitted=submitted) is False
    assert len(events(ready)) == 1


def test_an_old_approval_does_not_close_a_reopened_month(ready, engine):
    submitted = submit(engine)
    close(engine, submitted=submitted)
    close(engine, replace(CONSENT, note="wrong", dag_run="manual__2"))
    with pytest.raises(ConfigurationError, match="was reopened meanwhile by run manual__2"):
        close(engine, submitted=submitted)


# -- reopened


def test_a_reopened_month_is_closed_again_and_keeps_its_history(ready, make, engine):
    close(engine)
    ready.store(make.month(make.invoice("11.00", "2.50")), "restated")
    close(engine, Consent("carl", "olga", "restated by the vendor", "manual__2"))
    assert states(ready) == []
    assert lacks(engine) == []

    close(engine, replace(CONSENT, dag_run="manual__3"))

    assert states(ready) == [("acme", "USD", "closed", Decimal("13.50"), Decimal("13.50"), 0)]
    assert events(ready) == [
        (1, "closed", "olga", "carl", ""),
        (2, "reopened", "carl", "olga", "restated by the vendor"),
        (3, "closed", "olga", "carl", ""),
    ]
    figures = ready.rows("select number, total from billing.month_close_figure order by number")
    assert figures == [(1, Decimal("12.50")), (2, Decimal("13.50")), (3, Decimal("13.50"))]


def test_only_a_closed_month_is_reopened_and_only_with_a_reason(ready, engine):
    def reasons(note):
        with engine.begin() as connection:
            return lacks_for_reopening(connection, *KEY, note)

    assert reasons("because") == ["initech 2026-10 is not closed, so it cannot be reopened"]
    close(engine)
    assert reasons("") == ["initech 2026-10 is reopened only with a reason: write it in the note"]
    assert reasons("because") == []


# -- what is read before approval


def test_the_request_shows_totals_changes_and_what_was_said(ledger, make, engine, explain):
    ledger.controls = (finds(State.EXCEPTION),)
    ledger.store(
        make.month(make.invoice("8.00", invoice_id="I-0", month=Month(2026, 9)), month=Month(2026, 9)), "before"
    )
    ledger.store(make.month(make.invoice("10.00", "2.50")))
    explain(words="a | b")
    with engine.begin() as connection:
        text = summary(connection, draft(connection, *KEY))
    assert "| [acme](/billing/months/initech/acme/2026-10) | 1 | 12.50 USD | 8.00 | +4.50 | exceptions | 0 |" in text
    assert r"| acme | exception X1, I\-1: said by the test | accepted: a \| b | nina |" in text


def test_nobodys_words_become_markup(ledger, make, engine):
    """Neither HTML nor Markdown: no image that tells another server who reads, no link, no further row."""
    hostile = "<img src=x> ![i](http://evil/) [l](javascript:x) | x\n\n# h `c` \x1b[31m\u202e"
    ledger.controls = (finds(State.EXCEPTION, said=hostile),)
    ledger.store(make.month(make.invoice("10.00")))
    with engine.begin() as connection:
        lines = summary(connection, draft(connection, *KEY)).splitlines()
    (row,) = [line for line in lines if "img" in line]
    assert r"\<img src\=x\> \!\[i\]\(http\:\/\/evil\/\) \[l\]\(javascript\:x\) \| x \# h \`c\`" in row
    assert row.isprintable()
    assert heading("olga", "![i](x)\n# h") == r"Prepared by olga. Note: \!\[i\]\(x\) \# h"


def test_a_month_with_very_many_findings_is_cut(ledger, make, engine):
    one = finds(*[State.EXCEPTION] * 20, said="x" * 2000)
    ledger.controls = tuple(replace(one, control_id=f"X{number}") for number in range(6))
    ledger.store(make.month(make.invoice("10.00")))
    with engine.begin() as connection:
        text = summary(connection, draft(connection, *KEY))
    assert text.count("| exception X") == MOST_FINDINGS
    assert f"Only the first {MOST_FINDINGS} are shown" in text
    assert len(text) < 100_000
