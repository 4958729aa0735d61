"""What vendors answered is kept as it was received."""

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from billing.errors import StorageError
from billing.month import Month
from billing.storage.engine import engine_from_url
from billing.storage.payloads import find_fetch, read_responses


def test_an_answer_is_kept_byte_for_byte_under_its_hash(ledger):
    body = b'\xef\xbb\xbf{ "text" :\t"' + "ü\u2028𝔘".encode() * 1000 + b'\\u00e4" }\r\n'
    fetch = ledger.begin()
    fetch.keep(ledger.response("", body=body))
    summary = fetch.complete()
    ((sha256, size, stored, headers, run),) = ledger.rows(
        "select sha256, size, body, headers, first_dag_run from billing.payload"
    )
    assert zstandard.decompress(bytes(stored)) == body
    assert bytes(sha256) == hashlib.sha256(body).digest()
    assert (size, headers, run) == (len(body), {"x-request-id": "r-1"}, "manual__1")
    assert (summary.responses, summary.new_payloads, summary.bytes) == (1, 1, len(body))


def test_the_same_bytes_for_the_same_request_are_one_row(ledger):
    """That they were seen again is a row of its own beside it."""
    first, second = ledger.fetch("a"), ledger.fetch("a")
    assert ledger.one("select count(*) from billing.payload") == 1
    assert ledger.rows("select fetch_id, position from billing.payload_sighting order by 1") == [
        (first, 1),
        (second, 1),
    ]


@pytest.mark.parametrize(
    ("reading", "request_", "account"),
    [("b", "GET /invoices", "acme"), ("a", "GET /invoices?page=2", "acme"), ("a", "GET /invoices", "other")],
)
def test_other_bytes_another_request_or_another_account_are_another_row(ledger, reading, request_, account):
    ledger.fetch("a")
    fetch = ledger.begin(account=account)
    fetch.keep(ledger.response(reading, request_))
    assert fetch.complete().new_payloads == 1
    assert ledger.one("select count(*) from billing.payload") == 2


def test_a_request_longer_than_an_index_entry_is_kept(ledger):
    """A cursor may be many kilobytes."""
    for _ in range(2):
        fetch = ledger.begin()
        fetch.keep(
            ledger.response(
                "a", "GET /invoices?cursor=" + "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
            )
        )
        fetch.complete()
    assert ledger.one("select count(*) from billing.payload") == 1


def test_an_interrupted_fetch_leaves_evidence_but_is_no_fetch(ledger):
    """The task dies before the last page: its answers are there, and nobody takes them for a month."""
    fetch = ledger.begin()
    fetch.keep(ledger.response("a"))
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /invoices/I-1", b"%PDF")
    assert ledger.one("select count(*) from billing.payload") == 1
    assert ledger.one("select count(*) from billing.document") == 1
    for table in ("fetch", "payload_sighting", "document_sighting"):
        assert ledger.one(f"select count(*) from billing.{table}") == 0


def test_the_next_try_uses_what_the_interrupted_one_left(ledger):
    ledger.begin().keep(ledger.response("a"))
    again = ledger.begin()
    again.keep(ledger.response("a"))
    again.keep(ledger.response("b"))
    assert again.complete().new_payloads == 1


def test_answers_come_back_in_the_order_of_their_arrival(ledger):
    """Also one that was first seen by an earlier fetch, and one that was seen twice."""
    ledger.fetch("c", "a")
    fetch_id = ledger.fetch("b", "c", "a", "c")
    with ledger.engine.connect() as connection:
        responses = read_responses(connection, fetch_id)
    assert [response.json()["reading"] for response in responses] == ["b", "c", "a", "c"]


def test_an_answer_comes_back_as_it_was(ledger):
    kept = ledger.response("a")
    fetch = ledger.begin()
    fetch.keep(kept)
    with ledger.engine.connect() as connection:
        (read,) = read_responses(connection, fetch.complete().fetch_id)
    assert read == kept
    assert read.received_at.utcoffset() == timedelta(0)


def test_a_tampered_body_is_found(ledger):
    """Somebody with all rights replaced the bytes and forgot the hash."""
    fetch_id = ledger.fetch("a")
    forged = zstandard.compress(b'{"reading": "b"}').hex()
    ledger.tamper("payload", rf"update billing.payload set body = '\x{forged}'")
    with (
        ledger.engine.connect() as connection,
        pytest.raises(StorageError, match=r"payload 1 \(GET /invoices\) no longer"),
    ):
        read_responses(connection, fetch_id)


def test_a_spoilt_body_is_found(ledger):
    """Not even a compressed body any more."""
    fetch_id = ledger.fetch("a")
    ledger.tamper("payload", r"update billing.payload set body = '\x00ff'")
    with ledger.engine.connect() as connection, pytest.raises(StorageError, match=r"payload 1 .* cannot be unpacked"):
        read_responses(connection, fetch_id)


def test_two_runs_keeping_one_answer_at_once_make_one_row(ledger):
    """Neither fails, neither waits for the other's fetch to end."""
    responses = [ledger.response(str(number)) for number in range(20)]
    gate, faults, summaries = threading.Barrier(2), [], []

    def run():
        try:
            fetch = ledger.begin()
            for response in responses:
                gate.wait(timeout=30)
                fetch.keep(response)
            summaries.append(fetch.complete())
        except Exception as error:  # noqa: BLE001 (reported by the test)
            faults.append(error)
            gate.abort()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not faults
    assert ledger.one("select count(*) from billing.payload") == 20
    assert sum(summary.new_payloads for summary in summaries) == 20
    assert ledger.rows("select fetch_id, count(*) from billing.payload_sighting group by 1 order by 1") == [
        (1, 20),
        (2, 20),
    ]


def test_a_document_is_one_row_however_often_it_is_seen(ledger):
    for _ in range(2):
        fetch = ledger.begin()
        for _ in range(2):
            fetch.keep_document("I-1", "pdf", "application/pdf", "GET /invoices/I-1", b"%PDF one")
        summary = fetch.complete()
    assert (summary.documents, summary.new_documents) == (1, 0)
    assert ledger.one("select count(*) from billing.document") == 1
    assert ledger.one("select count(*) from billing.document_sighting") == 2


@pytest.mark.parametrize(
    ("invoice_id", "file_format", "body"),
    [("I-2", "pdf", b"%PDF one"), ("I-1", "csv", b"%PDF one"), ("I-1", "pdf", b"%PDF two")],
)
def test_another_invoice_form_or_content_is_another_document(ledger, invoice_id, file_format, body):
    fetch = ledger.begin()
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /invoices/I-1", b"%PDF one")
    fetch.keep_document(invoice_id, file_format, "application/pdf", "GET /invoices/I-1", body)
    assert fetch.complete().new_documents == 2
    for location, sha256 in ledger.rows("select location, sha256 from billing.document"):
        assert hashlib.sha256((ledger.folder / location).read_bytes()).digest() == bytes(sha256)


@pytest.fixture
def server_processes(ledger):
    """Store by a task's engine; gives the number of the server's process for each connection made."""
    made = []
    ledger.engine = engine_from_url(ledger.url, keep_open=True)
    event.listen(ledger.engine, "connect", lambda connection, _: made.append(connection.info.backend_pid))
    yield made
    ledger.engine.dispose()


def test_a_long_fetch_makes_one_connection(ledger, server_processes):
    fetch = ledger.begin()
    for number in range(60):
        fetch.keep(ledger.response(str(number)))
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /invoices/I-1", b"%PDF")

    assert fetch.complete().responses == 60
    assert len(server_processes) == 1


def test_between_two_answers_no_transaction_is_open(ledger, server_processes):
    """Else a slow vendor would hold the database's clean-up back."""
    fetch = ledger.begin()
    for _ in range(2):
        fetch.keep(ledger.response("a"))
        (pid,) = server_processes
        assert ledger.one(f"select state from pg_stat_activity where pid = {pid}") == "idle"


def test_a_server_that_went_away_between_two_answers_is_connected_to_again(ledger, server_processes):
    """Before an answer, before a document, and before the end."""
    fetch = ledger.begin()

    def disconnect():
        ledger.rows(f"select pg_terminate_backend({server_processes[-1]}, 30000)")

    fetch.keep(ledger.response("a"))
    disconnect()
    fetch.keep(ledger.response("b"))
    disconnect()
    fetch.keep_document("I-1", "pdf", "application/pdf", "GET /invoices/I-1", b"%PDF")
    disconnect()
    summary = fetch.complete()

    assert (summary.responses, summary.new_payloads, summary.documents) == (2, 2, 1)
    assert ledger.one("select count(*) from billing.payload_sighting") == 2
    assert len(server_processes) == 4


def test_an_answer_that_cannot_be_stored_leaves_nothing_and_the_fetch_goes_on(ledger, server_processes):
    """Its transaction is rolled back; the next answer has its own."""
    fetch = ledger.begin()
    with pytest.raises(DBAPIError):
        fetch.keep(replace(ledger.response("a"), status=70_000))
    fetch.keep(ledger.response("b"))

    assert fetch.complete().responses == 1
    assert ledger.one("select count(*) from billing.payload") == 1
    assert len(server_processes) == 1


def test_an_empty_fetch_is_a_fetch(ledger):
    """A vendor that has nothing for the month is an answer, too."""
    fetch_id = ledger.begin().complete().fetch_id
    with ledger.engine.connect() as connection:
        assert read_responses(connection, fetch_id) == ()


def test_a_fetch_is_found_by_its_id(ledger):
    fetch_id = ledger.fetch("a", month=Month(2026, 2))
    with ledger.engine.connect() as connection:
        head = find_fetch(connection, fetch_id)
        with pytest.raises(StorageError, match="there is no fetch 999"):
            find_fetch(connection, 999)
    assert (head.vendor, head.account, str(head.month), head.purpose) == ("initech", "acme", "2026-02", "month")


def test_moments_are_utc_whatever_the_server_thinks(ledger):
    ledger.rows(
        "do $$ begin execute format('alter database %I set timezone to ''Asia/Tokyo''', current_database()); end $$"
    )
    before = datetime.now(UTC)
    fetch_id = ledger.fetch("a")
    with ledger.engine.connect() as connection:
        (response,) = read_responses(connection, fetch_id)
    assert response.received_at.utcoffset() == timedelta(0)
    assert before <= response.received_at <= datetime.now(UTC)


def test_a_document_that_could_not_be_had_is_recorded_with_its_fetch(ledger):
    fetch = ledger.begin()
    fetch.keep_missing_document("I-1", "pdf", "GET /invoices/I-1 answered 503")
    assert ledger.one("select count(*) from billing.missing_document") == 0
    summary = fetch.complete()
    assert ledger.rows("select fetch_id, invoice_id, file_format, reason from billing.missing_document") == [
        (summary.fetch_id, "I-1", "pdf", "GET /invoices/I-1 answered 503")
    ]
