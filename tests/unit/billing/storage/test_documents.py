"""Vendors' files, each kept once under its hash."""

import hashlib
import os
import re
import time

import pytest
from airflow.sdk import ObjectStoragePath

from billing.errors import StorageError
from billing.storage.document_store import Folder, keep_document, put_file

BODY = b"%PDF-1.7 invoice"
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(params=["local path", "file URL", "object store"])
def root(request, tmp_path):
    """The places that a user can name."""
    match request.param:
        case "local path":
            return tmp_path / "documents"
        case "file URL":
            return ObjectStoragePath(f"file://{tmp_path}/documents")
        case _:
            return ObjectStoragePath(f"memory://bucket/{tmp_path.name}")


def test_a_file_lies_under_its_hash(root):
    assert isinstance(root, Folder)
    location = keep_document(root, BODY, "pdf")
    assert location == f"{DIGEST[:2]}/{DIGEST}.pdf"
    assert (root / location).read_bytes() == BODY


@pytest.mark.parametrize("root", ["local path", "file URL"], indirect=True)
def test_the_same_bytes_are_written_once(root, tmp_path):
    location = keep_document(root, BODY, "pdf")
    before = (tmp_path / "documents" / location).stat()
    assert keep_document(root, BODY, "pdf") == location
    assert (tmp_path / "documents" / location).stat().st_ino == before.st_ino


def test_a_spoilt_file_is_written_again(root):
    """A file that was cut short is no evidence."""
    location = keep_document(root, BODY, "pdf")
    (root / location).write_bytes(BODY[:4])
    keep_document(root, BODY, "pdf")
    assert (root / location).read_bytes() == BODY


def test_a_local_file_appears_whole_and_closed_to_others(tmp_path):
    """No part is left behind, and the folder is ours alone."""
    location = keep_document(tmp_path, BODY, "pdf")
    assert [path.name for path in (tmp_path / DIGEST[:2]).iterdir()] == [f"{DIGEST}.pdf"]
    assert (tmp_path / location).parent.stat().st_mode & 0o077 == 0


def test_a_folder_that_takes_no_file_says_so_and_holds_nothing_of_it(tmp_path):
    """The folder's name is taken by a file: the write fails, and nothing pretends to be the document."""
    (tmp_path / DIGEST[:2]).write_text("in the way")
    wanted = (
        f"the pdf of invoice 'I-1' cannot be written to the document folder {tmp_path}: File exists; free disk space"
    )
    with pytest.raises(StorageError, match=re.escape(wanted)):
        keep_document(tmp_path, BODY, "pdf", "the pdf of invoice 'I-1'")
    assert not (tmp_path / DIGEST[:2] / f"{DIGEST}.pdf").exists()


def test_what_a_killed_task_was_writing_is_removed_a_day_later(tmp_path):
    """Until then another task may still be writing it."""
    parts = tmp_path / ".parts"
    parts.mkdir()
    (parts / "left").write_bytes(BODY[:4])
    keep_document(tmp_path, BODY, "pdf")
    assert [path.name for path in parts.iterdir()] == ["left"]

    yesterday = time.time() - 86_401
    os.utime(parts / "left", (yesterday, yesterday))
    put_file(tmp_path, ("certificates",), "x.json", b"{}")
    assert [*parts.iterdir()] == []
