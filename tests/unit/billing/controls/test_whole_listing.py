"""F10, G14: a paged listing was read to its end."""

import pytest

from billing.models import Listing
from billing_vendors.fastly.controls.f10_complete_listings import F10
from billing_vendors.genesys_cloud.controls.g14_complete_listings import G14


@pytest.mark.parametrize("control", [F10, G14], ids=lambda control: control.control_id)
@pytest.mark.parametrize(
    ("rows", "total", "ended", "state"),
    [
        (["a", "b"], 2, True, "PASS"),
        (["a", "b"], None, True, "PASS"),
        ([], 0, True, "PASS"),
        (["a", "b"], 3, True, "BLOCKED"),
        (["a", "b"], 1, True, "BLOCKED"),
        (["a", "a"], 2, True, "VARIANCE_TOLERATED"),  # the total counts rows
        (["a", "a"], 1, True, "VARIANCE_TOLERATED"),  # or what differs
        (["a", "a"], None, True, "VARIANCE_TOLERATED"),
        (["a", "a"], 3, True, "BLOCKED"),
        (["a", "a"], 2, False, "BLOCKED"),
        (["a", "b"], 2, False, "BLOCKED"),
    ],
)
def test_the_worked_examples(control, make, state_of, rows, total, ended, state):
    listing = Listing("v3.list_invoices", tuple(rows), total, ended)
    assert state_of(control, month=make.month(listings=(listing,))) == state


def test_no_listing_at_all_is_no_proof(make, state_of):
    assert state_of(G14, month=make.month()) == "BLOCKED"


def test_every_listing_is_judged_and_every_fault_named(make, judge):
    whole = Listing("v3.list_invoices", ("a",), 1, True)
    broken = Listing("v3.usage_metrics", ("x", "x", "y"), 5, False, contradicted=("x",))
    first, second = judge(F10, month=make.month(listings=(whole, broken)))
    assert first.explanation == "v3.list_invoices: 1 rows read; the listing is complete"
    assert second.explanation == (
        "v3.usage_metrics: 3 rows read; its last page links to another page; "
        "rows appear again with another content: x; the vendor reports 5 rows"
    )
    assert second.operands == {
        "operation": "v3.usage_metrics",
        "rows": 3,
        "distinct": 2,
        "declared_total": 5,
        "ended": False,
    }


def test_a_row_that_appears_again_is_named_and_counts_once(make, judge):
    (found,) = judge(F10, month=make.month(listings=(Listing("v3.list_invoices", ("a", "a", "b"), 2, True),)))
    assert found.explanation == (
        "v3.list_invoices: 3 rows read; the listing is complete, and a more than once in it, which counts once"
    )
