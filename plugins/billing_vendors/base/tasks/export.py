"""The task that writes a vendor's month for other tools, from stored rows: no vendor API is called."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from airflow.sdk import Asset, get_current_context

from billing.export.charges import Issuer
from billing.export.focus import export_focus
from billing.export.terms import ExportTerms
from billing.month import Month
from billing_vendors.base.tasks.database import billing_engine, exports_folder
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.month_param import month_of_run
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)


def issuer_of(vendor: Vendor) -> Issuer:
    """Return a vendor as the export sees it."""
    return Issuer(vendor.name, vendor.title, vendor.load_implementation().export_terms or ExportTerms())


@clean_traceback
def export_months(vendor: Vendor, months: Asset, schedule: str) -> list[str]:
    """
    Export a vendor's month, or those of the events that started the run; return which, without amounts.

    :param months: the asset that the vendor's monthly runs update.
    :param schedule: cron of the DAG.
    :raises ExportStopped: names the invoices whose charges are not what is payable.
    """
    engine, folder = billing_engine(), exports_folder()
    exported = []
    for month in months_of_run(months, schedule):
        with engine.begin() as connection:
            files = export_focus(connection, issuer_of(vendor), month, folder)
        log.info("%s %s: %s", vendor.title, month, ", ".join(files) or "not stored, nothing to export")
        exported += [str(month)] if files else []
    return exported


def months_of_run(months: Asset, schedule: str) -> Sequence[Month]:
    """Return the month asked for, else those of the events that started the run, else that of its interval."""
    context = get_current_context()
    events = context["triggering_asset_events"]
    if context["params"].get("month") or not events:
        return [month_of_run(context, schedule)]
    stored = [event.extra["month"] for asset, found in events.items() if asset.uri == months.uri for event in found]
    return [Month.parse(month) for month in dict.fromkeys(stored)]
