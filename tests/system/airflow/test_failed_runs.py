"""What a person sees of a failed run: one sentence that says what to do, few frames, no secret."""

import json
from contextlib import contextmanager

import pytest
from tests.system.airflow.conftest import ACCOUNTS, FASTLY, GENESYS

WRONG = "not-the-token-4711-0815"
# what is wrong: DAG, month, task that fails, its state after the first try, error, what its sentence says
FAILURES = {
    "vendor down": (FASTLY, "2024-06", "fetch", "up_for_retry", "VendorUnavailable", "answered 503"),
    "another shape": (FASTLY, "2024-07", "fetch", "failed", "BrokenResponse", "answered 200 with text/html"),
    "another shape, seen by the triggerer": (
        GENESYS,
        "2024-08",
        "wait_for_month",
        "failed",
        "PayloadError",
        "unknown report status 'BrandNewValue'",
    ),
    "wrong token": (
        FASTLY,
        "2024-09",
        "wait_for_invoice",
        "failed",
        "VendorRejected",
        "answered 401 (Provided credentials are missing or invalid); the credential was rejected: check the connection",
    ),
    "wrong secret": (
        GENESYS,
        "2024-10",
        "wait_for_month",
        "failed",
        "VendorRejected",
        "the vendor refuses the client id or secret of connection genesys_nord_contact",
    ),
    "wrong password of the database": (
        FASTLY,
        "2024-11",
        "fetch",
        "up_for_retry",
        "StorageError",
        "(connection billing_db) failed: ",
    ),
}
CONNECTIONS = {
    "wrong token": "fastly_acme_media",
    "wrong secret": "genesys_nord_contact",
    "wrong password of the database": "billing_db",
}


@contextmanager
def corrupted(services, conn_id):
    """Give a connection another password for a while."""
    right = dict(services.simulator.connections()).get(conn_id) or services.stack.database_connection()
    services.api.put_connections({conn_id: right | {"password": WRONG}})
    yield
    services.api.put_connections({conn_id: right})


def start(services, what):
    dag_id, month, *_ = FAILURES[what]
    return services.api.trigger(dag_id, {"month": month})


@pytest.fixture(scope="module")
def failed(services, scheduled):
    """Run each failure; gives the failed task and its log by what is wrong."""
    faults = services.simulator.faults
    faults.add("status", "fastly.v3.usage_metrics", path="*2024-06*", status=503, times=None)
    faults.add("html", "fastly.v3.usage_metrics", path="*2024-07*", times=None)
    faults.add("unknown_enum", "genesys.usage_report", path="*2024-08-01*", after=1, times=None)
    runs = {what: start(services, what) for what in FAILURES if what not in CONNECTIONS}
    tasks = {what: wait_for_task(services, what, run) for what, run in runs.items()}
    faults.clear()
    for what, conn_id in CONNECTIONS.items():
        with corrupted(services, conn_id):
            runs[what] = start(services, what)
            tasks[what] = wait_for_task(services, what, runs[what])
    logs = {what: services.log(task) for what, task in tasks.items()}
    for what, run in runs.items():
        services.api.call("PATCH", f"/dags/{FAILURES[what][0]}/dagRuns/{run}", {"state": "failed"})
    return {what: (tasks[what], logs[what]) for what in FAILURES}


def wait_for_task(services, what, run):
    """Wait until the task that is to fail has ended its first try."""
    dag_id, _, name, state, *_ = FAILURES[what]

    def of_interest():
        found = [
            each
            for each in services.api.task_instances(dag_id, run)
            if each["task_id"].endswith(f"account_month.{name}")
        ]
        return found[0] if found and found[0]["state"] in {state, "failed", "success", "upstream_failed"} else None

    return services.until(of_interest, f"{what}: {name} ends")


@pytest.mark.parametrize("what", FAILURES)
def test_the_error_is_one_sentence_and_few_frames(failed, what):
    _, _, _, state, kind, sentence = FAILURES[what]
    task, log = failed[what]

    errors = [line for line in log if line.get("level") in {"error", "critical"}]

    assert task["state"] == state
    (error,) = errors
    (detail,) = error["error_detail"]  # no chain of causes
    assert detail["exc_type"] == kind
    assert sentence in detail["exc_value"]
    assert len(detail["exc_value"]) < 500
    ours = [frame for frame in detail["frames"] if "/site-packages/" not in frame["filename"]]
    assert len(ours) <= 2, ours


@pytest.mark.parametrize("what", FAILURES)
def test_after_the_error_there_is_only_what_airflow_decides(failed, what):
    _, log = failed[what]
    (at,) = [number for number, line in enumerate(log) if line.get("level") == "error"]

    assert {line["event"] for line in log[at + 1 :]} <= {
        "::group::Post Execute",
        "Retry policy decision",
        "::endgroup::",
    }


def test_a_wait_that_the_triggerer_ended_tells_its_own_error(failed):
    task, log = failed["another shape, seen by the triggerer"]

    assert any("Pausing task as DEFERRED" in line["event"] for line in log)
    assert task["rendered_map_index"] == ACCOUNTS[GENESYS]


def test_no_log_and_no_rendered_field_holds_a_secret(services, failed):
    secrets = {WRONG, services.stack.postgres.password}
    secrets |= {fields["password"] for fields in services.simulator.connections().values()}
    folder = services.stack.state.airflow_home / "logs"
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*.log")]
    assert len(texts) > len(FAILURES)
    shown = [
        json.dumps(services.api.task_instances(FAILURES[what][0], task["dag_run_id"]))
        for what, (task, _) in failed.items()
    ]
    for text in (*texts, *shown):
        assert not [secret for secret in secrets if secret in text]


def test_a_person_who_mends_the_connection_and_clears_the_task_gets_the_month(services, failed):
    task, _ = failed["wrong token"]
    body = {"dry_run": False, "dag_run_id": task["dag_run_id"], "only_failed": True, "reset_dag_runs": True}

    services.api.call("POST", f"/dags/{FASTLY}/clearTaskInstances", body)

    assert services.wait(FASTLY, task["dag_run_id"]) == "success"
    months = services.rows("select to_char(month, 'YYYY-MM') from billing.account_month where account = 'acme-media'")
    assert ("2024-09",) in months
