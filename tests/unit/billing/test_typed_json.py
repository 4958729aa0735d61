"""What ``json_value`` writes of the domain is read back as it was."""

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal

from billing.controls.evidence import Estimate, InvoiceSummary, IssuedFile, WithdrawnInvoice
from billing.models import AccountMonth, ContractBillingPeriod, Invoice, InvoiceLine
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.typed_json import read_as

MONTH = Month(2026, 10)
NOON = datetime(2026, 10, 1, 12, 0, 0, 250_000, tzinfo=UTC)
LINE = InvoiceLine(
    1, "a", Decimal("12345678901234567.890"), service_start=date(2026, 10, 1), attributes={"x": [1, "y"]}
)
INVOICE = Invoice("I-1", MONTH, "said", Decimal("5.00"), None, (LINE,), issued_at=NOON)
SUMMARY = InvoiceSummary("I-1", "invoice", MONTH, Decimal(5), "USD", NOON, None, None, None)
PERIOD = ContractBillingPeriod("P", "C", MONTH, date(2026, 9, 21), date(2026, 10, 21), None, (), ())


def test_each_kind_of_value_is_read_as_it_was():
    month = AccountMonth("v", "a", MONTH, (INVOICE,), by_id={"I-1": INVOICE}, billing_periods=(PERIOD,))
    for value in (
        month,
        SUMMARY,
        WithdrawnInvoice(SUMMARY, NOON, confirmed=True),
        Estimate(NOON, Decimal("0.10"), "USD"),
        IssuedFile("I-1", "pdf", b"\x00\xff", None),
    ):
        text = exact_json.dumps(exact_json.json_value(value))
        assert read_as(type(value), exact_json.loads_text(text)) == value


def test_a_field_that_is_not_there_has_its_default():
    given = exact_json.json_value(Estimate(NOON, Decimal(1), None))
    del given["credits"]
    assert read_as(Estimate, given).credits == 0
    assert {field.name for field in fields(Estimate)} > {*given}
