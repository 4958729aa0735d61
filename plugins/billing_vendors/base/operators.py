"""The operator that asks a second person."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.exceptions import HITLRejectException, HITLTimeoutError
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from billing.errors import NotApproved


class MonthApproval(ApprovalOperator):
    """
    Ask for the approval of what task ``submit`` returned; return the name of the user who gave it.

    An answer of somebody who prepared the run or explained one of its exceptions does not count: the try fails with the
    reason, and the next one asks again. A rejection, or no answer in time, fails the task for good.

    :param submit: id of the task before.
    """

    def __init__(self, *, submit: str = "submit", **kwargs: Any) -> None:  # noqa: ANN401 (the operator's)
        super().__init__(fail_on_reject=True, **kwargs)
        self.submit = submit

    def execute(self, context: Context) -> None:
        """Write the request for people, with the figures of this moment."""
        from billing_vendors.base.tasks.close import request_text  # noqa: PLC0415 (only the task that runs pays for it)

        self.body = request_text(context, self._submitted(context))
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> str:
        """
        Check who answered.

        :raises NotApproved: somebody who must not.
        """
        from billing_vendors.base.tasks.close import check_answer  # noqa: PLC0415 (as above)

        try:
            answer = super().execute_complete(context, event)
        except HITLRejectException:
            raise AirflowFailException(f"{_name(event)} rejected it: the month stays as it is") from None
        except HITLTimeoutError:
            raise AirflowFailException("nobody approved in time: the month stays as it is") from None
        approved_by = _name(answer)
        check_answer(context, self._submitted(context), approved_by)
        return approved_by

    def _submitted(self, context: Context) -> dict[str, str]:
        return dict(context["ti"].xcom_pull(task_ids=self.submit))


def _name(answer: Any) -> str:  # noqa: ANN401 (a payload of Airflow's)
    """
    Return who answered.

    :raises NotApproved: Airflow does not say.
    """
    user = answer["responded_by_user"]
    if not user or not user["name"]:
        raise NotApproved("Airflow does not say who answered: answer in the UI or by the API, signed in")
    return str(user["name"])
