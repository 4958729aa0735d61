"""
The command ``tieout``: write what was billed for other tools.

    tieout export focus --from 2026-01 --to 2026-10 --folder exports
    tieout export journal --from 2026-01 --to 2026-10 --folder exports --mapping ledger_accounts.yaml

The database's URL is read from TIEOUT_BILLING_URL. The folder is a path or an Airflow object storage URL.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from billing.config.environment import from_environment
from billing.errors import BillingError, ConfigurationError
from billing.export.focus import export_focus
from billing.export.journal import export_journal
from billing.export.ledger_accounts import load_ledger_accounts
from billing.month import Month
from billing.names import there_are
from billing.storage.engine import engine_from_url
from billing.storage.migrate import URL_VARIABLE
from billing.storage.revision import check_revision
from billing_vendors.base.tasks.database import folder_of
from billing_vendors.base.tasks.export import issuer_of
from billing_vendors.registry import vendors


def main() -> None:
    """Run one command; exit 1 with a sentence for each month that could not be written."""
    arguments = _parser().parse_args()
    exports = {"focus": _export_focus, "journal": _export_journal}
    try:
        with engine_from_url(from_environment(URL_VARIABLE)).connect() as connection:
            check_revision(connection)
            failed = exports[arguments.format](connection, arguments)
    except (BillingError, OSError) as error:
        failed = [error]
    sys.exit("\n".join(f"tieout: {error}" for error in failed) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tieout", description=__doc__.splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write what was billed for other tools")
    formats = export.add_subparsers(dest="format", required=True)
    focus = formats.add_parser("focus", help="issued invoices as FOCUS, Parquet and CSV")
    focus.add_argument("--vendor", action="append", help="only this vendor; may be repeated")
    journal = formats.add_parser("journal", help="accruals, reversals and bills as balanced entries, CSV")
    journal.add_argument("--mapping", type=Path, required=True, help="file of ledger accounts and cost centres")
    for each in (focus, journal):
        each.add_argument("--from", dest="first", required=True, metavar="YYYY-MM", help="first month")
        each.add_argument("--to", dest="last", required=True, metavar="YYYY-MM", help="last month")
        each.add_argument("--folder", required=True, help="path or object storage URL")
    return parser


def _export_focus(connection: Connection, arguments: argparse.Namespace) -> list[Exception]:
    known = {vendor.name: vendor for vendor in vendors()}
    if unknown := sorted(set(arguments.vendor or ()) - set(known)):
        raise ConfigurationError(f"no vendor {unknown[0]!a}; {there_are(unknown[0], known)}")
    failed: list[Exception] = []
    folder = folder_of(arguments.folder, "exports")
    for vendor in map(known.__getitem__, arguments.vendor or known):
        issuer = issuer_of(vendor)
        for month in _months(arguments):
            try:
                for place in export_focus(connection, issuer, month, folder):
                    print(place)  # noqa: T201 (what the command is for)
            except BillingError as error:
                failed.append(error)
    return failed


def _export_journal(connection: Connection, arguments: argparse.Namespace) -> list[Exception]:
    ledger_accounts = load_ledger_accounts(arguments.mapping)
    terms = {vendor.name: issuer_of(vendor).terms for vendor in vendors()}
    folder = folder_of(arguments.folder, "exports")
    for month in _months(arguments):
        places, unmapped = export_journal(connection, terms, ledger_accounts, month, folder)
        print(*places, sep="\n")  # noqa: T201 (as above)
        if unmapped:
            print(f"tieout: {month}: {unmapped} charges are unmapped, see {places[-1]}", file=sys.stderr)  # noqa: T201
    return []


def _months(arguments: argparse.Namespace) -> Iterator[Month]:
    """
    Yield the months asked for.

    :raises ConfigurationError: there are none.
    """
    month, end = Month.parse(arguments.first), Month.parse(arguments.last)
    if month > end:
        raise ConfigurationError(f"the first month {month} is after the last one {end}")
    while month <= end:
        yield month
        month = month.shifted(1)


if __name__ == "__main__":
    main()
