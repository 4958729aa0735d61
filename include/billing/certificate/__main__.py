"""
Make and verify certificates from the shell.

    python -m billing.certificate month VENDOR ACCOUNT 2026-10 --to FOLDER
    python -m billing.certificate vendor VENDOR 2026-10 --to FOLDER
    python -m billing.certificate invoice 4011410 --to FOLDER
    python -m billing.certificate verify FILE

The database's URL is read from TIEOUT_BILLING_URL, the folder of vendors' files from TIEOUT_DOCUMENTS.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from billing.certificate.page import render
from billing.certificate.sources import Subject, find_invoice, is_withdrawn
from billing.certificate.vendor_month import make_vendor_certificate, vendor_json, verify_vendor_certificate
from billing.certificate.verify import Verification, make_certificate, read_json, verify, write_json
from billing.config.accounts import Account, accounts_path, find_account
from billing.config.environment import from_environment
from billing.errors import BillingError, ConfigurationError
from billing.month import Month
from billing.payloads import exact_json
from billing.reconciliation.installed import installed_vendor
from billing.reconciliation.reconciler import Rules
from billing.storage.document_store import document_reader
from billing.storage.engine import engine_from_url
from billing.storage.migrate import URL_VARIABLE
from billing.storage.revision import check_revision


def main() -> None:
    """Run one command; exit 1 with one sentence on an error or if a certificate is not verified."""
    arguments = _parser().parse_args()
    try:
        engine = engine_from_url(from_environment(URL_VARIABLE))
        with engine.connect() as connection:
            check_revision(connection)
            verdict = _verify(connection, arguments.file) if arguments.command == "verify" else None
            if arguments.command == "vendor":
                _write_vendor_month(connection, arguments)
            elif verdict is None:
                _write(connection, _subject(connection, arguments), arguments.to)
    except (BillingError, OSError) as error:
        sys.exit(f"tieout: {error}")
    if verdict is not None:
        print(verdict.sentence)  # noqa: T201 (what the command is for)
        sys.exit(0 if verdict.verified else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m billing.certificate", description=__doc__.splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    month = commands.add_parser("month", help="certify one account's month")
    for name in ("vendor", "account", "month"):
        month.add_argument(name)
    vendor = commands.add_parser("vendor", help="certify a month of all accounts of a vendor")
    for name in ("vendor", "month"):
        vendor.add_argument(name)
    invoice = commands.add_parser("invoice", help="certify one invoice")
    invoice.add_argument("invoice_id")
    for command in (month, vendor, invoice):
        command.add_argument("--to", type=Path, default=Path("certificates"), help="folder for the two files")
    commands.add_parser("verify", help="recompute a certificate").add_argument("file", type=Path)
    return parser


def _subject(connection: Connection, arguments: argparse.Namespace) -> Subject:
    if arguments.command == "month":
        return Subject(arguments.vendor, arguments.account, Month.parse(arguments.month))
    found = find_invoice(connection, arguments.invoice_id)
    if len(found) != 1:
        if not found and is_withdrawn(connection, arguments.invoice_id):
            raise ConfigurationError(
                f"invoice {arguments.invoice_id!a} is withdrawn: its vendor no longer lists it; certify its month"
            )
        places = ", ".join(map(str, found)) or "nowhere"
        raise ConfigurationError(f"invoice {arguments.invoice_id!a} is stored {places}: specify the month instead")
    return found[0]


def _write(connection: Connection, subject: Subject, folder: Path) -> None:
    certificate = make_certificate(connection, subject)
    name = f"{subject.vendor}-{subject.account}-{subject.month}"
    if subject.invoice_id is not None:  # no vendor text in a file name
        name = f"{name}-{hashlib.sha256(subject.invoice_id.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, body in ((".json", write_json(certificate)), (".html", render(certificate).encode())):
        path = folder / f"{name}{suffix}"
        path.write_bytes(body)
        print(path)  # noqa: T201 (what the command is for)


def _write_vendor_month(connection: Connection, arguments: argparse.Namespace) -> None:
    month = Month.parse(arguments.month)
    body = vendor_json(make_vendor_certificate(connection, arguments.vendor, month))
    path: Path = arguments.to / f"{arguments.vendor}-{month}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    print(path)  # noqa: T201 (what the command is for)


def _verify(connection: Connection, path: Path) -> Verification:
    body = path.read_bytes()
    whole = exact_json.loads(body)
    if isinstance(whole, dict) and "accounts" in whole:
        return verify_vendor_certificate(
            connection, whole, lambda subject, made: verify(connection, subject, made, *_rules(subject))
        )
    subject, certificate = read_json(body)
    account, rules = _rules(subject)
    return verify(connection, subject, certificate, account, rules)


def _rules(subject: Subject) -> tuple[Account[Any], Rules]:
    """Return the account of a subject, and its vendor's parser and controls."""
    accounts, rules = installed_vendor(subject.vendor, accounts_path())
    read_file = document_reader(Path(from_environment("TIEOUT_DOCUMENTS")))
    return find_account(accounts, subject.account), replace(rules, read_file=read_file)


if __name__ == "__main__":
    main()
