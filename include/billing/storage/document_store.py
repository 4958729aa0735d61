"""Files that vendors issue with an invoice, each kept once under the hash of its bytes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol, runtime_checkable

from billing.errors import StorageError

_PARTS = ".parts"  # of files that are being written, apart from the complete ones
_OLD_SECONDS = 86_400

_LOCATION = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")


@runtime_checkable
class Folder(Protocol):
    """The methods needed of a folder, which a local path and Airflow's ``ObjectStoragePath`` both have."""

    def __truediv__(self, name: str) -> Folder: ...
    def exists(self) -> bool: ...
    def write_bytes(self, data: bytes) -> int: ...
    def read_bytes(self) -> bytes: ...


def keep_document(root: Folder, body: bytes, suffix: str, of: str = "a document") -> str:
    """
    Write bytes below ``root`` unless they are there, and return their path below it: ``ab/abcd….pdf``.

    The name is the hash, never a text from the vendor. A local file is written completely or not at all.

    :param of: whose file it is, for messages.
    :raises StorageError: a local folder cannot be written, e.g. its disk is full; no part of the file is left there.
    """
    digest = hashlib.sha256(body).hexdigest()
    folder, name = digest[:2], f"{digest}.{suffix}"
    with _writing(root, of):
        target = _local(root) / folder / name
        if not (target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == digest):
            _write_whole(_local(root), (folder, name), body)
    return f"{folder}/{name}"


def put_file(root: Folder, folders: Sequence[str], name: str, body: bytes) -> str:
    """
    Write, or replace, one of Tieout's own files below ``root`` and return its path below it.

    :raises StorageError: as for ``keep_document``; the file that was there is still there.
    """
    location = "/".join((*folders, name))
    with _writing(root, location):
        _write_whole(_local(root), (*folders, name), body)
    return location


def is_in_file(root: Folder, folders: Sequence[str], name: str, text: bytes) -> bool:
    """Return whether one of Tieout's own files exists and contains some bytes."""
    target = _local(root)
    for part in (*folders, name):
        target = target / part
    try:
        if not isinstance(target, Path):
            return text in target.read_bytes()
        with target.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as body:
            return body.find(text) >= 0
    except (OSError, ValueError):  # there is none, or it is empty
        return False


def document_reader(root: Folder) -> Callable[[str], bytes]:
    """
    Create a reader of files by their location below ``root``; it raises OSError where there is no such file.

    A location that :func:`keep_document` would not return is an error: a row must not make it read any other file.
    """

    def read(location: str) -> bytes:
        if not _LOCATION.fullmatch(location):
            raise FileNotFoundError(f"{location[:80]!a} is not a valid document location")
        folder, _, name = location.partition("/")
        return (_local(root) / folder / name).read_bytes()

    return read


def _local(root: Folder) -> Folder:
    """Return a ``file://`` URL's folder as a local path: fsspec makes no folders and writes in place."""
    local = getattr(root, "protocol", None) in {"file", "local"}
    return Path(str(root.path)) if local and hasattr(root, "path") else root


@contextmanager
def _writing(root: Folder, what: str) -> Iterator[None]:
    """Raise an error that names the folder, the file, and what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{what} cannot be written to the document folder {root}: {error.strerror or type(error).__name__}; "
            "free disk space or fix its permissions, then clear the task"
        ) from error


def _write_whole(root: Folder, names: Sequence[str], body: bytes) -> None:
    target = root
    for name in names:
        target = target / name
    if not isinstance(root, Path) or not isinstance(target, Path):
        target.write_bytes(body)  # an object store shows an object only when it is complete
        return
    parts = root / _PARTS
    for folder in (parts, target.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_old(parts)
    part = parts / secrets.token_hex(8)
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())  # the file must be on disk before the row that names it
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _remove_old(parts: Path) -> None:
    """Remove files that killed tasks left unfinished; no task takes as long as a day."""
    for part in parts.iterdir():
        with suppress(FileNotFoundError):  # another task has just finished it, or removed it
            if time.time() - part.stat().st_mtime > _OLD_SECONDS:
                part.unlink()
