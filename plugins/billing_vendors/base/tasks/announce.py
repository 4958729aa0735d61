"""The end of a vendor's month: its certificate over all accounts, and one asset event with counts and no amounts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from airflow.sdk import Asset, get_current_context

from billing.certificate.vendor_month import publish_vendor_month
from billing.month import Month
from billing_vendors.base.tasks.database import billing_engine, documents_folder

log = logging.getLogger(__name__)


def publish_month_event(
    vendor: str, months: Asset, month: str, accounts: Iterable[str], states: Iterable[Mapping[str, int]]
) -> None:
    """
    Certify the month of all stored accounts, then sum up the run in its asset event:

        {"month": "2026-10", "accounts": ["acme-media"], "states": {"EXCEPTION": 1, "PASS": 19}}

    :param months: the asset, an outlet of the task that runs.
    :param states: of each account, the number of control results by state.
    """
    place = publish_vendor_month(billing_engine(), vendor, Month.parse(month), documents_folder())
    log.info("%s %s: certificate of all accounts %s", vendor, month, place)
    total: Counter[str] = Counter()
    for of_account in states:
        total.update(of_account)
    get_current_context()["outlet_events"][months].extra = {
        "month": month,
        "accounts": list(accounts),
        "states": dict(sorted(total.items())),
    }
