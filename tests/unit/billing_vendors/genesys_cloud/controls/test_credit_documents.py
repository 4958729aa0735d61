"""G19: credits give back what was billed."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_vendors.genesys_cloud.controls.g19_credit_memos import G19


def memo(g, *amounts, text="Credit for INV00001", invoice_id="CM00002", **values):
    lines = (g.line(amount, "1", description=text) for amount in amounts)
    return g.invoice(*lines, invoice_id=invoice_id, kind="credit_memo", **values)


@pytest.mark.parametrize(
    ("kind", "amounts", "state"),
    [
        ("invoice", ["100.00"], "PASS"),
        ("invoice", ["100.00", "-100.00"], "PASS"),
        ("invoice", ["100.00", "-30.00"], "PASS"),
        ("invoice", ["-0.01"], "EXCEPTION"),
        ("credit_memo", ["-100.00"], "PASS"),
        ("credit_memo", ["0.00"], "PASS"),
        ("credit_memo", ["0.01"], "PASS"),  # the type says what it is
        ("credit_memo", ["-30.00", "5.00"], "EXCEPTION"),
    ],
)
def test_the_sign_is_that_of_the_type(g, found, kind, amounts, state):
    invoice = g.invoice(*(g.line(amount, "1", description="Goodwill") for amount in amounts), kind=kind)
    assert found(G19, g.month(invoice))[0].state.value == state


def test_a_memo_with_a_total_above_zero_is_no_credit_whatever_its_lines_say(g, found):
    assert found(G19, g.month(memo(g, "-30.00", total="0.01")))[0].state.value == "EXCEPTION"


def test_a_line_that_charges_is_named(g, found):
    finding = found(G19, g.month(memo(g, "-30.00", "5.00")))[0]
    assert finding.operands["charging_lines"] == [2]


@pytest.mark.parametrize(
    ("total", "given_back", "state"),
    [
        ("100.00", "-30.00", "PASS"),
        ("100.00", "-100.00", "PASS"),
        ("100.00", "-100.01", "EXCEPTION"),
        ("20.00", "-30.00", "EXCEPTION"),
    ],
)
def test_a_memo_gives_back_no_more_than_was_billed(g, found, total, given_back, state):
    month = g.month(memo(g, given_back))
    finding = found(G19, month, history=(g.head("INV00001", total),))[-1]
    assert finding.state.value == state
    original = g.invoice(g.line(total, "1"), invoice_id="INV00001")
    assert found(G19, g.month(memo(g, given_back), original))[-1].state.value == state


def test_all_memos_on_one_invoice_count_together(g, found):
    memos = (memo(g, "-60.00"), memo(g, "-60.00", invoice_id="CM00003"))
    finding = found(G19, g.month(*memos), history=(g.head("INV00001", "100.00"),))[-1]
    figures = (finding.state.value, finding.expected, finding.actual, finding.difference)
    assert figures == ("EXCEPTION", Decimal(100), Decimal(120), Decimal(20))


def test_another_currency_or_a_memo_on_a_memo(g, found):
    dollars = g.head("INV00001", "100.00", currency="USD")
    assert found(G19, g.month(memo(g, "-30.00")), history=(dollars,))[-1].state.value == "EXCEPTION"
    other_memo = g.head("INV00001", "100.00", kind="credit_memo")
    assert found(G19, g.month(memo(g, "-30.00")), history=(other_memo,))[-1].state.value == "EXCEPTION"


def test_an_invoice_that_is_not_stored_blocks_and_none_named_is_not_judged(g, found, states):
    finding = found(G19, g.month(memo(g, "-30.00")))[-1]
    assert finding.state.value == "BLOCKED"
    assert "INV00001" in finding.explanation
    assert found(G19, g.month(memo(g, "-30.00", text="Goodwill of CM00002")))[-1].state.value == "NOT_APPLICABLE"
    assert states(G19, g.month()) == ["NOT_APPLICABLE"]


cents = st.integers(1, 10**9)


@settings(deadline=None)
@given(cents, st.lists(cents, min_size=1, max_size=4))
def test_what_is_given_back_is_the_exact_sum(g, found, billed, credits_):
    memos = [memo(g, str(Decimal(-each).scaleb(-2)), invoice_id=f"CM9{n:04}") for n, each in enumerate(credits_)]
    history = (g.head("INV00001", str(Decimal(billed).scaleb(-2))),)
    finding = found(G19, g.month(*memos), history=history)[-1]
    assert (finding.state.value == "EXCEPTION") == (sum(credits_) > billed)
    assert finding.actual == Decimal(sum(credits_)).scaleb(-2)
