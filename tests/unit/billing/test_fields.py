"""Strict reading of one JSON object."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.errors import PayloadError
from billing.payloads.exact_json import loads
from billing.payloads.json_reader import JsonObject, day_after

WHERE = "invoice 4183280, line 3"


def fields(**row):
    return JsonObject(row, WHERE)


@pytest.mark.parametrize("text", ["12345678901234567.89", "0.123456789", "1E+3", "-0.00", "4000.0", "9" * 40])
def test_a_number_keeps_its_digits(text):
    number = JsonObject(loads(f'{{"amount": {text}}}'.encode()), WHERE).number("amount")
    assert number.as_tuple() == Decimal(text).as_tuple()
    assert type(number) is Decimal


@pytest.mark.parametrize("text", ["1523.47", "-3.20", "0", "1.5E+3", "12345678901234567.890"])
def test_a_number_in_a_text_keeps_its_digits(text):
    assert fields(total=text).number_in_text("total").as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1_000",
        "1,000",
        "1.",
        ".5",
        "+1",
        "NaN",
        "Infinity",
        "0x10",
        "١٢",
        "１",
        "$1",
        "1E9999",
        "1E999999999",
    ],
)
def test_a_text_that_is_no_plain_decimal_is_refused(text):
    """``Decimal`` itself would read several of these."""
    with pytest.raises(PayloadError, match=rf"{WHERE}: total should be"):
        fields(total=text).number_in_text("total")


@pytest.mark.parametrize("number", [10**40, Decimal("1E+40"), Decimal("1E-41"), Decimal("0E+99"), Decimal("1E+999999")])
def test_a_number_out_of_all_proportion_is_refused_and_not_written_out(number):
    with pytest.raises(PayloadError, match="at most 40 digits") as caught:
        fields(amount=number).number("amount")
    assert len(str(caught.value)) < 250


def test_a_number_may_be_written_as_a_text():
    assert str(fields(amount="1523.470").number("amount")) == "1523.470"


@pytest.mark.parametrize("value", ["", "1_000", "1,5", " 1", "NaN", True, False, [], {}])
def test_nothing_else_is_a_number(value):
    with pytest.raises(PayloadError, match="amount should be a number"):
        fields(amount=value).number("amount")


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("text", "a value"),
        ("identifier", "an identifier"),
        ("number", "a value"),
        ("number_in_text", "a value"),
        ("day", "a value"),
        ("moment", "a value"),
    ],
)
def test_what_is_required_is_missed_by_name(method, wanted):
    """Missing and null are told apart: they are different mistakes of the vendor."""
    with pytest.raises(PayloadError, match=rf"{WHERE}: total should be {wanted}, but is missing"):
        getattr(fields(), method)("total")
    with pytest.raises(PayloadError, match=rf"{WHERE}: total should be {wanted}, but is null"):
        getattr(fields(total=None), method)("total")


@pytest.mark.parametrize("method", ["text", "number", "number_in_text", "day", "moment"])
def test_what_is_optional_may_be_null_or_missing(method):
    assert getattr(fields(), f"{method}_or_none")("x") is None
    assert getattr(fields(x=None), f"{method}_or_none")("x") is None


@pytest.mark.parametrize(
    ("value", "identifier"),
    [
        ("A-1", "A-1"),
        (4183280, "4183280"),
        ("0042", "0042"),
        (10**30, "1" + "0" * 30),
        (Decimal("4183280.0"), "4183280"),
    ],
)
def test_an_identifier_is_a_text_and_never_cast(value, identifier):
    assert fields(id=value).identifier("id") == identifier


@pytest.mark.parametrize("value", ["", True, Decimal("1.5"), [], None])
def test_what_cannot_identify_is_refused(value):
    with pytest.raises(PayloadError, match="id should be an identifier"):
        fields(id=value).identifier("id")


@pytest.mark.parametrize(
    "text",
    ["20261001", "2026-W40-1", "2026-10-32", "2026-02-29", "2026-10-01T00:00:00Z", "01.10.2026", "", "２０２６-10-01"],
)
def test_a_day_is_written_in_one_way(text):
    with pytest.raises(PayloadError, match="YYYY-MM-DD"):
        fields(day=text).day("day")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-01T00:00:00Z", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01T02:00:00+02:00", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-31T23:59:59.999Z", datetime(2026, 10, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(text, moment):
    assert fields(at=text).moment("at") == moment
    assert fields(at=text).moment("at").utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    "text", ["2026-10-01", "2026-10-01T00:00:00", "soon", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"]
)
def test_a_moment_without_zone_or_outside_all_calendars_is_refused(text):
    with pytest.raises(PayloadError, match="at should be a date-time"):
        fields(at=text).moment("at")


def test_objects_name_their_place_in_the_list():
    row = fields(lines=[{"amount": 1}, {"amount": "x"}])
    first, second = row.objects("lines")
    assert first.number("amount") == 1
    with pytest.raises(PayloadError, match=rf"{WHERE}, lines 2: amount should be a number, but is str 'x'"):
        second.number("amount")


def test_a_missing_list_and_null_are_empty_and_null_is_drift():
    missing, null = fields(new=1), fields(lines=None)
    assert missing.objects("lines") == null.objects("lines") == []
    assert missing.drift() == ["new"]
    assert null.drift() == ["lines=null"]
    with pytest.raises(PayloadError, match="lines 1: expected an object, found list of 0"):
        list(fields(lines=[[]]).objects("lines"))


def test_a_page_without_its_list_is_an_error():
    assert fields(data=None).listed("data") == []
    with pytest.raises(PayloadError, match="data should be a list, but is missing"):
        fields(entries=[]).listed("data")


def test_a_nested_object_may_be_null():
    assert fields(meta=None).object_or_none("meta") is None
    assert fields(meta={"a": 1}).object_or_none("meta").number("a") == 1
    with pytest.raises(PayloadError, match="meta: expected an object"):
        fields(meta=[]).object_or_none("meta")


def test_what_nobody_asked_for_is_the_rest():
    row = fields(amount=1, known=None, new={"a": Decimal("1.10")})
    row.number("amount")
    row.optional("known")
    assert row.rest() == {"new": {"a": Decimal("1.10")}}


def test_a_message_shows_little_of_what_the_vendor_sent():
    """No flood, no line break that could pose as a line of the log, nothing of what is inside an object."""
    with pytest.raises(PayloadError) as caught:
        fields(amount="x\n" * 1000).number("amount")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    with pytest.raises(PayloadError, match="amount should be a number, but is dict of 1") as caught:
        fields(amount={"token": "secret"}).number("amount")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("last", "end"),
    [(date(2026, 2, 28), date(2026, 3, 1)), (date(2024, 2, 28), date(2024, 2, 29)), (None, None), (date.max, None)],
)
def test_an_inclusive_last_day_becomes_an_exclusive_end(last, end):
    """9999-12-31 is how systems write "no end"."""
    assert day_after(last) == end


def test_a_row_that_is_no_object_is_named():
    with pytest.raises(PayloadError, match="invoice 1, lines 2: expected an object, found str 'x'"):
        JsonObject({"lines": [{}, "x"]}, "invoice 1").objects("lines")
