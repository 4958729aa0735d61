"""What a month of a Fastly account should accrue before it is billed."""

from __future__ import annotations

from sqlalchemy import Connection

from billing.accruals.proposal import Basis, Proposal, blocked
from billing.config.accounts import Account
from billing.month import Month
from billing.storage.accrual_bases import from_snapshots
from billing_vendors.fastly.settings import FastlySettings


def propose_accrual(connection: Connection, account: Account[FastlySettings], month: Month) -> Proposal:
    """Propose by the month-to-date estimates; if another account pays, there are none."""
    if account.settings.parent_pay:
        reason = "another account pays, so the vendor provides no estimate for it"
        return blocked(month, Basis.SNAPSHOT, account.currency, reason)
    return from_snapshots(connection, account, month)
