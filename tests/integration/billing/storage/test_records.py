"""Versions of records: nothing changes that did not change, nothing is lost that did."""

import random
import string
import threading
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg2
import pytest
from sqlalchemy import event

from billing.errors import PayloadError
from billing.models import (
    Charge,
    Contract,
    ContractBillingPeriod,
    ContractItem,
    Invoice,
    InvoiceLine,
    UnknownField,
    UsageLine,
    UsageReport,
    Wallet,
)
from billing.month import Month
from billing.storage.stored_months import previous_invoices
from billing.storage.tables import MUTABLE_TABLES, metadata
from billing.storage.versions import RECORD_TYPES

DERIVED = {"record", "record_version", "payment_status", "unknown_field"} | {
    table.name
    for record_type in RECORD_TYPES.values()
    for table in (record_type.table, *(many[2] for many in record_type.many))
}


def blank(kind, **values):
    """Make a record with nothing in it but what is said."""
    return kind(**dict.fromkeys(field.name for field in fields(kind)) | {"attributes": {}} | values)


@pytest.fixture
def full_month(make):
    """A month with every noun and every row type in it."""

    def build(month=make.month_key, account="acme", price="9.990000001", **rest):
        item = blank(ContractItem, position=1, plan_id="P", currency="USD", price=Decimal(price))
        contract = blank(Contract, contract_id="C-1", purchase_order_numbers=("PO 1", "PO,2"), items=(item,))
        billing_period = ContractBillingPeriod(
            *(f"B-{month}", "C-1", month, month.first_day, month.shifted(1).first_day, "Closed"),
            charges=(blank(Charge, position=1, name="Voice", overage_charge=Decimal("1.50")),),
            wallets=(blank(Wallet, position=1, starting_balance=Decimal(1000), ending_balance=Decimal("-0.5")),),
        )
        usage = UsageReport(
            f"usage/{month}",
            "usage",
            month,
            month.start,
            month.end,
            "USD",
            (UsageLine(1, "requests", Decimal(12)),),
        )
        bill = make.invoice("10.00", "5.00", invoice_id=f"I-{month}", month=month, payment_status="Unpaid")
        return make.month(
            bill,
            account=account,
            month=month,
            contracts=(contract,),
            billing_periods=(billing_period,),
            usage_reports=(usage,),
            **rest,
        )

    return build


@contextmanager
def statements(engine):
    """Count the statements that are sent."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


# -- what is stored


def test_every_noun_is_stored_with_its_rows(ledger, full_month):
    done = ledger.store(full_month())
    assert {(change.record_type, change.version, change.cause) for change in done.changes} == {
        (record_type.name, 1, "new") for record_type in RECORD_TYPES.values()
    }
    for table in DERIVED - {"unknown_field"}:
        assert ledger.one(f"select count(*) from billing.{table}") > 0, table


def test_every_field_of_a_record_has_a_column():
    """A field added to a type and forgotten in its table would be lost in silence."""
    elsewhere = {Invoice: {"payment_status"}}
    for kind, record_type in RECORD_TYPES.items():
        names = (
            {field.name for field in fields(kind)} - {many[0] for many in record_type.many} - elsewhere.get(kind, set())
        )
        assert names == set(record_type.table.c.keys()) - {"record_key", "version"}
        for _, row_type, table in record_type.many:
            assert {field.name for field in fields(row_type)} == set(table.c.keys()) - {"record_key", "version"}


def test_every_value_of_an_invoice_is_found_by_plain_sql(ledger, make):
    line = InvoiceLine(
        *(1, "Bandwidth „EU“\t1", Decimal("-3.20")),
        line_id="L-1",
        product="CDN",
        product_group="Delivery",
        region="Europe",
        usage_type="bandwidth",
        quantity=Decimal("12345678901234567.89"),
        unit="GB",
        rate=Decimal("0.123456789"),
        service_start=date(2026, 10, 1),
        service_end=date(2026, 11, 1),
        credit_coupon="WELCOME",
        attributes={"tier": Decimal("1.50")},
    )
    bill = make.invoice(
        lines=(line,),
        total="-3.20",
        kind="credit_memo",
        issued_at=datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC),
        service_start=datetime(2026, 10, 1, tzinfo=UTC),
        service_end=datetime(2026, 11, 1, tzinfo=UTC),
        statement_number="S-1",
        attributes={"customer": "C1"},
    )
    ledger.store(make.month(bill))
    header = "invoice_id, month, period_evidence, kind, currency, total::text, statement_number, attributes::text"
    assert ledger.rows(f"select {header} from billing.current_invoice") == [
        ("I-1", date(2026, 10, 1), "said by the test", "credit_memo", "USD", "-3.20", "S-1", '{"customer": "C1"}')
    ]
    assert ledger.rows("select issued_at, service_start, service_end from billing.current_invoice") == [
        (bill.issued_at, bill.service_start, bill.service_end)
    ]
    columns = (
        "description, amount::text, line_id, product, product_group, region, usage_type, quantity::text, "
        "unit, rate::text, service_start, service_end, credit_coupon, attributes::text"
    )
    assert ledger.rows(f"select {columns} from billing.current_invoice_line") == [
        (
            *("Bandwidth „EU“\t1", "-3.20", "L-1", "CDN", "Delivery", "Europe", "bandwidth", "12345678901234567.89"),
            *("GB", "0.123456789", date(2026, 10, 1), date(2026, 11, 1), "WELCOME", '{"tier": 1.50}'),
        )
    ]


# -- unchanged, changed


def test_an_unchanged_month_adds_no_row(ledger, full_month, differing):
    """Read again with the same bytes: only the fetch and its sightings are new, and when the month was last seen."""
    ledger.store(full_month())
    before = ledger.dump()
    done = ledger.store(full_month())
    assert differing(before, ledger.dump()) == {"fetch", "payload_sighting", "account_month"}
    assert (done.changes, done.unknown_fields, done.results_added) == ((), (), False)
    old, new = (
        before["account_month"][0].strip("()").split(","),
        ledger.dump()["account_month"][0].strip("()").split(","),
    )
    assert [old[place] == new[place] for place in range(len(old))] == [
        True,
        True,
        True,
        True,
        False,
        True,
        True,
        False,
        True,
    ]
    assert ledger.one("select fetch_id from billing.account_month") == 2
    assert ledger.one(
        "select last_seen_at = completed_at from billing.account_month join billing.fetch using (fetch_id)"
    )


def test_other_bytes_with_the_same_content_add_no_version(ledger, full_month):
    """A number formatted again is another answer, and no restatement."""
    ledger.store(full_month())
    account_month = full_month()
    bill = replace(account_month.invoices[0], total=Decimal(15), period_evidence="found in another way")
    assert ledger.store(replace(account_month, invoices=(bill,)), "formatted").changes == ()
    assert ledger.one("select total::text from billing.current_invoice") == "15.00"


@pytest.mark.parametrize(
    "amounts",
    [("10.00", "5.01"), ("10.00",), ("10.00", "5.00", "1.00"), ("5.00", "10.00"), ()],
    ids=["changed", "removed", "added", "reordered", "none left"],
)
def test_changed_lines_add_a_version_and_the_old_one_stays(ledger, make, amounts):
    ledger.store(make.month(make.invoice("10.00", "5.00", total="15.00")))
    (change,) = ledger.store(make.month(make.invoice(*amounts, total="15.00")), "second").changes
    assert (change.record_type, change.record_id, change.version, change.cause) == ("invoice", "I-1", 2, "vendor")
    lines = "select position, amount::text from billing.{} where {} order by 1"
    assert ledger.rows(lines.format("invoice_line", "version = 1")) == [(1, "10.00"), (2, "5.00")]
    assert ledger.rows(lines.format("current_invoice_line", "true")) == list(enumerate(amounts, start=1))
    assert ledger.rows("select current_version from billing.record") == [(2,)]
    assert ledger.one("select count(*) from billing.current_invoice") == 1


def test_only_what_changed_gets_a_version(ledger, full_month):
    """A contract's price: the invoice, the period and the usage stay as they are."""
    ledger.store(full_month())
    changes = ledger.store(full_month(price="9.99"), "second").changes
    assert [(change.record_type, change.version) for change in changes] == [("contract", 2)]
    assert ledger.rows("select version, price::text from billing.contract_item order by 1") == [
        (1, "9.990000001"),
        (2, "9.99"),
    ]
    assert ledger.rows("select purchase_order_numbers from billing.current_contract") == [(["PO 1", "PO,2"],)]


def test_back_to_the_old_content_is_a_third_version(ledger, make):
    first, second = make.month(make.invoice("1.00")), make.month(make.invoice("2.00"))
    versions = [
        ledger.store(month, name).changes[0].version for month, name in ((first, "a"), (second, "b"), (first, "c"))
    ]
    assert versions == [1, 2, 3]
    assert ledger.one("select total::text from billing.current_invoice") == "1.00"


# -- who changed it


def test_a_parser_that_reads_better_is_not_the_vendors_change(ledger, make):
    """The same fetch again, and a later fetch of the same bytes: our reading changed, the vendor's words did not."""
    ledger.store(make.month(make.invoice("1.00")))
    ledger.readings["first"] = make.month(make.invoice("1.00", statement_number="S-1"))
    assert [change.cause for change in ledger.reconcile(1).changes] == ["parser"]
    ledger.readings["first"] = make.month(make.invoice("1.00", statement_number="S-1", attributes={"a": 1}))
    assert [change.cause for change in ledger.reconcile(ledger.fetch("first")).changes] == ["parser"]
    assert ledger.rows("select version, cause from billing.record_version order by 1") == [
        (1, "new"),
        (2, "parser"),
        (3, "parser"),
    ]


def test_a_vendors_change_is_the_vendors_though_the_parser_changed_too(ledger, make):
    ledger.store(make.month(make.invoice("1.00")))
    ledger.readings["first"] = make.month(make.invoice("1.00", statement_number="S-1"))
    (change,) = ledger.store(make.month(make.invoice("2.00", statement_number="S-1")), "second").changes
    assert change.cause == "vendor"


def test_a_document_counted_in_another_month_is_our_decision(ledger, make):
    """The vendor said the same; the evidence of another month's run decided otherwise."""
    ledger.store(make.month(make.invoice("1.00")))
    november = Month(2026, 11)
    (change,) = ledger.store(make.month(make.invoice("1.00", month=november), month=november), "second").changes
    assert change.cause == "parser"
    assert ledger.one("select month from billing.current_invoice") == date(2026, 11, 1)


def test_an_earlier_answer_that_todays_code_refuses_does_not_stop_the_month(ledger, make):
    """What it said can no longer be told: a person has to look, as if the vendor had changed it."""
    ledger.store(make.month(make.invoice("1.00")))
    ledger.readings["second"] = make.month(make.invoice("2.00"))

    def stricter(account, month, responses, _recall):
        if responses[0].json()["reading"] == "first":
            raise PayloadError("the first answer has another shape")
        return ledger.derive(account, month, responses)

    assert [change.cause for change in ledger.reconcile(ledger.fetch("second"), derive=stricter).changes] == ["vendor"]


# -- older fetches


def test_an_older_fetch_does_not_bring_back_an_older_contract(ledger, full_month, make):
    """September is derived again after October saw a new price: the contract stays as October read it."""
    september = Month(2026, 9)
    ledger.store(full_month(september, price="1.00"), "september")
    ledger.store(full_month(price="2.00"), "october")
    before = ledger.dump()
    assert ledger.reconcile(1).changes == ()
    assert ledger.dump() == before
    assert ledger.one("select price::text from billing.current_contract_item") == "2.00"


def test_an_overtaken_fetch_proves_the_later_one_again(ledger, make, differing):
    """Two runs of one month: the one that asked first reconciles last."""
    ledger.readings |= {"old": make.month(make.invoice("1.00")), "new": make.month(make.invoice("2.00"))}
    ledger.store(make.month(make.invoice("2.00")), "new")
    older, newer = ledger.fetch("old"), ledger.fetch("new")
    ledger.reconcile(newer)
    before = ledger.dump()
    done = ledger.reconcile(older)
    assert (done.changes, done.results_added, done.invoices) == ((), False, 1)
    assert ledger.dump() == before
    assert ledger.one("select fetch_id from billing.account_month") == newer
    assert ledger.one("select total::text from billing.current_invoice") == "2.00"


# -- the database's own guarantees


@pytest.mark.parametrize("table", ["invoice_line", "contract_item", "charge", "wallet", "usage_line"])
def test_the_database_refuses_rows_of_a_version_that_is_not_there(ledger, full_month, table):
    """One look a statement, whatever the statement: an insert, or a COPY of rows that are in order but for one."""
    ledger.store(full_month())
    changed = "to_jsonb(r) || jsonb_build_object('record_key', %s, 'version', %s, 'position', %s)"
    row = f"(jsonb_populate_record(null::billing.{table}, {changed})).*"
    new = f"select {row} from (select * from billing.{table} limit 1) r"
    ((key, version),) = ledger.rows(f"select record_key, version from billing.{table} limit 1")
    for absent in ((key, 99), (987654, 1)):
        with pytest.raises(
            psycopg2.errors.ForeignKeyViolation, match=rf"billing\.{table}: rows of a version that is not"
        ):
            ledger.rows(f"insert into billing.{table} {new} union all {new}", key, version, 777, *absent, 778)
    assert ledger.one(f"select count(*) from billing.{table} where position > 700") == 0


def test_the_database_refuses_a_record_without_a_current_version(ledger, full_month):
    ledger.store(full_month())
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="record_current_version_fkey"):
        ledger.rows(
            "insert into billing.record (vendor, account, record_type, record_id, current_version) "
            "values ('v', 'a', 'k', 'i', 1)"
        )
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        ledger.rows("update billing.record set current_version = 99")
    with pytest.raises(psycopg2.errors.NotNullViolation):
        ledger.rows("update billing.record set current_version = null")


def test_the_database_refuses_two_current_versions(ledger, full_month):
    """A record points at one version; a second row of the same record is refused."""
    ledger.store(full_month())
    with pytest.raises(psycopg2.errors.UniqueViolation, match="record_identity_key"):
        ledger.rows(
            "insert into billing.record (vendor, account, record_type, record_id, current_version) "
            "select vendor, account, record_type, record_id, current_version from billing.record limit 1"
        )
    with pytest.raises(psycopg2.errors.UniqueViolation, match="record_version_pkey"):
        ledger.rows("insert into billing.record_version select * from billing.record_version limit 1")


EVIDENCE = sorted(table.name for table in metadata.tables.values() if table.name not in MUTABLE_TABLES)


@pytest.mark.parametrize("table", EVIDENCE)
def test_evidence_is_never_changed(ledger, table):
    """For every table that is not named as mutable: one added tomorrow is asked for here. Superusers included."""
    column = list(metadata.tables[f"billing.{table}"].c)[-1].name
    for change in (
        f"update billing.{table} set {column} = {column}",
        f"delete from billing.{table}",
        f"truncate billing.{table} cascade",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match=r"is evidence: .* is refused"):
            ledger.rows(change)


def test_three_tables_may_change():
    assert {"record", "account_month", "product_month"} == MUTABLE_TABLES


@pytest.mark.parametrize(
    "statement",
    ["delete from billing.record", "truncate billing.record cascade", "update billing.record set record_id = 'other'"],
)
def test_of_a_record_only_the_pointer_may_change(ledger, full_month, statement):
    """Whose it is and what it is called is evidence like its versions."""
    ledger.store(full_month())
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ForeignKeyViolation)):
        ledger.rows(statement)


# -- all or nothing


def test_one_identifier_with_two_contents_stores_nothing(ledger, make):
    month = make.month(make.invoice("1.00"), make.invoice("2.00"))
    before = ledger.dump(without=("fetch", "payload", "payload_sighting"))
    with pytest.raises(PayloadError, match="two different contents for invoice 'I-1' in one fetch"):
        ledger.store(month)
    assert ledger.dump(without=("fetch", "payload", "payload_sighting")) == before
    assert ledger.one("select count(*) from billing.payload") == 1, "the answer itself is kept"


def test_one_document_given_twice_is_one_record(ledger, make):
    """On two pages, or as a list row and by id."""
    assert len(ledger.store(make.month(make.invoice("1.00"), make.invoice("1.000"))).changes) == 1


def test_a_failure_in_the_last_line_leaves_every_table_as_it_was(ledger, full_month, make):
    """Heads, versions and thousands of lines are written before it; none of them stays."""
    ledger.store(full_month())
    month = full_month(Month(2026, 11), price="1")
    lines = tuple(make.line(position, "1.00") for position in range(1, 3001))
    corrupted = (*lines, make.line(3001, "1.00", description="zero \x00"))
    bill = make.invoice(invoice_id="I-new", lines=corrupted)
    before = ledger.dump(without=("fetch", "payload", "payload_sighting"))
    with pytest.raises(PayloadError, match=r"U\+0000"):
        ledger.store(replace(month, invoices=(bill,)), "corrupted")
    assert ledger.dump(without=("fetch", "payload", "payload_sighting")) == before


# -- at once


def test_two_months_of_one_account_at_once_share_a_contract(ledger, full_month):
    """A backfill: both see the contract for the first time, then both see a new price."""
    months = [Month(2026, month) for month in range(1, 7)]
    for price in ("1.00", "2.00"):
        for billing_month in months:
            ledger.readings[str(billing_month)] = full_month(billing_month, price=price)
        fetches = [ledger.fetch(str(billing_month), month=billing_month) for billing_month in months]
        faults, gate = [], threading.Barrier(len(months))

        def run(fetch_id, gate=gate, faults=faults):
            try:
                gate.wait(timeout=30)
                ledger.reconcile(fetch_id)
            except Exception as error:  # noqa: BLE001 (reported by the test)
                faults.append(error)

        threads = [threading.Thread(target=run, args=(fetch_id,)) for fetch_id in fetches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert faults == []
    assert ledger.rows("select version, count(*) from billing.contract group by 1 order by 1") == [(1, 1), (2, 1)]
    assert ledger.one("select price::text from billing.current_contract_item") == "2.00"
    assert ledger.one("select count(*) from billing.current_invoice") == len(months)


def test_two_accounts_at_once_report_an_unknown_field_once(ledger, make):
    fields_ = frozenset(UnknownField("invoice_line", name) for name in "abcdef")
    ledger.readings |= {
        name: make.month(make.invoice("1.00"), account=name, unknown_fields=fields_) for name in ("one", "two")
    }
    fetches = {name: ledger.fetch(name, account=name) for name in ("one", "two")}
    reported, gate = [], threading.Barrier(2)

    def run(name):
        gate.wait(timeout=30)
        reported.extend(ledger.reconcile(fetches[name], make.account(name)).unknown_fields)

    threads = [threading.Thread(target=run, args=(name,)) for name in fetches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(reported) == [f"invoice_line.{name}" for name in "abcdef"]


# -- beside the versions


def test_payment_is_recorded_without_a_new_version(ledger, make):
    statuses = ["Unpaid", "Unpaid", "Paid", "Paid", "Unpaid"]
    for number, status in enumerate(statuses):
        done = ledger.store(make.month(make.invoice("1.00", payment_status=status)), f"reading {number}")
        assert len(done.changes) == (number == 0)
    assert ledger.rows("select fetch_id, payment_status from billing.payment_status order by 1") == [
        (1, "Unpaid"),
        (3, "Paid"),
        (5, "Unpaid"),
    ]
    assert ledger.rows("select invoice_id, payment_status from billing.current_payment_status") == [("I-1", "Unpaid")]
    before = ledger.dump()
    ledger.reconcile(5)
    assert ledger.dump() == before


def test_an_invoice_without_payment_status_has_none(ledger, make):
    ledger.store(make.month(make.invoice("1.00")))
    assert ledger.one("select count(*) from billing.payment_status") == 0


def test_unknown_fields_are_reported_once_with_their_first_fetch(ledger, make):
    def reading(*names):
        fields_ = frozenset(UnknownField("invoice_line", name) for name in names)
        return make.month(make.invoice("1.00"), unknown_fields=fields_)

    assert ledger.store(reading("b", "a"), "first").unknown_fields == ("invoice_line.a", "invoice_line.b")
    assert ledger.store(reading("b", "c"), "second").unknown_fields == ("invoice_line.c",)
    assert ledger.store(reading(), "third").unknown_fields == ()
    assert ledger.rows("select name, first_fetch_id from billing.unknown_field order by 1") == [
        ("a", 1),
        ("b", 1),
        ("c", 2),
    ]


# -- what was said before


def test_what_an_invoice_said_before_comes_back_whole(ledger, make):
    line = make.line(
        1,
        "1.10",
        quantity=Decimal("12345678901234567.89"),
        rate=Decimal("0.123456789"),
        attributes={"a": [Decimal("1.50")]},
    )
    before = make.invoice(
        lines=(line, make.line(2, "-0.10")), issued_at=datetime(2026, 11, 2, tzinfo=UTC), attributes={"n": 1}
    )
    now = make.month(make.invoice("2.00"))
    ledger.store(make.month(before))
    ledger.store(now, "second")
    with ledger.engine.connect() as connection:
        assert previous_invoices(connection, now) == {"I-1": before}


def test_our_own_change_is_no_restatement(ledger, make):
    ledger.store(make.month(make.invoice("1.00")))
    ledger.readings["first"] = better = make.month(make.invoice("1.00", statement_number="S-1"))
    ledger.reconcile(1)
    with ledger.engine.connect() as connection:
        assert previous_invoices(connection, better) == {}


# -- cost


def test_the_number_of_statements_does_not_grow_with_lines_or_records(ledger, make):
    """5,000 lines, or a hundred usage reports, take the statements that one takes."""

    def sent(name, month):
        ledger.readings[name] = month
        fetch_id = ledger.fetch(name)
        with statements(ledger.engine) as noted:
            ledger.reconcile(fetch_id)
        return len(noted)

    def reports(count, quantity="1"):
        lines = (UsageLine(1, "requests", Decimal(quantity)),)
        return tuple(UsageReport(f"U-{n}", "usage", make.month_key, None, None, None, lines) for n in range(count))

    small = sent("small", make.month(make.invoice("1.00"), usage_reports=reports(1)))
    changed = sent("changed", make.month(make.invoice("1.01"), usage_reports=reports(1, "2")))
    large = sent("large", make.month(make.invoice(*["1.00"] * 5000, invoice_id="I-2"), usage_reports=reports(100, "3")))
    again = sent("again", make.month(make.invoice(*["1.01"] * 5000, invoice_id="I-2"), usage_reports=reports(100, "4")))
    assert max(small, changed, large, again) <= 35
    assert large <= changed + 2
    assert ledger.one("select count(*) from billing.current_usage_report") == 100


# -- texts of any length, and what cannot be stored at all


@pytest.mark.parametrize("length", [6_000, 1_000_000])
def test_texts_of_any_length_are_stored(ledger, make, length):
    """No index holds a vendor's text: random letters, as Postgres would compress others."""
    letters = random.Random(length)  # noqa: S311 (not for secrets)
    one, two = ("".join(letters.choices(string.ascii_letters, k=length)) for _ in range(2))
    line = make.line(1, "1.00", description=one, product=one, line_id=one, region=one, usage_type=one, unit=one)
    bill = make.invoice(lines=(line,), invoice_id=one, statement_number=one, currency=one, payment_status=one)
    other = make.invoice("1.00", invoice_id=one[:-1] + "é", attributes={one: [two]})
    unknown = frozenset({UnknownField("invoice", one), UnknownField("invoice", two)})
    done = ledger.store(make.month(bill, other, unknown_fields=unknown))
    assert [change.cause for change in done.changes] == ["new", "new"]
    assert ledger.store(make.month(bill, other), "again").changes == ()
    assert ledger.one("select max(length(product)) from billing.current_invoice_line") == length
    fetch = ledger.begin()
    fetch.keep_document(one, "pdf", "application/pdf", "GET /file", b"%PDF")
    fetch.keep_document(one, "pdf", "application/pdf", "GET /file", b"%PDF")
    assert fetch.complete().new_documents == 1


def test_what_cannot_be_stored_is_named_with_its_invoice_and_line(ledger, make):
    text = "a\x00b"
    bad = make.invoice("1.00", "2.00")
    bad = replace(bad, lines=(bad.lines[0], replace(bad.lines[1], product=text)))
    with pytest.raises(PayloadError, match=r"^invoice 'I-1', invoice_line 2: the text .*a retry is useless$"):
        ledger.store(make.month(make.invoice("5.00", invoice_id="I-0"), bad))
    with pytest.raises(PayloadError, match=r"^invoice 'I-1': the text "):
        ledger.store(make.month(make.invoice("1.00", statement_number=text)), "head")
    assert ledger.one("select count(*) from billing.record") == 0
