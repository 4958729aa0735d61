"""Months of the simulator's vendors, collected and reconciled without Airflow's scheduler."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from billing.config.accounts import Account, load_accounts
from billing.month import Month
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.payloads import Fetch
from billing_vendors.base.vendor import Document, MissingDocument, Vendor
from vendor_simulator.testing import Simulator


def connect(patch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    """Set the connections of the simulator's accounts."""
    for conn_id, connection in simulator.connections().items():
        patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))


def accounts_of(vendor: Vendor, *, without: Iterable[str] = ()) -> list[Account]:
    """Give the demo's accounts of a vendor."""
    return [each for each in load_accounts(vendor.name, vendor.settings_type) if each.name not in set(without)]


def collect(engine: Engine, folder: Path, vendor: Vendor, account: Account, month: Month) -> None:
    """Do for one month what the tasks fetch and reconcile do."""
    work = vendor.load_implementation()
    names = {"purpose": "month", "vendor": vendor.name, "account": account.name, "month": month, "dag_run": "a run"}
    fetch = Fetch(engine, folder, **names)
    for kept in work.collect(account, month):
        if isinstance(kept, Document):
            fetch.keep_document(kept.invoice_id, kept.file_format, kept.media_type, kept.request, kept.body)
        elif not isinstance(kept, MissingDocument):
            fetch.keep(kept)
    rules = Rules(work.derive, vendor.controls(), document_reader(folder))
    reconcile_month(engine, rules, account, fetch.complete().fetch_id)
