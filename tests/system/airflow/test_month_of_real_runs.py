"""The ways to give a month agree, in real runs: schedule, backfill, by hand with and without a logical date."""

from datetime import UTC, datetime

import pytest
from tests.system.airflow.conftest import ACCOUNTS, FASTLY, GENESYS

from billing.month import Month
from tieout_stack.errors import StackError

FUTURE = "2031-01"
BACKFILLED = ("2024-03", "2024-04")
# way: DAG, body of the trigger call, month that must come of it
BY_HAND = {
    # between 3 May and 3 June lies the interval that is over on 15 June: the month of its start is May
    "with a logical date": (FASTLY, {"logical_date": "2025-06-15T00:00:00Z"}, "2025-05"),
    "with a month": (FASTLY, {"logical_date": None, "conf": {"month": "2025-01"}}, "2025-01"),
    "with a month and a logical date": (
        GENESYS,
        {"logical_date": "2025-06-15T00:00:00Z", "conf": {"month": "2025-02"}},
        "2025-02",
    ),
}


def last_billed(day_of_month):
    """The month before this one from that day on, at 06:00 UTC; else one more month back."""
    now = datetime.now(UTC)
    tick = datetime(now.year, now.month, day_of_month, 6, tzinfo=UTC)
    return str(Month.of(now).shifted(-1 if now >= tick else -2))


@pytest.fixture(scope="module")
def runs(services, scheduled):
    """Start all runs at once and wait for them; gives DAG, run id and month by way."""
    api = services.api
    backfill = api.create_backfill(
        FASTLY,
        f"{BACKFILLED[0]}-01T00:00:00Z",
        f"{BACKFILLED[1]}-28T00:00:00Z",
        run_backwards=True,
        max_active_runs=1,
    )
    started = {
        way: (dag_id, api.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"], month)
        for way, (dag_id, body, month) in BY_HAND.items()
    }
    started |= {
        "by the schedule": (FASTLY, scheduled[FASTLY]["dag_run_id"], last_billed(3)),
        "by the other schedule": (GENESYS, scheduled[GENESYS]["dag_run_id"], last_billed(5)),
        "without a logical date": (GENESYS, api.trigger(GENESYS, {}), last_billed(5)),
    }
    wait_for_backfill(services, backfill)  # another one of the DAG cannot start before
    for run in backfilled(services):
        month = run["data_interval_start"][:7]
        started[f"backfill of {month}"] = (FASTLY, run["dag_run_id"], month)
    for dag_id, run_id, _ in started.values():
        services.wait(dag_id, run_id)
    return started


def backfilled(services):
    """The runs of our backfill, in the order in which they started; other tests make some too."""
    runs = services.runs(FASTLY, run_type="backfill")
    return [run for run in runs if run["data_interval_start"][:7] in BACKFILLED]


def wait_for_backfill(services, number):
    services.until(lambda: services.api.call("GET", f"/backfills/{number}")["completed_at"], "the backfill ends")


WAYS = [
    *BY_HAND,
    "by the schedule",
    "by the other schedule",
    "without a logical date",
    *(f"backfill of {month}" for month in BACKFILLED),
]


@pytest.mark.parametrize("way", WAYS)
def test_the_month_is_stored_as_billed(services, runs, way):
    dag_id, run_id, month = runs[way]
    account, vendor = ACCOUNTS[dag_id], dag_id.removeprefix("invoices_")

    assert services.api.run_state(dag_id, run_id) == "success"
    fetched = services.rows("select account, to_char(month, 'YYYY-MM') from billing.fetch where dag_run = :r", r=run_id)
    assert (account, month) in fetched or way == "without a logical date"  # the schedule's own month may be closed
    assert {(a, m) for a, m in fetched} <= {(account, month)}
    assert_stored_as_billed(services, vendor, account, month)


def assert_stored_as_billed(services, vendor, account, month):
    stored = services.rows(
        "select i.invoice_id, i.total from billing.account_month m join billing.current_invoice i "
        "using (vendor, account, month) where account = :account and to_char(m.month, 'YYYY-MM') = :month",
        account=account,
        month=month,
    )
    assert dict(stored) == {each.invoice_id: each.total for each in services.simulator.truth(vendor, account, month)}
    assert stored


def test_a_run_without_a_logical_date_is_for_the_month_of_the_last_interval(services, runs):
    dag_id, run_id, month = runs["without a logical date"]
    plan = services.task(dag_id, run_id, "plan_month")
    path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{plan['task_id']}/xcomEntries/month"

    assert services.api.call("GET", path)["value"] in {month, f'"{month}"'}


@pytest.mark.sample
def test_unpausing_makes_one_scheduled_run_and_the_month_is_stored_as_billed(services, scheduled):
    for dag_id, run in scheduled.items():
        month = last_billed({FASTLY: 3, GENESYS: 5}[dag_id])
        assert (run["run_type"], run["state"]) == ("scheduled", "success")
        assert run["data_interval_start"][:7] == month
        assert_stored_as_billed(services, dag_id.removeprefix("invoices_"), ACCOUNTS[dag_id], month)


def test_a_backfill_can_run_backwards(services, runs):
    order = [run["data_interval_start"][:7] for run in backfilled(services)]
    assert order == [*reversed(BACKFILLED)]


def test_reprocessing_runs_the_months_again_and_adds_no_version(services, runs):
    versions = "select count(*), max(version) from billing.record_version"
    asked = "select to_char(month, 'YYYY-MM'), count(*) from billing.fetch where account = :a group by 1"
    before = services.rows(versions)
    fetches = dict(services.rows(asked, a=ACCOUNTS[FASTLY]))

    services.api.create_backfill(
        FASTLY,
        f"{BACKFILLED[0]}-01T00:00:00Z",
        f"{BACKFILLED[1]}-28T00:00:00Z",
        reprocess_behavior="completed",
        dag_run_conf={"again": True},
    )
    months = backfilled(services)

    assert [services.wait(FASTLY, run["dag_run_id"]) for run in months] == ["success", "success"]
    assert services.rows(versions) == before
    more = dict(services.rows(asked, a=ACCOUNTS[FASTLY]))
    assert {month: more[month] - fetches[month] for month in BACKFILLED} == dict.fromkeys(BACKFILLED, 1)


@pytest.mark.parametrize("way", WAYS)
def test_a_mapped_task_is_labelled_with_its_account(services, runs, way):
    dag_id, run_id, _ = runs[way]
    mapped = [each for each in services.api.task_instances(dag_id, run_id) if each["map_index"] >= 0]

    assert {each["task_id"].rpartition(".")[2][:4] for each in mapped} == {"wait", "fetc", "reco"}
    assert {each["rendered_map_index"] for each in mapped} == {ACCOUNTS[dag_id]}


def test_the_label_is_there_although_the_triggerer_ended_the_wait(services, runs):
    """Genesys makes its report when it is asked for it: the first look at a month never finds it."""
    dag_id, run_id, _ = runs["with a month and a logical date"]
    wait = services.task(dag_id, run_id, "wait_for_month")

    assert any("Pausing task as DEFERRED" in line["event"] for line in services.log(wait))
    assert wait["rendered_map_index"] == ACCOUNTS[dag_id]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "October", ""])
def test_a_malformed_month_is_refused_by_the_api(services, month):
    runs_before = len(services.runs(FASTLY))

    with pytest.raises(StackError, match=r"dagRuns with 400: .*month"):
        services.api.trigger(FASTLY, {"month": month})

    assert len(services.runs(FASTLY)) == runs_before


def test_a_month_in_the_future_fails_with_a_sentence_and_no_call(services, scheduled):
    asked = services.simulator.stats.summary()["requests"]

    run_id = services.api.trigger(FASTLY, {"month": FUTURE})

    assert services.wait(FASTLY, run_id) == "failed"
    tasks = services.api.task_instances(FASTLY, run_id)
    assert {
        each["task_id"]: each["state"] for each in tasks if each["map_index"] < 0 and each["state"] == "failed"
    } == {"plan_month": "failed"}
    assert all(each["state"] in {"failed", "upstream_failed"} for each in tasks)
    log = services.log(services.task(FASTLY, run_id, "plan_month"))
    assert any(f"{FUTURE} has not ended: it ends at 2031-02-01 00:00 UTC" in str(line) for line in log)
    assert services.simulator.stats.summary()["requests"] == asked
