"""
Store one reading of a month, prove the month, and prove again the later months that look at it.

Everything happens in the caller's transaction; nothing here commits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from billing.config.accounts import Account
from billing.controls.control import Control
from billing.controls.evidence_hash import evidence_sha256
from billing.controls.runner import Outcome, run_controls
from billing.errors import BillingError
from billing.listed import InvoiceList
from billing.loading import save_listed
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.response import Response
from billing.storage.evidence import (
    AccountView,
    EvidenceWithHashes,
    ReadFile,
    load_evidence,
    months_touched,
    view_account,
)
from billing.storage.payloads import FetchInfo, find_fetch, read_answers
from billing.storage.reconciliations import (
    inputs_sha256,
    last_inputs_sha256,
    note_proved_again,
    note_seen,
    save_reconciliation,
    states_in_force,
)
from billing.storage.records import Records, found_in, lock_account, save_unknown_fields
from billing.storage.unchanged_months import count_invoices, note_seen_again, note_standing, standing_sha256, stands
from billing.storage.versions import Change

Derive = Callable[[Account[object], Month, Sequence[Response]], AccountMonth]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """
    By what a month is derived and proved.

    :param read_file: reads a vendor's file by its location; None if no control may look into one.
    :param invoice_list: where a vendor's list holds whole invoices, which need not all be read to be stored.
    :param reader: hash of the code and of the configuration; None if not known, and then nothing is taken as read.
    """

    derive: Derive
    controls: tuple[Control, ...]
    read_file: ReadFile | None
    invoice_list: InvoiceList | None = None
    reader: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """
    What became of a reading.

    :param states: number of results in force by state.
    :param changes: versions that were added.
    :param unknown_fields: what the vendor sends and was never seen before.
    :param results_added: False if the same rules gave the same results on the same inputs before.
    :param proved_again: later months that look at this one and got other results by it.
    """

    month: Month
    invoices: int
    lines: int
    states: dict[str, int]
    changes: tuple[Change, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    results_added: bool = False
    proved_again: tuple[Month, ...] = ()


class Proof:
    """
    The work of one transaction on one account.

    :param now: when the rows that it adds are recorded, UTC.
    """

    def __init__(self, connection: Connection, rules: Rules, account: Account[object], now: datetime) -> None:
        self._connection = connection
        self._rules = rules
        self._account = account
        self._now = now
        self.faults: dict[str, Exception] = {}
        """What failed by our own fault, by what it was."""

    def store(self, fetch: FetchInfo, *, force: bool = False) -> Reconciled:
        """
        Store and prove what a fetch read.

        A fetch that was overtaken, a later one of its month being stored, only adds what it alone has seen. One that
        brought nothing new to what was proved is noted, and that is all.

        :param force: derive and prove even so.
        """
        lock_account(self._connection, self._account.vendor, self._account.name)
        reader = self._rules.reader
        if reader and not force and stands(self._connection, self._account, fetch, reader):
            return self._see_again(fetch)
        before = self._view()
        rested_on = before.fetches.get(fetch.month)
        records = Records(
            self._connection,
            fetch,
            self._read_by_id,
            self._now,
            overtaken=rested_on is not None and rested_on > fetch.fetch_id,
            reader=self._rules.reader,
        )
        changes = save_listed(self._connection, records, fetch, self._rules.invoice_list)
        account_month = self._read(fetch)
        changes += records.save(found_in(account_month))
        records.save_payment_statuses(account_month)
        unknown = save_unknown_fields(self._connection, account_month, fetch, self._now)
        after = (self._view() if changes else before).resting(fetch)
        outcome, added = self._prove_newest(fetch, account_month, after)
        # contracts are shared by months: which version a month had read changes with its fetch alone
        moved = bool(account_month.contracts) and after.fetches[fetch.month] != rested_on
        touched = months_touched(fetch.month, before, after, changed=bool(changes) or rested_on is None or moved)
        again = tuple(month for month in touched if self._prove_again(month, after))
        lines = sum(len(invoice.lines) for invoice in account_month.invoices)
        return Reconciled(
            account_month.month,
            len(account_month.invoices),
            lines,
            outcome.states,
            tuple(changes),
            tuple(unknown),
            added,
            again,
        )

    def _see_again(self, fetch: FetchInfo) -> Reconciled:
        """Note that a month was read again which stands as it was stored and proved."""
        note_seen_again(self._connection, fetch)
        states = states_in_force(self._connection, fetch)
        log.info(
            "%s/%s %s: nothing has changed since it was proved; %s",
            *(fetch.vendor, fetch.account, fetch.month, ", ".join(f"{n} {state}" for state, n in states.items())),
        )
        return Reconciled(fetch.month, *count_invoices(self._connection, fetch), states)

    def examine(self, fetch: FetchInfo) -> tuple[AccountMonth, Outcome, bytes]:
        """Derive and prove a stored reading again without storing anything; the bytes are the hash of the inputs."""
        account_month = self._read(fetch)
        gathered = self._gather(fetch, account_month, self._view())
        return account_month, run_controls(self._rules.controls, gathered.evidence), self._inputs(fetch, gathered)

    def _prove_newest(self, fetch: FetchInfo, account_month: AccountMonth, view: AccountView) -> tuple[Outcome, bool]:
        newest = view.fetches[fetch.month]
        if newest == fetch.fetch_id:
            return self._prove(fetch, self._gather(fetch, account_month, view), read=True)
        later = find_fetch(self._connection, newest)
        return self._prove(later, self._gather(later, self._read(later), view), read=False)

    def _prove_again(self, month: Month, view: AccountView) -> bool:
        """Run the controls of another stored month if what they see has changed; tell whether results were added."""
        fetch = find_fetch(self._connection, view.fetches[month])
        try:
            account_month = self._read(fetch)
        except BillingError as error:
            self.faults[f"proving {month} again"] = error  # the month that is stored is in order all the same
            return False
        gathered = self._gather(fetch, account_month, view)
        if last_inputs_sha256(self._connection, fetch) == self._inputs(fetch, gathered):
            return False
        return self._prove(fetch, gathered, read=False)[1]

    def _prove(self, fetch: FetchInfo, gathered: EvidenceWithHashes, *, read: bool) -> tuple[Outcome, bool]:
        """Run the controls of a month; ``read`` if this transaction stores the reading."""
        outcome = run_controls(self._rules.controls, gathered.evidence)
        saved = save_reconciliation(self._connection, fetch, self._inputs(fetch, gathered), outcome, self._now)
        if read:
            note_seen(self._connection, self._account, fetch, saved.reconciliation_id, self._now)
            if self._rules.reader and not outcome.faults:
                standing = standing_sha256(self._connection, self._account, fetch, self._rules.reader)
                note_standing(self._connection, fetch, standing)
        else:
            note_proved_again(self._connection, fetch, saved.reconciliation_id)
        self.faults |= {f"{control_id} of {fetch.month}": error for control_id, error in outcome.faults.items()}
        log.info("%s/%s %s: %s", fetch.vendor, fetch.account, fetch.month, outcome.summary())
        return outcome, saved.added

    def _read(self, fetch: FetchInfo) -> AccountMonth:
        account_month = self._rules.derive(self._account, fetch.month, read_answers(self._connection, fetch.fetch_id))
        if (account_month.vendor, account_month.account, account_month.month) != (
            fetch.vendor,
            fetch.account,
            fetch.month,
        ):
            raise TypeError(
                f"the parser of {fetch.vendor} made {account_month.vendor}/{account_month.account} "
                f"{account_month.month} out of fetch {fetch.fetch_id}, which is of "
                f"{fetch.vendor}/{fetch.account} {fetch.month}"
            )
        return account_month

    def _read_by_id(self, fetch_id: int) -> AccountMonth:
        return self._read(find_fetch(self._connection, fetch_id))

    def _view(self) -> AccountView:
        return view_account(self._connection, self._account.vendor, self._account.name)

    def _gather(self, fetch: FetchInfo, account_month: AccountMonth, view: AccountView) -> EvidenceWithHashes:
        return load_evidence(self._connection, self._account, fetch, account_month, view, self._rules.read_file)

    def _inputs(self, fetch: FetchInfo, gathered: EvidenceWithHashes) -> bytes:
        around = evidence_sha256(gathered.evidence, gathered.stored)
        return inputs_sha256(self._connection, fetch.fetch_id, around)
