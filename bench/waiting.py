"""
A thousand accounts that wait at once, on one real triggerer: how soon all poll, what that costs, how soon all end.

    python bench/waiting.py                      ours and a bare trigger, one connection for all accounts
    python bench/waiting.py --connections each   every account with its own connection
    python bench/waiting.py --kind ours --accounts 200 --steady 20

It starts Postgres and Airflow of its own in a temporary folder, and a vendor that responds 202 until it is told to
respond 200. CPU is of all processes of the triggerer, in cores; memory is their PSS and RSS.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from aiohttp import web
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tieout_stack.airflow import MIGRATION, STOP_ORDER, AirflowStack
from tieout_stack.airflow_api import AirflowApi
from tieout_stack.ports import free_ports
from tieout_stack.postgres import PostgresServer
from tieout_stack.processes import session_members
from tieout_stack.state import StateFolder
from tieout_stack.supervisor import Supervisor

BENCH = Path(__file__).resolve().parent
MONTH = "2026-10"
ESTIMATE = {
    "invoice_id": "m1",
    "start_time": "2026-10-01T00:00:00Z",
    "end_time": "2026-10-10T00:00:00Z",
    "status": {"status": "MTD"},
    "total": {"cost": 1},
}


@dataclass
class PatientVendor:
    """A vendor that responds 202 until ``ready``; counts the requests by account."""

    asked: dict[str, int] = field(default_factory=dict)
    ready: bool = False
    url: str = ""

    async def response(self, request: web.Request) -> web.Response:
        customer = request.match_info["customer"]
        self.asked[customer] = self.asked.get(customer, 0) + 1
        if self.ready:
            return web.json_response(ESTIMATE)
        return web.json_response({}, status=202)

    @contextmanager
    def running(self) -> Iterator[Self]:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        app = web.Application()
        app.router.add_get("/billing/v2/account_customers/{customer}/mtd_invoice", self.response)
        runner = web.AppRunner(app, access_log=None)

        async def start() -> int:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
            return int(runner.addresses[0][1])

        self.url = f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result()}"
        yield self
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)


class BenchAirflow(AirflowStack):
    """Airflow with the bench's DAGs and room for all waits on one triggerer."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(BENCH / "waiting_dags"),
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__TRIGGERER__CAPACITY": "1500",
            "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": "100",
            "PYTHONPATH": str(BENCH),
            "BENCH_WAITING": os.environ["BENCH_WAITING"],
        }


@dataclass
class Usage:
    """CPU seconds that the triggerer has used so far, and bytes of memory now."""

    cpu: float
    pss: int
    rss: int

    @classmethod
    def of(cls, leader: int) -> Self:
        cpu, pss, rss = 0.0, 0, 0
        for pid in session_members(leader):
            try:
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
            except OSError:
                continue
            cpu += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in rollup.splitlines() if " kB" in line}
            pss += sizes["Pss"]
            rss += sizes["Rss"]
        return cls(cpu, pss, rss)


class Bench:
    """One measurement of one kind of trigger."""

    def __init__(self, kind: str, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.count = options.accounts
        settings = {"kind": kind, "accounts": self.count, "poll": options.poll, "month": MONTH}
        os.environ["BENCH_WAITING"] = json.dumps(settings | {"connections": options.connections})
        self.state = StateFolder(folder / "state")
        self.state.prepare()
        self.state.root.parent.chmod(0o755)
        self.supervisor = Supervisor(self.state.logs, self.state.processes)
        self.figures: dict[str, float] = {}

    def run(self) -> dict[str, float]:
        with PatientVendor().running() as vendor, PostgresServer(self.state.postgres, durable=False) as postgres:
            postgres.create_database("airflow")
            airflow = BenchAirflow(BENCH.parent, self.state, postgres.url("airflow"), free_ports(1)[0])
            self.database = create_engine(postgres.url("airflow"), poolclass=NullPool)
            try:
                airflow.write_password()
                airflow.start_migration(self.supervisor)
                self.supervisor.finish(MIGRATION, 300)
                airflow.start(self.supervisor)
                airflow.wait_until_ready(self.supervisor, say)
                self.measure(airflow.api(), vendor)
            finally:
                self.supervisor.stop(STOP_ORDER)
        return self.figures

    def measure(self, api: AirflowApi, vendor: PatientVendor) -> None:
        numbers = range(self.count if self.options.connections == "each" else 1)
        fields = {"conn_type": "fastly", "host": vendor.url, "password": "sesame-4711"}
        api.put_connections({f"bench_{number}": fields for number in numbers})
        dags = [f"waits_{first:05d}" for first in range(0, self.count, 20)]
        api.wait_for_dags(dags, 120)
        began = time.monotonic()
        with ThreadPoolExecutor(4) as calls:
            list(calls.map(lambda dag: start(api, dag), dags))
        triggered = time.monotonic()
        self.until(lambda: len(vendor.asked), "have polled")
        self.figures["all polling, s after the first trigger call"] = time.monotonic() - began
        self.figures["all polling, s after the last trigger call"] = time.monotonic() - triggered
        self.steady(vendor)
        vendor.ready = True
        ready = time.monotonic()
        self.until(lambda: self.tasks("success"), "have ended")
        self.figures["all ended, s after the vendor was ready"] = time.monotonic() - ready

    def steady(self, vendor: PatientVendor) -> None:
        time.sleep(15)  # the rush of the start is over
        leader = self.triggerer()
        before, asked, began, workers = Usage.of(leader), sum(vendor.asked.values()), time.monotonic(), 0
        while time.monotonic() - began < self.options.steady:
            workers = max(workers, self.tasks("running") + self.tasks("queued"))
            time.sleep(1)
        seconds = time.monotonic() - began
        after = Usage.of(leader)
        self.figures["polls a second"] = (sum(vendor.asked.values()) - asked) / seconds
        self.figures["triggerer, cores"] = (after.cpu - before.cpu) / seconds
        self.figures["triggerer, MB PSS"] = after.pss / 1e6
        self.figures["triggerer, MB RSS"] = after.rss / 1e6
        self.figures["tasks in a worker, at most"] = workers

    def until(self, reached: Callable[[], int], what: str) -> None:
        deadline, said = time.monotonic() + 600, 0.0
        while (now := reached()) < self.count:
            self.supervisor.check()
            if time.monotonic() > deadline:
                raise SystemExit(f"only {now} of {self.count} {what} after 600 s")
            if time.monotonic() - said > 5:
                said = time.monotonic()
                say(f"{now} of {self.count} {what}")
            time.sleep(0.2)

    def tasks(self, state: str) -> int:
        with self.database.connect() as connection:
            query = text("SELECT count(*) FROM task_instance WHERE state = :state")
            return int(connection.execute(query, {"state": state}).scalar_one())

    def triggerer(self) -> int:
        records = json.loads(self.state.processes.read_text(encoding="utf-8"))
        return next(int(record["pid"]) for record in records if record["name"] == "airflow-triggerer")


def start(api: AirflowApi, dag: str) -> None:
    api.set_paused(dag, paused=False)
    api.trigger(dag, {})


def say(line: str) -> None:
    print(f"    {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--poll", type=float, default=10.0, help="seconds between two looks")
    parser.add_argument("--steady", type=float, default=60.0, help="seconds to measure the steady state")
    parser.add_argument("--kind", choices=["ours", "bare", "both"], default="both")
    parser.add_argument("--connections", choices=["one", "each"], default="one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    table = {}
    for kind in ("ours", "bare") if options.kind == "both" else (options.kind,):
        print(f"{kind}: {options.accounts} accounts, connections: {options.connections}", flush=True)
        with tempfile.TemporaryDirectory(prefix="tieout-waiting-") as folder:
            table[kind] = Bench(kind, options, Path(folder)).run()
    print(f"\n{'':46}" + "".join(f"{kind:>12}" for kind in table))
    for name in next(iter(table.values())):
        cells = [figures[name] for figures in table.values()]
        print(f"{name:46}" + "".join(f"{cell:12.2f}" if isinstance(cell, float) else f"{cell!s:>12}" for cell in cells))


if __name__ == "__main__":
    main()
