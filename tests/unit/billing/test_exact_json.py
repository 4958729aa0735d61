"""JSON without floats: every digit, and nothing that two readers could read differently."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import PayloadError
from billing.payloads.exact_json import (
    canonical,
    dumps,
    loads,
    loads_text,
    number_text,
    sha256_of,
)

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: number.as_tuple().exponent >= -90 and abs(number.adjusted()) < 90
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**60), 10**60) | NUMBERS | TEXTS,
    lambda members: st.lists(members, max_size=4) | st.dictionaries(TEXTS, members, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        "12345678901234567.89",  # a float gives ….890625
        "0.123456789",
        "0.10",
        "-0.00",
        "100.000",
        "99999999999999999999999999999999999999",
        "0.000000000000000000000000000001",
    ],
)
def test_a_number_comes_back_digit_for_digit(text):
    number = loads(text.encode())
    assert type(number) in {int, Decimal}
    assert dumps(number) == text


@pytest.mark.parametrize(("text", "value"), [("1E+3", "1000"), ("1.5e-3", "0.0015"), ("-2E0", "-2"), ("0E5", "0")])
def test_an_exponent_is_written_out(text, value):
    """JSON's exponent is only a way of writing: the value is what counts."""
    assert Decimal(dumps(loads(text.encode()))) == Decimal(value)
    assert "E" not in dumps(loads(text.encode()))


@pytest.mark.parametrize(
    "bomb",
    [
        b"1E+999999",
        b"1e-999999",
        b'{"unknown": [1E+101]}',
        b"1E+99999999999999999999",
        b"9" * 101,
        b"0." + b"1" * 101,
        b"9" * 49 + b"E99",
    ],
)
def test_a_number_that_would_explode_is_refused(bomb):
    """Also in a member that nobody asks for: it would be written out into jsonb."""
    with pytest.raises(PayloadError):
        loads(bomb)


@pytest.mark.parametrize("fine", [b"9" * 100, b"1E+99", b"1E-99", b'"1E+999999"', b'{"id": "77e123a"}'])
def test_long_numbers_and_texts_that_look_like_one_are_read(fine):
    assert loads(fine) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b"[Infinity]",
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',  # the same key, written in another way
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": 1',
        b'{"a": 1} {}',
        b"",
        b"01",
        b"1.",
        b'"\xff"',
        b'"\\ud800"',
        b"[" * 10_000,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body):
    with pytest.raises(PayloadError, match=f"body of {len(body)} bytes"):
        loads(body)


@pytest.mark.parametrize("body", [b'"a\\u0000b"', b'{"a": ["\\u0000"]}', b'{"\\u0000": 1}'])
def test_the_character_zero_is_refused_where_it_is_read(body):
    """Postgres has no place for it, neither in text nor in jsonb."""
    with pytest.raises(PayloadError, match=r"U\+0000"):
        loads(body)


def test_a_byte_order_mark_is_not_content():
    assert loads(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    "value", [1.5, [1.5], {"a": 1.5}, {1: "a"}, {"a": object()}, Decimal("NaN"), Decimal("-Infinity"), b"bytes", {1, 2}]
)
def test_what_has_no_exact_form_is_a_type_error(value):
    """Above all a float, however deep."""
    with pytest.raises(TypeError, match="no exact JSON form"):
        dumps(value)
    with pytest.raises(TypeError, match="no exact JSON form"):
        canonical(value)


@given(VALUES)
def test_what_is_written_is_read_back(value):
    assert loads_text(dumps(value)) == value
    assert loads_text(canonical(value)) == value


@given(VALUES)
def test_what_is_written_is_json_to_everybody(value):
    """The standard library's reader sees the same numbers."""
    assert json.loads(dumps(value), parse_float=Decimal, parse_int=Decimal) == value


@given(VALUES, VALUES)
def test_canonical_texts_are_equal_exactly_if_the_values_are(left, right):
    def typed(value):  # Python holds True for 1
        match value:
            case bool():
                return ("bool", value)
            case list():
                return [typed(member) for member in value]
            case dict():
                return {key: typed(member) for key, member in value.items()}
            case _:
                return value

    assert (canonical(left) == canonical(right)) == (typed(left) == typed(right))


def test_canonical_ignores_order_spaces_and_the_way_a_number_is_written():
    assert (
        canonical(loads(b'{"b": 4000, "a": 1.10}')) == canonical(loads(b'{"a":1.1,"b":4E+3}')) == '{"a":1.1,"b":4000}'
    )
    assert sha256_of({"a": Decimal("4000.0")}) == sha256_of({"a": 4000})
    assert sha256_of({"a": True}) != sha256_of({"a": 1})
    assert sha256_of({"a": "1"}) != sha256_of({"a": 1})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("-0.00", "0"),
        ("0E+9", "0"),
        ("1.10", "1.1"),
        ("100", "100"),
        ("1E+2", "100"),
        ("-5.0", "-5"),
        ("1E-7", "0.0000001"),
    ],
)
def test_number_text_is_the_value_alone(number, text):
    assert number_text(Decimal(number)) == text


@given(NUMBERS, NUMBERS)
def test_number_texts_are_equal_exactly_if_the_numbers_are(left, right):
    assert (number_text(left) == number_text(right)) == (left == right)
    assert Decimal(number_text(left)) == left


@given(NUMBERS, st.integers(0, 9))
def test_trailing_zeros_do_not_change_the_number_text(number, zeros):
    sign, digits, exponent = number.as_tuple()
    padded = Decimal((sign, digits + (0,) * zeros, exponent - zeros))
    assert number_text(padded) == number_text(number)


def test_what_is_no_number_has_no_number_text():
    with pytest.raises(TypeError, match="NaN has no exact JSON form"):
        number_text(Decimal("NaN"))
