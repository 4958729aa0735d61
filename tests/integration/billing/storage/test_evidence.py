"""What controls may look at: read back as it was stored, with few statements, and covered by one hash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from billing.config.tolerances import Tolerance
from billing.controls.evidence import IssuedFile
from billing.controls.evidence_hash import evidence_sha256
from billing.models import (
    Charge,
    Contract,
    ContractBillingPeriod,
    ContractItem,
    InvoiceLine,
    MonthToDate,
    UsageLine,
    UsageReport,
    Wallet,
)
from billing.month import Month
from billing.storage.document_store import document_reader
from billing.storage.evidence import load_evidence, view_account
from billing.storage.payloads import find_fetch, read_responses
from billing.storage.snapshots import payloads_of, save_snapshot
from vendor_simulator.pdf import invoice_pdf

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
ALL_NUMBERS = Decimal("12345678901234567890.000000001")


@pytest.fixture
def gather(ledger, make):
    """Load the evidence of the newest reading of a month."""

    def load(month=OCTOBER, account=None, read_file=None):
        account = account or make.account()
        query = "select max(fetch_id) from billing.fetch where month = %s and purpose = 'month'"
        fetch_id = ledger.one(query, month.first_day)
        with ledger.engine.connect() as connection:
            fetch = find_fetch(connection, fetch_id)
            account_month = ledger.derive(account, month, read_responses(connection, fetch_id))
            view = view_account(connection, account.vendor, account.name)
            return load_evidence(connection, account, fetch, account_month, view, read_file)

    return load


def rich(make, month):
    """A month with every noun, every column filled."""
    invoice = replace(
        make.invoice("10.10", "-0.30", invoice_id=f"I-{month}", currency="EUR"),
        month=month,
        statement_number=f"ST-{month}",
        issued_at=datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC),
        service_start=month.start,
        service_end=month.end,
        attributes={"customer_id": "c", "nested": {"amount": Decimal("1.10")}},
    )
    first = replace(
        invoice.lines[0],
        line_id="L-1",
        product="CDN",
        product_group="Delivery",
        region="Europe",
        usage_type="bandwidth",
        quantity=ALL_NUMBERS,
        unit="gb",
        rate=Decimal("0.000000001"),
        service_start=date(2026, 10, 1),
        service_end=date(2026, 11, 1),
        credit_coupon="C",
        attributes={"product_line": "x"},
    )
    item = ContractItem(
        *(1, "P", "plan", "1", "name", "Prepay", "type", "SKU", "product", "Each", "EUR"),
        *(Decimal(5), Decimal("9.99"), Decimal("11.11"), None, date(2026, 1, 1), date(2027, 1, 1), date(2026, 10, 31)),
    )
    contract = Contract(
        *("C-1", "X", "Active", "model", ("PO-1", 'PO "2"'), "B", "S"),
        *(date(2026, 1, 1), None, None, None, (item,)),
    )
    charge = Charge(1, "CH", "n", "SKU", "p", "Each", *[Decimal("1.5")] * 6, "EUR", None, Decimal("0.025"))
    wallet = Wallet(1, "W", "n", "SKU", "Each", *[Decimal("2.5")] * 8, "EUR")
    billed = ContractBillingPeriod(
        *(f"BP-{month}", "C-1", month, month.first_day, month.shifted(1).first_day, "Closed", (charge,), (wallet,))
    )
    usage = UsageLine(1, "CDN", ALL_NUMBERS, "cdn", "Europe", "bandwidth", "gb", ALL_NUMBERS, Decimal("0.1"), {"a": 1})
    report = UsageReport(f"u/{month}", "usage_metrics", month, month.start, month.end, "EUR", (usage,))
    return make.month(
        replace(invoice, lines=(first, invoice.lines[1])),
        month=month,
        contracts=(contract,),
        billing_periods=(billed,),
        usage_reports=(report,),
    )


def test_the_month_before_is_what_was_stored_to_the_last_digit(ledger, make, gather):
    stored = rich(make, SEPTEMBER)
    ledger.store(stored, "september")
    ledger.store(make.month(make.invoice("1")), "october")
    evidence = gather().evidence
    plain = replace(stored.invoices[0], period_evidence=evidence.previous.invoices[0].period_evidence)
    assert evidence.previous == replace(stored, invoices=(plain,))
    assert str(evidence.previous.invoices[0].lines[0].quantity) == str(ALL_NUMBERS)
    assert evidence.year_before is None


def test_the_same_month_a_year_before_is_found(ledger, make, gather):
    a_year_ago = OCTOBER.shifted(-12)
    ledger.store(rich(make, a_year_ago), "then")
    ledger.store(make.month(make.invoice("1")), "now")
    evidence = gather().evidence
    assert (evidence.previous, evidence.year_before.month) == (None, a_year_ago)


def test_a_month_without_any_record_is_stored_all_the_same(ledger, make, gather):
    ledger.store(make.month(month=SEPTEMBER), "september")
    ledger.store(make.month(make.invoice("1")), "october")
    assert gather().evidence.previous == make.month(month=SEPTEMBER)


def test_the_current_version_counts(ledger, make, gather):
    before = replace(make.invoice("1", invoice_id="I-9"), month=SEPTEMBER)
    ledger.store(make.month(before, month=SEPTEMBER), "first")
    ledger.store(make.month(replace(before, total=Decimal(2)), month=SEPTEMBER), "restated")
    ledger.store(make.month(make.invoice("1")), "october")
    assert gather().evidence.previous.invoices[0].total == 2


def test_a_contract_is_what_the_month_itself_had_read(ledger, make, gather):
    """Its later version, read with October, does not change what September was."""
    september = rich(make, SEPTEMBER)
    changed = replace(september.contracts[0], status="Ended")
    october = replace(rich(make, OCTOBER), contracts=(changed,))
    ledger.store(september, "september")
    ledger.store(october, "october")
    assert gather().evidence.previous.contracts[0].status == "Active"
    ledger.store(replace(september, contracts=(changed,)), "september, read again")
    assert gather().evidence.previous.contracts[0].status == "Ended"


def test_history_holds_neighbours_and_lookalikes_and_nothing_later(ledger, make, gather):
    def bill(month, invoice_id, amount, **changed):
        invoice = replace(make.invoice(amount, invoice_id=invoice_id), month=month, **changed)
        ledger.store(make.month(invoice, month=month), f"{month}")

    bill(Month(2025, 1), "I-0001", "7")  # the amount of October's
    bill(Month(2025, 2), "i 0002", "8", statement_number="S-1")  # the statement number of October's
    bill(Month(2025, 3), "I-0003", "9")  # nothing alike
    bill(SEPTEMBER, "I-0004", "10")
    bill(Month(2026, 11), "I-0006", "7")
    bill(OCTOBER, "I-0005", "7", statement_number="s1")
    found = [head.invoice_id for head in gather().evidence.history]
    assert found == ["I-0001", "i 0002", "I-0004", "I-0005"]


def test_the_number_of_statements_does_not_grow_with_history(ledger, make, gather):
    seen = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))

    def statements():
        seen.clear()
        gather()
        return len(seen)

    for back in (0, 1, 12):
        ledger.store(rich(make, OCTOBER.shifted(-back)), f"{back}")
    few = statements()
    for back in (2, 3, 4, 5, 13, 14):
        ledger.store(rich(make, OCTOBER.shifted(-back)), f"{back}")
    assert statements() == few
    assert few <= 24


@pytest.fixture
def snapshot(ledger):
    """Keep a month-to-date estimate."""

    def keep(total, *lines, month=OCTOBER, taken_at=None, as_of=None):
        fetch = ledger.begin(month=month, purpose="month_to_date")
        fetch.keep(replace(ledger.response(f"{total} {taken_at} {month}"), received_at=taken_at or datetime.now(UTC)))
        fetch_id = fetch.complete().fetch_id
        estimate = MonthToDate("MTD", month, Decimal(total), None, tuple(lines), as_of=as_of)
        with ledger.engine.begin() as connection:
            ((payload_id, first_seen),) = payloads_of(connection, fetch_id)
            save_snapshot(connection, estimate, find_fetch(connection, fetch_id), payload_id, first_seen)

    return keep


def test_estimates_come_oldest_first_with_credits_and_shortfall(ledger, make, gather, snapshot):
    ledger.store(make.month(make.invoice("1")), "october")
    noon = datetime(2026, 10, 30, 12, tzinfo=UTC)
    lines = [
        InvoiceLine(1, "CDN", Decimal("40.00")),
        InvoiceLine(2, "Commit shortfall", Decimal("9.50")),
        InvoiceLine(3, "Service credit", Decimal("-2.25")),
        InvoiceLine(4, "Credit of a shortfall", Decimal("-0.25")),
    ]
    snapshot("47.00", *lines, taken_at=noon, as_of=noon - timedelta(hours=1))
    snapshot("30.00", taken_at=noon - timedelta(days=1))
    early, late = gather().evidence.estimates
    assert (early.total, early.credits, early.shortfall, early.as_of) == (30, 0, 0, None)
    assert (late.total, late.credits, late.shortfall) == (47, Decimal("-2.50"), Decimal("9.50"))
    assert (late.taken_at, late.as_of) == (noon, noon - timedelta(hours=1))


def test_whether_snapshots_had_begun_is_known(ledger, make, gather, snapshot):
    ledger.store(make.month(make.invoice("1")), "october")
    snapshot("1", month=Month(2026, 11))
    assert (gather().evidence.estimates, gather().evidence.estimates_began) == ((), False)
    snapshot("1", month=SEPTEMBER)
    assert (gather().evidence.estimates, gather().evidence.estimates_began) == ((), True)


def test_payment_statuses_come_in_the_order_in_which_they_were_seen(ledger, make, gather):
    for status in ("Unpaid", "Paid", "Unpaid"):
        ledger.store(make.month(make.invoice("1", payment_status=status)), f"{status}{datetime.now(UTC)}")
    assert gather().evidence.payment_statuses == {"I-1": ("Unpaid", "Paid", "Unpaid")}


@pytest.fixture
def with_files(ledger, make):
    """October with a PDF, a CSV and a broken PDF."""
    ledger.readings["october"] = make.month(make.invoice("1"))
    fetch = ledger.begin()
    fetch.keep(ledger.response("october"))
    pdf = invoice_pdf("Initech", "I-1", ("CDN: 1.00",), "1.00 USD")
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /pdf", pdf)
    fetch.keep_document("I-1", "csv", "text/csv", "GET /csv", "\ufeffnumber,größe\r\nI-1,1.00\r\n".encode())
    fetch.keep_document("I-1", "csv", "text/csv", "GET /csv", "größe".encode("latin-1"))
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /broken", b"%PDF-1.7 and then nothing")
    fetch.keep_document("I-2", "csv", "text/csv", "GET /other", b"of no invoice of the month")
    ledger.reconcile(fetch.complete().fetch_id)
    return pdf


def test_what_a_file_says_can_be_read(ledger, gather, with_files):
    files = gather(read_file=document_reader(ledger.folder)).evidence.files
    readable = {file.file_format: file.text for file in files if file.text is not None}
    assert len(files) == 4
    assert readable["csv"] == "number,größe\r\nI-1,1.00\r\n"
    assert "I-1" in readable["pdf"]
    assert "1.00 USD" in readable["pdf"]


def test_a_file_that_could_not_be_had_is_there_with_its_reason(ledger, make, gather):
    ledger.readings["october"] = make.month(make.invoice("1"))
    digests = set()
    for reason in ("answered 503", "answered 404"):
        fetch = ledger.begin()
        fetch.keep(ledger.response("october"))
        fetch.keep_missing_document("I-1", "pdf", reason)
        fetch.keep_missing_document("I-2", "pdf", "of no invoice of the month")
        ledger.reconcile(fetch.complete().fetch_id)
        found = gather()
        assert found.evidence.files == (IssuedFile("I-1", "pdf", b"", None, reason),)
        digests.add(evidence_sha256(found.evidence, found.stored))
    assert len(digests) == 2


def test_a_missing_or_altered_file_has_no_text(ledger, gather, with_files):
    read = document_reader(ledger.folder)
    for path in ledger.folder.rglob("*.pdf"):
        path.write_bytes(with_files + b" ")
    for path in ledger.folder.rglob("*.csv"):
        path.unlink()
    assert {file.text for file in gather(read_file=read).evidence.files} == {None}
    assert {file.text for file in gather().evidence.files} == {None}, "no reader, no text"


def test_the_month_was_read_when_all_of_it_had_arrived(ledger, make, gather):
    ledger.store(make.month(make.invoice("1")), "october")
    assert gather().evidence.as_of == ledger.one("select completed_at from billing.fetch")


@pytest.mark.parametrize(
    "change",
    [
        {"tolerances": {"F1": Tolerance(absolute=Decimal(1))}},
        {"currency": "EUR"},
        {"posting_day": 6},
        {"first_month": Month(2021, 1)},
    ],
)
def test_configuration_is_an_input(ledger, make, gather, change):
    ledger.store(make.month(make.invoice("1")), "october")
    account = make.account()
    plain, changed = gather(account=account), gather(account=replace(account, **change))
    assert evidence_sha256(plain.evidence, plain.stored) != evidence_sha256(changed.evidence, changed.stored)


def test_the_moment_of_reading_is_an_input_only_where_it_makes_the_month_overdue(ledger, make, gather):
    ledger.store(make.month(make.invoice("1")), "october")
    found = gather()

    def digest(moment):
        return evidence_sha256(replace(found.evidence, as_of=moment), found.stored)

    due = datetime(2026, 11, 6, tzinfo=UTC)
    assert digest(due - timedelta(days=3)) == digest(due - timedelta(microseconds=1)) == digest(None)
    assert digest(due) == digest(due + timedelta(days=100)) != digest(None)


def test_everything_around_the_month_is_an_input(ledger, make, gather, snapshot, with_files):
    """One step after the other changes the hash: a snapshot, the month before, a file that cannot be read."""
    read = document_reader(ledger.folder)

    def digest():
        found = gather(read_file=read)
        return evidence_sha256(found.evidence, found.stored)

    seen = [digest()]
    snapshot("1")
    seen.append(digest())
    ledger.store(make.month(month=SEPTEMBER), "empty")
    seen.append(digest())
    ledger.store(make.month(replace(make.invoice("5", invoice_id="I-9"), month=SEPTEMBER), month=SEPTEMBER), "full")
    seen.append(digest())
    for path in ledger.folder.rglob("*.pdf"):
        path.unlink()
    seen.append(digest())
    assert len(set(seen)) == len(seen)
