"""What the demo says of a run, from task instances as Airflow's API lists them."""

from tieout_stack.progress import Account, accounts, sentence


def instance(name: str, index: int, state: str | None, label: str | None = None) -> dict:
    """One element of ``task_instances``; Airflow gives the bare index where a label was not rendered."""
    rendered = label or (str(index) if index >= 0 else None)
    return {"task_id": name, "map_index": index, "state": state, "rendered_map_index": rendered}


def test_an_account_is_what_its_liveliest_task_does():
    """What waits for a task that runs does not speak for the account."""
    found = accounts(
        [
            instance("account_month.wait", 0, "success", "acme"),
            instance("account_month.fetch", 0, "running"),
            instance("account_month.reconcile", 0, None),
            instance("account_month.wait", 1, "deferred", "globex"),
            instance("account_month.fetch", 1, None),
        ]
    )
    assert found == [Account("acme", "fetching"), Account("globex", "waiting (deferred)")]


def test_tasks_outside_the_group_are_no_account():
    """The planning task, and the group before it is mapped, have the index -1."""
    assert accounts([instance("plan_month", -1, "success"), instance("account_month.wait", -1, None)]) == []


def test_an_account_is_not_done_while_tasks_of_its_group_are_to_be_mapped():
    """Airflow maps the later tasks of a group some time after the first."""
    waited = [instance("account_month.wait", 0, "success", "acme"), instance("account_month.wait", 1, "failed")]
    to_come = [instance("plan_month", -1, "success"), instance("account_month.fetch", -1, None)]
    assert accounts(waited + to_come) == [Account("acme", "queued"), Account("#1", "failed")]


def test_one_failed_task_makes_the_account_failed():
    """Also where the others succeeded or were not run because of it."""
    found = accounts(
        [
            instance("g.wait", 0, "success"),
            instance("g.fetch", 0, "failed"),
            instance("g.reconcile", 0, "upstream_failed"),
        ]
    )
    assert found == [Account("#0", "failed")]


def test_a_task_between_attempts_is_retrying():
    """The wait before the next attempt is not a queue."""
    assert accounts([instance("g.fetch", 3, "up_for_retry")]) == [Account("#3", "retrying")]


def test_the_sentence_names_who_and_counts_the_done():
    """Failures first; more names than fit are counted."""
    found = [Account("a", "done"), Account("b", "failed"), *(Account(f"w{n}", "waiting") for n in range(6))]
    assert sentence(found) == "failed: b; waiting: w0, w1, w2, w3 and 2 more; 1 of 8 done"
    assert sentence([]) == "planning"
