"""The ZIP file of a pack: the same members make the same bytes, and a hostile file is refused before it is read."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from billing.errors import PayloadError
from billing.pack.signature import SIGNATURE, sign
from billing.payloads import exact_json

FORMAT = "tieout-pack-1"
MANIFEST = "manifest.json"
MOST_BYTES, MOST_OF_ONE = 16 * 2**30, 2**30
"""Of all members together, and of one, unpacked."""

_CHUNK = 2**20
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a ZIP file: when it was made is no content
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def write_archive(
    path: Path, head: Mapping[str, Any], members: Iterable[tuple[str, bytes]], key: Ed25519PrivateKey | None = None
) -> str:
    """
    Write members and their manifest; return the manifest's SHA-256, which identifies the pack.

    :param head: what the manifest says besides its members.
    :param key: signs the manifest; None leaves the pack unsigned.
    """
    listed = []
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, body in members:
            _write(archive, name, body)
            listed.append({"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()})
        manifest = exact_json.dumps({**head, "format": FORMAT, "members": listed}).encode() + b"\n"
        _write(archive, MANIFEST, manifest)
        root = hashlib.sha256(manifest).hexdigest()
        if key:
            about = {name: head[name] for name in ("vendor", "month", "number")}
            _write(archive, SIGNATURE, sign(root, about, key))
    return root


def _write(archive: ZipFile, name: str, body: bytes) -> None:
    info = ZipInfo(name, _EARLIEST)
    info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
    archive.writestr(info, body)


class Archive:
    """
    A pack that was opened. Each member is compared with the manifest when it is opened, and again when it is read.

    :raises PayloadError: it is not a pack, or a member differs from the manifest; names the member.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
        except (OSError, BadZipFile) as error:
            raise PayloadError(f"{path.name}: it cannot be opened as a ZIP file: {error}") from error
        _check_names(self._zip, path.stat().st_size)
        manifest = self._unpack(MANIFEST)
        self.root = hashlib.sha256(manifest).hexdigest()
        self.head = _manifest(manifest)
        self._listed = {member["name"]: member for member in self.head["members"]}
        self._check_members()

    @property
    def signature(self) -> bytes | None:
        """The envelope that signs the manifest; None if there is none."""
        return self._unpack(SIGNATURE) if SIGNATURE in self._zip.namelist() else None

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the members below a folder, in order."""
        return sorted(name for name in self._listed if name.startswith(folder))

    def read(self, name: str) -> bytes:
        """
        Return a member.

        :raises PayloadError: there is none of that name, or it is not the one that the manifest lists.
        """
        if name not in self._listed:
            raise PayloadError(f"{name}: it is missing")
        return self._checked(name, self._unpack(name))

    def json(self, name: str) -> Any:  # noqa: ANN401 (as exact_json.loads)
        """
        Return a member's exact JSON.

        :raises PayloadError: as ``read``, or it is no JSON.
        """
        try:
            return exact_json.loads_text(self.read(name).decode())
        except (UnicodeDecodeError, PayloadError) as error:
            raise PayloadError(f"{name}: {error}") from error

    def sha256(self, name: str) -> str:
        """Return the hash of a member."""
        return str(self._listed[name]["sha256"])

    def _check_members(self) -> None:
        there = {info.filename for info in self._zip.infolist()} - {MANIFEST, SIGNATURE}
        if extra := sorted(there - self._listed.keys()):
            raise PayloadError(f"{extra[0]}: the manifest does not list it")
        if len(self._listed) < len(self.head["members"]):
            raise PayloadError(f"{MANIFEST}: it lists a member twice")
        for name in self._listed:
            if name not in there:
                raise PayloadError(f"{name}: it is missing")
            self._checked(name, None)

    def _checked(self, name: str, body: bytes | None) -> bytes:
        """Compare a member with the manifest; without ``body`` it is unpacked in parts and not kept."""
        listed, digest, size = self._listed[name], hashlib.sha256(body or b""), len(body or b"")
        if body is None:
            with _readable(name), self._zip.open(name) as file:
                while part := file.read(_CHUNK):
                    digest.update(part)
                    size += len(part)
        if (size, digest.hexdigest()) != (listed["size"], listed["sha256"]):
            raise PayloadError(f"{name}: its bytes are not those of the manifest")
        return body or b""

    def _unpack(self, name: str) -> bytes:
        with _readable(name), self._zip.open(name) as file:
            return file.read()


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Raise our error for whatever a broken or hostile member makes zipfile raise."""
    try:
        yield
    except (KeyError, BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, zlib.error) as error:
        raise PayloadError(f"{name}: it cannot be read: {error}") from error


def _check_names(archive: ZipFile, size: int) -> None:
    """
    Raise an error for names that two programs may unpack to different files, or outside of the folder, and for a bomb.

    :param size: of the file; members that share their bytes are packed larger than it.
    """
    names = set()
    for info in archive.infolist():
        if not _NAME.fullmatch(info.filename) or info.filename != info.orig_filename:
            raise PayloadError(f"{info.filename[:80]!a}: a member of a pack has no such name")
        if info.filename.lower() in names:
            raise PayloadError(f"{info.filename}: two members have this name")
        names.add(info.filename.lower())
        if info.file_size > MOST_OF_ONE:
            raise PayloadError(f"{info.filename}: it would unpack to more than {MOST_OF_ONE} bytes")
    packed = sum(info.compress_size for info in archive.infolist())
    if packed > size or sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
        raise PayloadError(f"it would unpack to more than {MOST_BYTES} bytes, or its members overlap")


def _manifest(body: bytes) -> dict[str, Any]:
    try:
        head = exact_json.loads_text(body.decode())
        members = [(each["name"], each["size"], each["sha256"]) for each in head["members"]]
    except (UnicodeDecodeError, PayloadError, KeyError, TypeError) as error:
        raise PayloadError(f"{MANIFEST}: it is not the manifest of a pack: {error}") from error
    if head.get("format") != FORMAT or not all(isinstance(name, str) for name, *_ in members):
        raise PayloadError(f"{MANIFEST}: it is not of format {FORMAT}")
    return dict(head)
