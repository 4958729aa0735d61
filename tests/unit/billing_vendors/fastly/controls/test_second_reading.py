"""F11: the listed invoice is the invoice that the vendor gives by its id."""

from billing_vendors.fastly.controls.f11_list_vs_detail import F11


def test_the_worked_examples(make, judge):
    same, other, alone = (make.invoice("1.00", "2.00", "3.00", invoice_id=name) for name in ("same", "other", "alone"))
    by_id = {"same": same, "other": make.invoice("1.00", "2.00", "3.01", invoice_id="other", total="6.00")}
    found = judge(F11, month=make.month(same, other, alone, by_id=by_id))
    assert [finding.state.value for finding in found] == ["PASS", "EXCEPTION", "BLOCKED"]
    assert found[1].explanation == "1 differences, first: line 3, amount"
    assert found[1].operands["differences"][0]["where"] == "line 3"
    assert found[2].explanation == "cannot be checked: the invoice was not fetched by its id"


def test_true_is_not_taken_for_one(make, state_of):
    """The readings differ in a way that Python's ``==`` does not see."""
    listed, single = make.invoice("1.00", attributes={"a": True}), make.invoice("1.00", attributes={"a": 1})
    assert state_of(F11, month=make.month(listed, by_id={"I-1": single})) == "EXCEPTION"


def test_a_month_without_invoice_is_not_applicable(state_of):
    assert state_of(F11) == "NOT_APPLICABLE"
