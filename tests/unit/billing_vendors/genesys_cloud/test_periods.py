"""The month of an invoice: each worked example, and the two promises for any invoice whatever."""

from datetime import date, timedelta
from itertools import product

import pytest

from billing.month import Month
from billing_vendors.genesys_cloud.month_assignment import (
    BillingCycle,
    ContractTerm,
    Service,
    assign_month,
    possible_months,
    search_window,
)

FIRST = Month(2024, 1)


def month(key: str) -> Month:
    return Month.parse(key)


def day(text: str) -> date:
    return date.fromisoformat(text)


def service(first: str, last: str) -> Service:
    return Service(day(first), day(last) + timedelta(days=1))


def cycle(first: str, last: str, contract: str = "c1") -> BillingCycle:
    return BillingCycle(f"bp-{last}", contract, day(first), day(last) + timedelta(days=1))


def term(
    *cycles: BillingCycle, contract: str = "c1", starts_on: str | None = None, orders: tuple[str, ...] = ()
) -> ContractTerm:
    begin = day(starts_on) if starts_on else min((each.starts_on for each in cycles), default=None)
    return ContractTerm(contract, begin, orders, cycles)


CALENDAR = term(cycle("2026-09-01", "2026-09-30"), cycle("2026-10-01", "2026-10-31"), cycle("2026-11-01", "2026-11-30"))
FROM_THE_21ST = term(cycle("2026-09-21", "2026-10-20", "c2"), cycle("2026-10-21", "2026-11-20", "c2"), contract="c2")


@pytest.mark.parametrize(
    ("invoiced_on", "expected"),
    [("2026-11-01", "2026-10"), ("2026-10-31", "2026-09"), ("2026-11-30", "2026-10"), ("2026-12-01", "2026-11")],
)
def test_a_calendar_cycle(invoiced_on, expected):
    """Dated on the 1st of the next month, or any day until the next period ends."""
    assert assign_month(day(invoiced_on), None, (), [CALENDAR], FIRST).month == month(expected)


@pytest.mark.parametrize(
    ("invoiced_on", "expected"),
    [("2026-11-21", "2026-11"), ("2026-11-20", "2026-10"), ("2026-10-21", "2026-10"), ("2026-12-15", "2026-11")],
)
def test_a_cycle_from_the_21st_to_the_20th(invoiced_on, expected):
    """The month is that of the period's last day."""
    assert assign_month(day(invoiced_on), None, (), [FROM_THE_21ST], FIRST).month == month(expected)


def test_the_order_in_which_periods_are_listed_does_not_matter():
    backwards = ContractTerm("c1", CALENDAR.starts_on, (), CALENDAR.cycles[::-1])

    assert assign_month(day("2026-11-03"), None, (), [backwards], FIRST) == assign_month(
        day("2026-11-03"), None, (), [CALENDAR], FIRST
    )


def test_advance_and_arrears_on_one_invoice():
    """The prepaid lines are for November, the overage for October: one document, one month, and it is said why."""
    lines = [service("2026-10-01", "2026-10-31"), service("2026-11-01", "2026-11-30")]

    decision = assign_month(day("2026-11-03"), None, lines, [CALENDAR], FIRST)

    assert decision.month == month("2026-10")
    assert decision.evidence == (
        "Dated 2026-11-03, after the end of billing period bp-2026-10-31 (2026-10-01 to 2026-10-31) of contract c1; "
        "but 1 of 2 dated lines bill services outside it, from 2026-11-01 to 2026-11-30."
    )


def test_a_credit_memo_for_a_month_long_closed_belongs_where_it_was_written():
    decision = assign_month(day("2026-11-17"), None, [service("2026-03-01", "2026-03-31")], [CALENDAR], FIRST)

    assert decision.month == month("2026-10")
    assert "from 2026-03-01 to 2026-03-31" in decision.evidence


def test_lines_that_agree_are_evidence_too():
    lines = [service("2026-10-01", "2026-10-31")] * 2

    decision = assign_month(day("2026-11-03"), None, lines, [CALENDAR], FIRST)

    assert "every dated line (2) bills services in it" in decision.evidence


class TestSeveralContracts:
    """One organization, a calendar cycle and one from the 21st."""

    calendar = ContractTerm("c1", CALENDAR.starts_on, ("PO-1", "PO-9"), CALENDAR.cycles)
    from_the_21st = ContractTerm("c2", FROM_THE_21ST.starts_on, ("PO-2", "PO-9"), FROM_THE_21ST.cycles)
    yearly = ContractTerm("c3", day("2023-01-01"), ("PO-3",), (cycle("2026-11-10", "2026-11-22", "c3"),))

    @pytest.mark.parametrize(("order", "expected"), [("PO-1", "2026-10"), ("PO-2", "2026-11"), (" PO-2 ", "2026-11")])
    def test_the_purchase_order_names_the_contract(self, order, expected):
        terms = [self.calendar, self.from_the_21st]

        assert assign_month(day("2026-11-25"), order, (), terms, FIRST).month == month(expected)

    @pytest.mark.parametrize("order", [None, "", "  ", "PO-unknown"])
    def test_without_a_known_purchase_order_all_contracts_count(self, order):
        decision = assign_month(day("2026-11-25"), order, (), [self.calendar, self.from_the_21st], FIRST)

        assert decision.month == month("2026-11")
        assert "of contract c2" in decision.evidence

    def test_a_purchase_order_of_two_contracts_means_those_two(self):
        terms = [self.calendar, self.from_the_21st, self.yearly]

        assert "of contract c2" in assign_month(day("2026-11-25"), "PO-9", (), terms, FIRST).evidence
        assert "of contract c3" in assign_month(day("2026-11-25"), None, (), terms, FIRST).evidence


class TestBeforeThePeriodsEnd:
    """No period of the contract has ended when the invoice is dated."""

    new = term(cycle("2026-10-01", "2026-10-31"), cycle("2026-11-01", "2026-11-30"))

    @pytest.mark.parametrize("invoiced_on", ["2026-09-01", "2026-10-01", "2026-10-31"])
    def test_the_first_period_takes_it(self, invoiced_on):
        decision = assign_month(day(invoiced_on), None, (), [self.new], month("2026-10"))

        assert decision.month == month("2026-10")
        assert "before any billing period of its contract ended" in decision.evidence

    def test_the_lines_services_name_the_period(self):
        lines = [service("2026-11-01", "2026-11-30")]

        assert assign_month(day("2026-10-05"), None, lines, [self.new], FIRST).month == month("2026-11")

    def test_too_early_for_the_period_s_own_run_means_the_calendar(self):
        """The run of October asks from 1 September on."""
        assert assign_month(day("2026-08-31"), None, (), [self.new], FIRST).month == month("2026-07")

    def test_a_history_that_was_cut_off_is_not_a_beginning(self):
        """The contract began in 2023; the vendor only lists its latest periods."""
        cut = term(*self.new.cycles, starts_on="2023-01-01")

        assert assign_month(day("2026-10-05"), None, (), [cut], FIRST).month == month("2026-09")

    def test_a_first_yearly_period_is_too_far_away(self):
        yearly = term(cycle("2026-01-01", "2026-12-31"))

        assert assign_month(day("2026-01-05"), None, (), [yearly], FIRST).month == month("2025-12")
        assert assign_month(day("2026-01-05"), None, (), [yearly], month("2026-01")).month == month("2026-01")


class TestTheLinesDecide:
    """Among the periods that ended around the invoice's date; a credit memo's lines do not."""

    october = (service("2026-10-01", "2026-10-31"),)
    october_and_november = (*october, service("2026-11-01", "2026-11-30"))
    without_october = term(cycle("2026-09-01", "2026-09-30"), cycle("2026-11-01", "2026-11-30"))

    @pytest.mark.parametrize("invoiced_on", ["2026-10-31", "2026-11-01", "2026-11-30", "2026-12-03"])
    @pytest.mark.parametrize("known", [CALENDAR, without_october], ids=["all listed", "October not listed"])
    def test_a_bill_of_october_dated_early_or_late_stays_there(self, invoiced_on, known):
        assert assign_month(day(invoiced_on), None, self.october, [known], FIRST).month == month("2026-10")

    @pytest.mark.parametrize(("invoiced_on", "expected"), [("2026-10-31", "2026-10"), ("2026-12-03", "2026-11")])
    def test_two_months_in_a_row_are_of_the_one_that_ended_near_the_date(self, invoiced_on, expected):
        """The second is billed in advance, or both at the end of a longer term in which a price changed."""
        lines = self.october_and_november
        assert assign_month(day(invoiced_on), None, lines, [CALENDAR], FIRST).month == month(expected)

    def test_the_next_month_alone_is_billed_in_advance_with_the_one_that_ended(self):
        ahead = [service("2026-11-01", "2026-11-30")]

        assert assign_month(day("2026-10-28"), None, ahead, [CALENDAR], FIRST).month == month("2026-10")
        assert assign_month(day("2026-11-02"), None, ahead, [CALENDAR], FIRST).month == month("2026-10")

    def test_a_credit_memo_belongs_where_it_was_written(self):
        late = day("2026-12-03")
        assert assign_month(late, None, self.october, [CALENDAR], FIRST, is_credit=True).month == month("2026-11")

    def test_a_credit_memo_may_be_dated_a_day_before_its_period_ends(self):
        for dated, expected in (("2026-10-30", "2026-10"), ("2026-10-31", "2026-10"), ("2026-10-29", "2026-09")):
            found = assign_month(day(dated), None, self.october, [CALENDAR], FIRST, is_credit=True)
            assert found.month == month(expected)

    @pytest.mark.parametrize(("starts_on", "ends_on"), [("2026-09-30", "2026-10-30"), ("2026-10-02", "2026-11-01")])
    def test_the_lines_of_a_credit_memo_may_be_a_day_beside_its_period_too(self, starts_on, ends_on):
        lines = [service(starts_on, ends_on)]
        found = assign_month(day("2026-10-30"), None, lines, [CALENDAR], FIRST, is_credit=True)
        assert found.month == month("2026-10")

    def test_a_late_bill_is_in_the_window_of_its_own_month(self):
        assert assign_month(day("2026-12-20"), None, self.october, [CALENDAR], FIRST).month == month("2026-11")


class TestNoPeriodSpeaks:
    def test_the_calendar_month_before_decides(self):
        decision = assign_month(day("2026-11-17"), None, (), [], FIRST)

        assert decision.month == month("2026-10")
        assert decision.evidence == (
            "Dated 2026-11-17 with no billing period that ended in the two months before, so it belongs to the "
            "calendar month 2026-10; its lines carry no service dates."
        )

    def test_long_after_the_contract_s_last_period(self):
        """Its run would not look at this date any more."""
        over = term(cycle("2026-02-01", "2026-02-28"), cycle("2026-03-01", "2026-03-31"))

        assert assign_month(day("2026-05-31"), None, (), [over], FIRST).month == month("2026-03")
        assert assign_month(day("2026-06-01"), None, (), [over], FIRST).month == month("2026-05")

    def test_an_invoice_of_the_account_s_first_days_is_not_lost(self):
        assert assign_month(day("2026-10-02"), None, (), [], month("2026-10")).month == month("2026-10")

    def test_an_invoice_from_before_the_account_stays_before_it(self):
        assert assign_month(day("2026-09-02"), None, (), [], month("2026-10")).month == month("2026-08")


WORLDS = {
    "calendar": [CALENDAR],
    "from the 21st": [FROM_THE_21ST],
    "both": [CALENDAR, FROM_THE_21ST],
    "quarterly": [term(cycle("2026-01-01", "2026-03-31"), cycle("2026-04-01", "2026-06-30"))],
    "yearly": [term(cycle("2025-03-10", "2026-03-09"), cycle("2026-03-10", "2027-03-09"))],
    "none": [],
    "over": [term(cycle("2025-12-01", "2025-12-31"))],
    "a week": [term(*(cycle(f"2026-10-{n:02d}", f"2026-10-{n + 6:02d}") for n in (1, 8, 15)))],
}
LINES = {
    "none": (),
    "then": (service("2026-10-01", "2026-10-31"),),
    "far": (service("2025-01-01", "2025-01-31"), service("2027-01-01", "2027-03-01")),
}


@pytest.mark.parametrize(("world", "lines"), list(product(WORLDS, LINES)))
def test_the_run_of_its_month_always_finds_an_invoice(world, lines):
    """Whatever the cycles, the date and the lines: the date lies in the window that the month's run asks for."""
    terms = WORLDS[world]
    for offset in range(900):
        invoiced_on = date(2025, 6, 1) + timedelta(days=offset)
        decision = assign_month(invoiced_on, None, LINES[lines], terms, month("2025-09"))
        first, last = search_window(decision.month)
        assert first <= invoiced_on <= last, decision
        possible = possible_months(invoiced_on, None, terms)
        assert possible is None or decision.month in possible  # lines need not be read to leave an invoice out


def test_what_is_not_known_yet_does_not_change_the_month():
    """A later run sees more periods, none of which had ended when the invoice was dated."""
    for known in range(1, 4):
        terms = [term(*CALENDAR.cycles[:known])]
        assert assign_month(day("2026-10-15"), None, (), terms, FIRST).month == month("2026-09")
