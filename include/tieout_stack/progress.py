"""What the runs are doing, per DAG and account, in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FAILED = frozenset({"failed", "upstream_failed"})
ENDED = frozenset({"success", "skipped", "removed", *FAILED})
# of several tasks of one account that have not ended, the one furthest on its way speaks for the account
LIVELIEST = (
    "running",
    "restarting",
    "deferred",
    "awaiting_input",
    "up_for_reschedule",
    "up_for_retry",
    "queued",
    "scheduled",
)
VERBS = {"wait": "waiting", "fetch": "fetching", "reconcile": "reconciling", "store": "storing"}
PHASES = ("failed", "retrying", "fetching", "storing", "reconciling", "waiting (deferred)", "waiting")
NAMES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Account:
    """One mapped instance of a run's task group: its label, and what it is doing."""

    label: str
    phase: str


def accounts(instances: Iterable[Mapping[str, Any]]) -> list[Account]:
    """
    Sum the mapped task instances of one run up by account, in the order of their map index.

    :param instances: as Airflow's REST API lists them: ``task_id``, ``map_index``, ``rendered_map_index``, ``state``.
    """
    by_index: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    not_mapped: list[Mapping[str, Any]] = []
    for instance in instances:
        (by_index[instance["map_index"]] if instance["map_index"] >= 0 else not_mapped).append(instance)
    groups = {_group(task) for tasks in by_index.values() for task in tasks} - {""}
    # tasks of the group that Airflow has not mapped yet: every account still has them before it
    to_come = [task for task in not_mapped if _group(task) in groups and task["state"] not in ENDED]
    return [Account(_label(index, tasks), _phase(tasks, to_come)) for index, tasks in sorted(by_index.items())]


def sentence(found: list[Account]) -> str:
    """
    Say it in one line, the interesting first:

        fetching: acme; waiting (deferred): globex, initech; 3 of 6 done
    """
    if not found:
        return "planning"
    by_phase: dict[str, list[str]] = defaultdict(list)
    for account in found:
        by_phase[account.phase].append(account.label)
    done = by_phase.pop("done", [])
    order = [phase for phase in PHASES if phase in by_phase]
    order += [phase for phase in by_phase if phase not in PHASES]
    parts = [f"{phase}: {_names(by_phase[phase])}" for phase in order]
    return "; ".join([*parts, f"{len(done)} of {len(found)} done"])


def _label(index: int, tasks: list[Mapping[str, Any]]) -> str:
    """Take the label that a task which ran gave its account; before, only the number is known."""
    labels = {str(task["rendered_map_index"] or index) for task in tasks} - {str(index)}
    return min(labels, default=f"#{index}")


def _group(task: Mapping[str, Any]) -> str:
    return str(task["task_id"]).rpartition(".")[0]


def _phase(tasks: list[Mapping[str, Any]], to_come: list[Mapping[str, Any]]) -> str:
    states = {task["state"] for task in tasks}
    if states <= ENDED and (states & FAILED or not to_come):
        return "failed" if states & FAILED else "done"
    open_tasks = [task for task in tasks if task["state"] not in ENDED] or to_come
    return _doing(min(open_tasks, key=_liveliness))


def _liveliness(task: Mapping[str, Any]) -> int:
    return LIVELIEST.index(task["state"]) if task["state"] in LIVELIEST else len(LIVELIEST)


def _doing(task: Mapping[str, Any]) -> str:
    state, name = task["state"], task["task_id"].rsplit(".", 1)[-1]
    verb = next((word for stem, word in VERBS.items() if name.startswith(stem)), name)
    match state:
        case "running" | "restarting":
            return verb
        case "deferred":
            return f"{verb} (deferred)"
        case "up_for_retry":
            return "retrying"
        case "up_for_reschedule":
            return verb
        case _:
            return "queued"


def _names(labels: list[str]) -> str:
    more = len(labels) - NAMES_SHOWN
    return ", ".join(labels[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
