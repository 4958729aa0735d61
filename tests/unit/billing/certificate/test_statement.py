"""What a certificate states: each line of a short month, and of a long one a hash for each invoice."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.certificate.page import render
from billing.certificate.statement import LINES_LISTED, Seal, Source, make_statement, refer, seal_of, with_references
from billing.certificate.verify import read_json, write_json
from billing.content_hash import content_sha256
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


def whole(account_month, results=()):
    return make_statement(account_month, results, [Source("v3", "GET /", b"\4" * 32, 12)], [], SEAL)


@pytest.mark.parametrize("invoices", [(), (INVOICE,), (INVOICE, *OTHERS)])
@pytest.mark.parametrize("results", [[], [RESULT, {**RESULT, "subject": "2", "difference": Decimal("0E-10")}]])
def test_what_is_read_of_a_certificate_is_what_was_written(invoices, results):
    statement = whole(month_of(*invoices), results)
    body = write_json({**statement, "sha256": seal_of(statement)})

    _, read = read_json(body)

    assert write_json(read) == body
    assert seal_of(read) == read["sha256"] == seal_of(statement)


def test_the_page_of_a_month_shows_every_line():
    page = render({**whole(month_of(INVOICE, *OTHERS)), "sha256": ""})

    assert page.count("<th>Description") == len((INVOICE, *OTHERS))


def test_an_invoice_by_reference_has_its_header_the_number_of_its_lines_and_the_hash_of_all():
    long = replace(INVOICE, lines=tuple(replace(PLAIN, position=place) for place in range(1, LINES_LISTED + 1)))
    statement = whole(month_of(long, *OTHERS))

    referring = with_references(statement, refer((long, *OTHERS)))

    assert [each["invoice_id"] for each in referring["invoices"]] == ["1", "10", "2"]
    first, listed = referring["invoices"][0], statement["invoices"][0]
    assert (first.pop("count"), first.pop("content_sha256")) == (LINES_LISTED, content_sha256(long).hex())
    assert first == {name: value for name, value in listed.items() if name != "lines"}
    assert {name: referring[name] for name in statement if name != "invoices"} == {
        name: value for name, value in statement.items() if name != "invoices"
    }


def test_the_page_of_a_long_month_says_where_its_lines_are():
    shown = {"state": "PASS", "actual": None, "bound": None, "explanation": "", **RESULT}
    referring = with_references(whole(month_of(INVOICE)), refer([INVOICE]))

    text = render({**referring, "controls": [shown], "sha256": ""})

    assert "2 lines, with the invoice" in text
    assert "<th>Description" not in text
