"""F23."""

from billing_vendors.fastly.controls.f23_customer_id import F23


def test_our_id(bills):
    assert bills.states(F23, bills.invoice()) == ["PASS"]


def test_somebody_else_s_id(bills):
    (found,) = bills.judge(F23, bills.invoice(attributes={"customer_id": "Ours"}))
    assert (found.state, found.operands) == ("EXCEPTION", {"invoice": "Ours", "configured": "ours"})


def test_no_id_on_the_invoice(bills):
    assert bills.states(F23, bills.invoice(attributes={})) == ["BLOCKED"]


def test_a_month_without_an_invoice(bills):
    assert bills.states(F23, month=bills.month()) == ["NOT_APPLICABLE"]
