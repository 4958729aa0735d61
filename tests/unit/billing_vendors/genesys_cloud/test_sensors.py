"""The waits, in a worker and in the triggerer, by the same looks."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from airflow.sdk.exceptions import TaskDeferred
from tests.unit.billing_vendors.genesys_cloud.conftest import json_reply, payload_reply, read_payload

from billing.errors import ConfigurationError, NotReady, PayloadError, VendorRejected
from billing_vendors.base.polling import Probe
from billing_vendors.base.triggers import VendorTrigger
from billing_vendors.genesys_cloud.probes import (
    BillableUsageProbe,
    BillingPeriodClosedProbe,
    InvoicePostedProbe,
    MonthReadyProbe,
)
from billing_vendors.genesys_cloud.sensors import (
    GenesysBillableUsageSensor,
    GenesysBillingPeriodClosedSensor,
    GenesysInvoicePostedSensor,
    GenesysMonthReadySensor,
)
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD

IN_PROGRESS = payload_reply("billable_usage_report.in_progress")
COMPLETE = payload_reply("billable_usage_report")
pytestmark = pytest.mark.usefixtures("conn_id")

READY = {"state": "ready", "account": "acme", "month": "2025-01", "attempts": 1}


@pytest.fixture
def conn_id(connect, monkeypatch, tmp_path):
    """An account ``acme`` in an accounts file, and its connection."""
    conn_id = connect()
    row = {
        "vendor": "genesys_cloud",
        "name": "acme",
        "conn_id": conn_id,
        "currency": "EUR",
        "first_month": "2024-01",
        "posting_day": 10,
        "organization_id": "9d7f0d63-95ae-4df7-8955-2bca7152ca19",
        "bill_to": "A-00000077",
    }
    path = tmp_path / "accounts.yaml"
    path.write_text(yaml.safe_dump({"accounts": [row]}))
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(path))
    return conn_id


def sensor(kind, month="2025-01", **arguments):
    arguments = {"poke_interval": 0.01, "longest_interval": 0.05, "timeout": 30} | arguments
    return kind(task_id="wait", account="acme", month=month, **arguments)


def defer(waiting):
    """Run the worker's part of a deferrable wait; gives the trigger, as the triggerer rebuilds it."""
    with pytest.raises(TaskDeferred) as deferred, ThreadPoolExecutor() as worker:  # where no event loop runs
        worker.submit(waiting.execute, {}).result()
    path, arguments = deferred.value.trigger.serialize()
    assert path == "billing_vendors.base.triggers.VendorTrigger"
    return VendorTrigger(**json.loads(json.dumps(arguments)))


async def event_of(trigger):
    return await anext(trigger.run())


class TestBillableUsage:
    @pytest.fixture(autouse=True)
    def a_calendar_cycle(self, genesys):
        contracts(genesys, JANUARY)

    def test_a_complete_report_needs_no_deferral(self, genesys):
        genesys.billing("/reports/billableusage", COMPLETE)

        assert sensor(GenesysBillableUsageSensor).execute({}) == READY

    def test_a_report_of_an_old_release_without_status_is_complete(self, genesys):
        report = json.loads(read_payload("billable_usage_report"))
        del report["status"]
        genesys.billing("/reports/billableusage", json_reply(report))

        assert sensor(GenesysBillableUsageSensor).execute({}) == READY

    async def test_the_triggerer_asks_the_same_question_until_it_is_complete(self, genesys):
        genesys.billing("/reports/billableusage", IN_PROGRESS, IN_PROGRESS, IN_PROGRESS, COMPLETE)

        event = await event_of(defer(sensor(GenesysBillableUsageSensor)))

        assert event.xcoms == {"return_value": READY | {"attempts": 4}}
        assert len({str(request.query) for request in genesys.asked("/reports/billableusage")}) == 1

    async def test_the_reports_of_all_billing_periods_of_the_month_are_waited_for(self, genesys):
        """Each is asked for at every look; a period that ends in another month is not."""
        contracts(genesys, JANUARY, ("2024-12-21", "2025-01-20", "Closed"), STILL_OPEN)
        replies = {"2025-01-01": [IN_PROGRESS, COMPLETE], "2024-12-21": [COMPLETE, IN_PROGRESS, COMPLETE]}

        def by_dates(request):
            left = replies[request.query["startDate"].partition("T")[0]]
            return left.pop(0) if len(left) > 1 else left[0]

        genesys.billing("/reports/billableusage", by=by_dates)
        trigger = defer(sensor(GenesysBillableUsageSensor))
        assert trigger.last_seen == "1 of 2 usage reports InProgress (HTTP 200)"

        event = await event_of(trigger)

        assert event.xcoms == {"return_value": READY | {"attempts": 3}}
        assert len(genesys.asked("/reports/billableusage")) == 6

    def test_without_a_billing_period_the_calendar_month_is_waited_for(self, genesys):
        contracts(genesys, STILL_OPEN)
        genesys.billing("/reports/billableusage", COMPLETE)

        assert sensor(GenesysBillableUsageSensor).execute({}) == READY
        assert genesys.asked("/reports/billableusage")[0].query["endDate"] == "2025-02-01T00:00:00.000Z"

    async def test_the_triggerer_signs_in_once_for_all_looks(self, genesys):
        genesys.billing("/reports/billableusage", IN_PROGRESS, IN_PROGRESS, COMPLETE)
        trigger = defer(sensor(GenesysBillableUsageSensor))
        assert genesys.tokens == 1

        await event_of(trigger)

        assert genesys.tokens == 2  # the worker's and the triggerer's

    async def test_a_token_that_is_refused_while_waiting_is_renewed(self, genesys):
        replies = [IN_PROGRESS, IN_PROGRESS, COMPLETE]

        def expire_and_answer(_):
            genesys.tokens += 1
            return replies.pop(0)

        genesys.billing("/reports/billableusage", by=expire_and_answer)

        event = await event_of(defer(sensor(GenesysBillableUsageSensor)))

        assert event.xcoms["return_value"]["state"] == "ready"

    def test_an_unknown_status_ends_the_wait(self, genesys):
        genesys.billing("/reports/billableusage", json_reply({"status": "Paused"}))

        with pytest.raises(PayloadError, match="'Paused'"):
            sensor(GenesysBillableUsageSensor).execute({})

    async def test_a_refusal_in_the_triggerer_wakes_the_task_with_its_own_error(self, genesys):
        genesys.billing("/reports/billableusage", IN_PROGRESS, payload_reply("error.forbidden", 403))
        waiting = sensor(GenesysBillableUsageSensor)

        event = await event_of(defer(waiting))

        with pytest.raises(VendorRejected, match="billing:subscription:view"):
            waiting.resume({}, event.payload)

    def test_the_deadline_says_what_the_vendor_last_answered(self, genesys):
        genesys.billing("/reports/billableusage", IN_PROGRESS)

        with pytest.raises(NotReady, match=r"billable usage report of genesys_cloud/acme for 2025-01.*InProgress"):
            sensor(GenesysBillableUsageSensor, timeout=0.001).execute({})

    async def test_a_busy_vendor_is_waited_for(self, genesys):
        genesys.billing("/reports/billableusage", payload_reply("error.rate_limited", 429, Retry_After="0"), COMPLETE)

        event = await event_of(defer(sensor(GenesysBillableUsageSensor)))

        assert event.xcoms == {"return_value": READY | {"attempts": 2}}

    def test_a_month_before_the_account_is_refused_without_a_question(self, genesys):
        with pytest.raises(ConfigurationError, match="before its first month"):
            sensor(GenesysBillableUsageSensor, month="2023-12").execute({})

        assert genesys.seen == []


def contracts(genesys, *periods, **more):
    """One contract with these billing periods: (first day, last day, status)."""
    contract = json.loads(read_payload("contract")) | more
    contract["billingPeriods"] = [
        {"id": f"bp{n}", "dateStart": first, "dateEnd": last, "status": status}
        for n, (first, last, status) in enumerate(periods)
    ]
    genesys.billing("/contracts", json_reply({"entities": [contract]}))
    return contract


JANUARY = ("2025-01-01", "2025-01-31", "Closed")
STILL_OPEN = ("2025-01-21", "2025-02-20", "Open")


class TestBillingPeriodClosed:
    @pytest.mark.parametrize(
        ("periods", "month"),
        [
            ((JANUARY, STILL_OPEN), "2025-01"),
            ((STILL_OPEN,), "2025-01"),  # it ends in February
            ((), "2025-01"),
            ((JANUARY,), "2024-05"),  # before the contract began
        ],
    )
    def test_ready(self, genesys, periods, month):
        contracts(genesys, *periods)

        assert sensor(GenesysBillingPeriodClosedSensor, month).execute({})["state"] == "ready"

    @pytest.mark.parametrize("status", ["Open", "open", " OPEN"])
    def test_an_open_one_is_waited_for(self, genesys, status):
        contracts(genesys, JANUARY, ("2025-01-05", "2025-01-09", status))

        with pytest.raises(TaskDeferred):
            sensor(GenesysBillingPeriodClosedSensor).execute({})

    @pytest.mark.parametrize("status", [None, "Closing", "Open"])
    def test_anything_but_closed_is_waited_for_until_its_last_day_has_passed(self, genesys, status):
        contracts(genesys, ("2099-01-01", "2099-01-31", status))

        with pytest.raises(TaskDeferred):
            sensor(GenesysBillingPeriodClosedSensor, "2099-01").execute({})

    @pytest.mark.parametrize("status", [None, "Closing", "closed", "CLOSED"])
    def test_no_status_and_an_unknown_one_end_no_wait_by_themselves(self, genesys, status):
        """G12 judges them."""
        contracts(genesys, JANUARY, ("2025-01-05", "2025-01-09", status))

        assert sensor(GenesysBillingPeriodClosedSensor).execute({})["state"] == "ready"

    async def test_all_pages_of_contracts_are_looked_at(self, genesys):
        """The open period is on the second page; once it is closed the wait is over."""
        first = {"entities": [json.loads(read_payload("contract"))], "nextUri": "/x?after=2"}
        second = json.loads(read_payload("contract")) | {"id": "c2"}
        opened = json.loads(json.dumps(second))
        opened["billingPeriods"][1]["status"] = "Open"
        pages = [first, {"entities": [opened]}, first, {"entities": [second]}]
        genesys.billing("/contracts", *map(json_reply, pages))

        event = await event_of(defer(sensor(GenesysBillingPeriodClosedSensor)))

        assert event.xcoms["return_value"]["state"] == "ready"
        assert [request.query.get("after") for request in genesys.asked("/contracts")] == [None, "2", None, "2"]

    def test_a_contract_listed_without_periods_is_asked_for_by_itself(self, genesys):
        genesys.billing("/contracts", json_reply({"entities": [{"id": "c1"}]}))
        genesys.billing("/contracts/c1", json_reply({"id": "c1", "billingPeriods": [
            {"id": "1", "dateStart": "2025-01-01", "dateEnd": "2025-01-31", "status": "Open"}
        ]}))  # fmt: skip

        with pytest.raises(TaskDeferred):
            sensor(GenesysBillingPeriodClosedSensor).execute({})


class TestInvoicePosted:
    # its regular invoice, dated in the month after; the other two of the listing are older
    headers = json.loads(read_payload("invoice_listing"))["entities"]

    @pytest.fixture(autouse=True)
    def january_is_long_ago(self, genesys):
        contracts(genesys, ("2024-12-01", "2024-12-31", "Closed"), JANUARY)

    def still_expected(self):
        """A month whose days of grace are not over."""
        return (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m")

    def test_an_invoice_of_the_month_is_what_is_waited_for(self, genesys):
        genesys.billing("/contracts/invoices", json_reply({"entities": self.headers}))

        assert sensor(GenesysInvoicePostedSensor).execute({}) == READY
        assert genesys.asked("/contracts/invoices")[0].query["dateStart"] == "2023-12-01"

    def test_one_of_another_month_is_not(self, genesys):
        """Those of 3 and 15 January are December's; January's days of grace are over, so there is none."""
        genesys.billing("/contracts/invoices", json_reply({"entities": self.headers[1:]}))

        assert sensor(GenesysInvoicePostedSensor).execute({}) == READY | {"state": "absent"}

    def test_a_credit_memo_alone_is_not(self, genesys):
        genesys.billing(
            "/contracts/invoices",
            json_reply({"entities": [self.headers[0] | {"customerInvoiceType": "Credit Memo", "amount": -1}]}),
        )

        assert sensor(GenesysInvoicePostedSensor).execute({})["state"] == "absent"

    def test_before_the_posting_day_it_is_waited_for(self, genesys):
        genesys.billing("/contracts/invoices", json_reply({"entities": None}))

        trigger = defer(sensor(GenesysInvoicePostedSensor, month=self.still_expected()))

        assert trigger.last_seen == "0 invoices of the month among 0 listed"

    async def test_the_triggerer_sees_it_come(self, genesys):
        month = self.still_expected()
        header = self.headers[0] | {"dateInvoiced": f"{month}-28"}
        genesys.billing("/contracts/invoices", json_reply({"entities": []}), json_reply({"entities": [header]}))
        contracts(genesys, (f"{month}-01", f"{month}-27", "Closed"))

        event = await event_of(defer(sensor(GenesysInvoicePostedSensor, month=month)))

        assert event.xcoms["return_value"] == READY | {"month": month, "attempts": 2}


class TestMonthReady:
    """The three in turn; each test has the first thing missing one later than the test before."""

    headers = TestInvoicePosted.headers

    def ready_but_for(self, genesys, *, report=COMPLETE, periods=(JANUARY,), headers=()):
        genesys.billing("/reports/billableusage", report)
        contracts(genesys, *periods)
        genesys.billing("/contracts/invoices", json_reply({"entities": list(headers)}))

    def test_all_three_are_there(self, genesys):
        self.ready_but_for(genesys, headers=self.headers)

        assert sensor(GenesysMonthReadySensor).execute({}) == READY

    def test_without_the_report_no_invoice_is_asked_for(self, genesys):
        """However long ago the month is: a report that is being made is never absent."""
        self.ready_but_for(genesys, report=IN_PROGRESS, headers=self.headers)

        trigger = defer(sensor(GenesysMonthReadySensor))

        assert trigger.last_seen == "1 of 1 usage reports InProgress (HTTP 200)"
        assert genesys.asked("/contracts/invoices") == []

    def test_an_open_period_is_waited_for_even_after_the_days_of_grace(self, genesys):
        self.ready_but_for(genesys, periods=(JANUARY, ("2025-01-05", "2025-01-09", "Open")))

        assert defer(sensor(GenesysMonthReadySensor)).last_seen == "1 of 2 billing periods closed"
        assert genesys.asked("/contracts/invoices") == []

    def test_a_month_without_an_invoice_ends_after_the_days_of_grace(self, genesys):
        self.ready_but_for(genesys)

        assert sensor(GenesysMonthReadySensor).execute({}) == READY | {"state": "absent"}

    def test_before_that_the_invoice_is_waited_for(self, genesys):
        self.ready_but_for(genesys, periods=())
        month = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m")

        assert defer(sensor(GenesysMonthReadySensor, month)).last_seen == "0 invoices of the month among 0 listed"

    async def test_the_triggerer_sees_the_report_come(self, genesys):
        self.ready_but_for(genesys, headers=self.headers)
        genesys.billing("/reports/billableusage", IN_PROGRESS, IN_PROGRESS, COMPLETE)

        event = await event_of(defer(sensor(GenesysMonthReadySensor)))

        assert event.xcoms["return_value"] == READY | {"attempts": 3}


@pytest.mark.parametrize(
    "probe",
    [
        BillableUsageProbe("2025-01"),
        BillingPeriodClosedProbe("2025-01"),
        InvoicePostedProbe("2025-01", "2024-01"),
        MonthReadyProbe("2025-01", "2024-01"),
    ],
)
def test_a_look_travels_to_the_triggerer_as_json(probe):
    assert Probe.from_json(json.loads(json.dumps(probe.to_json()))) == probe


def test_the_vendor_waits_in_one_task():
    (wait,) = GENESYS_CLOUD.make_sensors(account="acme", month="2025-01")

    assert type(wait) is GenesysMonthReadySensor
