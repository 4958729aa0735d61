"""F6 and F9 of a month without a bill: whether one is due, and until when it is awaited."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.config.rate_card import Commitment
from billing_vendors.fastly.controls.f06_single_invoice import F6
from billing_vendors.fastly.controls.f09_posted_on_time import F9

IN_TIME, TOO_LATE = timedelta(days=5, seconds=-1), timedelta(days=5)


def judged(bills, after=TOO_LATE, **evidence):
    """Return the finding of a month without a bill, which both controls state in the same words."""
    month = evidence.pop("month", None) or bills.month(usage=[])
    as_of = None if after is None else bills.october.end + after
    found = [bills.judge(control, month=month, as_of=as_of, **evidence) for control in (F6, F9)]
    assert found[0] == found[1]
    (finding,) = found[0]
    return finding


def committed(bills, amount="45", api="v3", **settings):
    commitment = Commitment(bills.october, None, Decimal(amount))
    return bills.account(api, currency="EUR", commitments=(commitment,), **settings)


@pytest.mark.parametrize("api", ["v2", "v3"])
def test_a_commitment_alone_is_a_bill_that_is_due(bills, api):
    found = judged(bills, account=committed(bills, api=api))
    assert (found.state, found.expected, found.currency) == ("EXCEPTION", 45, "EUR")
    assert found.explanation == (
        "no invoice was posted by 2026-11-06 00:00 UTC: ask the vendor; a bill is due: the commitment is 45 EUR"
    )


def test_what_is_due_is_awaited_to_the_end_of_the_posting_day(bills):
    found = judged(bills, IN_TIME, account=committed(bills))
    assert found.state == "BLOCKED"
    assert found.explanation == (
        "cannot be checked: the invoice is awaited until 2026-11-06 00:00 UTC: the commitment is 45 EUR"
    )
    assert judged(bills, None, account=committed(bills)).state == "BLOCKED", "it is not known when it was read"


@pytest.mark.parametrize(
    ("amount", "first", "state"), [("0", 0, "NOT_APPLICABLE"), ("45", 1, "NOT_APPLICABLE"), ("45", -1, "EXCEPTION")]
)
def test_a_commitment_of_nothing_or_of_later_months_makes_no_bill_due(bills, amount, first, state):
    commitment = Commitment(bills.october.shifted(first), None, Decimal(amount))
    assert judged(bills, account=bills.account(commitments=(commitment,))).state == state


@pytest.mark.parametrize(
    ("quantities", "state"),
    [([], "NOT_APPLICABLE"), (["0", "0.00"], "NOT_APPLICABLE"), (["0", "0.001"], "EXCEPTION")],
)
@pytest.mark.parametrize("corrections", [0, 1])
def test_usage_above_zero_makes_a_bill_due(bills, quantities, state, corrections):
    credits_ = [bills.invoice(bills.flat("Credit", "-5", credit_coupon="C"))] * corrections
    month = bills.month(*credits_, usage=[bills.metric(quantity=quantity) for quantity in quantities])
    assert judged(bills, month=month).state == state
    assert judged(bills, IN_TIME, month=month).state == ("BLOCKED" if state == "EXCEPTION" else state)


@pytest.mark.parametrize("api", ["v2", "v3"])
def test_the_last_estimate_says_how_much_is_expected(bills, api):
    estimates = bills.estimate("12.00", 3), bills.estimate("81.50", 31)
    found = judged(bills, estimates=estimates, account=bills.account(api))
    assert (found.state, found.expected) == ("EXCEPTION", Decimal("81.50"))
    both = judged(bills, estimates=estimates, account=committed(bills, "100"))
    assert both.expected == 100, "the commitment is the least that is charged"


def test_v2_has_no_usage_to_say_that_nothing_is_due(bills):
    unread, v2 = bills.month(), bills.account("v2")
    found = judged(bills, month=unread, account=v2)
    assert found.state == "BLOCKED"
    assert "no usage record, estimate or commitment" in found.explanation
    last_day, early = (bills.estimate("0", 31),), (bills.estimate("0", 3),)
    assert judged(bills, month=unread, account=v2, estimates=last_day).state == "NOT_APPLICABLE"
    assert judged(bills, month=unread, account=v2, estimates=early).state == "BLOCKED"


def test_usage_metrics_that_never_have_rows_do_not_say_that_nothing_was_used(bills):
    """Fastly means them for accounts that get no invoices."""
    month = bills.september
    billed = bills.month(bills.invoice(bills.line(), month=month), month=month, usage=[])
    assert judged(bills, previous=billed).state == "BLOCKED"
    metered = bills.month(bills.invoice(bills.line(), month=month), month=month, usage=[bills.metric()])
    fee = bills.month(bills.invoice(bills.flat("TLS", "20"), month=month), month=month, usage=[])
    for before in (metered, fee, bills.month(month=month, usage=[])):
        assert judged(bills, previous=before).state == "NOT_APPLICABLE"


def test_v2_the_bill_before_states_the_minimum(bills):
    minimum = {"total": {"plan_minimum": "50"}}
    before = bills.before(attributes=minimum)
    found = judged(bills, month=bills.month(), account=bills.account("v2"), previous=before)
    assert (found.state, found.expected) == ("EXCEPTION", 50)


def test_who_does_not_pay_gets_no_bill_unless_it_did_before(bills):
    child = committed(bills, api="v2", parent_pay=True)
    assert judged(bills, account=child).state == "NOT_APPLICABLE"
    assert judged(bills, account=child, previous=bills.month(month=bills.september)).state == "NOT_APPLICABLE"
    assert judged(bills, account=child, previous=bills.before()).state == "EXCEPTION"
