"""Make the evidence pack of a closed month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from billing.config.accounts import accounts_path, entries_of
from billing.errors import StorageError
from billing.month import Month
from billing.pack.archive import write_archive
from billing.pack.content import head_of, members_of
from billing.pack.verify import Noted, Vendors, verify_pack
from billing.storage.evidence import ReadFile


def make_pack(
    connection: Connection,
    vendor: str,
    month: Month,
    read_file: ReadFile,
    vendors: Vendors,
    path: Path,
    key: Ed25519PrivateKey | None = None,
) -> str:
    """
    Write the pack of a closed month to a file and verify it; return its identity, the SHA-256 of its manifest.

    The same month and key give the same bytes. The file appears when it is complete and verified.

    :param key: signs the manifest; None leaves the pack unsigned.
    :raises ConfigurationError: the month is not closed, or was read again with another result.
    :raises StorageError: a response or a document is missing or was altered, or the month changed meanwhile.
    """
    head = head_of(connection, vendor, month)
    part = path.with_name(f".{path.name}.part")
    try:
        accounts, rules = vendors(vendor, accounts_path())
        members = members_of(connection, head, entries_of(vendor), accounts, replace(rules, read_file=read_file))
        root = write_archive(part, head, members, key)
        verdict = verify_pack(part, vendors, Noted(head["certificate_sha256"], root, key.public_key() if key else None))
        if not verdict.verified:
            raise StorageError(f"the pack of {vendor} {month} is not made: {verdict.sentence}")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return root
