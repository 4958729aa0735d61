"""In a real Airflow: a failed run is told at once, a stored month starts the DAG alerts, and nothing is told twice."""

from __future__ import annotations

import json

import pytest
from tests.receivers import webhook
from tests.system.airflow.conftest import FASTLY

__all__ = ["webhook"]

ALERTS = "alerts"
MONTH = "2025-10"  # of this test alone


@pytest.fixture
def told(services, webhook):
    """The messages at a webhook that the connection of the running Airflow names."""
    extra = json.dumps({"config": {"path": webhook.url}})
    services.api.put_connections({"tieout_alerts": {"conn_type": "apprise", "extra": extra}})
    yield webhook
    services.api.set_paused(ALERTS, paused=True)
    services.api.call("DELETE", "/connections/tieout_alerts")


def test_what_happens_is_told_once(services, told):
    services.api.set_paused(FASTLY, paused=False)
    failed = services.api.trigger(FASTLY, {"month": MONTH, "accounts": ["nobody"]})
    assert services.wait(FASTLY, failed) == "failed"
    message = services.until(lambda: next(iter(told.messages), None), "the failed run is told")
    assert message["title"] == "Tieout: 1 failed task"
    assert "no account 'nobody' in accounts.yaml" in message["message"]
    assert f"{services.stack.airflow.base_url}/dags/{FASTLY}/runs/" in message["message"]

    services.api.set_paused(ALERTS, paused=False)
    assert services.wait(FASTLY, services.api.trigger(FASTLY, {"month": MONTH})) == "success"

    def started():
        runs = services.runs(ALERTS, run_type="asset_triggered")
        return next((run for run in runs if run["state"] in {"success", "failed"}), None)

    assert services.until(started, "the stored month starts alerts")["state"] == "success"
    assert "nobody" not in told.bodies().removeprefix(message["message"])
    before = len(told.messages)
    assert services.wait(ALERTS, services.api.trigger(ALERTS, {})) == "success"
    assert len(told.messages) == before
    folder = services.stack.state.airflow_home / "logs"
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*.log")]
    token = told.url.rpartition("/")[2]
    assert logs
    assert not [text for text in logs if token in text]
