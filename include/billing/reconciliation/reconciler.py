"""
From stored responses to stored results: derive a month, store its versions and run its controls, in one transaction.

A reader of the database sees the month before or after, never half of it. Controls also use earlier months, so when a
month is stored or changed late, the controls of the later months that use it run again: the results do not depend on
the order in which months are stored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from billing.config.accounts import Account
from billing.controls.control import Control
from billing.controls.evidence_hash import evidence_sha256
from billing.controls.runner import ControlRun, run_controls
from billing.errors import BillingError, StorageError
from billing.models import AccountMonth, Reading, Recall, recall_nothing
from billing.month import Month
from billing.payloads.response import Response
from billing.storage.accruals import AccrualBook
from billing.storage.evidence import (
    AccountView,
    EvidenceWithHashes,
    ReadFile,
    dependent_months,
    load_evidence,
    view_account,
)
from billing.storage.other_documents import billed_months
from billing.storage.payloads import FetchInfo, find_fetch, read_responses
from billing.storage.product_months import add_to_product_months
from billing.storage.readings import recall, save_readings
from billing.storage.reconciliations import (
    inputs_sha256,
    last_inputs_sha256,
    save_reconciliation,
    save_rerun,
    save_seen,
    states_in_force,
)
from billing.storage.records import Records, RecordStore, candidates_in, lock_account, save_unknown_fields
from billing.storage.stored_order import in_stored_order
from billing.storage.unchanged_months import (
    count_invoices,
    forget_inputs_hash,
    is_unchanged,
    save_inputs_hash,
    save_seen_again,
)
from billing.storage.versions import Change, CurrentVersion, RecordId, current_versions
from billing.storage.withdrawals import save_withdrawals


class Derive(Protocol):
    """What a vendor turns the stored responses of one fetch into values by."""

    def __call__(
        self, account: Account[Any], month: Month, responses: Sequence[Response], recall: Recall = ..., /
    ) -> AccountMonth:
        """Return the month; invoices whose text is recalled need not be parsed."""
        ...


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """
    How a vendor's month is derived and checked.

    :param read_file: reads a vendor's file by its location below the folder of documents, raises OSError where there
        is none; None if no control may read a file.
    :param code_sha256: hash of the code and of the account's configuration; None if not known, and then every month
        is reconciled again.
    """

    derive: Derive
    controls: tuple[Control, ...]
    read_file: ReadFile | None = None
    code_sha256: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """
    What a reconciliation did.

    :param states: number of current results by state.
    :param changes: versions that were added, and invoices that were withdrawn or restored.
    :param unknown_fields: fields that the vendor sends for the first time.
    :param results_added: False if the same rules gave the same results on the same inputs before.
    :param rerun: later months that use this one and got other results from it.
    """

    month: Month
    invoices: int
    lines: int
    states: dict[str, int]
    changes: tuple[Change, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    results_added: bool = False
    rerun: tuple[Month, ...] = ()


def reconcile_month(
    engine: Engine, rules: Rules, account: Account[object], fetch_id: int, *, force: bool = False
) -> Reconciled:
    """
    Derive and store what one fetch holds, run its controls, and those of the later months that use it.

    A second run has the same result: rows are added only for what is new or has changed.

    :param force: also reconcile a month whose inputs have not changed.
    :raises PayloadError: a response has another shape; nothing was stored, the responses themselves are kept.
    :raises StorageError: the fetch belongs to another account or holds estimates, or stored bytes were altered.
    :raises ConfigurationError: the account has a tolerance for an unknown control.
    :raises ExceptionGroup: internal errors in controls, or a later month that uses this one could not be
        reconciled again; this month and all other results are stored.
    """
    with engine.begin() as connection:
        fetch = find_fetch(connection, fetch_id)
        if (fetch.vendor, fetch.account, fetch.purpose) != (account.vendor, account.name, "month"):
            raise StorageError(
                f"fetch {fetch_id} is a {fetch.purpose} of {fetch.vendor}/{fetch.account}, "
                f"not a month of {account.vendor}/{account.name}"
            )
        now = datetime.now(UTC)
        reconciler = MonthReconciler(connection, rules, account, now)
        done = reconciler.reconcile(fetch, force=force)
        AccrualBook(connection, account, fetch.dag_run, now).settle()
        add_to_product_months(connection, account.vendor, account.name, done.changes)
    if reconciler.errors:
        raise ExceptionGroup(
            f"{account.vendor}/{account.name} {fetch.month}: internal error in "
            f"{', '.join(reconciler.errors)}; the month is stored, and failed controls are recorded as BLOCKED",
            list(reconciler.errors.values()),
        )
    return done


class MonthReconciler:
    """
    Reconciles months of one account in the caller's transaction; nothing here commits.

    :param now: when the rows that it adds are recorded, UTC.
    """

    def __init__(self, connection: Connection, rules: Rules, account: Account[object], now: datetime) -> None:
        self._connection = connection
        self._rules = rules
        self._account = account
        self._now = now
        self.errors: dict[str, Exception] = {}
        """Internal errors, by what failed."""

    def reconcile(self, fetch: FetchInfo, *, force: bool = False) -> Reconciled:
        """
        Save what a fetch holds, run the month's controls, and rerun those of the months that depend on it.

        If a later fetch of the month is stored, only records found in this one alone are added, and the controls run on
        the later one. If nothing has changed since the last reconciliation, only the fetch is recorded.

        :param force: also reconcile a month whose inputs have not changed.
        """
        lock_account(self._connection, self._account.vendor, self._account.name)
        if not force and self._is_unchanged(fetch):
            return self._keep_results(fetch)
        before = self._view()
        derived = self._derive(fetch, recall_nothing if force else self._recall(fetch))
        candidates = candidates_in(derived)
        changes, unknown_fields = self.save_month(fetch, derived, candidates, before)
        current = current_versions(self._connection, fetch.vendor, fetch.account, candidates)
        account_month = in_stored_order(self._connection, fetch, derived, candidates, current)
        if self._rules.code_sha256 and not force:
            exact = _stored_exactly(derived, account_month, fetch, self._rules.code_sha256, current)
            save_readings(self._connection, fetch, self._rules.code_sha256, exact, current)
        after = self._view().with_fetch(fetch)
        served = self._billed_by(changes, after)
        outcome, added = self._control_newest(fetch, account_month, after)
        # months share contracts: the fetch alone decides which version a month has
        moved = bool(account_month.contracts) and after.fetches[fetch.month] != before.fetches.get(fetch.month)
        changed = bool(changes) or fetch.month not in before.fetches or moved
        rerun = self.rerun_dependents(
            dependent_months(fetch.month, before, after, changed=changed, served=served), after
        )
        if self._rules.code_sha256 and not outcome.faults and after.fetches[fetch.month] == fetch.fetch_id:
            save_inputs_hash(self._connection, self._account, fetch, self._rules.code_sha256)
        return Reconciled(
            month=account_month.month,
            invoices=len(account_month.invoices),
            lines=sum(len(invoice.lines) for invoice in account_month.invoices),
            states=outcome.states,
            changes=tuple(changes),
            unknown_fields=tuple(unknown_fields),
            results_added=added,
            rerun=rerun,
        )

    def save_month(
        self, fetch: FetchInfo, account_month: AccountMonth, candidates: Records, before: AccountView
    ) -> tuple[list[Change], list[str]]:
        """Store what a fetch holds; return the changes, and the fields that were never seen before."""
        overtaken = before.fetches.get(fetch.month, 0) > fetch.fetch_id
        records = RecordStore(
            self._connection,
            fetch,
            self._derive_by_id,
            self._now,
            overtaken=overtaken,
            code_sha256=self._rules.code_sha256,
        )
        withdrawn = [] if overtaken else save_withdrawals(self._connection, account_month, fetch, self._now)
        changes = withdrawn + records.save(candidates)
        records.save_payment_statuses(account_month)
        return changes, save_unknown_fields(self._connection, account_month, fetch, self._now)

    def run_controls(self, fetch: FetchInfo, evidence: EvidenceWithHashes) -> tuple[ControlRun, int, bool]:
        """
        Run the controls of a month and store their results.

        :returns: the results, the id of their reconciliation, and whether it was added.
        """
        outcome = run_controls(self._rules.controls, evidence.evidence)
        saved = save_reconciliation(self._connection, fetch, self._inputs(fetch, evidence), outcome, self._now)
        self.errors |= {f"control {control_id} of {fetch.month}": error for control_id, error in outcome.faults.items()}
        log.info("%s/%s %s: %s", fetch.vendor, fetch.account, fetch.month, outcome.summary())
        return outcome, saved.reconciliation_id, saved.added

    def rerun_dependents(self, months: Sequence[Month], view: AccountView) -> tuple[Month, ...]:
        """Run the controls of other stored months whose inputs have changed; return those that got other results."""
        return tuple(month for month in months if self._rerun(month, view))

    def examine(self, fetch: FetchInfo) -> tuple[AccountMonth, ControlRun, bytes]:
        """Derive a stored fetch and run its controls without storing anything; the bytes hash the inputs."""
        evidence = self.evidence_of(fetch)
        account_month = evidence.evidence.account_month
        return account_month, run_controls(self._rules.controls, evidence.evidence), self._inputs(fetch, evidence)

    def evidence_of(self, fetch: FetchInfo) -> EvidenceWithHashes:
        """Derive a stored fetch and read what the controls of its month may use."""
        return self._evidence(fetch, self._derive_in_order(fetch), self._view())

    def _billed_by(self, changes: Sequence[Change], view: AccountView) -> set[Month]:
        """Return the stored months with days that a changed invoice of another month bills."""
        ids = {change.record_id for change in changes if change.record_type == "invoice"}
        return billed_months(self._connection, self._account.vendor, self._account.name, ids, view.fetches)

    def _is_unchanged(self, fetch: FetchInfo) -> bool:
        code = self._rules.code_sha256
        return code is not None and is_unchanged(self._connection, self._account, fetch, code)

    def _keep_results(self, fetch: FetchInfo) -> Reconciled:
        save_seen_again(self._connection, fetch)
        states = states_in_force(self._connection, fetch)
        log.info(
            "%s/%s %s: unchanged since the last reconciliation; controls not re-run: %s",
            *(fetch.vendor, fetch.account, fetch.month, ", ".join(f"{n} {state}" for state, n in states.items())),
        )
        return Reconciled(fetch.month, *count_invoices(self._connection, fetch), states)

    def _control_newest(
        self, fetch: FetchInfo, account_month: AccountMonth, view: AccountView
    ) -> tuple[ControlRun, bool]:
        """Run the controls of the month on its newest fetch, which is mostly this one."""
        newest = view.fetches[fetch.month]
        if newest != fetch.fetch_id:
            later = find_fetch(self._connection, newest)
            outcome, reconciliation_id, added = self.run_controls(
                later, self._evidence(later, self._derive_in_order(later), view)
            )
            save_rerun(self._connection, later, reconciliation_id)
            return outcome, added
        outcome, reconciliation_id, added = self.run_controls(fetch, self._evidence(fetch, account_month, view))
        save_seen(self._connection, self._account, fetch, reconciliation_id, self._now)
        return outcome, added

    def _rerun(self, month: Month, view: AccountView) -> bool:
        fetch = find_fetch(self._connection, view.fetches[month])
        try:
            account_month = self._derive_in_order(fetch)
        except BillingError as error:
            self.errors[f"the rerun of {month}"] = error  # the month that was stored is valid all the same
            forget_inputs_hash(self._connection, fetch)
            return False
        evidence = self._evidence(fetch, account_month, view)
        if last_inputs_sha256(self._connection, fetch) == self._inputs(fetch, evidence):
            return False
        _, reconciliation_id, added = self.run_controls(fetch, evidence)
        save_rerun(self._connection, fetch, reconciliation_id)
        return added

    def _recall(self, fetch: FetchInfo) -> Recall:
        """Return what finds readings of the code in force; none if the code is not known."""
        code = self._rules.code_sha256
        return recall_nothing if code is None else partial(recall, self._connection, fetch, code)

    def _derive(self, fetch: FetchInfo, known: Recall = recall_nothing) -> AccountMonth:
        responses = read_responses(self._connection, fetch.fetch_id)
        account_month = self._rules.derive(self._account, fetch.month, responses, known)
        derived = account_month.vendor, account_month.account, account_month.month
        if derived != (fetch.vendor, fetch.account, fetch.month):
            raise TypeError(
                f"the parser of {fetch.vendor} returned {account_month.vendor}/{account_month.account} "
                f"{account_month.month} out of fetch {fetch.fetch_id}, which is of "
                f"{fetch.vendor}/{fetch.account} {fetch.month}"
            )
        return account_month

    def _derive_in_order(self, fetch: FetchInfo) -> AccountMonth:
        account_month = self._derive(fetch)
        candidates = candidates_in(account_month)
        current = current_versions(self._connection, fetch.vendor, fetch.account, candidates)
        return in_stored_order(self._connection, fetch, account_month, candidates, current)

    def _derive_by_id(self, fetch_id: int) -> AccountMonth:
        return self._derive(find_fetch(self._connection, fetch_id))

    def _view(self) -> AccountView:
        return view_account(self._connection, self._account.vendor, self._account.name)

    def _evidence(self, fetch: FetchInfo, account_month: AccountMonth, view: AccountView) -> EvidenceWithHashes:
        return load_evidence(self._connection, self._account, fetch, account_month, view, self._rules.read_file)

    def _inputs(self, fetch: FetchInfo, evidence: EvidenceWithHashes) -> bytes:
        around = evidence_sha256(evidence.evidence, evidence.stored)
        return inputs_sha256(self._connection, fetch.fetch_id, around)


def _stored_exactly(
    derived: AccountMonth,
    ordered: AccountMonth,
    fetch: FetchInfo,
    code_sha256: bytes,
    current: Mapping[RecordId, CurrentVersion],
) -> dict[bytes, Reading]:
    """
    Return the readings whose invoices are exactly the rows of the current versions, order included.

    :param ordered: the derived month, with each record that another fetch has stored as it is stored.
    """
    exact = set()
    for ours, stored in zip(derived.invoices, ordered.invoices, strict=True):
        version = current["invoice", ours.invoice_id]
        written_now = (version.fetch_id, version.code_sha256) == (fetch.fetch_id, code_sha256)
        if written_now or (stored is not ours and stored == ours):
            exact.add(id(ours))
    return {
        text: reading
        for text, reading in derived.readings.items()
        if reading.stored is None and id(reading.invoice) in exact
    }
