"""G9, G15, G21, G22, G27: what an invoice says of itself, to whom, on which order, in print, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.month import Month
from billing_vendors.genesys_cloud.controls.g09_purchase_orders import G9
from billing_vendors.genesys_cloud.controls.g15_duplicate_documents import G15
from billing_vendors.genesys_cloud.controls.g21_pdf_vs_api import G21
from billing_vendors.genesys_cloud.controls.g22_bill_to_party import G22
from billing_vendors.genesys_cloud.controls.g27_due_date import G27, days_of


@pytest.mark.parametrize(
    ("order", "agreed", "state"),
    [
        ("PO-1", ("PO-1",), "PASS"),
        (" PO-1 ", ("PO-0", "PO-1 "), "PASS"),
        ("XPO-1", ("PO-1",), "EXCEPTION"),
        ("po-1", ("PO-1",), "PASS"),
        ("PO-1", (), "NOT_APPLICABLE"),
        (None, ("PO-1",), "BLOCKED"),
        (None, (), "NOT_APPLICABLE"),
    ],
)
def test_an_invoice_names_a_purchase_order_of_ours(g, found, order, agreed, state):
    invoice = g.invoice(g.line(), attributes={"customerPoNumber": order})
    contract = g.contract(purchase_order_numbers=agreed)
    findings = found(G9, g.month(invoice, contracts=(contract,)))
    assert [each.state.value for each in findings] == [state, "NOT_APPLICABLE"]
    assert "headroom" in findings[1].explanation


def test_without_contract_or_invoice_no_order_can_be_ours(g, found, states):
    assert found(G9, g.month(g.invoice(g.line())))[0].state.value == "BLOCKED"
    assert states(G9, g.month(contracts=(g.contract(),))) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("number", "amount", "order", "state"),
    [
        ("INV-0001", "7.00", "PO-1", "EXCEPTION"),
        ("INV2", "100.00", "PO-1", "EXCEPTION"),
        ("INV2", "100.00", None, "EXCEPTION"),
        ("INV2", "100.00", "PO-2", "PASS"),
        ("INV2", "100.01", "PO-1", "PASS"),
    ],
)
def test_documents_of_one_month(g, found, number, amount, order, state):
    first = g.invoice(g.line("100.00"), invoice_id="INV0001")
    second = g.invoice(g.line(amount), invoice_id=number, attributes={"customerPoNumber": order})
    history = (g.head("INV0001"), g.head(number, amount))
    findings = {each.subject: each.state.value for each in found(G15, g.month(first, second), history=history)}
    later = max("INV0001", number)
    assert findings == {"INV0001": "PASS", number: "PASS"} | {later: state}


def test_a_weak_match_is_tolerated_and_an_unstored_document_blocks(g, states):
    month = g.month(g.invoice(g.line("100.00")))
    earlier = g.head("INV0", month=Month(2024, 12), issued_at=datetime(2025, 1, 30, tzinfo=UTC))
    assert states(G15, month, history=(earlier, g.head())) == ["VARIANCE_TOLERATED"]
    assert states(G15, month, history=(g.head(),)) == ["PASS"]
    assert states(G15, month) == ["BLOCKED"]
    assert states(G15, g.month()) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("text", "total", "state"),
    [
        ("Invoice number: INV1\nTotal: 35082.00 EUR", "35082.00", "PASS"),
        ("Invoice number: INV1\nTotal: 35182.00 EUR", "35082.00", "EXCEPTION"),
        ("Invoice number: INV12\nTotal: 35082.00 EUR", "35082.00", "EXCEPTION"),
        ("No. INV1\nUsers 35082.00\nTotal: 99.00", "35082.00", "EXCEPTION"),
        ("INV1\nTotal due: 35,082.00", "35082", "PASS"),
        ("INV1\nAmount due 35.082,00 EUR", "35082.00", "PASS"),
        ("INV1\nBALANCE DUE\n35 082.00", "35082.00", "PASS"),
        ("INV1\nBALANCE DUE\n35’082.00", "35082.00", "PASS"),
        ("INV1\nTotal 7,680,000 JPY", "7680000", "PASS"),
        ("INV1\nTotal 1,234", "1234", "PASS"),
        ("INV1\nTotal 1,234", "1.234", "BLOCKED"),
        ("INV1\nTotal: -123.45", "-123.45", "PASS"),
        ("INV1\nTotal: (123.45)", "-123.45", "PASS"),
        ("INV1\nTotal: 123.45", "-123.45", "EXCEPTION"),
        ("INV1\nTotal tax 0.00\nTotal 10.00", "10.00", "PASS"),
        ("INV1\nSubtotal 10.00\nTotal 11.90", "10.00", "EXCEPTION"),
        ("INV1\nSubtotal 10.00", "10.00", "BLOCKED"),
        ("INV1\nTotal", "10.00", "BLOCKED"),
        (" \n ", "10.00", "BLOCKED"),
        (None, "10.00", "BLOCKED"),
    ],
)
def test_the_printed_number_and_total(g, found, text, total, state):
    (finding,) = found(G21, g.month(g.invoice(g.line(total))), files=(g.file(text),))
    assert finding.state.value == state
    if state in {"PASS", "EXCEPTION"}:
        assert finding.operands["sha256"] == "01" * 32


def test_the_printed_difference_is_measured(g, found):
    (finding,) = found(G21, g.month(g.invoice(g.line("10.00"))), files=(g.file("INV1 Total: 110.00"),))
    assert (finding.expected, finding.actual, finding.difference) == tuple(map(Decimal, (10, 110, 100)))


def test_without_a_pdf_nothing_is_proved(g, states):
    month = g.month(g.invoice(g.line()))
    assert states(G21, month) == ["BLOCKED"]
    assert states(G21, month, files=(g.file("INV1 Total 1782.00", invoice_id="INV2"),)) == ["BLOCKED"]
    csv = replace(g.file("INV1 Total 1782.00"), file_format="csv")
    assert states(G21, month, files=(csv,)) == ["BLOCKED"]
    assert states(G21, g.month()) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("billed", "sold", "state"),
    [
        ("A-77", "A-12", "PASS"),
        (" A-77", None, "PASS"),
        ("A-78", "A-12", "EXCEPTION"),
        ("A-77", "A-99", "EXCEPTION"),
        (None, "A-12", "BLOCKED"),
    ],
)
def test_the_bill_is_ours(g, states, billed, sold, state):
    parties = {"billToCustomer": billed and {"number": billed}, "soldToCustomer": sold and {"number": sold}}
    invoice = g.invoice(g.line(), attributes=parties)
    assert states(G22, g.month(invoice, contracts=(g.contract(),))) == [state]


def test_without_configuration_nobody_knows_whose_it_is(g, states):
    month = g.month(g.invoice(g.line()))
    assert states(G22, month, bill_to="") == ["BLOCKED"]
    assert states(G22, month) == ["PASS"]
    assert states(G22, g.month()) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("organizations", "state"), [([], "PASS"), (["org-2", "ORG-1"], "PASS"), (["org-2", "org-3"], "BLOCKED")]
)
def test_contracts_of_another_organization_are_told(g, found, organizations, state):
    plans = [{"id": "p1", "organizations": [{"id": each} for each in organizations]}]
    month = g.month(g.invoice(), contracts=(g.contract(attributes={"plans": plans}),))
    findings = {finding.state.value: finding for finding in found(G22, month)}
    assert state in findings
    if state == "BLOCKED":
        assert "are of org-2, org-3, not of organization_id org-1" in findings[state].explanation


DUE = datetime(2025, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "read_at", "state"),
    [
        ("Unpaid", DUE, "PASS"),
        ("Unpaid", DUE + timedelta(days=1), "EXCEPTION"),
        ("UnPaid", DUE + timedelta(days=1), "EXCEPTION"),
        ("Paid", DUE + timedelta(days=100), "PASS"),
        ("Paid", None, "PASS"),
        ("Unpaid", None, "BLOCKED"),
        (None, DUE + timedelta(days=1), "BLOCKED"),
    ],
)
def test_a_bill_is_paid_in_time(g, found, status, read_at, state):
    (finding,) = found(G27, g.month(g.invoice(g.line(), payment_status=status)), as_of=read_at)
    assert finding.state.value == state
    if state != "BLOCKED":
        assert finding.operands["due_on"] == "2025-03-05"


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ("Net 30", 30),
        ("NET30", 30),
        ("net-45", 45),
        ("30 days net", 30),
        ("14 Days", 14),
        ("2% 10, Net 30", 30),
        ("Due upon receipt", 0),
        ("Payable immediately", 0),
        ("End of month", None),
        ("", None),
    ],
)
def test_payment_terms(terms, days):
    assert days_of(terms) == days


def test_no_terms_no_date_a_memo(g, states):
    no_terms = g.invoice(g.line(), attributes={"paymentTerms": None})
    assert states(G27, g.month(no_terms), as_of=DUE) == ["BLOCKED"]
    assert states(G27, g.month(g.invoice(g.line(), issued_at=None)), as_of=DUE) == ["BLOCKED"]
    assert states(G27, g.month(g.invoice(g.line("-1.00"), kind="credit_memo")), as_of=DUE) == ["NOT_APPLICABLE"]
    assert states(G27, g.month(), as_of=DUE) == ["NOT_APPLICABLE"]
