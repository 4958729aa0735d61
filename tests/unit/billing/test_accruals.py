"""What a month should accrue, and what is left of that when it is billed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.accruals.proposal import (
    Basis,
    BilledMonth,
    Document,
    Snapshot,
    blocked,
    is_billed,
    propose_from_snapshots,
    true_up,
    with_billed_months,
)
from billing.config.accrual_policy import AccrualPolicy, parse_accrual_policy
from billing.errors import ConfigurationError
from billing.money import difference, exact_sum
from billing.month import Month

OCTOBER = Month(2026, 10)
SECOND = timedelta(seconds=1)
LATE = datetime(2026, 10, 31, 23, 41, tzinfo=UTC)
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15)
payable = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15)


def snapshot(total, taken_at=LATE, snapshot_id=1, month=OCTOBER, currency="USD", as_of=None):
    return Snapshot(snapshot_id, month, Decimal(total), currency, taken_at, as_of)


def proposed(*snapshots, extrapolate=False, currency="USD"):
    return propose_from_snapshots(OCTOBER, currency, snapshots, AccrualPolicy(extrapolate))


def document(total, number=1, kind="invoice", currency="USD", issued_at=None):
    return Document((number, 1), f"I-{number}", kind, Decimal(total), currency, issued_at)


class TestProposal:
    def test_the_last_snapshot_decides(self):
        found = proposed(snapshot("980.00", snapshot_id=2), snapshot("700.00", LATE - timedelta(days=1)))

        assert (found.state, found.amount, found.currency) == ("PROPOSED", Decimal("980.00"), "USD")
        assert (found.as_of, found.cut_off, found.extrapolated) == (LATE, datetime(2026, 11, 1, tzinfo=UTC), False)
        assert [(part.kind, part.source, part.source_amount) for part in found.parts] == [
            ("month_to_date", 2, Decimal("980.00"))
        ]

    @pytest.mark.parametrize(("after", "state"), [(0 * SECOND, "PROPOSED"), (SECOND, "BLOCKED")])
    def test_the_cut_off_itself_is_in_time_and_nothing_later(self, after, state):
        assert proposed(snapshot("1.00", OCTOBER.end + after)).state == state

    def test_another_month_s_snapshot_taken_in_this_one_is_not_looked_at(self):
        found = proposed(snapshot("1.00", month=OCTOBER.shifted(-1)))
        assert (found.state, found.amount) == ("BLOCKED", None)
        assert "no month-to-date snapshot of 2026-10 was taken before its end" in found.explanation

    @pytest.mark.parametrize(
        ("total", "currency", "booked"),
        [
            ("980.005", "USD", "980.01"),
            ("980.0049", "USD", "980.00"),
            ("-980.005", "USD", "-980.01"),
            ("980.5", "JPY", "981"),
            ("980.0005", "KWD", "980.001"),
            ("0", "USD", "0.00"),
        ],
    )
    def test_it_is_rounded_once_half_up_to_the_minor_unit(self, total, currency, booked):
        assert proposed(snapshot(total, currency=currency)).amount == Decimal(booked)

    def test_the_account_s_currency_stands_in_where_the_snapshot_names_none(self):
        assert proposed(snapshot("980.5", currency=None), currency="JPY").amount == Decimal(981)

    def test_without_a_smallest_amount_nothing_can_be_booked(self):
        assert proposed(snapshot("1.00", currency="XAU")).state == "BLOCKED"

    @pytest.mark.parametrize(
        ("as_of", "amount"),
        [
            (datetime(2026, 10, 11, tzinfo=UTC), "961.00"),
            (datetime(2026, 10, 16, 12, tzinfo=UTC), "620.00"),
            (OCTOBER.start, "310.00"),
            (OCTOBER.end, "310.13"),  # it was taken 19 minutes earlier
            (None, "310.13"),
        ],
    )
    def test_extrapolation_is_exact_to_the_moment(self, as_of, amount):
        found = proposed(snapshot("310.00", as_of=as_of), extrapolate=True)
        assert found.amount == Decimal(amount)
        assert found.extrapolated is (as_of != OCTOBER.start)

    def test_a_snapshot_of_the_whole_month_needs_no_extrapolation(self):
        found = proposed(snapshot("310.00", OCTOBER.end), extrapolate=True)
        assert (found.amount, found.extrapolated) == (Decimal("310.00"), False)

    def test_nothing_is_extrapolated_unless_it_is_declared(self):
        found = proposed(snapshot("310.00", as_of=datetime(2026, 10, 11, tzinfo=UTC)))
        assert (found.amount, found.extrapolated) == (Decimal("310.00"), False)
        assert "covers the month up to 2026-10-11 00:00 UTC, not extrapolated" in found.explanation

    @given(amounts, st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 31)))  # noqa: DTZ001 (given a zone below)
    def test_a_proposal_is_the_sum_of_its_parts_and_never_more_than_half_a_cent_off(self, total, taken):
        found = proposed(snapshot(total, taken.replace(tzinfo=UTC)))
        if found.amount is None:
            assert taken.replace(tzinfo=UTC) > OCTOBER.end
            return
        assert found.amount == exact_sum(part.amount for part in found.parts)
        assert abs(difference(found.amount, total)) <= Decimal("0.005")
        assert found.amount == found.amount.quantize(Decimal("0.01"))


class TestBlocked:
    REASON = blocked(OCTOBER, Basis.SNAPSHOT, "USD", "no snapshot")

    def test_other_months_are_said_and_no_amount_is_given(self):
        known = [
            BilledMonth(Month(2026, 9), "USD", Decimal("1200.50")),
            BilledMonth(Month(2025, 10), "USD", Decimal("990.00")),
        ]
        found = with_billed_months(self.REASON, known)
        assert found.amount is None
        assert found.explanation == (
            "no snapshot. Other months: 2026-09 was billed 1200.50 USD; 2025-10 was billed 990.00 USD."
        )

    def test_where_nothing_is_known_it_says_so(self):
        assert with_billed_months(self.REASON, []).explanation.endswith("Other months: none.")

    def test_a_proposal_needs_no_other_month(self):
        found = proposed(snapshot("1.00"))
        assert with_billed_months(found, [BilledMonth(OCTOBER, "USD", Decimal(1))]) is found


class TestTrueUp:
    @pytest.mark.parametrize(
        ("accrued", "bills", "left", "percent"),
        [
            ("980.00", ["1000.00"], "20.00", "2.04"),
            ("980.00", ["600.00", "400.00"], "20.00", "2.04"),
            ("980.00", ["1000.00", "-30.00"], "-10.00", "-1.02"),
            ("-100.00", ["-50.00"], "50.00", "50.00"),
            ("800.00", ["801.00"], "1.00", "0.13"),  # 0.125: half up
            ("0.00", ["5.00"], "5.00", None),
            ("980.00", ["980.00"], "0.00", "0.00"),
        ],
    )
    def test_it_is_what_is_billed_less_what_was_accrued(self, accrued, bills, left, percent):
        documents = [
            document(total, number, "credit_memo" if total.startswith("-3") else "invoice")
            for number, total in enumerate(bills, start=1)
        ]
        found = true_up(Decimal(accrued), "USD", OCTOBER, documents)
        assert found.amount == Decimal(left)
        assert found.percent == (None if percent is None else Decimal(percent))
        assert found.actual == sum(map(Decimal, bills))

    def test_two_currencies_are_never_subtracted(self):
        found = true_up(Decimal(5), "USD", OCTOBER, [document("5.00"), document("5.00", 2, currency="EUR")])
        assert (found.actual, found.amount, found.percent) == (None, None, None)
        assert "Accrued in USD, billed in EUR" in found.explanation

    @pytest.mark.parametrize(
        ("issued", "days"),
        [
            ([None], None),
            ([datetime(2026, 11, 1, tzinfo=UTC)], 0),
            ([datetime(2026, 11, 3, 23, 59, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)], 2),
            ([datetime(2026, 10, 31, tzinfo=UTC), None], -1),
        ],
    )
    def test_days_run_from_the_cut_off_to_the_last_document(self, issued, days):
        documents = [document("1.00", number, issued_at=moment) for number, moment in enumerate(issued)]
        assert true_up(Decimal(1), "USD", OCTOBER, documents).days == days

    @given(payable, st.lists(amounts, max_size=6))
    @example(Decimal("0.01"), [Decimal("-0.000000001"), Decimal(10) ** 15])
    def test_accrual_and_true_up_are_the_bill_and_reversal_and_bill_the_true_up(self, accrued, bills):
        """Nothing is left over, however many documents there are."""
        documents = [document(total, number) for number, total in enumerate(bills)]
        found = true_up(accrued, "USD", OCTOBER, documents)
        assert exact_sum([accrued, found.amount]) == exact_sum(bills)
        assert exact_sum([-accrued, *bills]) == found.amount
        assert exact_sum([accrued, -accrued, *bills]) == found.actual

    @pytest.mark.parametrize(
        ("kinds", "billed"),
        [([], False), (["credit_memo"], False), (["invoice"], True), (["credit_memo", "invoice"], True)],
    )
    def test_a_credit_memo_alone_bills_nothing(self, kinds, billed):
        assert is_billed([document("1.00", number, kind) for number, kind in enumerate(kinds)]) is billed


class TestPolicy:
    @pytest.mark.parametrize("declared", [True, False])
    def test_it_is_read(self, declared):
        assert parse_accrual_policy({"extrapolate": declared}) == AccrualPolicy(declared)

    @pytest.mark.parametrize("value", [True, None, {}, {"extrapolate": "yes"}, {"extrapolate": True, "x": 1}])
    def test_anything_else_is_refused(self, value):
        with pytest.raises(ConfigurationError, match="extrapolate: true"):
            parse_accrual_policy(value)
