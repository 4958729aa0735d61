"""``make demo``: the whole product on this machine, the last closed month of all vendors, then the table."""

import time
from datetime import UTC, date, datetime, timedelta

from tieout_stack.airflow import ADMIN
from tieout_stack.local_stack import LocalStack, vendor_names
from tieout_stack.monthly_runs import MonthlyRun, failures, start_runs, wait_for_runs
from tieout_stack.stages import Stages
from tieout_stack.summary import findings, first_invoice, month_table

ALL_POSTED_DAY = 16  # the accounts' posting days plus the sensors' ten days of grace
NEXT_STEPS = """Airflow       {url}   user {user}   password {password}
Bills         {url}/plugin/bills   (what is in, what is wrong and why)
Database      make sql   (in another terminal; start with: select * from billing.account_month_summary;)
Certificate   make certificate INVOICE={invoice}   (every figure and control of one invoice, to verify offline)
Controls      docs/controls.md   (what each one checks, and what to do about an exception)
Stop          Ctrl-C   (make demo starts again with the same data, make down ARGS=--delete removes it)"""
EXIT = (
    "Stopping. Without ARGS=--exit the demo runs until Ctrl-C, with Airflow's UI; make down ARGS=--delete removes it."
)


class Demo:
    """What the user sees of one demo."""

    def __init__(self, stack: LocalStack, stages: Stages) -> None:
        self.stack = stack
        self.stages = stages
        self.month = latest_closed_month(datetime.now(UTC).date())
        self.serving = False  # the table is printed, and the user may look around

    def run(self, *, exit_after: bool) -> int:
        """
        Start the stack, run the months, print the table; then wait for a stop signal unless ``exit_after``.

        :return: the exit code: 0 only if every run succeeded.
        """
        self.stages.print_stage("environment", self.stages.elapsed)
        self.stack.start()
        states = self._run_months()
        self._print_outcome(states)
        if exit_after:
            print(EXIT, flush=True)
        else:
            self._serve()
        return 0 if set(states.values()) == {"success"} else 1

    def _run_months(self) -> dict[MonthlyRun, str]:
        api = self.stack.airflow.api()
        months = [f"{month:%Y-%m}" for month in (*compared_months(self.month), self.month)]
        dags = {vendor: f"invoices_{vendor}" for vendor in vendor_names()}
        with self.stages.stage(f"{', '.join(months)} of {' and '.join(dags)}"):
            runs = start_runs(api, dags, months)
            return wait_for_runs(api, runs, self.stages.print_progress, self.stack.check)

    def _print_outcome(self, states: dict[MonthlyRun, str]) -> None:
        api = self.stack.airflow.api()
        for run, state in states.items():
            for line in failures(api, run, self.stack.state.airflow_home / "logs") if state != "success" else []:
                print(line)
        print("", *month_table(self.stack.reading_url, self.month), "", sep="\n")
        print(*findings(self.stack.reading_url, self.month), sep="\n")
        print("\nThe simulated vendors put one error each into this month, for the controls to find:")
        print(*self.stack.simulator.planted(f"{self.month:%Y-%m}"), sep="\n")
        print(f"\n{self.stages.elapsed:6.1f} s  in all\n", flush=True)

    def _serve(self) -> None:
        self.serving = True
        url, password = self.stack.airflow.base_url, self.stack.state.secrets().admin_password
        invoice = first_invoice(self.stack.reading_url, self.month) or "ID"
        print(NEXT_STEPS.format(url=url, user=ADMIN, password=password, invoice=invoice), flush=True)
        while True:
            self.stack.check()
            time.sleep(0.5)


def latest_closed_month(today: date) -> date:
    """
    Return the first day of the latest month whose invoices have all been issued.

    Invoices are issued days after the month's end. Until the days of grace are over, a run correctly waits for them,
    and a demo should not wait until the middle of the month.
    """
    last = month_before(today)
    return last if today.day > ALL_POSTED_DAY else month_before(last)


def compared_months(month: date) -> tuple[date, date]:
    """Return the months that controls compare a month with: the same month a year before, and the month before."""
    return month.replace(year=month.year - 1), month_before(month)


def month_before(day: date) -> date:
    """Return the first day of the month before the one of ``day``."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
