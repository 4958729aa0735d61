"""
Verify an evidence pack without a database: its hashes, its people, and every figure, derived again from its responses.

Whatever does not fit is named by the member of the pack and the place in it. Every control runs again. What it used of
other months is in ``evidence.json``, which the certificate's hash of the inputs covers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from billing.certificate.vendor_month import over_accounts, vendor_json
from billing.certificate.verify import Verification
from billing.config.accounts import Account, find_account
from billing.errors import BillingError
from billing.month import Month
from billing.pack.account import AccountPart
from billing.pack.archive import Archive
from billing.pack.content import index_of, readme_of
from billing.pack.people import check_events
from billing.pack.reading import Json, Reading, check_same
from billing.pack.signature import check_signature, key_id
from billing.reconciliation.reconciler import Rules
from billing.storage.reconciliations import code_version

Vendors = Callable[[str, Path], tuple[tuple[Account[Any], ...], Rules]]
"""Return a vendor's accounts, from a file like ``accounts.yaml``, and its parser and controls."""


_NOTED = "its hash, against the one that was noted"


@dataclass(frozen=True, slots=True)
class Noted:
    """
    Hashes that somebody kept elsewhere. Without them, a pack that was made up as a whole, with all hashes computed
    again, is verified as long as it agrees with itself.

    :param certificate: of the vendor's month, as ``billing.month_close`` has it.
    :param manifest: which covers every byte of the pack.
    :param key: that has to have signed the manifest.
    """

    certificate: str | None = None
    manifest: str | None = None
    key: Ed25519PublicKey | None = None


def verify_pack(path: Path, vendors: Vendors, noted: Noted = Noted()) -> Verification:
    """Verify a pack; the first thing that does not fit is named."""
    try:
        archive = Archive(path)
        verified = _verify(Reading(archive), vendors, noted)
    except BillingError as error:
        return Verification(False, f"NOT VERIFIED, {error}{_other_version(path)}")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return Verification(False, f"NOT VERIFIED, the pack is not built as a pack is: {type(error).__name__} {error}")
    return Verification(True, f"VERIFIED: {verified}")


def _other_version(path: Path) -> str:
    """Return a hint if another version of this code made the pack."""
    try:
        made_by = Archive(path).head.get("code_version")
    except BillingError:
        return ""
    return "" if made_by == code_version() else f"; the pack was made by version {made_by!a}: verify it with that one"


def _verify(reading: Reading, vendors: Vendors, noted: Noted) -> str:
    """
    Return what was verified, as a sentence.

    :raises PayloadError: names what does not fit.
    """
    head = reading.archive.head
    vendor, month = str(head["vendor"]), Month.parse(head["month"])
    closing, explanations = reading.with_tables("closing.json"), reading.with_tables("explanations.json")
    certificate = reading.json("certificate.json")
    last = check_events(closing["events"], explanations)
    sha256 = certificate["sha256"]
    for member, what, found, expected in (
        ("certificate.json", "its hash", sha256, last["certificate_sha256"]),
        ("manifest.json", "certificate_sha256", head["certificate_sha256"], sha256),
        ("manifest.json", "number", head["number"], last["number"]),
        ("manifest.json", _NOTED, reading.archive.root, noted.manifest or reading.archive.root),
        ("certificate.json", _NOTED, sha256, noted.certificate or sha256),
    ):
        check_same(member, what, found, expected)
    signature = reading.archive.signature
    if noted.key:
        check_signature(signature, reading.archive.root, noted.key)
    figures = [each for each in closing["figures"] if each["number"] == last["number"]]
    certificates = _certificates(reading, vendor, month, certificate, figures)
    accounts, rules = _rules(reading, vendors, vendor)
    lines = results = 0
    for name, of_account in certificates.items():
        explained = {
            (each["control_id"], each["subject"]) for each in explanations["in_force"] if each["account"] == name
        }
        own = [each for each in figures if each["account"] == name]
        part = AccountPart(reading, find_account(accounts, name), rules, of_account, own, explained)
        lines, results = map(sum, zip((lines, results), part.verify(month), strict=True))
    reading.expect("index.html", index_of(head, certificate, closing["events"], explanations))
    reading.expect("README.txt", readme_of(head))
    reading.check_rest()
    return (
        f"{vendor} {month}: closed by {last['prepared_by']}, approved by {last['approved_by']}; "
        f"{len(certificates)} accounts, {lines} lines derived again from the responses, "
        f"{results} results found again by the controls; {_signed(signature, noted.key)}"
    )


def _signed(signature: bytes | None, key: Ed25519PublicKey | None) -> str:
    if key:
        return f"signed by key {key_id(key)}"
    return "not signed" if signature is None else "its signature was not checked: give --key"


def _certificates(
    reading: Reading, vendor: str, month: Month, certificate: Json, figures: Sequence[Json]
) -> dict[str, Json]:
    """Return the accounts' certificates by name: all of them, and the vendor's certificate is over them."""
    names = [each["account"] for each in certificate["accounts"]]
    there = sorted({name.split("/")[1] for name in reading.archive.names("accounts/")})
    check_same("accounts", "the names", there, sorted(names))
    check_same("closing.json", "figures, accounts", sorted({each["account"] for each in figures}), sorted(names))
    certificates = {name: reading.json(f"accounts/{name}/certificate.json") for name in names}
    made = over_accounts(vendor, month, certificates.values())
    check_same("certificate.json", "", certificate, made)
    reading.expect("certificate.json", vendor_json(made))
    return certificates


def _rules(reading: Reading, vendors: Vendors, vendor: str) -> tuple[tuple[Account[Any], ...], Rules]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "accounts.yaml")
        path.write_bytes(reading.read("accounts.yaml"))
        return vendors(vendor, path)
