"""A certificate can be repeated from the stored bytes, and a digit changed anywhere is named."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from billing.certificate.page import render
from billing.certificate.publish import publish, unpublished
from billing.certificate.sources import Subject
from billing.certificate.vendor_month import make_vendor_certificate, vendor_json
from billing.certificate.verify import make_certificate, read_json, verify, write_json
from billing.config.accounts import find_account, load_accounts
from billing.errors import ConfigurationError, PayloadError
from billing.month import Month
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.engine import engine_from_url
from billing.storage.payloads import Fetch
from billing_vendors.base.vendor import Document
from billing_vendors.registry import vendor_named

MONTH = Month(2026, 8)
SUBJECT = Subject("genesys_cloud", "nord-contact", MONTH)


@pytest.fixture(scope="module")
def proved(postgres, migrated_template, simulator, tmp_path_factory):
    """One account's month, collected from the simulator, stored and proved; each test works on a copy."""
    name, folder = "certified_month", tmp_path_factory.mktemp("documents")
    postgres.create_database(name, template=migrated_template)
    vendor = vendor_named(SUBJECT.vendor)
    account = find_account(load_accounts(vendor.name, vendor.settings_type), SUBJECT.account)
    engine = engine_from_url(postgres.url(name))
    fetch = Fetch(
        engine, folder, purpose="month", vendor=vendor.name, account=account.name, month=MONTH, dag_run="a run"
    )
    with pytest.MonkeyPatch.context() as patch:
        for conn_id, connection in simulator.connections().items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        for kept in vendor.load_implementation().collect(account, MONTH):
            if isinstance(kept, Document):
                fetch.keep_document(kept.invoice_id, kept.file_format, kept.media_type, kept.request, kept.body)
            else:
                fetch.keep(kept)
    files = document_reader(folder)
    reconcile_month(
        engine, Rules(vendor.load_implementation().derive, vendor.controls(), files), account, fetch.complete().fetch_id
    )
    yield SimpleNamespace(database=name, folder=folder, account=account, vendor=vendor)
    postgres.drop_database(name)


@pytest.fixture
def stored(postgres, proved, tmp_path):
    """A copy of the database and of the folder, to be tampered with."""
    name = f"certified_{tmp_path.name.replace('-', '_')}"[:60].lower()
    postgres.create_database(name, template=proved.database)
    folder = tmp_path / "documents"
    shutil.copytree(proved.folder, folder)
    engine = engine_from_url(postgres.url(name))
    rules = Rules(proved.vendor.load_implementation().derive, proved.vendor.controls(), document_reader(folder))
    yield SimpleNamespace(engine=engine, url=postgres.url(name), account=proved.account, rules=rules, folder=folder)
    postgres.drop_database(name)


def certificate_of(stored, subject=SUBJECT):
    with stored.engine.connect() as connection:
        return make_certificate(connection, subject)


def verdict_of(stored, certificate, subject=SUBJECT):
    with stored.engine.connect() as connection:
        return verify(connection, subject, certificate, stored.account, stored.rules)


def tamper(stored, statement):
    """Change a row behind the back of the triggers, as only the owner of the database can."""
    with stored.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount == 1


def invoice_of(stored):
    return certificate_of(stored)["invoices"][0]["invoice_id"]


def test_an_untouched_month_is_verified(stored):
    verdict = verdict_of(stored, certificate_of(stored))

    assert verdict.verified, verdict.sentence
    assert "VERIFIED: genesys_cloud/nord-contact 2026-08" in verdict.sentence


def test_an_untouched_invoice_is_verified_and_holds_nothing_of_others(stored):
    subject = Subject(SUBJECT.vendor, SUBJECT.account, MONTH, invoice_of(stored))
    certificate = certificate_of(stored, subject)

    assert verdict_of(stored, certificate, subject).verified
    assert [invoice["invoice_id"] for invoice in certificate["invoices"]] == [subject.invoice_id]


def test_the_file_survives_a_round_trip_and_is_the_same_each_time(stored):
    body = write_json(certificate_of(stored))

    subject, certificate = read_json(body)

    assert subject == SUBJECT
    assert verdict_of(stored, certificate).verified
    assert write_json(certificate_of(stored)) == body


def test_a_changed_answer_is_named(stored):
    certificate = certificate_of(stored)
    tamper(
        stored,
        "update billing.payload set body = (select body from billing.payload where operation = 'contract' limit 1) "
        "where operation = 'invoices'",
    )

    verdict = verdict_of(stored, certificate)

    assert not verdict.verified
    assert "NOT VERIFIED, stored responses: payload" in verdict.sentence
    assert "no longer matches its SHA-256" in verdict.sentence


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("update billing.invoice set total = total + 0.01", "invoices 1, total"),
        ("update billing.invoice_line set amount = amount + 0.01 where position = 1", "invoices 1, lines 1, amount"),
        ("update billing.invoice_line set quantity = quantity + 1 where position = 2", "invoices 1, lines 2, quantity"),
        ("update billing.charge set overage_charge = 0.02 where position = 1", "billing_periods 1, charges 1, overage"),
        (
            "update billing.usage_line set quantity = quantity + 1 where position = 1 "
            "and record_key in (select record_key from billing.usage_report where kind = 'billable_usage')",
            "usage_reports 1, lines 1, quant",
        ),
        ("update billing.control_result set state = 'EXCEPTION' where position = 1", "controls 1, state"),
        ("update billing.control_result set actual = actual + 0.01 where position = 1", "controls 1, actual"),
        ("update billing.control_result set explanation = 'fine' where position = 3", "controls 3, explanation"),
        ("update billing.reconciliation set results_sha256 = sha256('x')", "reconciliation, results_sha256"),
        ("update billing.reconciliation set inputs_sha256 = sha256('x')", "reconciliation, inputs_sha256"),
    ],
)
def test_a_changed_row_is_named(stored, statement, where):
    certificate = certificate_of(stored)
    tamper(stored, statement)

    verdict = verdict_of(stored, certificate)

    assert not verdict.verified
    assert verdict.sentence.startswith(f"NOT VERIFIED, stored rows: {where}")


@pytest.mark.parametrize(
    "change", [lambda path: path.write_bytes(path.read_bytes() + b" "), lambda path: path.unlink()]
)
def test_a_changed_or_missing_file_of_the_vendor_is_named(stored, change):
    certificate = certificate_of(stored)
    change(next(stored.folder.rglob("*.pdf")))

    verdict = verdict_of(stored, certificate)

    assert not verdict.verified
    assert "NOT VERIFIED, stored rows" in verdict.sentence


@pytest.mark.parametrize(
    "path",
    [
        ("invoices", 0, "total"),
        ("invoices", 0, "lines", 1, "amount"),
        ("controls", 0, "expected"),
        ("responses", 0, "size"),
    ],
)
def test_a_changed_digit_of_the_certificate_is_named(stored, path):
    certificate = json_values(certificate_of(stored))
    place = certificate
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] += 1

    verdict = verdict_of(stored, certificate)

    assert not verdict.verified
    where = ", ".join(str(step) for step in path).replace(", 0", " 1").replace(", 1", " 2")
    assert verdict.sentence.startswith(f"NOT VERIFIED, certificate: {where}: it has")


@pytest.fixture
def long(stored, monkeypatch):
    """The month counts as a long one."""
    monkeypatch.setattr("billing.certificate.sources.LINES_LISTED", 1)
    return stored


def test_a_long_month_is_certified_by_reference_and_verified(long):
    certificate = json_values(certificate_of(long))

    assert all("lines" not in invoice for invoice in certificate["invoices"])
    assert sum(invoice["count"] for invoice in certificate["invoices"]) > 1
    assert verdict_of(long, certificate).verified


@pytest.mark.parametrize("name", ["total", "count", "content_sha256"])
def test_what_was_changed_in_the_certificate_of_a_long_month_is_named(long, name):
    certificate = json_values(certificate_of(long))
    value = certificate["invoices"][0][name]
    certificate["invoices"][0][name] = "0" * 64 if name == "content_sha256" else value + 1

    assert verdict_of(long, certificate).sentence.startswith(f"NOT VERIFIED, certificate: invoices 1, {name}: it has")


def test_a_changed_line_of_a_long_month_is_named(long):
    certificate = certificate_of(long)
    key = "(select record_key from billing.invoice order by invoice_id limit 1)"
    tamper(long, f"update billing.invoice_line set amount = amount + 1 where position = 2 and record_key = {key}")

    sentence = verdict_of(long, certificate).sentence
    assert sentence.startswith("NOT VERIFIED, stored rows: invoices 1, lines 2, amount: the rows have")


def test_an_invoice_of_a_long_month_is_certified_with_its_lines(long):
    subject = Subject(SUBJECT.vendor, SUBJECT.account, MONTH, invoice_of(long))
    certificate = certificate_of(long, subject)

    assert certificate["invoices"][0]["lines"]
    assert verdict_of(long, certificate, subject).verified


def test_a_changed_hash_of_the_certificate_is_named(stored):
    certificate = {**certificate_of(stored), "sha256": "0" * 64}

    assert verdict_of(stored, certificate).sentence.startswith("NOT VERIFIED, certificate: sha256")


def test_a_rule_that_has_changed_since_is_named(stored):
    certificate = certificate_of(stored)
    tamper(stored, "update billing.control_result set rule_sha256 = sha256('older') where position = 1")

    assert "controls 1, rule_sha256" in verdict_of(stored, certificate).sentence


def test_a_month_that_is_not_stored_has_no_certificate(stored):
    with pytest.raises(ConfigurationError, match="nord-contact 2020-01 is not stored"):
        certificate_of(stored, Subject("genesys_cloud", "nord-contact", Month(2020, 1)))


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"format": 2}', b'{"format": 1, "month": "2026-08"}'])
def test_another_file_is_no_certificate(body):
    with pytest.raises(PayloadError, match="certificate"):
        read_json(body)


def test_the_page_escapes_what_a_vendor_wrote(stored):
    certificate = json_values(certificate_of(stored))
    certificate["invoices"][0]["lines"][0]["description"] = "<script>alert(1)</script>"

    page = render(certificate)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_published_certificate_is_the_same_file_each_time(stored):
    place = publish(stored.engine, SUBJECT, stored.folder)
    first = (stored.folder / place).read_bytes()

    assert publish(stored.engine, SUBJECT, stored.folder) == "certificates/genesys_cloud/nord-contact/2026-08.json"
    assert (stored.folder / place).read_bytes() == first
    assert (stored.folder / place).with_suffix(".html").exists()


def test_a_published_certificate_is_the_one_made_as_a_whole(stored):
    place = stored.folder / publish(stored.engine, SUBJECT, stored.folder)

    assert place.read_bytes() == write_json(certificate_of(stored))


def test_a_month_whose_certificate_is_missing_torn_or_of_older_results_is_unpublished(stored):
    """A task that is killed before it has certified what it stored leaves such a month."""
    assert unpublished(stored.engine, SUBJECT, stored.folder) == [SUBJECT.month]
    place = stored.folder / publish(stored.engine, SUBJECT, stored.folder)
    assert unpublished(stored.engine, SUBJECT, stored.folder) == []

    recorded_at = read_json(place.read_bytes())[1]["reconciliation"]["recorded_at"]
    for body in (b"", b"[]", place.read_bytes().replace(recorded_at.encode(), b"2020-01-01T00:00:00+00:00")):
        place.write_bytes(body)
        assert unpublished(stored.engine, SUBJECT, stored.folder) == [SUBJECT.month]


def test_the_command_verifies_a_file_and_says_what_is_wrong(stored):
    place = stored.folder / publish(stored.engine, SUBJECT, stored.folder)

    done = command(stored, "verify", str(place))
    assert (done.returncode, done.stdout.split(":")[0]) == (0, "VERIFIED")

    place.write_bytes(place.read_bytes().replace(b'"position":1', b'"position":2', 1))
    done = command(stored, "verify", str(place))
    assert done.returncode == 1
    assert done.stdout.startswith("NOT VERIFIED, certificate:")


def test_the_command_makes_an_invoice_certificate(stored):
    done = command(stored, "invoice", invoice_of(stored), "--to", str(stored.folder / "made"))

    assert done.returncode == 0, done.stderr
    assert len(list((stored.folder / "made").iterdir())) == 2


def test_the_command_refuses_an_unknown_invoice_in_one_sentence(stored):
    done = command(stored, "invoice", "INV-nobody", "--to", str(stored.folder / "made"))

    assert done.returncode == 1
    assert done.stderr.strip() == "tieout: invoice 'INV-nobody' is stored nowhere: specify the month instead"


def command(stored, *arguments):
    environment = os.environ | {"TIEOUT_BILLING_URL": stored.url, "TIEOUT_DOCUMENTS": str(stored.folder)}
    return subprocess.run(
        [sys.executable, "-m", "billing.certificate", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def json_values(certificate):
    """Give the certificate as it is read from its file: lists and dictionaries that a test may change."""
    return read_json(write_json(certificate))[1]


def test_a_vendor_s_month_is_certified_and_a_change_in_one_account_is_named(stored):
    made = command(stored, "vendor", "genesys_cloud", "2026-08", "--to", str(stored.folder / "made"))
    assert made.returncode == 0, made.stderr
    path = made.stdout.strip()

    verified = command(stored, "verify", path)
    assert (verified.returncode, verified.stdout.strip()) == (
        0,
        "VERIFIED: genesys_cloud 2026-08: the months of 1 accounts",
    )

    tamper(stored, "update billing.invoice set total = total + 0.01")
    changed = command(stored, "verify", path)
    assert changed.returncode == 1
    assert changed.stdout.startswith("nord-contact: NOT VERIFIED, stored rows: invoices 1, total")


@pytest.mark.parametrize("change", [(b'"invoices":1', b'"invoices":2'), (b'"sha256":"', b'"sha256":"0')])
def test_a_changed_certificate_of_a_vendor_s_month_is_named(stored, change):
    with stored.engine.connect() as connection:
        body = vendor_json(make_vendor_certificate(connection, "genesys_cloud", MONTH))
    path = stored.folder / "month.json"
    path.write_bytes(body.replace(*change, 1))

    done = command(stored, "verify", str(path))

    assert done.returncode == 1
    assert done.stdout.startswith("NOT VERIFIED, certificate: ")
