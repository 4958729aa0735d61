"""The demo's line of progress, from task instances as Airflow's API lists them."""

import pytest

from tieout_stack.progress import phases, sentence


def instance(name: str, index: int, state: str | None) -> dict:
    return {"task_id": name, "map_index": index, "state": state}


def test_an_account_is_doing_what_its_most_active_task_does():
    found = phases(
        [
            instance("account_month.wait", 0, "success"),
            instance("account_month.fetch", 0, "running"),
            instance("account_month.reconcile", 0, None),
            instance("account_month.wait", 1, "deferred"),
            instance("account_month.fetch", 1, None),
        ]
    )
    assert found == ["fetching", "waiting for the vendor"]


def test_tasks_outside_the_group_are_no_account():
    """The planning task, and the group before it is mapped, have the index -1."""
    assert phases([instance("plan_month", -1, "success"), instance("account_month.wait", -1, None)]) == []


def test_an_account_is_not_done_while_tasks_of_its_group_are_to_be_mapped():
    """Airflow maps the later tasks of a group some time after the first."""
    waited = [instance("account_month.wait", 0, "success"), instance("account_month.wait", 1, "failed")]
    to_come = [instance("plan_month", -1, "success"), instance("account_month.fetch", -1, None)]
    assert phases(waited + to_come) == ["queued", "failed"]
    assert phases(waited) == ["done", "failed"]


def test_one_failed_task_makes_the_account_failed():
    """Also where the others succeeded or were not run because of it."""
    found = phases(
        [
            instance("g.wait", 0, "success"),
            instance("g.fetch", 0, "failed"),
            instance("g.reconcile", 0, "upstream_failed"),
        ]
    )
    assert found == ["failed"]


@pytest.mark.parametrize(
    ("task", "state", "phase"),
    [
        ("g.fetch", "up_for_retry", "retrying"),
        ("g.fetch", "scheduled", "queued"),
        ("g.wait_for_invoice", "up_for_reschedule", "waiting for the vendor"),
        ("g.reconcile", "restarting", "reconciling"),
        ("g.publish", "running", "publish"),
    ],
)
def test_a_task_that_has_not_ended_is_shown_by_what_it_does(task, state, phase):
    assert phases([instance(task, 3, state)]) == [phase]


def test_the_sentence_counts_the_accounts_of_all_runs():
    one = [instance("g.fetch", 0, "success"), instance("g.fetch", 1, "failed"), instance("g.fetch", 2, "running")]
    other = [instance("g.publish", 0, "running"), instance("g.fetch", 1, "running")]
    assert sentence([one, other]) == "1 of 5 done: 1 failed, 2 fetching, 1 publish"
    assert sentence([[instance("g.fetch", 0, "success")]]) == "1 of 1 done"
    assert sentence([[], [instance("plan_month", -1, "running")]]) == "planning"
