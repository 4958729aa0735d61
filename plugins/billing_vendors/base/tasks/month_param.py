"""Which month a DAG run is for: the same for a schedule, a backfill and a manual run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Param
from croniter import croniter

from billing.config.accounts import Account, find_account
from billing.errors import ConfigurationError
from billing.month import Month
from billing.names import there_are

MONTH = Param(
    None,
    type=["null", "string"],
    pattern=r"^\d{4}-(0[1-9]|1[0-2])$",
    title="Billing month",
    description="For example 2026-10. Empty: the last month that was billed; in a backfill, each run's own month.",
)
ACCOUNTS = Param(
    None,
    type=["null", "array"],
    items={"type": "string"},
    title="Accounts",
    description="Names from accounts.yaml, one on each line. Empty: all.",
)


def month_of_run(context: Any, schedule: str) -> Month:  # noqa: ANN401 (Airflow's context)
    """
    Work out the month: the parameter ``month``, else the start of the data interval.

    A run triggered without a logical date has no interval, and a DAG without a schedule has one of zero length: both
    get the last whole interval of ``schedule``, as a run with that logical date would.

    :param schedule: cron in UTC.
    :raises ConfigurationError: the parameter is malformed.
    """
    if asked := context["params"].get("month"):
        return Month.parse(asked)
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or start == end:
        start = _last_interval_start(start or context["dag_run"].run_after, schedule)
    return Month.of(start)


def _last_interval_start(moment: datetime, schedule: str) -> datetime:
    # croniter steps strictly back: from a second later, a tick at this moment counts as passed
    ticks = croniter(schedule, moment.astimezone(UTC) + timedelta(seconds=1))
    ticks.get_prev(datetime)
    start: datetime = ticks.get_prev(datetime)
    return start


def names_of_vendor(asked: Sequence[str], accounts: Sequence[Account[Any]], everybody: frozenset[str]) -> list[str]:
    """
    Return those of the requested account names, in a run over all vendors, that belong to one vendor.

    :param everybody: the names of all vendors' accounts.
    :raises ConfigurationError: a name belongs to no vendor.
    """
    if unknown := sorted(set(asked) - everybody):
        raise ConfigurationError(f"no account {unknown[0]!r} in accounts.yaml; {there_are(unknown[0], everybody)}")
    ours = {account.name for account in accounts}
    return [name for name in asked if name in ours]


def accounts_of_run(
    accounts: Sequence[Account[Any]], asked: Sequence[str] | None, month: Month, now: datetime
) -> list[Account[Any]]:
    """
    Return the accounts of a run, before any vendor is called.

    Accounts that begin later are left out, so that a backfill can start with the oldest; naming one of them is an
    error.

    :raises ConfigurationError: the month has not ended, no account had begun, or a name is unknown.
    """
    if not month.is_over(now):
        raise ConfigurationError(
            f"{month} has not ended: it ends at {month.end:%Y-%m-%d %H:%M} UTC. Choose a month that has ended, "
            f"{Month.of(now).shifted(-1)} or earlier"
        )
    if asked:
        chosen = [find_account(tuple(accounts), name) for name in dict.fromkeys(asked)]
        for account in chosen:
            account.check_month(month)
        return chosen
    begun = [account for account in accounts if account.first_month <= month]
    if not begun:
        first = min((account.first_month for account in accounts), default=None)
        raise ConfigurationError(f"no account was billed in {month}: the first month in accounts.yaml is {first}")
    return begun
