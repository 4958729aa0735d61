"""COPY brings every value into Postgres as it is."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from billing.errors import PayloadError
from billing.month import Month
from billing.payloads import exact_json
from billing.storage.copy import copy_rows
from billing.storage.engine import engine_from_url

TABLE = Table(
    "copied",
    MetaData(),
    Column("position", Integer),
    Column("text", Text),
    Column("texts", ARRAY(Text)),
    Column("number", Numeric),
    Column("members", JSONB),
    Column("day", Date),
    Column("moment", DateTime(timezone=True)),
    Column("hash", LargeBinary),
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: -60 <= number.as_tuple().exponent <= 60 and number.adjusted() < 60
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | NUMBERS | TEXTS,
    lambda members: st.lists(members, max_size=4) | st.dictionaries(TEXTS, members, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def connection(postgres):
    """A connection with the table, for the whole module: what a test writes it takes back."""
    postgres.create_database("copying")
    with engine_from_url(postgres.url("copying")).connect() as opened:
        TABLE.create(opened)
        opened.commit()
        yield opened


def copy_and_read(connection, column, values, select="{}"):
    """Copy values into a column and give what plain SQL finds; nothing stays."""
    rows = ([position, value] for position, value in enumerate(values))
    try:
        assert copy_rows(connection, TABLE, ["position", column], rows) == len(values)
        cursor = connection.connection.cursor()
        cursor.execute(f"select {select.format(column)} from copied order by position")
        return [value for (value,) in cursor.fetchall()]
    finally:
        connection.connection.rollback()


@pytest.fixture
def copied(connection):
    """Copy and read, for a test with values of its own."""
    return lambda column, *values, select="{}": copy_and_read(connection, column, values, select)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | TEXTS, max_size=8))
def test_any_text_arrives_unchanged(connection, texts):
    """Tabs, line ends, backslashes, quotes and planes beyond the first; nothing is told from the empty text."""
    assert copy_and_read(connection, "text", texts) == texts


@pytest.mark.parametrize(
    "text", ["\\N", "\\.", "\\\\N", "\\x41", "\t", "\r\n", "a\\", "NULL", "\u2028\u0085\ufeff", "𝔘", "\x01\x7f"]
)
def test_texts_that_mean_something_to_copy_are_only_texts(copied, text):
    assert copied("text", text, "next row") == [text, "next row"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TEXTS, max_size=4).map(tuple), max_size=5))
def test_any_array_of_texts_arrives_unchanged(connection, arrays):
    """Also an empty one, a text NULL, and texts of commas, braces and quotes."""
    assert copy_and_read(connection, "texts", arrays) == [list(texts) for texts in arrays]


@pytest.mark.parametrize("texts", [(), ("",), ("NULL",), ("{}", ","), ('"', "\\"), ("\n", "\t\\")])
def test_texts_that_mean_something_in_an_array_are_only_texts(copied, texts):
    assert copied("texts", texts) == [list(texts)]


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_any_number_keeps_its_value(connection, numbers):
    assert copy_and_read(connection, "number", numbers) == numbers


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        ("12345678901234567.89", "12345678901234567.89"),
        ("0.123456789", "0.123456789"),
        ("0.10", "0.10"),
        ("100.000", "100.000"),
        ("-7.50", "-7.50"),
        ("0.00", "0.00"),
        ("1E+3", "1000"),
        ("1.50E-7", "0.000000150"),
        ("-0.00", "0.00"),  # numeric knows no negative zero; the payload keeps the vendor's sign
        ("9" * 40 + "." + "9" * 40, "9" * 40 + "." + "9" * 40),
    ],
)
def test_a_number_keeps_its_digits_and_trailing_zeros(copied, number, stored):
    assert copied("number", Decimal(number), select="{}::text") == [stored]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), min_size=1, max_size=4))
def test_any_attributes_arrive_unchanged(connection, attributes):
    """Nested, with decimals, with any text as key; read back from the text that Postgres gives."""
    found = copy_and_read(connection, "members", attributes, select="{}::text")
    assert [exact_json.loads_text(text) for text in found] == attributes


def test_decimals_in_attributes_keep_their_digits(copied):
    attributes = {
        "rate": Decimal("0.123456789"),
        "list": [Decimal("12345678901234567.10")],
        "deep": {"x": [None, True]},
    }
    assert copied("members", attributes, select="{}::text") == [
        '{"deep": {"x": [null, true]}, "list": [12345678901234567.10], "rate": 0.123456789}'
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", "a\x00b"),
        ("texts", ("fine", "a\x00b")),
        ("members", {"key": "a\x00b"}),
        ("members", {"a\x00b": 1}),
        ("members", {"deep": [{"er": "\x00"}]}),
    ],
)
def test_the_character_zero_is_refused_by_name(copied, column, value):
    with pytest.raises(PayloadError, match=r"U\+0000, which Postgres cannot store"):
        copied(column, value)


@pytest.mark.parametrize(
    ("column", "value"), [("text", "half \ud800"), ("texts", ("\udfff",)), ("members", {"a": "\ud800"})]
)
def test_half_a_character_is_refused_by_name(copied, column, value):
    with pytest.raises(PayloadError, match="is not Unicode: surrogates not allowed"):
        copied(column, value)


def test_a_text_that_spells_the_escape_of_zero_is_only_a_text(copied):
    assert copied("members", {"a": "\\u0000"}, select="{} ->> 'a'") == ["\\u0000"]
    assert copied("text", "\\u0000") == ["\\u0000"]


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(copied, number):
    """Postgres would take it, and every sum after it would be NaN."""
    with pytest.raises(PayloadError, match="not a finite number"):
        copied("number", Decimal(number))


@pytest.mark.parametrize("value", [1.5, {1, 2}, object()])
def test_a_type_without_a_column_is_a_type_error(copied, value):
    with pytest.raises(TypeError, match="no column type"):
        copied("text", value)


def test_times_months_and_hashes_arrive(copied):
    berlin = datetime(2026, 10, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert copied("moment", berlin) == [datetime(2026, 9, 30, 23, 30, 0, 123456, tzinfo=UTC)]
    assert copied("day", date(2026, 2, 28), Month(2026, 10)) == [date(2026, 2, 28), date(2026, 10, 1)]
    assert copied("hash", bytes(range(256)), select="encode({}, 'hex')") == [bytes(range(256)).hex()]


def test_more_rows_than_one_batch_arrive_in_one_piece(copied):
    """10,000 rows go at once; the generator is never held as a list."""
    found = copied("text", *(str(number) for number in range(20_001)))
    assert found == [str(number) for number in range(20_001)]


def test_no_rows_are_no_rows(copied):
    assert copied("text") == []
