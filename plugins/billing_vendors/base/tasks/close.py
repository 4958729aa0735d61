"""The tasks that close a month or reopen it: what is missing, what a person approves, and the event."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from billing.close.events import Consent, Draft, add_event, check_approver, draft
from billing.close.readiness import lacks_for_closing, lacks_for_reopening
from billing.close.summary import heading, summary
from billing.errors import ConfigurationError
from billing.month import Month
from billing.names import there_are
from billing.pack.make import make_pack
from billing.reconciliation.installed import installed_vendor
from billing.storage.document_store import document_reader, put_file
from billing_vendors.base.tasks.database import SIGNING_CONN_ID, closing_engine, documents_folder, signing_key
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.plan import accounts_of
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)


@clean_traceback
def submit(registered: Sequence[Vendor]) -> dict[str, str]:
    """
    Return what is submitted for approval, by vendor: the hashes of the month's content, no figure.

    A run submits once: Airflow keeps the text of its first request for approval when tasks are cleared, and people
    would approve figures that they do not see.

    :raises ConfigurationError: something is missing, all of it is named; or the run was cleared.
    """
    context = get_current_context()
    params = context["params"]
    month = Month.parse(params["month"])
    _preparer(context)
    if context["dag_run"].clear_number:
        raise ConfigurationError("this run was cleared, and a run submits a month once: start another run")
    if not month.is_over(datetime.now(UTC)):
        raise ConfigurationError(f"{month} has not ended: it ends at {month.end:%Y-%m-%d %H:%M} UTC")
    names = _accounts(_chosen(registered, params["vendor"]), registered, month)
    with closing_engine().begin() as connection:
        lacks = []
        for vendor, accounts in names.items():
            if params["reopen"]:
                lacks += lacks_for_reopening(connection, vendor, month, _note(params))
            else:
                lacks += lacks_for_closing(connection, vendor, month, accounts)
        for sentence in lacks:
            log.error("%s", sentence)
        if lacks:
            raise ConfigurationError(f"{month}: not ready, {len(lacks)} missing: {'; '.join(lacks)}")
        return {vendor: str(draft(connection, vendor, month)) for vendor in names}


def request_text(context: Any, submitted: Mapping[str, str]) -> str:  # noqa: ANN401 (Airflow's context)
    """Return what the person who approves reads, in Markdown."""
    with closing_engine().begin() as connection:
        parts = [summary(connection, each) for each in _drafts(context, submitted)]
    return "\n\n".join([heading(_preparer(context), _note(context["params"])), *parts])


def check_answer(context: Any, submitted: Mapping[str, str], approved_by: str) -> None:  # noqa: ANN401 (as above)
    """
    Raise an error if the person who approved must not.

    :raises NotApproved: he prepared the run or explained an exception of the month.
    """
    with closing_engine().begin() as connection:
        for each in _drafts(context, submitted):
            check_approver(connection, each.vendor, each.month, _preparer(context), approved_by)


@clean_traceback
def seal(submitted: Mapping[str, str], approved_by: str, closings: Asset) -> dict[str, int]:
    """
    Add the approved event of every vendor, in one transaction; return its number by vendor. The asset's event has:

        {"month": "2026-10", "events": {"fastly": "closed"}}

    :param closings: the asset, an outlet of the task that runs.

    :raises ConfigurationError: the month has changed since it was submitted, or another run was faster.
    """
    context = get_current_context()
    consent = Consent(_preparer(context), approved_by, _note(context["params"]), str(context["dag_run"].run_id))
    drafts = _drafts(context, submitted)
    with closing_engine().begin() as connection:
        added = [add_event(connection, each, consent) for each in drafts]
    for each, new in zip(drafts, added, strict=True):
        log.info(
            "%s %s: %s by %s, approved by %s%s",
            *(each.vendor, each.month, each.event, consent.prepared_by, approved_by),
            "" if new else "; a former try of this task has stored it",
        )
    events: Any = {each.vendor: each.event for each in drafts}
    context["outlet_events"][closings].extra = {"month": context["params"]["month"], "events": events}
    return {each.vendor: each.number for each in drafts}


@clean_traceback
def pack(sealed: Mapping[str, int]) -> list[str]:
    """
    Write the evidence pack of every vendor whose month was closed to the folder of documents; return their paths in it.

    :raises StorageError: a response or a document is missing or was altered. The month stays closed.
    """
    params = get_current_context()["params"]
    if params["reopen"]:
        raise AirflowSkipException("a month that was reopened has no pack until it is closed again")
    month, root, key = Month.parse(params["month"]), documents_folder(), signing_key()
    if key is None:
        log.warning("the packs are not signed: there is no Airflow connection %s (docs/closing.md)", SIGNING_CONN_ID)
    places = []
    for vendor in sorted(sealed):
        with tempfile.TemporaryDirectory() as folder, closing_engine().connect() as connection:
            path = Path(folder, "pack.zip")
            manifest = make_pack(connection, vendor, month, document_reader(root), installed_vendor, path, key)
            place = put_file(root, ("packs", vendor), f"{month}-{sealed[vendor]}.zip", path.read_bytes())
        log.info("%s %s: evidence pack %s, SHA-256 of its manifest %s", vendor, month, place, manifest)
        places.append(place)
    return places


def _chosen(registered: Sequence[Vendor], name: str | None) -> Sequence[Vendor]:
    chosen = [vendor for vendor in registered if name in {None, vendor.name}]
    if not chosen:
        known = {vendor.name for vendor in registered}
        raise ConfigurationError(f"there is no vendor {name!a}; {there_are(str(name), known)}")
    return chosen


def _accounts(chosen: Sequence[Vendor], registered: Sequence[Vendor], month: Month) -> dict[str, list[str]]:
    """
    Return the accounts that are billed in a month, by vendor; without vendors that have none.

    :raises ConfigurationError: there is none at all.
    """
    names = {
        vendor.name: [account.name for account in accounts_of(vendor, registered) if account.first_month <= month]
        for vendor in chosen
    }
    if not any(names.values()):
        raise ConfigurationError(f"{month}: accounts.yaml has no account that is billed in this month")
    return {vendor: accounts for vendor, accounts in names.items() if accounts}


def _drafts(context: Any, submitted: Mapping[str, str]) -> list[Draft]:  # noqa: ANN401 (Airflow's context)
    """Return the drafts in the order of the vendors' names, in which every run takes their locks."""
    month = Month.parse(context["params"]["month"])
    return [Draft.parse(vendor, month, text) for vendor, text in sorted(submitted.items())]


def _preparer(context: Any) -> str:  # noqa: ANN401 (as above)
    """
    Return the user who started the run.

    :raises ConfigurationError: nobody did.
    """
    name = context["dag_run"].triggering_user_name
    if not name:
        raise ConfigurationError(
            "nobody started this run: trigger it in the UI or by the API, as the person who prepares"
        )
    return str(name)


def _note(params: Mapping[str, Any]) -> str:
    return str(params["note"] or "").strip()
