"""A certificate that is written in a stream is, to the last byte, the one that is made as a whole."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.certificate.page import render
from billing.certificate.statement import Seal, Source, make_statement, seal_of
from billing.certificate.verify import write_json
from billing.certificate.writing import LINES_ON_PAGE, write_certificate
from billing.models import AccountMonth, Invoice, InvoiceLine, UsageLine, UsageReport
from billing.month import Month

MONTH = Month(2026, 10)
SEAL = Seal(b"\1" * 32, b"\2" * 32, "1", "a run", datetime(2026, 11, 2, tzinfo=UTC))
LINE = InvoiceLine(
    1,
    'says "5 %", \\ and 半角\n',
    Decimal("1E-9"),
    product="%s {%(x)s}",
    quantity=Decimal("4E+3"),
    rate=Decimal("0.0800"),
    service_start=date(2026, 10, 1),
    attributes={"b": [True, 1, Decimal("1.50"), None], "a": {"ü": "\u2028"}},
)
PLAIN = InvoiceLine(2, "", Decimal(0), attributes={"lines": []})
INVOICE = Invoice(
    "1", MONTH, "by its period", Decimal("10.00"), "USD", (LINE, PLAIN), attributes={"lines": [], "z": Decimal("-0.0")}
)
OTHERS = (replace(INVOICE, invoice_id="2", lines=()), replace(INVOICE, invoice_id="10", currency=None, lines=(PLAIN,)))
RESULT = {
    "subject": "1",
    "control_id": "F1",
    "expected": Decimal("1.50"),
    "difference": None,
    "operands": {"lines": 2, "shown": [Decimal("3E+2")]},
    "rule_sha256": memoryview(b"\3" * 32),
}


def month_of(*invoices):
    usage = UsageReport("u", "usage", MONTH, None, None, None, (UsageLine(1, "requests", Decimal("1E+2")),))
    return AccountMonth("fastly", "acme", MONTH, invoices, usage_reports=(usage,))


def written(account_month, results):
    sources = [Source("v3", "GET /", b"\4" * 32, 12)]
    file = io.BytesIO()
    in_order = sorted(account_month.invoices, key=lambda invoice: invoice.invoice_id)
    page = write_certificate(
        make_statement(replace(account_month, invoices=()), results, sources, [], SEAL), in_order, file
    )
    whole = make_statement(account_month, results, sources, [], SEAL)
    return file.getvalue(), page, {**whole, "sha256": seal_of(whole)}


@pytest.mark.parametrize("invoices", [(), (INVOICE,), (INVOICE, *OTHERS)])
@pytest.mark.parametrize("results", [[], [RESULT, {**RESULT, "subject": "2", "difference": Decimal("0E-10")}]])
def test_the_bytes_and_the_seal_are_those_of_the_whole(invoices, results):
    body, page, whole = written(month_of(*invoices), results)

    assert body == write_json(whole)
    assert page["sha256"] == whole["sha256"]


def test_the_page_of_a_month_shows_every_line():
    _, page, whole = written(month_of(INVOICE, *OTHERS), [])

    assert [invoice["lines"] for invoice in page["invoices"]] == [invoice["lines"] for invoice in whole["invoices"]]


def test_the_page_of_a_very_long_month_says_where_its_lines_are():
    long = replace(INVOICE, lines=tuple(replace(PLAIN, position=place) for place in range(1, LINES_ON_PAGE + 1)))
    _, page, whole = written(month_of(long, *OTHERS), [])
    shown = {"state": "PASS", "actual": None, "bound": None, "explanation": "", **RESULT}

    text = render({**page, "controls": [shown]})

    assert f"{LINES_ON_PAGE} lines: in the JSON file" in text
    assert "<th>Description" not in text
    assert [invoice["invoice_id"] for invoice in page["invoices"]] == [one["invoice_id"] for one in whole["invoices"]]
