"""A month of both vendors, collected from the simulator, explained and closed, and its evidence pack."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url, text

from billing.close.events import Consent, add_event, draft
from billing.config.accounts import find_account, load_accounts
from billing.month import Month
from billing.pack.make import make_pack
from billing.reconciliation.installed import installed_vendor
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.engine import engine_from_url
from billing.storage.payloads import Fetch
from billing_vendors.base.vendor import Document
from billing_vendors.registry import vendor_named
from tieout_stack.logins import CLOSING

MONTH = Month(2026, 8)
ACCOUNTS = ("nord-contact", "pacific-care")
VENDOR = "genesys_cloud"
OTHERS = {"fastly": ("acme-media", "legacy-press")}
"""Another vendor's accounts: one of a listing with many lines, one of an older API with a CSV for each bill."""
RUN = Consent("olga", "carl", "", "manual__1")


@dataclass(frozen=True)
class Closed:
    """A closed month of two accounts of each vendor; the month before is stored, too."""

    url: str
    folder: Path

    def make(self, path: Path, vendor: str = VENDOR, key: Ed25519PrivateKey | None = None) -> str:
        read_file = document_reader(self.folder)
        with engine_from_url(self.url).connect() as connection:
            return make_pack(connection, vendor, MONTH, read_file, installed_vendor, path, key)


def collect(engine, folder, vendor, account_name, month):
    found = vendor_named(vendor)
    implementation = found.load_implementation()
    account = find_account(load_accounts(vendor, found.settings_type), account_name)
    fetch = Fetch(
        engine, folder, purpose="month", vendor=vendor, account=account_name, month=month, dag_run="manual__1"
    )
    for kept in implementation.collect(account, month):
        if isinstance(kept, Document):
            fetch.keep_document(kept.invoice_id, kept.file_format, kept.media_type, kept.request, kept.body)
        else:
            fetch.keep(kept)
    rules = Rules(implementation.derive, found.controls(), document_reader(folder))
    reconcile_month(engine, rules, account, fetch.complete().fetch_id)


@pytest.fixture(scope="module")
def closed(postgres, migrated_template, simulator, tmp_path_factory):
    """Collected from the simulator, explained and closed, by the logins that the product uses."""
    name, folder = "packed_month", tmp_path_factory.mktemp("documents")
    postgres.create_database(name, template=migrated_template)
    url = postgres.url(name)
    with pytest.MonkeyPatch.context() as patch:
        for conn_id, connection in simulator.connections().items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        for vendor, accounts in {VENDOR: ACCOUNTS, **OTHERS}.items():
            for account in accounts:
                for month in (MONTH.shifted(-1), MONTH):
                    collect(engine_from_url(url), folder, vendor, account, month)
    with engine_from_url(url).begin() as connection:
        explained = connection.execute(
            text(
                "insert into billing.explanation (vendor, account, month, control_id, subject, finding_sha256, reason, "
                "text, explained_by, explained_at) select vendor, account, month, control_id, subject, finding_sha256, "
                "'accepted', '=1+1', 'nina', now() from billing.current_finding"
            )
        ).rowcount
        assert explained > 0
    login = make_url(url).set(username=CLOSING, password=CLOSING).render_as_string(hide_password=False)
    with engine_from_url(login).begin() as connection:
        for vendor in (VENDOR, *OTHERS):
            add_event(connection, draft(connection, vendor, MONTH), RUN)
    yield Closed(login, folder)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def pack(closed, tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "pack.zip"
    closed.make(path)
    return path
