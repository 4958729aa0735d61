"""
Take the pictures in docs/pictures from a running demo: `make demo` in one terminal, `make pictures` in another.

Needs Chromium or Chrome on PATH (Debian: `apt-get install chromium`) and the packages of requirements-dev.lock.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import BrowserContext, Page, sync_playwright

from tieout_stack.airflow import ADMIN
from tieout_stack.airflow_api import AirflowApi
from tieout_stack.cleanup import postgres_of
from tieout_stack.demo import latest_closed_month
from tieout_stack.ports import LOOPBACK
from tieout_stack.state import StateFolder
from tieout_stack.summary import findings, month_table

CHECKOUT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH = 1280
MAX_BYTES = 200_000
SETTLING_MS = 1500  # panels slide in, charts grow
DAG = "invoices_genesys_cloud"
LOGGED_ACCOUNT = "nord-contact"
TERMINAL = """
<body style="margin: 0; background: #14181f"><pre style="margin: 0; padding: 18px 20px; color: #dfe5ee;
font: 13px/1.45 'DejaVu Sans Mono', 'Liberation Mono', monospace">{text}</pre></body>
"""


@dataclass(frozen=True)
class Demo:
    """A running demo, as its state folder tells it."""

    state: StateFolder

    @property
    def base_url(self) -> str:
        """Address of the UI."""
        return f"http://{LOOPBACK}:{(self.state.root / 'ui-port').read_text(encoding='utf-8')}"

    @property
    def password(self) -> str:
        """Password of the UI's administrator."""
        return self.state.secrets().admin_password

    def last_run(self) -> str:
        """Return the id of the last successful run of the DAG that is shown."""
        api = AirflowApi(self.base_url, ADMIN, self.password)
        return str(
            api.call("GET", f"/dags/{DAG}/dagRuns", state="success", order_by="-id", limit=1)["dag_runs"][0][
                "dag_run_id"
            ]
        )

    def task(self, task_id: str, label: str) -> str:
        """Return the path of a mapped task's page by the label of its account."""
        api = AirflowApi(self.base_url, ADMIN, self.password)
        instances = api.task_instances(DAG, self.last_run())
        index = next(
            each["map_index"] for each in instances if (each["task_id"], each["rendered_map_index"]) == (task_id, label)
        )
        return f"{self.run_page()}/tasks/{task_id}/mapped/{index}"

    def run_page(self) -> str:
        """Return the path of the last successful run's page."""
        return f"/dags/{DAG}/runs/{quote(self.last_run(), safe='')}"

    def table(self, month: date) -> str:
        """Return what the demo prints of its month."""
        url = postgres_of(self.state).url("billing")
        return "\n".join([*month_table(url, month), "", *findings(url, month)])


@contextmanager
def browser(demo: Demo, height: int) -> Iterator[Page]:
    """Open a page of a browser of its own, signed in, with nothing remembered from former ones."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"No browser found: one of {', '.join(BROWSERS)} must be on PATH.")
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=[*FLAGS], viewport={"width": WIDTH, "height": height}
        )
        try:
            authenticate(context, demo)
            yield context.new_page()
        finally:
            context.close()


def authenticate(context: BrowserContext, demo: Demo) -> None:
    """Fetch a token and keep it in the cookie that Airflow's simple auth manager reads."""
    response = context.request.post(f"{demo.base_url}/auth/token", data={"username": ADMIN, "password": demo.password})
    context.add_cookies([{"name": "_token", "value": response.json()["access_token"], "url": demo.base_url}])


def dags(page: Page, demo: Demo) -> None:
    """The list of DAGs."""
    page.goto(f"{demo.base_url}/dags")
    page.get_by_text("month_to_date_fastly").first.wait_for()


def graph(page: Page, demo: Demo) -> None:
    """One run's graph, its group opened."""
    page.goto(demo.base_url + demo.run_page())
    page.get_by_text("Task Instances").first.wait_for()
    page.keyboard.press("g")
    page.wait_for_timeout(SETTLING_MS)
    page.get_by_test_id("expand-all-button").click()
    page.get_by_text("wait_for_month").first.wait_for()


def run(page: Page, demo: Demo) -> None:
    """One run's task instances, labelled with their accounts."""
    page.goto(demo.base_url + demo.run_page())
    page.get_by_text(LOGGED_ACCOUNT).first.wait_for()


def trigger(page: Page, demo: Demo) -> None:
    """The form that starts a run."""
    page.goto(f"{demo.base_url}/dags/{DAG}")
    page.get_by_test_id("trigger-dag-button").click()
    page.get_by_text("Billing month").first.wait_for()


def log(page: Page, demo: Demo) -> None:
    """The log of a task that asked the vendor."""
    page.goto(demo.base_url + demo.task("account_month.fetch", LOGGED_ACCOUNT))
    page.get_by_text("GET /api/v2/billing").first.wait_for()


def connection(type_name: str) -> Callable[[Page, Demo], None]:
    """Create what shows the form of a connection type, all of it."""

    def show(page: Page, demo: Demo) -> None:
        page.goto(f"{demo.base_url}/connections")
        page.get_by_text("Add Connection").click()
        dialog = page.get_by_role("dialog")
        dialog.locator("input").first.fill(type_name.lower().replace(" ", "_") + "_example")
        dialog.get_by_role("combobox").first.focus()
        page.keyboard.type(type_name)
        page.keyboard.press("Enter")
        dialog.get_by_text("Standard Fields").wait_for()
        extra = dialog.get_by_text("Extra Fields", exact=True)
        if extra.count():
            extra.click()

    return show


def months(page: Page, demo: Demo) -> None:
    """The bills by account and month, in Airflow's frame."""
    page.goto(f"{demo.base_url}/plugin/bills")
    page.frame_locator("iframe").locator("table.matrix").wait_for()


def exception(page: Page, demo: Demo) -> None:
    """A month with an exception, and what the control compared."""
    months(page, demo)
    shown = page.frame_locator("iframe")
    shown.locator(".state-exceptions").first.click()
    shown.get_by_text("What was compared").first.click()


def terminal(page: Page, demo: Demo) -> None:
    """The table that the demo prints."""
    page.set_content(TERMINAL.format(text=escape(demo.table(latest_closed_month(datetime.now(UTC).date())))))
    height = page.locator("pre").bounding_box()
    page.set_viewport_size({"width": WIDTH, "height": round(height["height"]) if height else 600})


PICTURES: Mapping[str, tuple[Callable[[Page, Demo], None], int]] = {
    "table": (terminal, 600),
    "dags": (dags, 900),
    "graph": (graph, 720),
    "run": (run, 860),
    "trigger": (trigger, 1060),
    "log": (log, 760),
    "bills": (months, 900),
    "exception": (exception, 900),
    "connection-fastly": (connection("Fastly"), 760),
    "connection-genesys-cloud": (connection("Genesys Cloud"), 930),
}


def main() -> int:
    """Take all pictures, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".tieout", help="state folder of the running demo")
    parser.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "pictures")
    parser.add_argument("names", nargs="*", default=[*PICTURES], help=", ".join(PICTURES))
    arguments = parser.parse_args()
    state = StateFolder(arguments.state)
    if not state.root.exists() or not state.is_locked():
        raise SystemExit("No demo runs here: start one with `make demo` in another terminal.")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        show, height = PICTURES[name]
        path = arguments.to / f"{name}.png"
        with browser(Demo(state), height) as page:
            show(page, Demo(state))
            page.wait_for_timeout(SETTLING_MS)
            page.screenshot(path=path)
        if path.stat().st_size > MAX_BYTES:
            raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {MAX_BYTES}.")
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
