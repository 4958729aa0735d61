"""
Notifiers for any DAG, and the record of failed tasks from which they know why.

DAG files import this at each start of a task: whatever is slow to import is imported when it is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from billing.errors import BillingError

log = logging.getLogger(__name__)

_OURS = (BillingError, AirflowFailException)
"""Errors whose message is a sentence for people and holds no secret."""


class AlertNotifier(BaseNotifier):
    """
    Send a text to the receivers of connection ``tieout_alerts``; without that connection, do nothing.

    :param body: the text, a template.
    :param title: one line, a template.
    """

    template_fields: Sequence[str] = ("title", "body")

    def __init__(self, body: str, title: str = "Tieout") -> None:
        super().__init__()
        self.body = body
        self.title = title

    def notify(self, context: Context) -> None:  # noqa: ARG002 (Airflow's signature)
        """Send it."""
        from billing.alerts.message import Message  # noqa: PLC0415 (see the module's docstring)
        from billing_vendors.base.tasks.alert import alert_hook  # noqa: PLC0415 (the same)

        if (hook := alert_hook()) is not None:
            hook.send(Message(self.title, self.body))


class RunFailed(BaseNotifier):
    """Tell in one message which tasks of a failed run failed, and why: a DAG's ``on_failure_callback``."""

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:  # noqa: ANN401 (Airflow's)
        """There are none, and the DAG that ``dag.test()`` gives could not render any."""

    def notify(self, context: Context) -> None:
        """Send it; what cannot be delivered now, the DAG ``alerts`` tells later."""
        from billing_vendors.base.tasks.alert import tell_failed_run  # noqa: PLC0415 (see the module's docstring)

        tell_failed_run(context["dag"].dag_id, context["run_id"], context.get("reason") or "")


def note_failure(context: Context) -> None:
    """Store that a task failed for good, with its sentence: ``on_failure_callback`` of every task."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 (the same)

    from billing.alerts.failures import Failure, save_failure  # noqa: PLC0415 (see the module's docstring)
    from billing_vendors.base.tasks.database import billing_engine  # noqa: PLC0415 (the same)

    ti, error = context["ti"], context.get("exception")
    failure = Failure(
        dag_id=ti.dag_id,
        dag_run=ti.run_id,
        task_id=ti.task_id,
        account=_account(context),
        error=type(error).__name__ if isinstance(error, BaseException) else "killed",
        sentence=_sentence(error),
        failed_at=datetime.now(UTC),
    )
    try:
        with billing_engine().begin() as connection:
            save_failure(connection, failure)
    except (SQLAlchemyError, BillingError, AirflowNotFoundException) as problem:
        log.warning("the failure is not stored, so alerts do not say why: %s", type(problem).__name__)


def _account(context: Context) -> str | None:
    """Return the account of a mapped task: ``account_of_task`` sets it, a sensor has it as a field."""
    found = context.get("account") or getattr(context["task"], "account", None)
    return found if isinstance(found, str) else None


def _sentence(error: object) -> str:
    """Return what people are told of an error: of one that is not ours, nothing that might hold a secret."""
    if isinstance(error, _OURS):
        return str(error)
    return "an unexpected error; the log of the task has it"
