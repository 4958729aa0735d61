"""Vendors' files, each kept once under its hash."""

import hashlib

import pytest
from airflow.sdk import ObjectStoragePath

from billing.storage.documents import Folder, keep_document

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


def test_an_interrupted_write_leaves_no_file_under_the_hash(tmp_path):
    """The folder's name is taken by a file: the write fails, and nothing pretends to be the document."""
    (tmp_path / DIGEST[:2]).write_text("in the way")
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        keep_document(tmp_path, BODY, "pdf")
    assert not (tmp_path / DIGEST[:2] / f"{DIGEST}.pdf").exists()
