"""Sensors: look first, defer only if it is not ready, and end with the right error."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from billing.errors import ConfigurationError, NotReady, PayloadError, VendorRejected
from billing_vendors.base.retries import VendorRetryPolicy
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor

ESTIMATE = {
    "customer_id": "abc",
    "invoice_id": "MTD1",
    "billing_start_date": "2026-10-01T00:00:00Z",
    "monthly_transaction_amount": "1.50",
}
READY = {"body": json.dumps(ESTIMATE).encode()}
MAKING = {"status": 202, "body": b""}
NO_INVOICE = {"body": b'{"data": []}'}
OUTCOME = {"state": "ready", "account": "acme", "month": "2026-10"}


@pytest.fixture(autouse=True)
def acme(conn_id, accounts_file):
    accounts_file(
        {
            "vendor": "fastly",
            "name": "acme",
            "conn_id": conn_id,
            "customer_id": "abc",
            "currency": "USD",
            "first_month": "2026-01",
            "posting_day": 5,
        }
    )


def sensor(kind=FastlyMonthToDateSensor, **arguments):
    return kind(**{"task_id": "wait", "account": "acme", "month": "2026-10", "poke_interval": 0.02, **arguments})


class TestDeferral:
    """One look in a worker, the rest in the triggerer."""

    def test_what_is_ready_is_not_deferred(self, server):
        server.responses(READY)
        assert sensor().execute({}) == {**OUTCOME, "attempts": 1}
        assert len(server.seen) == 1

    @pytest.mark.parametrize("reply", [MAKING, {"status": 503}, {"status": 429}, {"vanish": True}])
    def test_what_is_not_ready_is_deferred_after_one_look(self, server, reply):
        server.responses(reply)
        with pytest.raises(TaskDeferred) as deferred:
            sensor(timeout=3600.0).execute({})
        assert len(server.seen) == 1
        assert deferred.value.method_name == "resume"
        stored = deferred.value.trigger.serialize()[1]
        assert (stored["account"], stored["month"], stored["attempts"]) == ("acme", "2026-10", 1)
        poll_schedule = stored["poll_schedule"]
        asked, deadline = (datetime.fromisoformat(poll_schedule[name]) for name in ("first_poke_at", "deadline"))
        assert deadline - asked == timedelta(hours=1)
        assert deferred.value.timeout > deadline - datetime.now(UTC)

    def test_retry_after_of_the_first_look_reaches_the_trigger(self, server):
        server.responses({"status": 429, "headers": {"Retry-After": "300"}})
        with pytest.raises(TaskDeferred) as deferred:
            sensor().execute({})
        due = datetime.fromisoformat(deferred.value.trigger.serialize()[1]["next_poke_at"])
        assert due - datetime.now(UTC) > timedelta(seconds=290)

    @pytest.mark.parametrize(
        ("reply", "error"),
        [({"status": 401}, VendorRejected), ({"body": b"{}"}, PayloadError)],
    )
    def test_what_waiting_cannot_mend_fails_at_once(self, server, reply, error):
        server.responses(reply)
        with pytest.raises(error):
            sensor().execute({})

    def test_a_broken_response_is_waited_out(self, server):
        server.responses({"body": b"<html>", "media_type": "text/html"})
        with pytest.raises(TaskDeferred):
            sensor().execute({})

    def test_the_trigger_s_error_is_raised_in_its_own_class(self):
        event = {"error": "VendorRejected", "message": "GET /x answered 403", "status": 403}
        with pytest.raises(VendorRejected, match="answered 403") as raised:
            sensor().resume({}, event=event)
        assert raised.value.status == 403

    def test_the_trigger_s_outcome_is_returned(self):
        event = {**OUTCOME, "attempts": 7}
        assert sensor().resume_execution("resume", {"event": event}, {}) == event

    def test_a_wait_that_no_triggerer_ended_says_so(self):
        with pytest.raises(NotReady, match=r"fastly/acme for 2026-10.*triggerer"):
            sensor().resume_execution("__fail__", {"error": "Trigger timeout"}, {})

    def test_a_deadline_that_has_passed_ends_the_wait_at_the_first_look(self, server):
        server.responses(MAKING)
        with pytest.raises(NotReady, match=r"month-to-date estimate of fastly/acme for 2026-10.*response: .*HTTP 202"):
            sensor(timeout=0.001).execute({})


class TestAbsence:
    """A month without an invoice must neither hang nor fail."""

    def test_a_month_long_past_without_an_invoice_is_absent_at_once(self, server):
        server.responses(NO_INVOICE)
        found = sensor(FastlyInvoicePostedSensor, month="2026-01").execute({})
        assert found == {"state": "absent", "account": "acme", "month": "2026-01", "attempts": 1}

    def test_until_the_days_of_grace_are_over_it_is_waited_for(self, server):
        server.responses(NO_INVOICE)
        this_month = f"{datetime.now(UTC):%Y-%m}"
        with pytest.raises(TaskDeferred):
            sensor(FastlyInvoicePostedSensor, month=this_month, grace_days=40).execute({})


class TestArguments:
    """Values are checked when the task runs, before any call."""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"account": "nobody"}, "no account 'nobody'"),
            ({"month": "2026-13"}, "2026-13"),
            ({"month": "2025-12"}, "first month"),
        ],
    )
    def test_a_wrong_one_is_an_error_before_any_call(self, server, arguments, said):
        with pytest.raises(ConfigurationError, match=said):
            sensor(**arguments).execute({})
        assert server.seen == []

    def test_another_connection_may_be_named(self, server, connect):
        server.responses(READY)
        connect("another", host=server.url, password="another-token")
        sensor(conn_id="another").execute({})
        assert server.seen[0].headers["fastly-key"] == "another-token"

    def test_account_month_and_connection_are_templates(self):
        assert set(sensor().template_fields) == {"account", "month", "conn_id"}

    def test_soft_fail_skips_a_wait_that_took_too_long_but_not_a_refusal(self, server):
        server.responses(MAKING)
        with pytest.raises(AirflowSkipException, match="not ready"):
            sensor(timeout=0.001, soft_fail=True).execute({})
        server.responses({"status": 401})
        with pytest.raises(VendorRejected):
            sensor(soft_fail=True).execute({})

    def test_useless_retries_are_switched_off_by_default(self):
        assert isinstance(sensor(retries=5).retry_policy, VendorRetryPolicy)
