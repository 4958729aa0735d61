"""No vendor's text becomes a file's name, a path of a request, or a cell that a spreadsheet would compute."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.matrix.hostile.words import HOSTILE

from billing.errors import PayloadError
from billing.month import Month
from billing.storage.document_store import document_reader, keep_document
from billing.storage.engine import engine_from_url
from billing.storage.payloads import Fetch
from billing_vendors.fastly import endpoints as fastly
from billing_vendors.genesys_cloud import endpoints as genesys

ROOT = Path(__file__).resolve().parents[3]
NAMES = {
    **HOSTILE,
    "longer than a file's name may be": "a" * 400,
    "a name of Windows": "CON",
    "another case": "inv1",
    "the other case": "INV1",
    "dots": "..",
    "hidden": ".bashrc",
    "home": "~/.ssh/authorized_keys",
    "stream": "INV1::$DATA",
    "blank at the end": "INV1 ",
    "encoded": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
}


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_document_is_named_by_its_bytes_whatever_its_invoice_is_called(tasks_url, tmp_path):
    root = tmp_path / "documents"
    fetch = Fetch(
        engine_from_url(tasks_url),
        root,
        purpose="month",
        vendor="fastly",
        account="acme",
        month=Month(2026, 10),
        dag_run="r",
    )
    names = [name for name in NAMES.values() if len(name) <= 500]
    for name in names:
        fetch.keep_document(name, "pdf", "application/pdf", "GET /document", name.encode())
    digests = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    assert files_below(root) == sorted(f"{digest[:2]}/{digest}.pdf" for digest in digests)
    assert files_below(tmp_path) == [f"documents/{each}" for each in files_below(root)]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_location_that_is_not_ours_is_not_read(tmp_path, name):
    """Who may add rows could add one that names a file; it is not read, so it is shown to nobody."""
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (tmp_path / "documents").mkdir()
    read = document_reader(tmp_path / "documents")
    kept = keep_document(tmp_path / "documents", b"%PDF-", "pdf")
    assert read(kept) == b"%PDF-"
    for location in (name, f"{kept[:2]}/{name}", f"{kept[:2]}/../../secret", "../secret", str(secret), f"{kept}\n"):
        with pytest.raises(OSError, match="is not a valid document location"):
            read(location)


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("send", [fastly.v3_invoice_by_id, genesys.invoice_document], ids=["fastly", "genesys_cloud"])
def test_an_identifier_is_one_part_of_a_path_or_none(send, text):
    """With a request goes the vendor's token: no id leads it to another of the vendor's routes, or splits it."""
    try:
        path = send(text).path
    except PayloadError:
        return  # what its message looks like: test_reading.py
    before, _, after = path.partition("/invoices/")
    part, _, rest = after.partition("/")
    assert before in {"/billing/v3", "/api/v2/billing/contracts"}
    assert rest in {"", "document"}
    assert unquote(part) == text
    assert part.strip(".")
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+", part)


def test_dots_alone_are_no_identifier():
    """Percent-encoding leaves them as they are, and libraries resolve them."""
    for send in (fastly.v3_invoice_by_id, genesys.invoice_document, genesys.contract, genesys.invoice_lines):
        for text in (".", "..", ""):
            with pytest.raises(PayloadError, match="cannot be part of a path"):
                send(text)


def test_the_certificate_of_an_invoice_is_named_by_a_hash(tasks_url, tmp_path):
    """The command takes an id from a person, who may have copied it out of a vendor's text."""
    environment = os.environ | {"TIEOUT_BILLING_URL": tasks_url, "TIEOUT_DOCUMENTS": str(tmp_path)}
    for text in ("../../etc/passwd", "\x1b[31mred", "'; drop table billing.invoice; --"):
        run = subprocess.run(
            [sys.executable, "-m", "billing.certificate", "invoice", text, "--to", str(tmp_path / "c")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 1
        assert run.stderr.strip().isprintable()
        assert "is stored nowhere" in run.stderr
    assert files_below(tmp_path) == []


def test_only_pages_exports_and_packs_write_csv():
    """
    Their cells are escaped (tests of billing_ui, billing/export, billing/pack). A vendor's own CSV is kept as received.

    Whoever adds another has to answer for =, +, -, @, tab and return at a cell's beginning, here and in SECURITY.md.
    """
    writes = re.compile(
        r"^\s*(import csv|from csv)|csv\.writer|DictWriter|to_csv|to_excel|openpyxl|xlsx|\\copy", re.MULTILINE
    )
    folders = ("include/billing", "include/tieout_stack", "plugins", "dags")  # the simulator is the vendor
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 150
    found = {path.relative_to(ROOT) for path in sources if writes.search(path.read_text(encoding="utf-8"))}
    assert found == {
        Path("plugins/billing_ui/pages/spend.py"),
        Path("include/billing/export/columns.py"),
        Path("include/billing/pack/tables.py"),
    }
