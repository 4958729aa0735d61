"""What makes two readings of a record the same."""

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.content_hash import content_sha256, value_text
from billing.models import Charge, Contract, ContractBillingPeriod, Invoice, InvoiceLine, UsageLine, UsageReport, Wallet
from billing.month import Month
from billing.payloads.exact_json import canonical

OCTOBER = Month(2026, 10)
LINE = InvoiceLine(1, "Bandwidth", Decimal("10.00"), line_id="L-1", quantity=Decimal(100), rate=Decimal("0.1"))
INVOICE = Invoice(
    "I-1",
    OCTOBER,
    "its own billing period",
    Decimal("10.00"),
    "USD",
    (LINE,),
    issued_at=datetime(2026, 11, 2, tzinfo=UTC),
    service_start=OCTOBER.start,
    service_end=OCTOBER.end,
    statement_number="S-1",
    payment_status="Unpaid",
    attributes={"region": "all", "rate": Decimal("1.50")},
)
NOT_CONTENT = ("period_evidence", "payment_status")
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=5) | st.integers(-(10**20), 10**20).map(Decimal)
TEXTS = st.text(alphabet=st.sampled_from('ab"\\\x00\x1e\x1f\n,:[]{}'), max_size=6)


def test_numbers_count_by_value():
    """A vendor that formats a number again has restated nothing."""
    formatted = replace(INVOICE, total=Decimal("1E+1"), lines=(replace(LINE, amount=Decimal(10)),))
    assert content_sha256(formatted) == content_sha256(INVOICE)
    attributes = {"rate": Decimal("1.5"), "region": "all"}
    assert content_sha256(replace(INVOICE, attributes=attributes)) == content_sha256(INVOICE)


def test_zero_has_no_sign():
    assert content_sha256(replace(LINE, amount=Decimal("-0.00"))) == content_sha256(replace(LINE, amount=Decimal(0)))


@pytest.mark.parametrize(
    "change", [{"period_evidence": "another way"}, {"payment_status": "Paid"}, {"payment_status": None}]
)
def test_how_we_found_the_month_and_whether_it_is_paid_is_not_content(change):
    assert content_sha256(replace(INVOICE, **change)) == content_sha256(INVOICE)


OTHERS = {
    "invoice_id": "I-2",
    "month": Month(2026, 11),
    "total": Decimal("10.01"),
    "currency": "EUR",
    "lines": (),
    "kind": "credit_memo",
    "issued_at": datetime(2026, 11, 3, tzinfo=UTC),
    "service_start": OCTOBER.end,
    "service_end": OCTOBER.start,
    "statement_number": "S-2",
    "attributes": {},
}


@pytest.mark.parametrize(
    "name", [f.name for f in fields(Invoice) if f.name not in {"period_evidence", "payment_status"}]
)
def test_every_other_field_of_an_invoice_is_content(name):
    """Taken from the type: a field added tomorrow is asked for here."""
    assert content_sha256(replace(INVOICE, **{name: OTHERS[name]})) != content_sha256(INVOICE)


@pytest.mark.parametrize("name", [f.name for f in fields(InvoiceLine) if f.name != "position"])
def test_every_field_of_a_line_but_its_place_is_content(name):
    others = {
        "amount": Decimal(1),
        "quantity": Decimal(1),
        "rate": Decimal(1),
        "attributes": {"a": None},
    }
    changed = replace(LINE, **{name: others.get(name, date(2026, 1, 1) if name.startswith("service") else "other")})
    assert content_sha256(replace(INVOICE, lines=(changed,))) != content_sha256(INVOICE)


def test_one_instant_is_one_content_in_any_zone():
    berlin = INVOICE.issued_at.astimezone(timezone(timedelta(hours=1)))
    assert content_sha256(replace(INVOICE, issued_at=berlin)) == content_sha256(INVOICE)


def test_nothing_is_not_the_empty_text():
    assert content_sha256(replace(LINE, region="")) != content_sha256(replace(LINE, region=None))
    assert content_sha256(replace(LINE, region="\x00")) != content_sha256(replace(LINE, region=None))


def test_true_is_not_one():
    assert value_text({"a": True}) != value_text({"a": 1})
    assert value_text({"a": Decimal("1.0")}) == value_text({"a": 1})


def test_lines_count_in_number_and_not_in_order():
    """No vendor documents an order."""
    other = replace(LINE, position=2, description="Requests")
    turned = (replace(other, position=1), replace(LINE, position=2))
    assert content_sha256(replace(INVOICE, lines=(LINE, other))) == content_sha256(replace(INVOICE, lines=turned))
    assert content_sha256(replace(INVOICE, lines=(LINE, LINE))) != content_sha256(INVOICE)


def test_lists_within_attributes_have_no_order_either():
    """Nor have lists in lists; but which member belongs to which stays."""
    nested = {"rows": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": []}]}
    turned = {"rows": [{"b": [], "a": 2}, {"b": [2, 1], "a": 1}]}
    swapped = {"rows": [{"a": 2, "b": [1, 2]}, {"a": 1, "b": []}]}
    assert content_sha256(replace(LINE, attributes=nested)) == content_sha256(replace(LINE, attributes=turned))
    assert content_sha256(replace(LINE, attributes=nested)) != content_sha256(replace(LINE, attributes=swapped))
    assert content_sha256(replace(LINE, attributes={"a": [1, 1]})) != content_sha256(
        replace(LINE, attributes={"a": [1]})
    )


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS, TEXTS))
def test_texts_cannot_pose_as_the_end_of_a_field(left, right):
    """Whatever separators, quotes or escapes a vendor's texts hold, two records never get one hash."""

    def line(texts):
        return replace(LINE, description=texts[0], product=texts[1], region=texts[2])

    assert (content_sha256(line(left)) == content_sha256(line(right))) == (left == right)


@given(st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3))
def test_texts_cannot_pose_as_further_lines(left, right):
    def invoice(texts):
        return replace(INVOICE, lines=tuple(InvoiceLine(1, text, Decimal(1)) for text in texts))

    assert (content_sha256(invoice(left)) == content_sha256(invoice(right))) == (sorted(left) == sorted(right))


@given(st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3))
def test_texts_in_an_array_keep_their_borders(left, right):
    """A contract's purchase orders are an array of texts: values of its own row, not rows."""

    def contract(orders):
        nothing = dict.fromkeys(f.name for f in fields(Contract))
        return Contract(
            **nothing | {"contract_id": "C", "purchase_order_numbers": tuple(orders), "items": (), "attributes": {}}
        )

    assert (content_sha256(contract(left)) == content_sha256(contract(right))) == (sorted(left) == sorted(right))


def test_charges_and_wallets_are_not_confused():
    """Two kinds of rows in one record: the same text as a charge's name or as a wallet's is another content."""

    def billing_period(charges=(), wallets=()):
        return ContractBillingPeriod(
            "P", "C", OCTOBER, date(2026, 10, 1), date(2026, 11, 1), "Closed", charges, wallets
        )

    def row(kind):
        return kind(**dict.fromkeys(f.name for f in fields(kind)) | {"position": 1, "name": "x", "attributes": {}})

    assert content_sha256(billing_period(charges=(row(Charge),))) != content_sha256(
        billing_period(wallets=(row(Wallet),))
    )
    assert content_sha256(billing_period()) != content_sha256(billing_period(charges=(row(Charge),)))


def test_the_rows_of_every_record_are_content():
    report = UsageReport("U", "usage_metrics", OCTOBER, None, None, None, (UsageLine(1, "a", Decimal(1)),))
    assert content_sha256(report) != content_sha256(replace(report, lines=(UsageLine(1, "a", Decimal(2)),)))


def test_a_float_has_no_content():
    with pytest.raises(TypeError, match="float"):
        content_sha256(replace(INVOICE, attributes={"rate": 1.5}))


def as_json(value):
    """A value as JSON has it."""
    return json.loads(value_text(value), parse_float=Decimal)


@given(
    st.lists(
        st.builds(
            InvoiceLine,
            position=st.integers(1, 10**9),
            description=TEXTS,
            amount=NUMBERS,
            product=st.none() | TEXTS,
            quantity=st.none() | NUMBERS,
            service_start=st.none() | st.dates(),
            attributes=st.dictionaries(TEXTS, st.none() | st.booleans() | NUMBERS | TEXTS, max_size=2),
        ),
        max_size=5,
    )
)
def test_the_hash_is_that_of_canonical_json(lines):
    """The stored hashes rest on this form, whatever library writes it."""
    record = replace(INVOICE, lines=tuple(lines))
    own = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in ("lines", *NOT_CONTENT)}
    names = [f.name for f in fields(InvoiceLine) if f.name != "position"]
    rows = [[(name, getattr(line, name)) for name in names] for line in lines]
    values = {name: as_json(value) for name, value in own.items() if value is not None}
    members = [{name: as_json(value) for name, value in row if value is not None} for row in rows]
    values["lines"] = sorted(members, key=canonical)
    assert content_sha256(record) == hashlib.sha256(canonical(values).encode()).digest()
