"""The services' own commands, run as processes, collect one month of both vendors through two Celery workers."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from billing.month import Month
from tieout_stack.monthly_runs import start_runs, wait_for_runs

DAGS = {"fastly": "invoices_fastly", "genesys_cloud": "invoices_genesys_cloud"}
# everything of that month is posted: no sensor waits for it
MONTH = Month.of(datetime.now(UTC)).shifted(-3)


@pytest.fixture(scope="module")
def finished_runs(airflow, stack) -> dict[str, str]:
    """One month of each vendor, run to its end: the last state by vendor."""
    runs = start_runs(airflow, DAGS, [str(MONTH)])
    states = wait_for_runs(airflow, runs, report=print, check=stack.supervisor.check)
    for log in (stack.folder / "logs").glob("dag_id=*/**/*.log"):
        errors = [line for line in log.read_text(encoding="utf-8").splitlines() if '"error"' in line]
        print(log.relative_to(stack.folder), *errors[-1:], sep="\n")  # noqa: T201 (pytest shows it only if a test fails)
    return {run.vendor: state for run, state in states.items()}


def test_one_month_of_both_vendors_succeeds(finished_runs):
    assert finished_runs == dict.fromkeys(DAGS, "success")


def test_both_workers_executed_tasks(finished_runs, stack):
    stats = stack.celery("worker-1", "stats")
    executed = {name: sum(worker["total"].values()) for name, worker in stats.items()}
    assert set(executed) == {"celery@worker-1", "celery@worker-2"}
    assert all(count > 0 for count in executed.values()), executed


def test_invoices_are_stored_and_readable_for_people(finished_runs, stack):
    """A person with the role billing_reader sees what the tasks, with their own role, wrote."""
    summary = text("select vendor, sum(invoices) from billing.account_month_summary where month = :p group by vendor")
    engine = create_engine(stack.superuser_url)
    with engine.connect() as connection:
        connection.execute(text("set role billing_reader"))
        stored = dict(connection.execute(summary, {"p": MONTH.first_day}).all())
    engine.dispose()
    assert set(stored) == set(DAGS)
    assert all(count > 0 for count in stored.values())


@pytest.mark.parametrize(
    "statement",
    [
        "delete from billing.record",
        "update billing.invoice set total = 0",
        "create table billing.mine (id int)",
        "create table mine (id int)",
        "drop table billing.invoice",
    ],
)
def test_tasks_can_neither_change_nor_remove_rows_nor_change_tables(stack, statement):
    url = stack.environment("worker", "worker-1")["AIRFLOW_CONN_BILLING_DB"]
    engine = create_engine(url.replace("postgres://", "postgresql+psycopg2://"))
    with (
        engine.connect() as connection,
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner|no schema has been selected"),
    ):
        connection.execute(text(statement))
    engine.dispose()


def test_every_vendor_has_its_pool(airflow):
    names = {pool["name"] for pool in airflow.call("GET", "/pools")["pools"]}
    assert {*DAGS} < names


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("redis", None),
        ("simulator", None),
        ("api-server", None),
        ("scheduler", None),
        ("dag-processor", None),
        ("triggerer", None),
        ("worker", "worker-1"),
        ("worker", "worker-2"),
    ],
)
def test_health_check_passes(stack, service, host):
    done = stack.check_health(service, host)
    assert done.returncode == 0, done.stdout + done.stderr


def test_health_check_of_a_missing_worker_fails(stack):
    assert stack.check_health("worker", "worker-3").returncode != 0


def test_init_may_run_again(stack, finished_runs, airflow):
    """It changes neither a pool's slots, which a person may have set, nor the administrator's password."""
    airflow.call("PATCH", "/pools/fastly", {"name": "fastly", "slots": 7, "include_deferred": False})
    stack.finish("airflow-init")
    assert airflow.call("GET", "/pools/fastly")["slots"] == 7
    assert not airflow.unhealthy()
