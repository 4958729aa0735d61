"""Files that vendors issue with an invoice, each kept once under the hash of its bytes."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Folder(Protocol):
    """The little that is needed of a folder: a local path and Airflow's ``ObjectStoragePath`` both have it."""

    def __truediv__(self, name: str) -> Folder: ...
    def exists(self) -> bool: ...
    def write_bytes(self, data: bytes) -> int: ...
    def read_bytes(self) -> bytes: ...


def keep_document(root: Folder, body: bytes, suffix: str) -> str:
    """
    Write bytes below ``root`` unless they are there, and give their path below it: ``ab/abcd….pdf``.

    The name is the hash, never a text from the vendor. A local file appears whole or not at all.
    """
    digest = hashlib.sha256(body).hexdigest()
    location = f"{digest[:2]}/{digest}.{suffix}"
    target = _local(root) / digest[:2] / f"{digest}.{suffix}"
    if not (target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == digest):
        _write_whole(target, body)
    return location


def put_file(root: Folder, folders: Sequence[str], name: str, body: bytes) -> str:
    """Write, or replace, a file of our own below ``root`` and give its path below it; the names are ours, too."""
    target = _local(root)
    for part in (*folders, name):
        target = target / part
    _write_whole(target, body)
    return "/".join((*folders, name))


def document_reader(root: Folder) -> Callable[[str], bytes]:
    """Make a reader of files by their location below ``root``; it raises OSError where there is no such file."""

    def read(location: str) -> bytes:
        folder, _, name = location.partition("/")
        return (_local(root) / folder / name).read_bytes()

    return read


def _local(root: Folder) -> Folder:
    """Give a ``file://`` URL's folder as a local path: fsspec makes no folders and writes in place."""
    local = getattr(root, "protocol", None) in {"file", "local"}
    return Path(str(root.path)) if local and hasattr(root, "path") else root


def _write_whole(target: Folder, body: bytes) -> None:
    if not isinstance(target, Path):
        target.write_bytes(body)  # an object store shows an object only when it is complete
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())  # the row that names the file must not outlive it
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
