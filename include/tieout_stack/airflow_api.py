"""The few calls of Airflow's REST API that the demo and the tests need."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from tieout_stack.errors import StackError

COMPONENTS = ("api_server", "metadatabase", "scheduler", "dag_processor", "triggerer")
PAGE = 100
BACKFILL_ENDS_SECONDS = 120
Interval = tuple[str, str]


class AirflowApi:
    """
    A signed-in client.

    :param base_url: of the UI, without a path.
    :raises StackError: by every call, if Airflow refuses it; the message has method, path, status and reason.
    """

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self.base_url = base_url
        self._credentials = {"username": user, "password": password}
        # trust_env: a proxy of the environment must not be asked for loopback addresses
        self._client = httpx.Client(base_url=base_url, timeout=30, trust_env=False)

    def unhealthy(self) -> list[str]:
        """Return the components that do not report health; only ``api_server`` if it does not respond."""
        try:
            response = self._client.get("/api/v2/monitor/health", timeout=5)
            health = response.json()
        except (httpx.HTTPError, ValueError):
            return ["api_server"]
        return [name for name in COMPONENTS[1:] if (health.get(name) or {}).get("status") != "healthy"]

    def call(self, method: str, path: str, body: object = None, **query: str | int) -> dict[str, Any]:
        """Send a request to ``/api/v2`` + path; return the parsed response, {} if it is empty."""
        return _content(self._exchange(method, path, body, query))

    def wait_for_dags(self, dag_ids: list[str], seconds: float) -> None:
        """
        Wait until Airflow has read the files of these DAGs.

        :raises StackError: it has not; names the first import error.
        """
        deadline = time.monotonic() + seconds
        while missing := [dag_id for dag_id in dag_ids if not self._exists(f"/dags/{dag_id}")]:
            if errors := self.call("GET", "/importErrors")["import_errors"]:
                first = errors[0]["stack_trace"].strip().splitlines()[-1]
                raise StackError(f"Airflow cannot read {errors[0]['filename']}: {first}")
            if time.monotonic() > deadline:
                raise StackError(f"Airflow found no DAG {', '.join(missing)} within {seconds:.0f} s.")
            time.sleep(0.3)

    def put_connections(self, connections: Mapping[str, Mapping[str, Any]]) -> None:
        """
        Create connections, or overwrite those of the same name.

        :param connections: fields by connection id; ``extra`` may be an object or its JSON text.
        """
        entities = [
            {"connection_id": conn_id, **fields, "extra": _json_text(fields.get("extra"))}
            for conn_id, fields in connections.items()
        ]
        action = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        if errors := self.call("PATCH", "/connections", {"actions": [action]})["create"]["errors"]:
            raise StackError(f"Airflow refused a connection: {errors[0]}")

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Create a pool; an existing one keeps its slots, which may have been set by hand."""
        if not self._exists(f"/pools/{name}"):
            self.call("POST", "/pools", {"name": name, "slots": slots, "description": description})

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause or unpause a DAG."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": paused})

    def trigger(
        self, dag_id: str, conf: Mapping[str, Any], interval: Interval | None = None, note: str | None = None
    ) -> str:
        """
        Start a run; return its id.

        :param interval: the data interval that it takes from the schedule, in ISO 8601; the run's logical date is its
            start, as in a scheduled run. At most one run has a given logical date, any number has none (None).
        :param note: is shown with the run in the UI.
        """
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf), "note": note}
        if interval:
            body |= {"logical_date": interval[0], "data_interval_start": interval[0], "data_interval_end": interval[1]}
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return a run's state: queued, running, success or failed."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run, mapped ones too."""
        return list(self._pages(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances"))

    def create_backfill(self, dag_id: str, from_date: str, to_date: str, **options: object) -> int:
        """
        Run a DAG for a range of logical dates, both ends included; return the backfill's id.

        A DAG has one backfill at a time. Airflow counts one that has ended as running for up to half a minute more and
        responds 409: the request is repeated until then.

        :param options: ``reprocess_behavior`` (none, failed, completed), ``run_backwards``, ``max_active_runs``.
        """
        body = {"dag_id": dag_id, "from_date": from_date, "to_date": to_date, **options}
        deadline = time.monotonic() + BACKFILL_ENDS_SECONDS
        while (
            response := self._exchange("POST", "/backfills", body, {})
        ).status_code == 409 and time.monotonic() < deadline:
            time.sleep(1)
        return int(_content(response)["id"])

    def _pages(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        seen = 0
        while True:
            page = self.call("GET", path, limit=PAGE, offset=seen)
            yield from page[key]
            seen += len(page[key])
            if not page[key] or seen >= page["total_entries"]:
                return

    def _exists(self, path: str) -> bool:
        return self._exchange("GET", path, None, {}).status_code == 200

    def _exchange(self, method: str, path: str, body: object, query: Mapping[str, str | int]) -> httpx.Response:
        """Send one request, signing in first, and again when the token (24 h) has run out."""
        for _ in range(2):
            if "Authorization" not in self._client.headers:
                self._sign_in()
            try:
                response = self._client.request(method, f"/api/v2{path}", json=body, params=dict(query))
            except httpx.HTTPError as error:
                raise StackError(f"Airflow did not respond to {method} {path}: {error!r}") from error
            if response.status_code != 401:
                break
            del self._client.headers["Authorization"]
        return response

    def _sign_in(self) -> None:
        try:
            response = self._client.post("/auth/token", json=self._credentials)
        except httpx.HTTPError as error:
            raise StackError(f"Airflow's API does not respond at {self.base_url}: {error!r}") from error
        if response.status_code != 201:
            raise StackError(f"Airflow refused to sign in user {self._credentials['username']}: {response.text}")
        self._client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


def _json_text(extra: object) -> str | None:
    return extra if isinstance(extra, str) else json.dumps(extra) if extra else None


def _content(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        request = f"{response.request.method} {response.request.url.path}"
        raise StackError(f"Airflow responded to {request} with {response.status_code}: {response.text[:500]}")
    content: dict[str, Any] = response.json() if response.content else {}
    return content
