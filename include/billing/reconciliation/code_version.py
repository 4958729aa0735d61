"""The installed code and an account's configuration, as one hash."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import billing
from billing.config.accounts import Account
from billing.controls.evidence_hash import configuration
from billing.payloads.exact_json import sha256_of

_LIBRARIES = ("jiter", "msgspec", "pypdf")  # by which responses and files are read


def code_sha256(account: Account[object], module: str) -> bytes:
    """
    Hash the code and configuration that, with the responses, decide rows and results; 32 bytes.

    :param module: of the vendor's package.
    """
    digest = hashlib.sha256(_source_sha256(module.rpartition(".")[0] or module))
    digest.update(sha256_of([account.vendor, account.name, configuration(account)]))
    return digest.digest()


@cache
def _source_sha256(package: str) -> bytes:
    """Hash every source file of ``billing`` and of a vendor's package, and the versions of the libraries they use."""
    digest = hashlib.sha256("".join(f"{name} {version(name)}\n" for name in _LIBRARIES).encode())
    for folder in (Path(billing.__path__[0]), Path(import_module(package).__path__[0])):
        for file in sorted(folder.rglob("*.py")):
            body = file.read_bytes()
            digest.update(f"{file.relative_to(folder).as_posix()} {len(body)}\n".encode() + body)
    return digest.digest()
