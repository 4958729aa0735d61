"""Decide when Airflow retries a failed task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from billing.errors import ConfigurationError, ExportStopped, NotReady, PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.notifiers import note_failure
from billing_vendors.base.polling import MAX_RETRY_AFTER

_USELESS = (ConfigurationError, ExportStopped, NotReady, PayloadError, VendorRejected)


class VendorRetryPolicy(RetryPolicy):
    """
    Fail at once if the same request would fail again; follow ``Retry-After`` up to an hour; else as the task is set.

    The error keeps its own class, unlike with ``AirflowFailException``: callbacks and logs show ``VendorRejected``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002 (Airflow's signature)
        max_tries: int,  # noqa: ARG002 (the same)
        context: Any = None,  # noqa: ANN401, ARG002 (Airflow's signature)
    ) -> RetryDecision:
        """Decide by the kind of error."""
        if isinstance(exception, _USELESS):
            return RetryDecision.fail(reason=f"{type(exception).__name__}: the same request would fail again")
        if isinstance(exception, VendorUnavailable) and exception.retry_after:
            asked = timedelta(seconds=exception.retry_after)
            return RetryDecision.retry(delay=min(asked, MAX_RETRY_AFTER), reason="the vendor's Retry-After")
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """There is nothing to configure."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> VendorRetryPolicy:  # noqa: ARG003 (Airflow's signature)
        """Create another one."""
        return cls()


def task_defaults(execution_timeout: timedelta) -> dict[str, Any]:
    """Return the settings that the tasks of all DAGs share: the ``default_args`` of a DAG."""
    return retried(execution_timeout) | {"on_failure_callback": note_failure}


def retried(execution_timeout: timedelta) -> dict[str, Any]:
    """Return the same settings for tasks whose failure nobody is told of."""
    return {
        "owner": "finance-data",
        "retries": 4,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=30),
        "retry_policy": VendorRetryPolicy(),
        "execution_timeout": execution_timeout,
    }
