"""
The first task of every run: choose the month and the accounts.

XCom carries names, ids and counts only, here and in the tasks that follow: money does not survive it, and it is never
masked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk.configuration import conf

from billing.config.accounts import Account, account_names, check_vendors, find_account, load_accounts
from billing.errors import ConfigurationError
from billing.month import Month
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.month_param import accounts_of_run, month_of_run, names_of_vendor
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)

_MONTH = "month"


@clean_traceback
def plan_month(vendor: Vendor, registered: Sequence[Vendor], schedule: str) -> list[str]:
    """
    Return the run's accounts; push the month as XCom ``month``.

    :param registered: all vendors: an account of any other is an error.
    :raises ConfigurationError: wrong parameters or accounts, e.g. of an unknown vendor, before any vendor is
        called.
    """
    context = get_current_context()
    accounts = accounts_of(vendor, registered)
    return _plan(vendor, accounts, context["params"].get("accounts"), month_of_run(context, schedule))


@clean_traceback
def plan_month_of_all(vendor: Vendor, registered: Sequence[Vendor], schedule: str, months_back: int = 0) -> list[str]:
    """
    Return one vendor's accounts of a run over all vendors; empty if it has none.

    :param registered: as ``plan_month``.
    :param months_back: how many months before the run's own month to use.
    :raises ConfigurationError: as ``plan_month``, and an account that no vendor has.
    """
    context = get_current_context()
    month = month_of_run(context, schedule).shifted(-months_back)
    accounts = accounts_of(vendor, registered)
    asked = context["params"].get("accounts")
    if asked:
        asked = names_of_vendor(asked, accounts, account_names())
    if asked == [] or not any(account.first_month <= month for account in accounts):
        log.info("%s %s: no active account selected for this vendor", vendor.title, month)
        return []
    return _plan(vendor, accounts, asked, month)


def month_xcom_template(task_id: str = "plan_month") -> str:
    """Return the template with which a later task of the run gets the month of a plan task."""
    return f"{{{{ ti.xcom_pull(task_ids='{task_id}', key='{_MONTH}') }}}}"


def accounts_of(vendor: Vendor, registered: Sequence[Vendor]) -> tuple[Account[Any], ...]:
    """Read the vendor's accounts, and check that every account's vendor and every tolerance's control exist."""
    check_vendors({each.name for each in registered})
    ids = [control.control_id for control in vendor.controls()]
    return load_accounts(vendor.name, vendor.settings_type, control_ids=ids)


def _plan(vendor: Vendor, accounts: Sequence[Account[Any]], asked: Sequence[str] | None, month: Month) -> list[str]:
    chosen = accounts_of_run(accounts, asked, month, datetime.now(UTC))
    check_map_length(len(chosen))
    get_current_context()["ti"].xcom_push(key=_MONTH, value=str(month))
    log.info("%s %s: %s accounts: %s", vendor.title, month, len(chosen), ", ".join(a.name for a in chosen))
    return [account.name for account in chosen]


@clean_traceback
def plan_running_month(vendor: Vendor, registered: Sequence[Vendor]) -> list[str]:
    """Return the accounts of the running month (UTC); push that month as XCom ``month``."""
    context = get_current_context()
    month = Month.of(datetime.now(UTC))
    context["ti"].xcom_push(key=_MONTH, value=str(month))
    accounts = accounts_of(vendor, registered)
    asked = context["params"].get("accounts")
    chosen = [find_account(accounts, name) for name in dict.fromkeys(asked)] if asked else accounts
    names = [account.name for account in chosen if account.first_month <= month]
    check_map_length(len(names))
    return names


def check_map_length(accounts: int) -> None:
    """
    Raise an error if a run has more accounts than Airflow maps a task over.

    Airflow's api-server would refuse the plan with an error that names no setting, and the plan would be tried again.

    :raises ConfigurationError: names the setting.
    """
    most = conf.getint("core", "max_map_length")
    if accounts > most:
        raise ConfigurationError(
            f"the run has {accounts} accounts, but Airflow's setting core.max_map_length is {most}: set it to "
            f"{accounts} or more in the api-server and the workers (docs/install.md), or name fewer accounts in the run"
        )


def account_of_task(vendor: Vendor, name: str) -> Account[Any]:
    """Return the account of a mapped task; its name becomes the task's label in the UI."""
    get_current_context()["account"] = name  # type: ignore[typeddict-unknown-key]  # see map_index_template
    return find_account(load_accounts(vendor.name, vendor.settings_type), name)
