"""Tell people what is new: one message, each thing once, and nothing where connection ``tieout_alerts`` is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from airflow.sdk import get_current_context
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from billing.alerts.message import write_message
from billing.alerts.news import Kind, News, all_news, failures, run_path
from billing.alerts.told import claim
from billing.errors import StorageError
from billing_vendors.base.alert_hook import CONN_ID, AlertHook
from billing_vendors.base.tasks.database import billing_engine
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.plan import accounts_of
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)


def alert_hook() -> AlertHook | None:
    """Return the hook of connection ``tieout_alerts``; None if there is no such connection."""
    try:
        return AlertHook()
    except AirflowNotFoundException:
        log.info("there is no connection %s: nobody is told", CONN_ID)
        return None


@clean_traceback
def tell_news(registered: Sequence[Vendor]) -> int:
    """
    Send one message about everything that was not told yet; return how many things it tells.

    :raises NotDelivered: no receiver accepted it; nothing counts as told.
    """
    if (hook := alert_hook()) is None:
        return 0
    accounts = [account for vendor in registered for account in accounts_of(vendor, registered)]
    run = str(get_current_context()["run_id"])
    return _tell(hook, run, lambda connection: all_news(connection, accounts, datetime.now(UTC)))


def tell_failed_run(dag_id: str, run_id: str, reason: str) -> None:
    """
    Send one message about the failed tasks of a run, or about the run if no reason of a task is stored.

    It runs in the DAG processor, which need not have a login of the billing database.

    :param reason: Airflow's own word for it.
    """
    if (hook := alert_hook()) is None:
        return
    try:
        if _tell(hook, run_id, lambda connection: failures(connection, dag_id, run_id)):
            return
        why = f"{reason or 'failed'}; the log of its tasks says why"
    except AirflowNotFoundException:
        log.info("the DAG processor has no connection to the billing database: the DAG alerts tells it")
        return
    except (SQLAlchemyError, StorageError) as error:
        log.warning("the billing database does not say why: %s", type(error).__name__)
        why = "failed, and the billing database cannot be read"
    _send(hook, [News(Kind.FAILED, "", f"{dag_id}, run {run_id}", why, run_path(dag_id, run_id))])


def _tell(hook: AlertHook, run: str, find: Callable[[Connection], Iterable[News]]) -> int:
    """Send what is new; it counts as told when the transaction commits, after the message was delivered."""
    with billing_engine().begin() as connection:
        new = claim(connection, find(connection), run)
        if new:
            _send(hook, new)
    log.info("%s new things told", len(new))
    return len(new)


def _send(hook: AlertHook, news: Sequence[News]) -> None:
    hook.send(write_message(news, conf.get("api", "base_url", fallback="") or "", amounts=hook.amounts))
