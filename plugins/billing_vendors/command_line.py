"""
The command ``tieout``: write what was billed for other tools.

    tieout export focus --from 2026-01 --to 2026-10 --folder exports

The database's URL is read from TIEOUT_BILLING_URL. The folder is a path or an Airflow object storage URL.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from billing.errors import BillingError, ConfigurationError
from billing.export.focus import export_focus
from billing.month import Month
from billing.storage.engine import engine_from_url
from billing.storage.migrate import URL_VARIABLE
from billing.storage.revision import check_revision
from billing_vendors.base.tasks.database import folder_of
from billing_vendors.base.tasks.export import issuer_of
from billing_vendors.registry import vendors


def main() -> None:
    """Run one command; exit 1 with a sentence for each month that could not be written."""
    arguments = _parser().parse_args()
    try:
        failed = _export_focus(arguments)
    except (BillingError, OSError) as error:
        sys.exit(f"tieout: {error}")
    sys.exit("\n".join(f"tieout: {error}" for error in failed) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tieout", description=__doc__.splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write what was billed for other tools")
    formats = export.add_subparsers(dest="format", required=True)
    focus = formats.add_parser("focus", help="FOCUS, as Parquet and CSV")
    focus.add_argument("--from", dest="first", required=True, metavar="YYYY-MM", help="first month")
    focus.add_argument("--to", dest="last", required=True, metavar="YYYY-MM", help="last month")
    focus.add_argument("--folder", required=True, help="path or object storage URL")
    focus.add_argument("--vendor", action="append", help="only this vendor; may be repeated")
    return parser


def _export_focus(arguments: argparse.Namespace) -> list[BillingError]:
    url = os.environ.get(URL_VARIABLE)
    if not url:
        raise ConfigurationError(f"set the environment variable {URL_VARIABLE}")
    failed: list[BillingError] = []
    folder = folder_of(arguments.folder, "exports")
    with engine_from_url(url).connect() as connection:
        check_revision(connection)
        for vendor in (each for each in vendors() if each.name in (arguments.vendor or [each.name])):
            for month in _months(arguments.first, arguments.last):
                try:
                    for place in export_focus(connection, issuer_of(vendor), month, folder):
                        print(place)  # noqa: T201 (what the command is for)
                except BillingError as error:
                    failed.append(error)
    return failed


def _months(first: str, last: str) -> Iterator[Month]:
    month, end = Month.parse(first), Month.parse(last)
    while month <= end:
        yield month
        month = month.shifted(1)


if __name__ == "__main__":
    main()
