"""``make demo``: the whole product on this machine, one month of both vendors, then the table."""

import time
from datetime import UTC, date, datetime, timedelta

from tieout_stack.airflow import ADMIN
from tieout_stack.local_stack import LocalStack
from tieout_stack.monthly_runs import MonthlyRun, failures, start_runs, wait_for_runs
from tieout_stack.stages import Stages
from tieout_stack.summary import findings, month_table

ALL_POSTED_DAY = 16  # the accounts' posting days and the sensors' ten days of grace
DAGS = {"fastly": "invoices_fastly", "genesys_cloud": "invoices_genesys_cloud"}


class Demo:
    """What the user sees of one demo."""

    def __init__(self, stack: LocalStack, stages: Stages) -> None:
        self.stack = stack
        self.stages = stages
        self.month = latest_closed_month(datetime.now(UTC).date())
        self.serving = False  # the table is out, and the user may look around

    def run(self, *, exit_after: bool) -> int:
        """
        Start, run the month, print; then wait for a stop signal unless ``exit_after``.

        :return: the exit code: 0 only if every run succeeded.
        """
        self.stages.done("environment", self.stages.elapsed)
        self.stack.start()
        states = self._run_month()
        self._print_outcome(states)
        if not exit_after:
            self._serve()
        return 0 if set(states.values()) == {"success"} else 1

    def _run_month(self) -> dict[MonthlyRun, str]:
        api = self.stack.airflow.api()
        with self.stages.stage(f"{self.month:%Y-%m} of {' and '.join(DAGS)}"):
            runs = start_runs(api, DAGS, f"{self.month:%Y-%m}")
            return wait_for_runs(api, runs, self.stages.tell, self.stack.check)

    def _print_outcome(self, states: dict[MonthlyRun, str]) -> None:
        api = self.stack.airflow.api()
        for run, state in states.items():
            for line in failures(api, run, self.stack.state.airflow_home / "logs") if state != "success" else []:
                print(line)
        print("", *month_table(self.stack.reading_url, self.month), "", sep="\n")
        print(*findings(self.stack.reading_url, self.month), "", sep="\n")
        print(f"{self.stages.elapsed:6.1f} s  in all", end="\n\n")
        password = self.stack.state.secrets().admin_password
        print(f"Airflow   {self.stack.airflow.base_url}   user {ADMIN}   password {password}", flush=True)

    def _serve(self) -> None:
        self.serving = True
        print("Database  make sql, in another terminal\nCtrl-C stops everything.", flush=True)
        while True:
            self.stack.check()
            time.sleep(0.5)


def latest_closed_month(today: date) -> date:
    """
    Return the first day of the latest month whose bills are all in.

    Invoices come days after the month's end. Before the days of grace are over a run would rightly wait for them, and
    a demo should not wait until the middle of the month.
    """
    last = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return last if today.day > ALL_POSTED_DAY else (last - timedelta(days=1)).replace(day=1)
