"""One line that says what all accounts of several runs are doing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TaskInstance = Mapping[str, Any]

FAILED = frozenset({"failed", "upstream_failed"})
ENDED = frozenset({"success", "skipped", "removed", *FAILED})
# of several tasks of one account that have not ended, the first in this order is the one that is shown
MAX_ACTIVE = (
    "running",
    "restarting",
    "deferred",
    "awaiting_input",
    "up_for_reschedule",
    "up_for_retry",
    "queued",
    "scheduled",
)
AT_WORK = frozenset({"running", "restarting", "deferred", "up_for_reschedule"})
VERBS = {"wait": "waiting for the vendor", "fetch": "fetching", "reconcile": "reconciling"}
PHASES = ("failed", "retrying", "fetching", "reconciling", "waiting for the vendor", "queued")


def sentence(runs: Iterable[Sequence[TaskInstance]]) -> str:
    """
    Summarise runs in one line:

        13 of 39 done: 2 fetching, 4 waiting for the vendor, 20 queued

    :param runs: the task instances of each run, as Airflow's REST API lists them.
    """
    found = Counter(phase for instances in runs for phase in phases(instances))
    total, done = found.total(), found.pop("done", 0)
    if not total:
        return "planning"
    order = [phase for phase in PHASES if phase in found] + sorted(found.keys() - PHASES)
    doing = ", ".join(f"{found[phase]} {phase}" for phase in order)
    return f"{done} of {total} done" + (f": {doing}" if doing else "")


def phases(instances: Iterable[TaskInstance]) -> list[str]:
    """
    Return what each account of one run is doing, in the order of their map index.

    :param instances: ``task_id``, ``map_index`` and ``state`` are read.
    """
    by_index: dict[int, list[TaskInstance]] = defaultdict(list)
    not_mapped: list[TaskInstance] = []
    for instance in instances:
        (by_index[instance["map_index"]] if instance["map_index"] >= 0 else not_mapped).append(instance)
    groups = {_group(task) for tasks in by_index.values() for task in tasks} - {""}
    # tasks of the group that Airflow has not mapped yet: every account still has them to do
    to_come = [task for task in not_mapped if _group(task) in groups and task["state"] not in ENDED]
    return [_phase(tasks, to_come) for _, tasks in sorted(by_index.items())]


def _group(task: TaskInstance) -> str:
    return str(task["task_id"]).rpartition(".")[0]


def _phase(tasks: list[TaskInstance], to_come: list[TaskInstance]) -> str:
    states = {task["state"] for task in tasks}
    if states & FAILED and states <= ENDED:
        return "failed"
    if states <= ENDED and not to_come:
        return "done"
    return _doing(min([task for task in tasks if task["state"] not in ENDED] or to_come, key=_activity))


def _activity(task: TaskInstance) -> int:
    return MAX_ACTIVE.index(task["state"]) if task["state"] in MAX_ACTIVE else len(MAX_ACTIVE)


def _doing(task: TaskInstance) -> str:
    if task["state"] == "up_for_retry":
        return "retrying"
    if task["state"] not in AT_WORK:
        return "queued"
    name = str(task["task_id"]).rpartition(".")[2]
    return next((verb for stem, verb in VERBS.items() if name.startswith(stem)), name)
