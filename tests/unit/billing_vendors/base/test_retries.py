"""Which failures are worth another try."""

from datetime import timedelta

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from billing.errors import ConfigurationError, NotReady, PayloadError, RouteRetired, VendorRejected, VendorUnavailable
from billing_vendors.base.retries import VendorRetryPolicy


def decided(error: Exception):
    return VendorRetryPolicy().evaluate(error, try_number=1, max_tries=4)


@pytest.mark.parametrize(
    "error",
    [
        VendorRejected("no", status=403),
        RouteRetired("gone", status=410),
        PayloadError("odd"),
        NotReady("late"),
        ConfigurationError("wrong"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(error):
    decision = decided(error)
    assert decision.action is RetryAction.FAIL
    assert type(error).__name__ in decision.reason


def test_the_vendors_retry_after_sets_the_delay():
    decision = decided(VendorUnavailable("busy", retry_after=300))
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(seconds=300))


def test_a_vendor_that_asks_for_days_is_asked_again_after_an_hour():
    assert decided(VendorUnavailable("busy", retry_after=86400)).retry_delay == timedelta(hours=1)


@pytest.mark.parametrize("error", [VendorUnavailable("down"), RuntimeError("worker lost")])
def test_anything_else_is_retried_as_the_task_says(error):
    assert decided(error).action is RetryAction.DEFAULT


def test_it_survives_serialization():
    assert isinstance(VendorRetryPolicy.deserialize(VendorRetryPolicy().serialize()), VendorRetryPolicy)
