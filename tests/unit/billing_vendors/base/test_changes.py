"""The line about changes in a task's log."""

from billing.storage.versions import Change
from billing_vendors.base.tasks.change_log import describe


def test_no_change_is_said():
    assert describe([]) == "nothing changed"


def test_what_is_new_is_counted_and_what_has_changed_is_named():
    changes = [
        Change("invoice", "4011410", 2, "vendor"),
        Change("invoice", "4011411", 1, "new"),
        Change("invoice", "4011412", 1, "new"),
        Change("usage_report", "2026-10", 1, "new"),
        Change("contract", "c1", 3, "parser"),
    ]
    assert describe(changes) == (
        "new: 2 invoice, 1 usage_report; changed by the vendor: invoice 4011410 is now version 2; "
        "parsed differently by this code: contract c1 is now version 3"
    )


def test_a_long_list_of_changes_is_cut():
    changes = [Change("invoice", str(number), 2, "vendor") for number in range(23)]
    assert describe(changes).endswith("invoice 19 is now version 2 and 3 more")
