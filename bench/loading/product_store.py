"""
Tieout's hook and store alone: what a month's tasks do to bring the invoices of the list into rows.

Measured: connecting, every page requested by the hook, stored as received and hashed, the fetch completed; then
from the stored responses, in one transaction that holds the account's lock, every invoice derived, hashed and written
as a version. Not measured: the other work of the tasks: the second fetch by id, usage, controls, the
certificate (``product.py`` has all of it), and Python's start with the imports.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.job import job_of_process, report
from loading.measuring import measured
from loading.product import ACCOUNT, MONTH, give_settings


def main() -> None:
    job = job_of_process()
    give_settings(job)
    # Airflow reads its settings when it is imported
    from billing.config.accounts import load_accounts  # noqa: PLC0415
    from billing.models import AccountMonth  # noqa: PLC0415
    from billing.month import Month  # noqa: PLC0415
    from billing.storage.payloads import Fetch, find_fetch, read_responses  # noqa: PLC0415
    from billing.storage.records import RecordStore, candidates_in, lock_account  # noqa: PLC0415
    from billing_vendors.base.tasks.database import billing_engine, documents_folder  # noqa: PLC0415
    from billing_vendors.base.tasks.fetch import keep_all  # noqa: PLC0415
    from billing_vendors.fastly.hooks import FastlyBillingHook  # noqa: PLC0415
    from billing_vendors.registry import vendor_named  # noqa: PLC0415

    vendor, month = vendor_named(job.vendor), Month.parse(MONTH)
    implementation, (account,) = vendor.load_implementation(), load_accounts(vendor.name, vendor.settings_type)
    with measured(job.dsn, job.postmaster) as cost:
        started = time.monotonic()
        engine = billing_engine()
        fetch = Fetch(
            engine,
            documents_folder(),
            purpose="month",
            vendor=vendor.name,
            account=ACCOUNT,
            month=month,
            dag_run="bench",
        )
        with FastlyBillingHook(account.conn_id) as hook:
            fetch_id = keep_all(fetch, hook.list_invoices(month)).fetch_id
        fetched = time.monotonic()
        with engine.begin() as connection:

            def derive(fetch_id: int) -> AccountMonth:
                return implementation.derive(account, month, read_responses(connection, fetch_id))

            lock_account(connection, vendor.name, ACCOUNT)
            store = RecordStore(connection, find_fetch(connection, fetch_id), derive, datetime.now(UTC))
            store.save(candidates_in(derive(fetch_id)))
        cost.parts = {"fetch": fetched - started, "store": time.monotonic() - fetched}
    report(cost)


if __name__ == "__main__":
    main()
