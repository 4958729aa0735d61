"""A closed month's pack is the same each time, proves itself without a database, and whatever is forged is named."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from tests.closed_month import ACCOUNTS, MONTH, RUN, VENDOR

from billing.certificate.page import render
from billing.certificate.statement import seal_of
from billing.certificate.vendor_month import over_accounts, vendor_json
from billing.certificate.verify import write_json
from billing.close.events import add_event, draft
from billing.errors import ConfigurationError, StorageError
from billing.pack.archive import MANIFEST, write_archive
from billing.pack.content import index_of, tables_of
from billing.pack.signature import SIGNATURE, new_key, private_key, public_key, public_pem
from billing.pack.verify import Noted, verify_pack
from billing.payloads import exact_json
from billing.payloads.exact_json import sha256_of
from billing.reconciliation.installed import installed_vendor
from billing.storage.engine import engine_from_url


def test_the_same_month_gives_the_same_bytes(closed, pack, tmp_path):
    closed.make(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "again.zip"]


def test_another_vendors_pack_is_made_in_the_same_way(closed, tmp_path):
    closed.make(tmp_path / "fastly.zip", "fastly")
    verdict = verify_pack(tmp_path / "fastly.zip", installed_vendor)
    assert verdict.verified, verdict.sentence
    with ZipFile(tmp_path / "fastly.zip") as archive:
        assert any(name.endswith(".csv") and "/documents/" in name for name in archive.namelist())


def test_it_holds_what_the_closing_rests_on(pack):
    with ZipFile(pack) as archive:
        names = archive.namelist()
        read = {name: archive.read(name) for name in names}
    for account in ACCOUNTS:
        assert {f"accounts/{account}/{name}" for name in ("certificate.json", "rows.json", "accruals.json")} < {*names}
        pdfs = [name for name in names if name.startswith(f"accounts/{account}/documents/")]
        assert pdfs
        assert all(hashlib.sha256(read[name]).hexdigest() in name for name in pdfs)
        rows = exact_json.loads_text(read[f"accounts/{account}/rows.json"].decode())
        table = csv.DictReader(io.StringIO(read[f"accounts/{account}/rows/invoices.csv"].decode()))
        assert [Decimal(row["total"]) for row in table] == [invoice["total"] for invoice in rows["invoices"]]
    assert b"'=1+1" in read["explanations/in_force.csv"]
    assert b"<script" not in read["index.html"]


def test_it_verifies_without_a_database_from_the_command_line(pack, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    command = [sys.executable, "-m", "billing.pack", "verify", str(pack)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"VERIFIED: {VENDOR} {MONTH}: closed by olga, approved by carl; 2 accounts" in done.stdout
    wrong = subprocess.run(
        [*command, "--certificate", "0" * 64],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert wrong.returncode == 1
    assert "NOT VERIFIED, certificate.json: its hash, against the one that was noted" in wrong.stdout


# -- the signature


def test_a_signed_pack_is_verified_with_its_key_alone(closed, tmp_path):
    (private, public), (_, other) = new_key(), new_key()
    paths = tmp_path / "public.pem", tmp_path / "other.pem"
    for path, pem in zip(paths, (public, other), strict=True):
        path.write_bytes(pem)
    ours, theirs = map(public_key, paths)
    closed.make(tmp_path / "signed.zip", key=private_key(private))
    closed.make(tmp_path / "again.zip", key=private_key(private))
    assert (tmp_path / "signed.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()

    verdict = verify_pack(tmp_path / "signed.zip", installed_vendor, Noted(key=ours))
    assert verdict.verified, verdict.sentence
    assert "signed by key" in verdict.sentence
    assert "was not checked" in verify_pack(tmp_path / "signed.zip", installed_vendor).sentence
    wrong = verify_pack(tmp_path / "signed.zip", installed_vendor, Noted(key=theirs))
    assert wrong.sentence.startswith("NOT VERIFIED, signature.dsse.json: no signature is by key")


def test_a_signature_of_another_pack_or_none_is_named(closed, pack, tmp_path):
    private, public = new_key()
    (tmp_path / "public.pem").write_bytes(public)
    noted = Noted(key=public_key(tmp_path / "public.pem"))
    unsigned = verify_pack(pack, installed_vendor, noted)
    assert unsigned.sentence.startswith("NOT VERIFIED, signature.dsse.json: the pack is not signed")
    closed.make(tmp_path / "older.zip", "fastly", key=private_key(private))
    with ZipFile(tmp_path / "older.zip") as older, ZipFile(pack) as newer:
        members = {name: newer.read(name) for name in newer.namelist()} | {SIGNATURE: older.read(SIGNATURE)}
    with ZipFile(tmp_path / "newer.zip", "w", ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    verdict = verify_pack(tmp_path / "newer.zip", installed_vendor, noted)
    assert verdict.sentence.startswith("NOT VERIFIED, signature.dsse.json: it is of another manifest")


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    command = [sys.executable, "-m", "billing.pack", "key", "new", "--to", str(tmp_path / "key.pem")]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    assert made.stdout.encode().strip() == public_pem(private_key((tmp_path / "key.pem").read_bytes())).strip()
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "key.pem" in again.stderr


# -- forgeries


class Forger:
    """Changes a pack, with the product's own code to compute hashes again."""

    def __init__(self, pack: Path) -> None:
        with ZipFile(pack) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.head = json.loads(self.members.pop(MANIFEST))

    def json(self, name: str):
        return exact_json.loads_text(self.members[name].decode())

    def put(self, name: str, content) -> None:
        """Replace a JSON member, and the CSV files that go with it."""
        self.members[name] = exact_json.dumps(content).encode() + b"\n"
        stem = name.removesuffix(".json")
        for other in [each for each in self.members if each.startswith(f"{stem}/") and each.endswith(".csv")]:
            del self.members[other]
        self.members |= dict(tables_of(stem, content))

    def change_rows(self, account: str, change) -> None:
        """Change an account's rows, and its certificate in the same way."""
        rows = self.json(f"accounts/{account}/rows.json")
        change(rows)
        self.put(f"accounts/{account}/rows.json", rows)
        certificate = rows | {"sha256": seal_of(rows)}
        self.members[f"accounts/{account}/certificate.json"] = write_json(certificate)
        self.members[f"accounts/{account}/certificate.html"] = render(certificate).encode()

    def mend(self) -> None:
        """Compute every hash above the accounts' certificates again."""
        accounts = sorted({name.split("/")[1] for name in self.members if name.startswith("accounts/")})
        certificates = [self.json(f"accounts/{name}/certificate.json") for name in accounts]
        certificate = over_accounts(VENDOR, MONTH, certificates)
        self.members["certificate.json"] = vendor_json(certificate)
        closing, explanations = self.json("closing.json"), self.json("explanations.json")
        closing["events"][-1]["certificate_sha256"] = certificate["sha256"]
        closing["events"][-1]["explanations_sha256"] = sha256_of(explanations["in_force"]).hex()
        self.put("closing.json", closing)
        self.head["certificate_sha256"] = certificate["sha256"]
        self.members["index.html"] = index_of(self.head, certificate, closing["events"], explanations)

    def write(self, path: Path) -> Path:
        head = {name: value for name, value in self.head.items() if name not in {"members", "format"}}
        write_archive(path, head, self.members.items())
        return path


ROWS = f"accounts/{ACCOUNTS[0]}/rows.json"


def a_line(forger):
    rows = forger.json(ROWS)
    rows["invoices"][0]["lines"][0]["amount"] += Decimal("0.01")
    forger.put(ROWS, rows)


def a_line_with_all_hashes(forger):
    def change(rows):
        rows["invoices"][0]["lines"][0]["amount"] += Decimal("0.01")

    forger.change_rows(ACCOUNTS[0], change)
    forger.mend()


def change_a_response(forger):
    """Change the first digit of a total in the response that has it; give both hashes of the response."""
    total = str(forger.json(ROWS)["invoices"][0]["total"]).encode()
    name = next(name for name in forger.members if "/responses/" in name and total in forger.members[name])
    before = forger.members[name]
    forger.members[name] = before.replace(total, b"9" + total[1:])
    assert before != forger.members[name]
    return hashlib.sha256(before).hexdigest(), hashlib.sha256(forger.members[name]).hexdigest()


def a_response(forger):
    change_a_response(forger)


def a_response_with_all_hashes(forger):
    before, after = change_a_response(forger)

    def change(rows):
        for each in rows["responses"]:
            each["sha256"] = after if each["sha256"] == before else each["sha256"]

    forger.change_rows(ACCOUNTS[0], change)
    forger.mend()


def a_dropped_invoice(forger):
    forger.change_rows(ACCOUNTS[0], lambda rows: rows["invoices"].pop())
    forger.mend()


def a_dropped_account(forger):
    for name in [name for name in forger.members if name.startswith(f"accounts/{ACCOUNTS[1]}/")]:
        del forger.members[name]
    forger.mend()


def a_swapped_document(forger):
    first, second = [name for name in forger.members if "/documents/" in name][:2]
    forger.members[first] = forger.members[second]


def an_exception_deleted(forger):
    def change(rows):
        rows["controls"] = [each for each in rows["controls"] if each["state"] not in {"EXCEPTION", "BLOCKED"}]

    for account in ACCOUNTS:
        forger.change_rows(account, change)
    forger.mend()


def explained_by(forger, name):
    explanations = forger.json("explanations.json")
    for each in (*explanations["in_force"], *explanations["all"]):
        each["explained_by"] = name
    forger.put("explanations.json", explanations)


def all_results_passed(forger):
    def change(rows):
        rows["controls"] = [each | {"state": "PASS"} for each in rows["controls"]]

    for account in ACCOUNTS:
        forger.change_rows(account, change)
    forger.put("explanations.json", {"in_force": [], "all": []})
    forger.mend()


def what_a_control_used(forger):
    name = f"accounts/{ACCOUNTS[0]}/evidence.json"
    evidence = forger.json(name)
    evidence["history"][0]["total"] += 1
    forger.put(name, evidence)


def the_bill_that_a_control_used(forger):
    name = f"accounts/{ACCOUNTS[0]}/evidence.json"
    evidence = forger.json(name)
    evidence["account_month"]["invoices"][0]["total"] += 1
    forger.put(name, evidence)


def a_posting_day(forger):
    forger.members["accounts.yaml"] = forger.members["accounts.yaml"].replace(b"posting_day: ", b"posting_day: 1")


def an_author(forger):
    explained_by(forger, "somebody")


def the_approver_as_author(forger):
    explained_by(forger, "Carl")
    forger.mend()


def an_explanation_removed(forger):
    forger.put("explanations.json", {"in_force": [], "all": []})
    forger.mend()


def change_events(forger, change):
    closing = forger.json("closing.json")
    change(closing)
    forger.put("closing.json", closing)
    forger.mend()


def the_preparer_as_approver(forger):
    change_events(forger, lambda closing: closing["events"][0].update(approved_by="OLGA"))


def closed_twice(forger):
    change_events(forger, lambda closing: closing["events"].append(closing["events"][0] | {"number": 2}))


def a_figure(forger):
    change_events(forger, lambda closing: closing["figures"][0].update(total=Decimal(1)))


def an_accrual(forger):
    name = f"accounts/{ACCOUNTS[0]}/accruals.json"
    ledger = forger.json(name)
    ledger["ledger"][0]["amount"] = ledger["ledger"][0]["amount"] + 1
    forger.put(name, ledger)


def a_table(forger):
    name = ROWS.replace(".json", "/invoices.csv")
    forger.members[name] = forger.members[name].replace(b"0", b"1", 1)


def the_page(forger):
    forger.members["index.html"] = forger.members["index.html"].replace(b"olga", b"otto")


def an_extra_file(forger):
    forger.members["accounts/readme"] = b""


def another_month(forger):
    forger.head["month"] = "2026-09"


FORGERIES = {
    a_line: f"{ROWS}: invoices, against the certificate 1, lines 1, amount",
    a_line_with_all_hashes: f"{ROWS}: invoices, against what the responses produce",
    a_response: f"accounts/{ACCOUNTS[0]}/responses.json: ",
    a_response_with_all_hashes: f"{ROWS}: invoices, against what the responses produce",
    a_dropped_invoice: f"{ROWS}: invoices, against what the responses produce",
    a_dropped_account: "closing.json: figures, accounts",
    a_swapped_document: f"accounts/{ACCOUNTS[0]}/documents/",
    an_exception_deleted: "finding and explanation do not match",
    all_results_passed: "controls, against what they find now",
    what_a_control_used: f"accounts/{ACCOUNTS[0]}/evidence.json: the hash of all inputs",
    the_bill_that_a_control_used: f"accounts/{ACCOUNTS[0]}/evidence.json: account_month, against what the responses",
    a_posting_day: "evidence.json: the hash of all inputs",
    an_author: "explanations.json: the hash of those in force",
    the_approver_as_author: "closing.json: event 1: carl approved what he prepared or explained",
    an_explanation_removed: "finding and explanation do not match",
    the_preparer_as_approver: "closing.json: event 1: OLGA approved what he prepared or explained",
    closed_twice: 'closing.json: event 2, event: it has "closed", expected "reopened"',
    a_figure: "closing.json: figures of accounts/",
    an_accrual: f"accounts/{ACCOUNTS[0]}/accruals.json: sum of",
    a_table: "rows/invoices.csv: it shows something else than the JSON beside it",
    the_page: "index.html: it shows something else than the JSON beside it",
    an_extra_file: "accounts",
    another_month: "certificate.json",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forgery_is_named(pack, tmp_path, forge):
    """The manifest is always made to fit; without that, the member alone is named."""
    forger = Forger(pack)
    forge(forger)
    verdict = verify_pack(forger.write(tmp_path / "forged.zip"), installed_vendor)
    assert not verdict.verified
    assert FORGERIES[forge] in verdict.sentence, verdict.sentence


def test_the_forger_changes_nothing_if_he_only_computes_hashes_again(pack, tmp_path):
    forger = Forger(pack)
    for account in ACCOUNTS:
        forger.change_rows(account, lambda _: None)
    forger.mend()
    with ZipFile(pack) as archive:
        assert forger.members == {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
    assert verify_pack(forger.write(tmp_path / "same.zip"), installed_vendor).verified


def test_a_pack_made_up_as_a_whole_is_named_by_what_was_noted(pack, tmp_path):
    """An account left out of everything, with every hash computed again, is found by a hash that is kept elsewhere."""
    certificate = json.loads(ZipFile(pack).read(MANIFEST))["certificate_sha256"]
    root = hashlib.sha256(ZipFile(pack).read(MANIFEST)).hexdigest()
    assert verify_pack(pack, installed_vendor, Noted(certificate, root)).verified
    forger = Forger(pack)
    a_dropped_account(forger)
    for name in ("closing", "explanations"):
        content = forger.json(f"{name}.json")
        lists = {key: [row for row in rows if row.get("account") != ACCOUNTS[1]] for key, rows in content.items()}
        forger.put(f"{name}.json", lists)
    forger.mend()
    forged = forger.write(tmp_path / "forged.zip")
    assert verify_pack(forged, installed_vendor).verified
    assert "certificate.json: its hash, against" in verify_pack(forged, installed_vendor, Noted(certificate)).sentence
    assert "manifest.json: its hash, against" in verify_pack(forged, installed_vendor, Noted(None, root)).sentence


def rewritten(pack, path, change):
    """Write the ZIP file again without the code that writes packs."""
    with ZipFile(pack) as before, ZipFile(path, "w", ZIP_DEFLATED) as after, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of zipfile, about the name that is there twice
        for name in before.namelist():
            after.writestr(name, before.read(name))
        change(after)
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda file: file.writestr("closing.json", b"{}"), "closing.json: two members have this name"),
        (lambda file: file.writestr("Closing.json", b"{}"), "Closing.json: two members have this name"),
        (lambda file: file.writestr("../evil", b""), "'../evil': a member of a pack has no such name"),
        (lambda file: file.writestr("/etc/evil", b""), "'/etc/evil': a member of a pack has no such name"),
        (lambda file: file.writestr("accounts/../../evil", b""), "a member of a pack has no such name"),
        (lambda file: file.writestr("a\\evil", b""), "a member of a pack has no such name"),
        (lambda file: file.writestr("evil", b""), "evil: the manifest does not list it"),
    ],
)
def test_a_hostile_archive_is_refused(pack, tmp_path, change, named):
    verdict = verify_pack(rewritten(pack, tmp_path / "hostile.zip", change), installed_vendor)
    assert not verdict.verified
    assert named in verdict.sentence


def test_a_bomb_is_refused_before_it_is_unpacked(pack, tmp_path, monkeypatch):
    monkeypatch.setattr("billing.pack.archive.MOST_OF_ONE", 2**20)
    bomb = rewritten(pack, tmp_path / "bomb.zip", lambda file: file.writestr("bomb", bytes(2**21)))
    assert "bomb: it would unpack to more than" in verify_pack(bomb, installed_vendor).sentence
    monkeypatch.setattr("billing.pack.archive.MOST_BYTES", 2**10)
    assert "it would unpack to more than" in verify_pack(pack, installed_vendor).sentence


def test_a_changed_byte_of_the_file_is_named(pack, tmp_path):
    body = bytearray(pack.read_bytes())
    body[body.index(b"accounts.yaml") + 60] ^= 1
    (tmp_path / "torn.zip").write_bytes(body)
    verdict = verify_pack(tmp_path / "torn.zip", installed_vendor)
    assert not verdict.verified
    assert "accounts.yaml: " in verdict.sentence
    (tmp_path / "half.zip").write_bytes(pack.read_bytes()[:1000])
    assert "cannot be opened as a ZIP file" in verify_pack(tmp_path / "half.zip", installed_vendor).sentence


# -- when there is no pack


def test_only_of_a_closed_month_that_is_still_what_was_closed(closed, tmp_path):
    closer = engine_from_url(closed.url)
    with closer.begin() as connection:
        add_event(connection, draft(connection, VENDOR, MONTH), replace(RUN, note="again", dag_run="manual__2"))
    with pytest.raises(ConfigurationError, match="is not closed"):
        closed.make(tmp_path / "pack.zip")
    with closer.begin() as connection:
        add_event(connection, draft(connection, VENDOR, MONTH), replace(RUN, dag_run="manual__3"))
    closed.make(tmp_path / "pack.zip")
    documents = {pdf: pdf.read_bytes() for pdf in closed.folder.glob("*/*.pdf")}
    for pdf in documents:
        pdf.write_bytes(b"%PDF-1.4 another")
    with pytest.raises(StorageError, match=r"documents/[0-9a-f]{64}\.pdf: its hash"):
        closed.make(tmp_path / "other.zip")
    for pdf in documents:
        pdf.unlink()
    with pytest.raises(StorageError, match="cannot be read: restore it"):
        closed.make(tmp_path / "other.zip")
    for pdf, body in documents.items():
        pdf.write_bytes(body)
    assert list(tmp_path.iterdir()) == [tmp_path / "pack.zip"]
