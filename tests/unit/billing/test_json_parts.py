"""JSON taken apart without being read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import PayloadError
from billing.json_parts import is_json, members, page
from billing.payloads import exact_json

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
BROKEN = [b"", b"{", b'{"a": 1', b"<html>", b'{"a": NaN}', b'{"a": 1} x', b'{"a": "\xff\xfe']


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_the_parts_of_an_object_read_as_the_object_does(value):
    body = json.dumps(value, ensure_ascii=False).encode()
    assert {name: exact_json.loads(part) for name, part in members(body, "x").items()} == exact_json.loads(body)


@given(st.lists(VALUES, max_size=5), VALUES)
def test_the_parts_of_a_page_read_as_the_page_does(rows, meta):
    body = json.dumps({"other": rows, "data": rows, "meta": meta}, indent=1).encode()
    parts, head = page(body, "data", "meta", "x")
    assert {"other": rows, "data": list(map(exact_json.loads, parts)), "meta": exact_json.loads(head)} == json.loads(
        body
    )


def test_a_page_may_say_nothing_of_itself():
    assert page(b'\xef\xbb\xbf{"data": [1.50, {}]}', "data", "meta", "x") == ([b"1.50", b"{}"], b"null")


def test_every_digit_and_blank_of_a_part_is_kept():
    assert members(b'\xef\xbb\xbf{"a": 1.50 , "b": { "c" : 1E+2 }}', "x") == {"a": b"1.50", "b": b'{ "c" : 1E+2 }'}


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_refused(body):
    assert not is_json(body)
    with pytest.raises(PayloadError, match="GET /x: the body of"):
        members(body, "GET /x")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"a"'])
def test_what_is_no_object_is_named(body):
    assert is_json(body)
    with pytest.raises(PayloadError, match="GET /x: expected an object"):
        members(body, "GET /x")


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"data": {}}', b'{"data": null}'])
def test_a_page_without_its_list_is_named(body):
    with pytest.raises(PayloadError, match="GET /x: expected a list in data"):
        page(body, "data", "meta", "GET /x")
