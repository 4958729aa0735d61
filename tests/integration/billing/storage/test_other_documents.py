"""Which documents of other months a month's controls see, and which months run again when one changes."""

from dataclasses import replace
from datetime import date

import pytest

from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.models import ContractBillingPeriod
from billing.month import Month

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (Month(2026, number) for number in (8, 9, 10, 11))
NOTHING: tuple = ()


def seen(evidence):
    """Return what a control sees of other months' documents, as one finding."""
    named = [
        f"{each.invoice_id}: {','.join(line.description for line in each.lines)}" for each in evidence.other_documents
    ]
    yield Finding(str(evidence.account_month.month), State.PASS, "; ".join(named) or "none")


@pytest.fixture
def vendor(ledger):
    ledger.controls = (Control("X1", "statement", "completeness", "exception", seen),)
    return ledger


@pytest.fixture
def shown(vendor):
    query = "select explanation from billing.current_control_result where month = %s"
    return lambda month: vendor.one(query, month.first_day)


@pytest.fixture
def bill(make):
    """Make a month with one invoice, of lines named and dated so: ``September=(first, end)``."""

    def made(month, invoice_id, periods=NOTHING, **lines):
        rows = tuple(
            make.line(position, "1.00", description=name, service_start=days[0], service_end=days[1])
            for position, (name, days) in enumerate(lines.items(), start=1)
        )
        invoice = replace(make.invoice(invoice_id=invoice_id, month=month), lines=rows)
        return make.month(invoice, month=month, billing_periods=periods)

    return made


def cycle(month, first, end):
    return ContractBillingPeriod(f"BP-{month}", "C", month, first, end, "Closed", (), ())


def whole(month, months=1):
    return month.first_day, month.shifted(months).first_day


def test_a_months_controls_see_what_other_documents_bill_of_its_days(vendor, bill, shown):
    """The lines of its days alone; also of a document that is stored later."""
    vendor.store(bill(AUGUST, "I-8", august=whole(AUGUST), yearly=whole(AUGUST, 12)), "august")
    vendor.store(bill(OCTOBER, "I-10", october=whole(OCTOBER), november=whole(NOVEMBER)), "october")
    assert shown(OCTOBER) == "I-8: yearly"
    assert shown(AUGUST) == "none"
    vendor.store(bill(NOVEMBER, "I-11", late=whole(OCTOBER), august_too=whole(AUGUST)), "november")
    assert shown(NOVEMBER) == "I-8: yearly; I-10: november"
    assert shown(OCTOBER) == "I-8: yearly; I-11: late"
    assert shown(AUGUST) == "none"  # three months later


def test_the_days_are_those_of_the_billing_periods(vendor, bill, shown):
    periods = (cycle(OCTOBER, date(2026, 9, 21), date(2026, 10, 21)),)
    vendor.store(bill(OCTOBER, "I-10", periods, october=(date(2026, 9, 21), date(2026, 10, 21))), "october")
    before = (date(2026, 8, 21), date(2026, 9, 21))
    vendor.store(
        bill(SEPTEMBER, "I-9", (cycle(SEPTEMBER, *before),), its_own=before, late_october=whole(OCTOBER)), "nine"
    )
    assert shown(OCTOBER) == "I-9: late_october"
    assert shown(SEPTEMBER) == "none"


def test_a_document_without_days_is_seen_by_the_month_after_it(vendor, bill, shown):
    vendor.store(bill(SEPTEMBER, "I-9", undated=(None, None)), "september")
    vendor.store(bill(OCTOBER, "I-10", october=whole(OCTOBER)), "october")
    vendor.store(bill(NOVEMBER, "I-11", november=whole(NOVEMBER)), "november")
    assert [shown(month) for month in (OCTOBER, NOVEMBER)] == ["I-9: undated", "none"]


def test_the_days_of_the_document_count_where_its_lines_have_none(vendor, make, shown):
    for month in (SEPTEMBER, OCTOBER):
        dated = replace(make.invoice("1.00", invoice_id=f"I-{month}"), month=month)
        dated = replace(dated, service_start=month.start, service_end=month.end)
        vendor.store(make.month(dated, month=month), str(month))
    assert [shown(month) for month in (SEPTEMBER, OCTOBER)] == ["none", "none"]


def test_a_withdrawn_document_is_not_seen(vendor, make, bill, shown):
    vendor.store(bill(SEPTEMBER, "I-9", october=whole(OCTOBER)), "september")
    vendor.store(bill(OCTOBER, "I-10", october=whole(OCTOBER)), "october")
    assert shown(OCTOBER) == "I-9: october"
    vendor.store(make.month(month=SEPTEMBER), "no longer listed")
    assert shown(OCTOBER) == "none"


def test_a_changed_document_reruns_the_months_it_bills_before_and_after(vendor, bill, shown):
    vendor.store(bill(SEPTEMBER, "I-9", september=whole(SEPTEMBER)), "september")
    vendor.store(bill(NOVEMBER, "I-11", september_late=whole(SEPTEMBER)), "november")
    assert shown(SEPTEMBER) == "I-11: september_late"
    vendor.store(bill(NOVEMBER, "I-11", november=whole(NOVEMBER)), "restated")
    assert shown(SEPTEMBER) == "none"
