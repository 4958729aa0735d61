"""What Fastly's two sensors look for, and how they end, against the simulated Fastly."""

import asyncio
from datetime import UTC, datetime

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from billing.errors import ConfigurationError, RouteRetired, VendorRejected
from billing_vendors.base.triggers import error_of
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.fastly.vendor import FASTLY

EARLY = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def known(accounts, accounts_file):
    accounts_file(
        *(
            {
                "vendor": "fastly",
                "name": account.name,
                "conn_id": account.conn_id,
                "currency": account.currency,
                "first_month": str(account.first_month),
                "posting_day": account.posting_day,
                "customer_id": account.settings.customer_id,
                "api": account.settings.api,
                "parent_pay": account.settings.parent_pay,
            }
            for account in accounts.values()
        )
    )


def estimate_sensor(account="acme-media", month="2026-11", **arguments):
    return FastlyMonthToDateSensor(task_id="wait", account=account, month=month, poke_interval=0.01, **arguments)


def posted_sensor(account="acme-media", month="2026-10", **arguments):
    return FastlyInvoicePostedSensor(task_id="wait", account=account, month=month, poke_interval=0.01, **arguments)


async def ended(deferred: TaskDeferred):
    return [event async for event in deferred.trigger.run()]


class TestEstimate:
    """202 until the estimate is made; both generations."""

    @pytest.mark.parametrize("account", ["acme-media", "legacy-press"])
    async def test_it_waits_through_202(self, simulated, monkeypatch, account):
        monkeypatch.setattr(simulated.settings, "estimate_asks", 3)
        simulated.set_now(datetime(2026, 11, 27, tzinfo=UTC))  # what other tests had made is older than its cache
        with pytest.raises(TaskDeferred) as deferred:
            await asyncio.to_thread(estimate_sensor(account).execute, {})  # a worker runs no event loop
        (event,) = await ended(deferred.value)
        assert event.xcoms["return_value"] == {"state": "ready", "account": account, "month": "2026-11", "attempts": 4}

    def test_a_child_whose_parent_pays_is_skipped_without_a_call(self, simulated):
        simulated.stats.clear()
        with pytest.raises(AirflowSkipException, match="parent_pay: true"):
            estimate_sensor("legacy-child").execute({})
        assert len(simulated.stats.requests) == 0

    @pytest.mark.parametrize("status", [403, 404, 422])
    def test_an_unexpected_refusal_is_told_apart_and_names_the_setting(self, simulated, status):
        simulated.faults.add("status", "fastly.v3.month_to_date", status=status)
        with pytest.raises(VendorRejected, match=r"parent_pay: true") as refused:
            estimate_sensor().execute({})
        assert refused.value.status == status

    def test_another_refusal_does_not_speak_of_parents(self, simulated):
        simulated.faults.add("status", "fastly.v3.month_to_date", status=401)
        with pytest.raises(VendorRejected) as refused:
            estimate_sensor().execute({})
        assert "parent_pay" not in str(refused.value)

    def test_a_month_that_is_over_cannot_be_had_any_more(self, simulated, monkeypatch):
        monkeypatch.setattr(simulated.settings, "estimate_asks", 0)
        with pytest.raises(ConfigurationError, match="is no longer available"):
            estimate_sensor(month="2026-10").execute({})

    def test_last_month_s_estimate_from_the_cache_is_not_this_month_s(self, simulated, monkeypatch):
        monkeypatch.setattr(simulated.settings, "estimate_asks", 0)
        with pytest.raises(TaskDeferred) as deferred:
            estimate_sensor(month="2026-12").execute({})
        assert deferred.value.trigger.last_seen == "estimate of 2026-11 (HTTP 200)"


class TestPosted:
    """Posting some days late is normal; a month without an invoice is too."""

    @pytest.mark.parametrize("account", ["acme-media", "titan-cloud", "legacy-press"])
    def test_a_posted_invoice_is_there_at_the_first_look(self, account):
        assert posted_sensor(account).execute({})["attempts"] == 1

    @pytest.mark.parametrize("account", ["acme-media", "legacy-press"])
    async def test_it_waits_until_the_invoice_is_posted(self, simulated, account):
        simulated.set_now(EARLY)
        with pytest.raises(TaskDeferred) as deferred:
            await asyncio.to_thread(
                posted_sensor(account, grace_days=10_000).execute, {}
            )  # a worker runs no event loop
        simulated.set_now(datetime(2026, 11, 22, tzinfo=UTC))
        (event,) = await ended(deferred.value)
        assert event.xcoms["return_value"]["state"] == "ready"

    def test_a_pending_v2_bill_is_not_posted(self, simulated):
        simulated.set_now(EARLY)
        with pytest.raises(TaskDeferred) as deferred:
            posted_sensor("legacy-press", grace_days=10_000).execute({})
        assert "Pending" in deferred.value.trigger.last_seen

    def test_a_month_without_a_v2_bill_is_absent(self, simulated):
        simulated.faults.add("status", "fastly.v2.month", status=404)
        assert posted_sensor("legacy-press", month="2024-01").execute({})["state"] == "absent"

    def test_a_retired_v2_route_is_an_error_and_not_an_absence(self, simulated):
        simulated.faults.add("retired", "fastly.v2.month", status=410)
        with pytest.raises(RouteRetired, match="api: v3"):
            posted_sensor("legacy-press", month="2024-01").execute({})

    async def test_a_refusal_during_the_wait_wakes_the_task_in_its_own_class(self, simulated):
        simulated.set_now(EARLY)
        with pytest.raises(TaskDeferred) as deferred:
            await asyncio.to_thread(posted_sensor(grace_days=10_000).execute, {})  # a worker runs no event loop
        simulated.faults.add("status", "fastly.v3.invoices", status=403)
        (event,) = await ended(deferred.value)
        assert isinstance(error_of(event.payload), VendorRejected)


def test_the_sensors_of_a_month_share_the_vendor_s_pool():
    where = {"account": "acme", "month": "2026-10"}
    waits = [*FASTLY.make_sensors(**where), FASTLY.make_estimate_sensor(**where)]
    assert {wait.pool for wait in waits} == {"fastly"}
    assert all(wait.retries and wait.execution_timeout for wait in waits)
