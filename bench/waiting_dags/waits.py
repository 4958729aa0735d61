"""
DAGs of 20 waits each, made for bench/waiting.py, which sets the variables.

The tasks start in the triggerer: what is measured is a thousand waits, not a thousand worker starts before them.
"""

import json
import os
from typing import Any

from airflow.sdk import DAG, BaseOperator, Context
from airflow.triggers.base import StartTriggerArgs

SETTINGS = json.loads(os.environ["BENCH_WAITING"])
TASKS_PER_DAG = 20


def our_arguments(number: int) -> tuple[str, dict[str, Any]]:
    poll_schedule = {
        "first_poke_at": "2026-01-01T00:00:00+00:00",
        "deadline": "2100-01-01T00:00:00+00:00",
        "absent_after": None,
        "shortest_seconds": SETTINGS["poll"],
        "longest_seconds": SETTINGS["poll"],
    }
    probe = {
        "class": "billing_vendors.fastly.probes.EstimateLook",
        "fields": {"customer_id": f"c{number}", "api": "v2", "month": SETTINGS["month"]},
    }
    return "billing_vendors.base.triggers.VendorTrigger", {
        "conn_id": conn_id(number),
        "probe": probe,
        "poll_schedule": poll_schedule,
        "vendor": "fastly",
        "account": f"c{number}",
        "month": SETTINGS["month"],
        "attempts": 0,
        "last_seen": "nothing",
        "next_poke_at": "2026-01-01T00:00:00+00:00",
    }


def bare_arguments(number: int) -> tuple[str, dict[str, Any]]:
    path = f"/billing/v2/account_customers/c{number}/mtd_invoice"
    return "bare_trigger.BareTrigger", {"conn_id": conn_id(number), "path": path, "poll": SETTINGS["poll"]}


def conn_id(number: int) -> str:
    return f"bench_{number}" if SETTINGS["connections"] == "each" else "bench_0"


class Waits(BaseOperator):
    start_from_trigger = True

    def __init__(self, *, number: int, **kwargs: Any) -> None:  # noqa: ANN401 (Airflow's options)
        super().__init__(**kwargs)
        trigger, arguments = (our_arguments if SETTINGS["kind"] == "ours" else bare_arguments)(number)
        self.start_trigger_args = StartTriggerArgs(trigger_cls=trigger, trigger_kwargs=arguments, next_method="resume")

    def execute(self, context: Context) -> None:  # noqa: ARG002 (Airflow's signature)
        raise RuntimeError("a worker was used")

    def resume(self, context: Context, event: object) -> None:  # noqa: ARG002 (Airflow's signature)
        raise RuntimeError(f"a worker was used: {event}")


for first in range(0, SETTINGS["accounts"], TASKS_PER_DAG):
    with DAG(f"waits_{first:05d}", schedule=None) as made:
        for number in range(first, min(first + TASKS_PER_DAG, SETTINGS["accounts"])):
            Waits(task_id=f"wait_{number}", number=number)
    globals()[made.dag_id] = made
