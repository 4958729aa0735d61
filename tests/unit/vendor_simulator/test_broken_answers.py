"""Faults that break connections, bodies and listings, seen by a plain HTTP client."""

import gzip
import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from vendor_simulator.web.faults import KINDS, Fault

ACME, SAKURA = "acme-media", "sakura-support"
INVOICES = "/billing/v3/invoices"
CONTRACTS = "/api/v2/billing/contracts"


@pytest.fixture
def fault(client):
    """Put a fault in force."""

    def add(kind: str, operation: str = "*", **members: Any) -> Fault:
        return client.sim.faults.add(kind, operation, **members)

    return add


def test_refuse_closes_the_door_until_the_fault_is_lifted(client, fault):
    fault("refuse")
    for error in (ConnectionResetError, ConnectionRefusedError, ConnectionRefusedError):
        with pytest.raises(error):
            client.get(ACME, INVOICES)
    client.sim.lift_faults()
    assert client.get(ACME, INVOICES).status == 200


def test_reset_body(client, fault):
    fault("reset_body")
    with pytest.raises(ConnectionResetError):
        client.get(ACME, INVOICES)


def test_truncated(client, fault):
    whole = client.get(ACME, INVOICES).body
    fault("truncated")
    assert client.get(ACME, INVOICES).body == whole[: len(whole) // 2]


def test_bom(client, fault):
    whole = client.get(ACME, INVOICES).body
    fault("bom")
    assert client.get(ACME, INVOICES).body == b"\xef\xbb\xbf" + whole


def test_charset(client, fault):
    whole = client.get(ACME, INVOICES).json
    fault("charset")
    reply = client.get(ACME, INVOICES)
    assert reply.headers["Content-Type"] == "application/json; charset=utf-16"
    assert json.loads(reply.body.decode("utf-16"))["meta"]["total"] == whole["meta"]["total"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_no_number(client, fault, text):
    fault("nan", text=text)
    assert client.get(ACME, INVOICES).body.count(f":{text}".encode()) == 1


def test_a_word_for_a_number_and_the_reverse(client, fault):
    fault("word_for_number")
    assert client.get(ACME, INVOICES).body.count(b':"n/a"') == 1
    fault("number_for_text")
    row = client.get(ACME, INVOICES).json["data"][0]
    assert 7 in row.values()


def test_bomb(client, fault):
    whole = client.get(ACME, INVOICES).body
    fault("bomb", size=10_000_000)
    reply = client.get(ACME, INVOICES)
    assert len(reply.body) < 50_000
    assert gzip.decompress(reply.body).lstrip() == whole


def test_endless_body(client, fault):
    fault("endless_body")
    connection = http.client.HTTPConnection(urlsplit(client.sim.base_url).netloc, timeout=20)
    connection.request("GET", INVOICES, headers=client.credential(ACME))
    assert connection.getresponse().read(20_000_000).isspace()
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()


def test_document_host(client, fault):
    invoice = client.get("nord-contact", CONTRACTS + "/invoices").json["entities"][0]["id"]
    fault("document_host", "genesys.invoice_document", text="localhost")
    link = client.get("nord-contact", f"{CONTRACTS}/invoices/{invoice}/document").json["url"]
    assert urlsplit(link).hostname == "localhost"
    assert client.ask(link.partition("localhost")[2].partition("/")[2].join(("/", ""))).status == 200


def pages_of(client, name: str, path: str, most: int) -> list[list[str]]:
    """Give the ids on each page, wherever the cursors lead."""
    pages, query = [], "limit=5" if name == ACME else "pageSize=3"
    while len(pages) < most:
        body = client.get(name, f"{path}?{query}").json
        pages.append([str(row.get("invoice_id", row.get("id"))) for row in body.get("data", body.get("entities"))])
        following = body["meta"]["next_cursor"] if "meta" in body else body.get("nextUri", "").partition("?")[2]
        if not following:
            break
        query = f"limit=5&cursor={following}" if "meta" in body else following
    return pages


@pytest.mark.parametrize(("name", "path"), [(ACME, INVOICES), (SAKURA, CONTRACTS)])
def test_listings_that_lead_astray(client, fault, name, path):
    client.credential(name)
    honest = pages_of(client, name, path, 99)
    fault("jump_back", times=None)
    assert pages_of(client, name, path, 4)[1:] == [honest[1], honest[2], honest[1]]
    client.sim.faults.clear()
    fault("endless_rows", times=None)
    assert pages_of(client, name, path, 9) == [honest[0]] * 9


@pytest.mark.parametrize(("name", "path"), [(ACME, INVOICES), (SAKURA, CONTRACTS)])
@pytest.mark.parametrize("rows", [-1, 1])
def test_rows_that_move_between_pages(client, fault, name, path, rows):
    client.credential(name)
    ids = [each for page in pages_of(client, name, path, 99) for each in page]
    fault("shift_rows", after=1, size=rows)
    moved = [each for page in pages_of(client, name, path, 99) for each in page]
    assert len(moved) == len(ids) - rows
    assert set(moved) == set(ids) if rows < 0 else len(set(moved)) == len(ids) - 1


def test_a_page_may_be_smaller_than_was_asked_for(client):
    client.sim.settings.page_limit = 2
    try:
        assert len(client.get(ACME, INVOICES, limit=200).json["data"]) == 2
        assert len(client.get(SAKURA, CONTRACTS, pageSize=10).json["entities"]) == 2
    finally:
        client.sim.settings.page_limit = 0


def test_every_kind_of_fault_is_shown_in_these_files():
    files = [Path(__file__).with_name(name) for name in ("test_faults.py", "test_broken_answers.py")]
    text = "".join(file.read_text(encoding="utf-8").replace("fault(kind)", "") for file in files)
    shown = set(re.findall(r'fault\("(\w+)"', text)) | set(re.findall(r'\("(\w+_enum)"', text))
    assert shown >= set(KINDS)
