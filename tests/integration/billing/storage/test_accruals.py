"""Accruals in Postgres: proposed once, reversed and trued up with the month's bill, never changed."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import ProgrammingError

from billing.config.accrual_policy import AccrualPolicy
from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, MonthToDate
from billing.month import Month
from billing.storage.accrual_bases import from_billing_periods, from_snapshots
from billing.storage.accruals import AccrualBook
from billing.storage.payloads import find_fetch
from billing.storage.snapshots import payloads_of, save_snapshot
from billing_vendors.fastly.accrual import propose_accrual
from billing_vendors.fastly.settings import FastlySettings

OCTOBER = Month(2026, 10)
LATE = datetime(2026, 10, 31, 23, 41, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
TABLES = ("accrual", "accrual_part", "accrual_reversal", "true_up", "true_up_document")
NUMBERS = count()


@dataclass
class Book:
    """One account's month end, in the words of the tests; each step is a transaction."""

    ledger: Any
    make: Any
    account: Any

    def estimate(self, total, taken_at=LATE, month=OCTOBER, currency="USD"):
        """Keep a month-to-date snapshot that was received at a moment."""
        fetch = self.ledger.begin(purpose="month_to_date", month=month)
        fetch.keep(self.ledger.response(f"estimate {next(NUMBERS)}"))
        fetch_id = fetch.complete().fetch_id
        taken = MonthToDate("E-1", month, Decimal(total), currency, ())
        with self.ledger.engine.begin() as connection:
            ((payload_id, _),) = payloads_of(connection, fetch_id)
            save_snapshot(connection, taken, find_fetch(connection, fetch_id), payload_id, taken_at)

    def propose(self, month=OCTOBER, propose=from_snapshots, **changed):
        with self.ledger.engine.begin() as connection:
            return AccrualBook(connection, replace(self.account, **changed), "accruals__1", NOW).propose(month, propose)

    def bill(self, *invoices, month=OCTOBER, **rest):
        """Let the vendor bill a month: store and prove it as a run does."""
        account_month = self.make.month(*(replace(each, month=month) for each in invoices), month=month, **rest)
        return self.ledger.store(account_month, reading=f"bill {next(NUMBERS)}")

    def entries(self):
        return self.ledger.rows(
            "select entry, booked_on::text, amount::text, true_up::text from billing.accrual_ledger "
            "order by booked_on, true_up is not null, accrual_id, entry, version"
        )

    def booked(self):
        return self.ledger.one("select sum(amount)::text from billing.accrual_ledger")


@pytest.fixture
def book(ledger, make):
    return Book(ledger, make, make.account())


def issued(make, *amounts, day=5, **changed):
    return make.invoice(*amounts, issued_at=datetime(2026, 11, day, tzinfo=UTC), **changed)


class TestProposal:
    def test_it_names_amount_basis_and_age(self, book):
        book.estimate("700.00", LATE - timedelta(days=1))
        book.estimate("980.005")
        book.estimate("2000.00", OCTOBER.end + timedelta(seconds=1))

        assert book.propose().added

        assert book.ledger.rows(
            "select state, basis, currency, amount::text, age, extrapolated, cut_off, dag_run, recorded_at "
            "from billing.current_accrual"
        ) == [
            (
                *("PROPOSED", "month_to_date_snapshot", "USD", "980.01"),
                *(timedelta(minutes=19), False, OCTOBER.end, "accruals__1", NOW),
            )
        ]
        assert book.ledger.rows(
            "select p.kind, p.source_amount::text, p.amount::text, m.total::text from billing.accrual_part p "
            "join billing.month_to_date m using (snapshot_id)"
        ) == [("month_to_date", "980.005", "980.01", "980.005")]

    def test_the_same_basis_adds_nothing(self, book):
        book.estimate("980.00")
        first = book.propose()
        before = book.ledger.dump()

        again = book.propose()

        assert (again.accrual_id, again.added, again.settled) == (first.accrual_id, False, False)
        assert book.ledger.dump() == before

    def test_without_a_basis_it_is_blocked_and_other_months_are_said(self, book, make):
        book.bill(make.invoice("990.00", invoice_id="I-0"), month=OCTOBER.shifted(-12))
        book.bill(make.invoice("1200.50", "-0.50", invoice_id="I-2"), month=OCTOBER.shifted(-2))
        book.bill(make.invoice("7.00", invoice_id="I-9"), month=OCTOBER.shifted(1))

        assert book.propose().added
        assert not book.propose().added

        ((state, amount, age, explanation),) = book.ledger.rows(
            "select state, amount, age, explanation from billing.current_accrual"
        )
        assert (state, amount, age) == ("BLOCKED", None, None)
        assert explanation.endswith("Other months: 2026-08 was billed 1200.00 USD; 2025-10 was billed 990.00 USD.")

    def test_an_account_that_another_pays_for_has_no_estimate(self, book):
        settings = FastlySettings("xTRzc8Zo", parent_pay=True)
        book.estimate("980.00")
        assert "another account pays" in book.propose(propose=propose_accrual, settings=settings).proposal.explanation

    def test_another_basis_supersedes_it_within_the_month(self, book):
        book.estimate("310.00", datetime(2026, 10, 11, tzinfo=UTC))
        book.propose()

        assert book.propose(accrual=AccrualPolicy(extrapolate=True)).added

        assert book.entries() == [
            ("accrual", "2026-10-31", "310.00", None),
            ("reversal", "2026-10-31", "-310.00", None),
            ("accrual", "2026-10-31", "961.00", None),
        ]
        assert book.ledger.rows("select cause from billing.accrual_reversal") == [("superseded",)]
        assert book.booked() == "961.00"

    def test_each_account_has_its_own(self, book):
        book.estimate("980.00")
        assert book.propose(name="other").proposal.state == "BLOCKED"


class TestBilled:
    def test_the_bill_reverses_it_and_leaves_the_true_up(self, book, make):
        book.estimate("980.00")
        book.propose()

        book.bill(
            issued(make, "600.00", "400.00"), issued(make, "-30.00", invoice_id="CM-1", kind="credit_memo", day=9)
        )

        assert book.entries() == [
            ("accrual", "2026-10-31", "980.00", None),
            ("reversal", "2026-11-01", "-980.00", None),
            ("actual", "2026-11-05", "1000.00", None),
            ("actual", "2026-11-09", "-30.00", None),
            ("true_up", "2026-11-09", None, "-10.00"),
        ]
        assert book.ledger.rows(
            "select actual::text, amount::text, percent::text, days, currency from billing.true_up"
        ) == [("970.00", "-10.00", "-1.02", 8, "USD")]
        assert book.booked() == "970.00"
        assert book.ledger.rows(
            "select record_id from billing.true_up_document join billing.record using (record_key) order by 1"
        ) == [("CM-1",), ("I-1",)]

    def test_a_second_reading_adds_nothing(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.bill(issued(make, "1000.00"))
        before = {name: book.ledger.dump()[name] for name in TABLES}

        book.bill(issued(make, "1000.00"))

        assert {name: book.ledger.dump()[name] for name in TABLES} == before

    def test_a_restated_invoice_adds_a_true_up_and_the_earlier_stays(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.bill(issued(make, "1000.00"))
        book.bill(issued(make, "1000.00", "11.00"))

        assert book.ledger.rows("select actual::text, amount::text from billing.true_up order by true_up_id") == [
            ("1000.00", "20.00"),
            ("1011.00", "31.00"),
        ]
        assert book.ledger.one("select count(*) from billing.accrual_reversal") == 1
        assert [amount for entry, _, amount, _ in book.entries() if entry == "actual"] == ["1000.00", "11.00"]
        assert book.booked() == "1011.00"

    def test_a_withdrawn_invoice_adds_a_true_up_of_what_is_billed_now(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.bill(issued(make, "1000.00"))
        book.bill(issued(make, "1020.00", invoice_id="I-2"))
        book.bill()

        trued_up = "select actual::text, amount::text from billing.true_up order by true_up_id"
        assert book.ledger.rows(trued_up) == [("1000.00", "20.00"), ("1020.00", "40.00"), ("0", "-980.00")]
        assert book.booked() == "0.00"

    def test_a_credit_memo_alone_reverses_nothing(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.bill(issued(make, "-30.00", kind="credit_memo"))
        assert book.ledger.one("select count(*) from billing.accrual_reversal") == 0

    def test_the_order_of_bill_and_proposal_does_not_matter(self, book, make):
        book.estimate("980.00")
        book.bill(issued(make, "1000.00"))
        assert book.propose().settled
        assert [(entry, amount, left) for entry, _, amount, left in book.entries()] == [
            ("accrual", "980.00", None),
            ("reversal", "-980.00", None),
            ("actual", "1000.00", None),
            ("true_up", None, "20.00"),
        ]

    def test_a_blocked_month_is_billed_without_an_entry_of_an_accrual(self, book, make):
        book.propose()
        book.bill(issued(make, "1000.00"))
        assert [entry for entry, *_ in book.entries()] == ["actual"]
        assert book.booked() == "1000.00"

    def test_two_currencies_are_reversed_and_not_compared(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.bill(issued(make, "1000.00", currency="EUR"))

        assert book.ledger.rows("select actual, amount, percent from billing.true_up") == [(None, None, None)]
        assert book.ledger.rows(
            "select currency, sum(amount)::text from billing.accrual_ledger group by currency order by currency"
        ) == [("EUR", "1000.00"), ("USD", "0.00")]
        assert book.ledger.rows("select * from billing.accrual_quality") == []

    def test_an_invoice_without_currency_is_in_the_account_s(self, book, make):
        book.estimate("980.00", currency=None)
        book.propose()
        book.bill(issued(make, "1000.00", currency=None))
        assert book.ledger.rows("select currency, sum(amount)::text from billing.accrual_ledger group by 1") == [
            ("USD", "1000.00")
        ]

    def test_an_invoice_that_moves_to_another_month_takes_its_amount_along(self, book, make):
        book.estimate("980.00")
        book.propose()
        invoice = issued(make, "1000.00")
        book.bill(invoice)
        moved = make.month(replace(invoice, month=OCTOBER.shifted(1)), month=OCTOBER.shifted(1))
        book.ledger.store(moved, reading="moved")

        assert book.ledger.rows("select actual::text, amount::text from billing.true_up order by true_up_id") == [
            ("1000.00", "20.00"),
            ("0", "-980.00"),
        ]
        assert book.ledger.rows(
            "select month, sum(amount)::text from billing.accrual_ledger group by month order by month"
        ) == [(date(2026, 10, 1), "0.00"), (date(2026, 11, 1), "1000.00")]

    def test_month_and_true_up_are_stored_together_or_not_at_all(self, book, make):
        book.estimate("980.00")
        book.propose()
        book.ledger.rows("alter table billing.true_up rename to elsewhere")
        with pytest.raises(ProgrammingError, match="true_up"):
            book.bill(issued(make, "1000.00"))
        assert book.ledger.one("select count(*) from billing.invoice") == 0
        assert book.ledger.one("select count(*) from billing.accrual_reversal") == 0

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.decimals(-(10**12), 10**12, places=5),
        st.lists(st.decimals(-(10**12), 10**12, places=9), min_size=1, max_size=4),
    )
    def test_the_entries_sum_to_the_bill_digit_for_digit(self, book, make, total, bills):
        month = OCTOBER.shifted(-next(NUMBERS))
        book.estimate(total, month.end - timedelta(hours=1), month)
        book.propose(month)
        documents = [make.invoice(str(bill), invoice_id=f"{month}-{n}") for n, bill in enumerate(bills)]
        book.bill(*documents, month=month)

        ((booked, accrued, left),) = book.ledger.rows(
            "select sum(amount), sum(amount) filter (where entry = 'accrual'), sum(true_up) "
            "from billing.accrual_ledger where month = %s",
            month.first_day,
        )
        assert booked == accrued + left == sum(bills)


class TestContracts:
    """The basis of a vendor that bills by contract."""

    @staticmethod
    def records(status="Open", overage="12.00"):
        contract = _made(
            Contract,
            contract_id="C",
            purchase_order_numbers=(),
            items=(
                _made(
                    ContractItem,
                    position=1,
                    plan_id="P",
                    sku="CX",
                    function="Prepay",
                    currency="USD",
                    price=Decimal("1.00"),
                    quantity=Decimal(31),
                ),
            ),
        )
        charge = _made(Charge, position=1, sku="CX", overage_charge=Decimal(overage), currency="USD")
        month = _made(
            ContractBillingPeriod,
            billing_period_id="bp",
            contract_id="C",
            month=OCTOBER,
            status=status,
            starts_on=date(2026, 10, 1),
            ends_on=date(2026, 11, 1),
            charges=(charge,),
            wallets=(),
        )
        return {"contracts": (contract,), "billing_periods": (month,)}

    def test_what_was_read_before_the_bill_is_accrued(self, book):
        book.bill(**self.records())
        assert book.propose(propose=from_billing_periods).added

        assert book.ledger.rows(
            "select a.state, a.amount::text, p.kind, p.amount::text, r.record_id, p.version "
            "from billing.accrual a join billing.accrual_part p using (accrual_id) "
            "join billing.record r using (record_key) order by p.position"
        ) == [
            ("PROPOSED", "43.00", "overage", "12.00", "bp", 1),
            ("PROPOSED", "43.00", "prepaid", "31.00", "C", 1),
        ]

    def test_what_came_with_the_bill_does_not_change_it(self, book, make):
        """Proposed before or after: the newest version that was read before the bill counts."""
        book.bill(**self.records())
        book.bill(**self.records(overage="13.00"))
        book.propose(propose=from_billing_periods)
        book.bill(issued(make, "45.00"), **self.records("Closed", "14.00"))

        assert not book.propose(propose=from_billing_periods).added
        assert book.ledger.rows("select actual::text, amount::text from billing.true_up") == [("45.00", "1.00")]

    def test_what_was_first_read_with_the_bill_is_no_estimate(self, book, make):
        book.bill(issued(make, "45.00"), **self.records("Closed"))
        assert "first read together with its bill" in book.propose(propose=from_billing_periods).proposal.explanation
        assert book.ledger.rows("select state, amount from billing.accrual") == [("BLOCKED", None)]

    def test_without_a_billing_period_it_is_blocked(self, book):
        assert "no billing period of 2026-10" in book.propose(propose=from_billing_periods).proposal.explanation


def test_how_good_past_accruals_were(book, make):
    """Errors of 20, -10 and 0; the newest true-up of a month counts, a blocked month does not."""
    for back, (estimate, bills) in enumerate(
        [("980.00", ["1.00", "1000.00"]), ("100.00", ["90.00"]), ("5.00", ["5.00"])]
    ):
        month = OCTOBER.shifted(-back)
        book.estimate(estimate, month.end - timedelta(hours=1), month)
        book.propose(month)
        for bill in bills:
            book.bill(make.invoice(bill, invoice_id=f"I-{month}"), month=month)
    book.propose(OCTOBER.shifted(-3))
    book.bill(make.invoice("7.00", invoice_id="I-7"), month=OCTOBER.shifted(-3))

    assert book.ledger.rows(
        "select months, mean_absolute_error::numeric(9, 4), mean_absolute_percent::numeric(9, 4), "
        "bias::numeric(9, 4), bias_percent::numeric(9, 4), worst_error, worst_month from billing.accrual_quality"
    ) == [
        (
            *(3, Decimal("10.0000"), Decimal("4.0133"), Decimal("3.3333"), Decimal("-2.6533")),
            *(Decimal("20.00"), date(2026, 10, 1)),
        )
    ]


def test_an_estimate_is_never_among_issued_costs(book):
    book.estimate("980.00")
    before = book.ledger.dump()
    book.propose()
    assert {name for name, rows in book.ledger.dump().items() if rows != before[name]} == {"accrual", "accrual_part"}


@pytest.mark.parametrize(
    "values",
    [
        "'PROPOSED', null, now(), '\\x00'::bytea || decode(repeat('00', 31), 'hex')",
        "'BLOCKED', 1, now(), decode(repeat('00', 32), 'hex')",
        "'PROPOSED', 1, now(), decode('00', 'hex')",
        "'PASS', null, null, decode(repeat('00', 32), 'hex')",
    ],
)
def test_the_database_refuses_half_a_proposal(book, values):
    with pytest.raises(Exception, match="violates check constraint"):
        book.ledger.rows(
            "insert into billing.accrual (vendor, account, month, basis, currency, extrapolated, cut_off, "
            "explanation, dag_run, recorded_at, state, amount, as_of, inputs_sha256) values ('v', 'a', '2026-10-01', "
            f"'period_charges', 'USD', false, now(), 'x', 'r', now(), {values})"
        )


def _made(kind, **values):
    return kind(**dict.fromkeys(kind.__dataclass_fields__, None) | {"attributes": {}} | values)
