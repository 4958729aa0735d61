"""Wait for a vendor: check once, and defer to the triggerer only if it is not ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NoReturn

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from billing.config.accounts import Account, find_account, load_accounts
from billing.errors import BillingError, NotReady
from billing.month import Month
from billing_vendors.base.polling import PollSchedule, Probe, Wait
from billing_vendors.base.retries import VendorRetryPolicy
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.triggers import VendorTrigger, error_of, xcom_payload

# If no triggerer runs, Airflow itself ends the task; the triggerer's own end, with a better message, comes first.
_MARGIN = timedelta(minutes=10)


class VendorSensor(BaseSensorOperator):
    """
    Wait until one account's month has reached some state at the vendor.

    It checks once in a worker, then waits in the triggerer; there is no other mode. It goes on waiting while the vendor
    is busy or down; a rejection or an unexpected response fails the task at once, without retries. ``timeout`` seconds
    after the first attempt the task fails with ``NotReady``; with ``soft_fail`` it is skipped.

    Returns by XCom ``{"state": "ready" | "absent", "account": …, "month": …, "attempts": …}``; read it with
    :func:`billing_vendors.base.triggers.read_outcome`.

    :param account: the account's name in ``accounts.yaml``; may be an XCom or a mapped argument.
    :param month: ``YYYY-MM``.
    :param conn_id: another connection than the account's own.
    :param poke_interval: seconds between the first two attempts; the pauses grow with the wait.
    :param longest_interval: seconds; no pause is longer, unless the vendor asks for it by ``Retry-After``.
    :param ends_in_trigger: end the task from the triggerer when ready, which saves starting a worker.
    """

    template_fields: Sequence[str] = ("account", "month", "conn_id")
    ui_color = "#dbe7f3"

    vendor: ClassVar[str]
    settings_type: ClassVar[type[Any]]

    def __init__(
        self,
        *,
        account: Any,  # noqa: ANN401 (a name, a template, an XComArg or a mapped argument)
        month: Any,  # noqa: ANN401 (the same)
        conn_id: str | None = None,
        longest_interval: float = 900.0,
        ends_in_trigger: bool = True,
        **kwargs: Any,  # noqa: ANN401 (Airflow's own)
    ) -> None:
        kwargs = {
            "poke_interval": 15.0,
            "retry_policy": VendorRetryPolicy(),
            "map_index_template": "{{ task.account }}",  # rendered before the task runs, so also when it defers
            **kwargs,
        }
        super().__init__(**kwargs)
        self.account = account
        self.month = month
        self.conn_id = conn_id
        self.longest_interval = longest_interval
        self.ends_in_trigger = ends_in_trigger

    # Implemented by a vendor.

    def probe(self, account: Account[Any], month: Month) -> Probe:
        """
        Return the probe for an account and month.

        :raises AirflowSkipException: by the account's settings there is nothing to wait for.
        """
        raise NotImplementedError

    def absent_after(self, account: Account[Any], month: Month) -> datetime | None:  # noqa: ARG002 (for subclasses)
        """Return from when on a missing document ends the wait as ``absent``; None = never."""
        return None

    # Called by Airflow.

    @clean_traceback
    def execute(self, context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG002 (Airflow's context)
        """Check once, and defer if it is not ready."""
        account, month = self._subject()
        try:
            return self._look(self._wait(account, month), self.conn_id or account.conn_id)
        except NotReady as error:
            raise self._fitting(error) from error

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401, ARG002 (Airflow's context)
        """Continue after the trigger: raise the error that ended the wait, or return its result."""
        if "error" in event:
            raise self._fitting(error_of(event))
        return event

    @clean_traceback
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:  # noqa: ANN401 (Airflow's signature)
        """Raise ``NotReady`` for a wait that no triggerer ended."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as error:
            raise NotReady(
                f"{self.vendor}/{self.account} for {self.month}: the deadline passed and no triggerer ended the "
                f"wait: check that one is running and has free capacity"
            ) from error

    # How.

    def _subject(self) -> tuple[Account[Any], Month]:
        month = Month.parse(self.month)
        account = find_account(load_accounts(self.vendor, self.settings_type), self.account)
        account.check_month(month)
        return account, month

    def _wait(self, account: Account[Any], month: Month) -> Wait:
        probe, now = self.probe(account, month), datetime.now(UTC)
        poll_schedule = PollSchedule(
            first_poke_at=now,
            deadline=now + timedelta(seconds=self.timeout),
            absent_after=self.absent_after(account, month),
            shortest_seconds=self.poke_interval,
            longest_seconds=self.longest_interval,
        )
        return Wait(probe, f"{self.vendor}/{account.name} for {month}", poll_schedule)

    def _look(self, wait: Wait, conn_id: str) -> dict[str, Any]:
        with wait.probe.hook(conn_id) as hook:
            end = hook.call(wait.poke, hook)
        if isinstance(end, datetime):
            self.log.info("attempt %s: %s; next check at %s", wait.attempts, wait.last_seen, end)
            self._hand_over(wait, conn_id, end)
        self.log.info("%s of %s: %s at attempt %s", wait.probe.thing, wait.subject, end, wait.attempts)
        return xcom_payload(end, self.account, self.month, wait.attempts)

    def _hand_over(self, wait: Wait, conn_id: str, due: datetime) -> NoReturn:
        trigger = VendorTrigger(
            conn_id=conn_id,
            probe=wait.probe.to_json(),
            poll_schedule=wait.poll_schedule.to_json(),
            vendor=self.vendor,
            account=self.account,
            month=self.month,
            attempts=wait.attempts,
            last_seen=wait.last_seen,
            next_poke_at=due.isoformat(),
            ends_task=self.ends_in_trigger,
        )
        self.defer(
            trigger=trigger, method_name="resume", timeout=wait.poll_schedule.deadline - datetime.now(UTC) + _MARGIN
        )

    def _fitting(self, error: BillingError) -> Exception:
        if isinstance(error, NotReady) and self.soft_fail:
            return AirflowSkipException(str(error))
        return error


class InvoicePostedSensor(VendorSensor):
    """
    Wait until a vendor has posted the invoice of a month. Posting some days late is normal.

    Some months have none: ``grace_days`` after the account's posting day the sensor succeeds with state ``absent``,
    at once for a month long past, and the controls report it.

    :param grace_days: days after the day by which the invoice was expected; by default 10, when a controller asks for
        missing invoices.
    """

    def __init__(
        self,
        *,
        grace_days: int = 10,
        timeout: float = 45 * 86400.0,
        **kwargs: Any,  # noqa: ANN401 (Airflow's own)
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.grace_days = grace_days

    def absent_after(self, account: Account[Any], month: Month) -> datetime | None:
        """Return the end of the grace days after the posting day in the next month, UTC."""
        return month.end + timedelta(days=account.posting_day + self.grace_days)
