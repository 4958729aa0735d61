"""A month whose inputs have not changed is neither derived nor controlled again; each of its inputs can end that."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.config.accounts import Account
from billing.config.tolerances import Tolerance
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.errors import StorageError
from billing.month import Month
from billing.reconciliation.code_version import code_sha256
from billing.reconciliation.reconciler import Rules, reconcile_month

SEPTEMBER, OCTOBER, NOVEMBER = (Month(2026, month) for month in (9, 10, 11))
CODE = bytes(32)


def same_amounts(evidence):
    """A control that always passes."""
    return [Finding(str(evidence.account_month.month), State.PASS, "as it should be")]


PROBES = Control("X1", "every month", "accuracy", "exception", same_amounts)


class Reading:
    """Reconciles as the tasks do, with one hash of the code, and counts how often a month was derived."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.derived = 0
        self.code = CODE

    def __call__(self, fetch_id, account, **how):
        rules = Rules(self._derive, (PROBES,), code_sha256=self.code)
        return reconcile_month(self.ledger.engine, rules, account, fetch_id, **how)

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
    """A ledger that holds September and October, each reconciled."""
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
    assert (done.changes, done.results_added, done.rerun) == ((), False, ())
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
    assert read.again("october", make.account())[0]  # and back: what it was is not what is stored


def test_a_document_that_cannot_be_had_is_looked_at(read, make, ledger):
    def again(reason):
        fetch = ledger.begin()
        fetch.keep(ledger.response("october"))
        fetch.keep_missing_document("I-1", "pdf", reason)
        before = read.derived
        read(fetch.complete().fetch_id, make.account())
        return read.derived > before

    assert [again(reason) for reason in ("503", "503", "404")] == [True, False, True]
    assert read.again("october", make.account())[0]


def test_other_code_derives_again(read, make, ledger):
    """Newer code reads everything once; if it reads the same, nothing is added."""
    read.code = bytes(range(32))
    derived, done = read.again("october", make.account())
    assert (derived, done.changes, done.results_added) == (True, (), False)
    assert not read.again("october", make.account())[0]


def test_without_a_known_code_hash_every_month_is_derived(read, make):
    read.code = None
    assert read.again("october", make.account())[0]


def test_an_earlier_months_restatement_is_looked_at(read, make, ledger):
    """September changes: October was rerun then, and is derived again the next time."""
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
    """Fetched before the reading that is stored, and stored after it."""
    early = ledger.fetch("october")
    assert not read.again("october", make.account())[0]
    before = read.derived
    read(early, make.account())
    assert read.derived > before


def test_a_control_that_failed_by_our_own_fault_is_tried_again(read, make, ledger):
    broken = replace(PROBES, check=lambda _evidence: 1 / 0)
    fetch_id = ledger.fetch("october")
    rules = Rules(ledger.derive, (broken,), code_sha256=bytes(range(32)))
    with pytest.raises(ExceptionGroup):
        reconcile_month(ledger.engine, rules, make.account(), fetch_id)
    read.code = bytes(range(32))
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
    assert {(change.record_id, change.cause) for change in done.changes} == {("I-1", "parser"), ("I-9", "new")}


def test_the_hash_is_of_the_vendors_code_and_the_accounts_configuration():
    account = Account("initech", "acme", "initech_acme", "USD", SEPTEMBER, 5, None)
    same = code_sha256(account, "billing_vendors.fastly.derive")
    assert same == code_sha256(replace(account), "billing_vendors.fastly.derive")
    others = [
        replace(account, tolerances={"F1": Tolerance(absolute=Decimal(1))}),
        replace(account, first_month=OCTOBER),
        replace(account, currency="EUR"),
    ]
    digests = {code_sha256(each, "billing_vendors.fastly.derive") for each in others}
    assert len(digests | {same, code_sha256(account, "billing_vendors.genesys_cloud.derive")}) == 5


@pytest.mark.parametrize(("same_code", "derived"), [(True, 1), (False, 2)], ids=["same code", "other code"])
def test_what_the_same_code_has_stored_is_not_derived_again_for_the_cause_of_a_change(
    read, make, ledger, same_code, derived
):
    ledger.readings["restated"] = make.month(make.invoice("1.00", "2.51"))
    read.code = CODE if same_code else bytes(31) + b"\1"
    before = read.derived
    _, done = read.again("restated", make.account())
    assert read.derived - before == derived
    assert [(change.record_id, change.version, change.cause) for change in done.changes] == [("I-1", 2, "vendor")]


def test_an_invoice_that_only_moves_to_another_month_is_no_restatement_by_the_vendor(read, make, ledger):
    """The code that stored it is the same: it is read back."""
    moved = make.invoice("1.00", "2.50", month=NOVEMBER)
    ledger.readings["november"] = make.month(moved, month=NOVEMBER)
    before = read.derived
    _, done = read.again("november", make.account(), NOVEMBER)
    assert [(change.record_id, change.version, change.cause) for change in done.changes] == [("I-1", 2, "parser")]
    assert read.derived - before >= 1
