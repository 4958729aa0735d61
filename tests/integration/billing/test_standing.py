"""A month that stands as it was proved is neither read nor proved again; what its results rest on can end that."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.config.accounts import Account
from billing.config.tolerances import Tolerance
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.errors import StorageError
from billing.listed import InvoiceList, ListedInvoice
from billing.month import Month
from billing.reconciliation.code_version import reader_sha256
from billing.reconciliation.reconcile import reconcile_month

SEPTEMBER, OCTOBER, NOVEMBER = (Month(2026, month) for month in (9, 10, 11))
READER = bytes(32)


def same_amounts(evidence):
    """A control that always passes."""
    return [Finding(str(evidence.account_month.month), State.PASS, "as it should be")]


PROBES = Control("X1", "every month", "accuracy", "exception", same_amounts)


class Reading:
    """Reconciles as the tasks do, with one reader, and counts how often a month was derived."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.derived = 0
        self.reader = READER

    def __call__(self, fetch_id, account, **how):
        return reconcile_month(
            self.ledger.engine, self._derive, (PROBES,), account, fetch_id, reader=self.reader, **how
        )

    def _derive(self, *given):
        self.derived += 1
        return self.ledger.derive(*given)

    def again(self, reading, account, month=OCTOBER):
        """Read a month once more; tell whether it had to be derived, and what was done."""
        before = self.derived
        done = self(self.ledger.fetch(reading, month=month), account)
        return self.derived > before, done


@pytest.fixture
def read(ledger, make):
    """A ledger that holds September and October, each proved."""
    reading = Reading(ledger)
    ledger.readings["september"] = make.month(make.invoice("1.00", invoice_id="I-0", month=SEPTEMBER), month=SEPTEMBER)
    ledger.readings["october"] = make.month(make.invoice("1.00", "2.50"))
    for name, month in (("september", SEPTEMBER), ("october", OCTOBER)):
        assert reading.again(name, make.account(), month)[0]
    return reading


def test_a_month_that_is_read_again_is_not_derived_again(read, make, ledger, differing):
    before = ledger.dump()
    derived, done = read.again("october", make.account())
    assert not derived
    assert (done.month, done.invoices, done.lines, done.states) == (OCTOBER, 1, 2, {"PASS": 1})
    assert (done.changes, done.results_added, done.proved_again) == ((), False, ())
    assert differing(before, ledger.dump()) == {"fetch", "payload_sighting", "account_month"}
    newest = ledger.one("select max(fetch_id) from billing.fetch")
    assert ledger.one("select fetch_id from billing.account_month where month = '2026-10-01'") == newest


def test_a_later_month_does_not_touch_it(read, make, ledger):
    ledger.readings["november"] = make.month(make.invoice("4.00", invoice_id="I-2", month=NOVEMBER), month=NOVEMBER)
    read.again("november", make.account(), NOVEMBER)
    assert not read.again("october", make.account())[0]
    assert not read.again("september", make.account(), SEPTEMBER)[0]


def test_another_answer_is_read(read, make, ledger):
    ledger.readings["restated"] = make.month(make.invoice("1.00", "2.51"))
    derived, done = read.again("restated", make.account())
    assert (derived, [change.cause for change in done.changes]) == (True, ["vendor"])
    assert read.again("october", make.account())[0]  # and back: what it was is not what stands


def test_another_reader_reads(read, make, ledger):
    """Newer code reads everything once; if it reads the same, nothing is added."""
    read.reader = bytes(range(32))
    derived, done = read.again("october", make.account())
    assert (derived, done.changes, done.results_added) == (True, (), False)
    assert not read.again("october", make.account())[0]


def test_without_a_known_reader_nothing_is_taken_as_read(read, make):
    read.reader = None
    assert read.again("october", make.account())[0]


def test_an_earlier_months_restatement_is_looked_at(read, make, ledger):
    """September changes: October was proved again then, and is read anew the next time."""
    ledger.readings["september 2"] = make.month(
        make.invoice("1.10", invoice_id="I-0", month=SEPTEMBER), month=SEPTEMBER
    )
    assert read.again("september 2", make.account(), SEPTEMBER)[0]
    assert read.again("october", make.account())[0]
    assert not read.again("october", make.account())[0]


def test_an_estimate_that_arrives_late_is_looked_at(read, make, ledger):
    ledger.rows(
        "insert into billing.month_to_date (vendor, account, month, invoice_id, total, attributes, taken_at, "
        "payload_id, dag_run) select vendor, account, '2026-10-01', 'mtd', 3, '{}', now(), min(payload_id), 'x' "
        "from billing.payload group by 1, 2"
    )
    assert read.again("october", make.account())[0]
    assert not read.again("october", make.account())[0]


def test_an_overtaken_reading_is_stored_as_one(read, make, ledger):
    """Fetched before the reading that stands, and stored after it."""
    early = ledger.fetch("october")
    assert not read.again("october", make.account())[0]
    before = read.derived
    read(early, make.account())
    assert read.derived > before


def test_a_control_that_failed_by_our_own_fault_is_tried_again(read, make, ledger):
    broken = replace(PROBES, check=lambda _evidence: 1 / 0)
    fetch_id = ledger.fetch("october")
    with pytest.raises(ExceptionGroup):
        reconcile_month(ledger.engine, ledger.derive, (broken,), make.account(), fetch_id, reader=bytes(range(32)))
    read.reader = bytes(range(32))
    assert read.again("october", make.account())[0]


def test_a_month_is_derived_anew_if_somebody_wants_to_know(read, make, ledger):
    """A re-derivation shows that the stored answers still give the stored rows: it must not take that from a hash."""
    newest = ledger.one("select max(fetch_id) from billing.fetch where month = '2026-10-01'")
    before = read.derived
    done = read(newest, make.account(), force=True)
    assert (read.derived > before, done.changes, done.results_added) == (True, (), False)
    ledger.tamper("payload", "update billing.payload set body = 'x' where request = 'GET /invoices'")
    with pytest.raises(StorageError, match="cannot be unpacked"):
        read(newest, make.account(), force=True)


def test_an_invoice_that_is_counted_in_another_month_was_not_restated(read, make, ledger):
    """The same code counts it elsewhere since another answer says so; its own answer is what it was."""
    ledger.readings["moved"] = make.month(
        make.invoice("1.00", "2.50", month=NOVEMBER), make.invoice("3.00", invoice_id="I-9"), month=OCTOBER
    )
    _, done = read.again("moved", make.account())
    assert {(change.record_id, change.cause) for change in done.changes} == {("I-1", "derivation"), ("I-9", "first")}


class TestList:
    """Invoices that lie whole in a list."""

    @pytest.fixture
    def store(self, ledger, make):
        """Store a list's invoices, given as texts of amounts by id; gives what was done and which were read."""

        def store(amounts, reader=READER):
            read = []
            ledger.readings["list"] = make.month(
                *(make.invoice(amount, invoice_id=number) for number, amount in amounts.items())
            )

            def find(month, pages):
                assert month == OCTOBER
                assert [page.operation for page in pages] == ["list_invoices"]
                for invoice in ledger.readings["list"].invoices:
                    source = f"{invoice.invoice_id} {invoice.total}".encode()
                    yield ListedInvoice(invoice.invoice_id, source, lambda i=invoice: read.append(i.invoice_id) or i)

            fetch_id = ledger.fetch("list")
            listed = InvoiceList("list_invoices", find)
            done = reconcile_month(
                ledger.engine, ledger.derive, (PROBES,), make.account(), fetch_id, invoice_list=listed, reader=reader
            )
            return read, [(change.record_id, change.version, change.cause) for change in done.changes]

        return store

    def test_an_invoice_whose_bytes_are_known_is_not_read(self, store, ledger):
        assert store({"A": "1.00", "B": "2.00"}) == (["A", "B"], [("A", 1, "first"), ("B", 1, "first")])
        ledger.rows("update billing.account_month set proved_sha256 = null")
        assert store({"A": "1.00", "B": "2.00"}) == ([], [])

    def test_of_a_changed_list_only_the_changed_invoice_is_read(self, store, ledger):
        store({"A": "1.00", "B": "2.00"})
        ledger.rows("update billing.account_month set proved_sha256 = null")
        read, changes = store({"A": "1.00", "B": "2.01", "C": "3.00"})
        assert (read, changes) == (["B", "C"], [("B", 2, "vendor"), ("C", 1, "first")])
        assert ledger.rows("select invoice_id, total from billing.current_invoice order by 1") == [
            ("A", Decimal("1.00")),
            ("B", Decimal("2.01")),
            ("C", Decimal("3.00")),
        ]

    def test_bytes_that_return_to_an_earlier_version_are_a_new_version(self, store, ledger):
        """Known are the bytes of the current version alone."""
        for amount, version in (("1.00", 1), ("1.10", 2), ("1.00", 3)):
            ledger.rows("update billing.account_month set proved_sha256 = null")
            assert [change[1] for change in store({"A": amount})[1]] == [version]

    def test_another_reader_reads_all(self, store):
        store({"A": "1.00"})
        assert store({"A": "1.00"}, reader=bytes(range(32)))[0] == ["A"]


def test_the_vendors_code_and_the_accounts_configuration_are_who_reads():
    account = Account("initech", "acme", "initech_acme", "USD", SEPTEMBER, 5, None)
    same = reader_sha256(account, "billing_vendors.fastly.derive")
    assert same == reader_sha256(replace(account), "billing_vendors.fastly.derive")
    others = [
        replace(account, tolerances={"F1": Tolerance(absolute=Decimal(1))}),
        replace(account, first_month=OCTOBER),
        replace(account, currency="EUR"),
    ]
    digests = {reader_sha256(each, "billing_vendors.fastly.derive") for each in others}
    assert len(digests | {same, reader_sha256(account, "billing_vendors.genesys_cloud.derive")}) == 5
