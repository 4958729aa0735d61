"""docs/controls.md is what the controls say of themselves."""

from pathlib import Path

import pytest

from billing.controls.catalogue import FASTLY, GENESYS_CLOUD
from billing.controls.finding import State
from billing_vendors.controls_page import page, states_of

DOCS = Path(__file__).resolve().parents[4] / "docs"


def test_the_page_is_up_to_date():
    committed = (DOCS / "controls.md").read_text(encoding="utf-8")
    assert committed == page(), "run: python -m billing_vendors.controls_page > docs/controls.md"


def test_all_of_fastly_s_controls_are_there_in_order():
    assert [control.control_id for control in FASTLY] == [f"F{number}" for number in range(1, 25)]


@pytest.mark.parametrize("control", [*FASTLY, *GENESYS_CLOUD], ids=lambda control: control.control_id)
def test_every_control_says_what_it_is(control):
    """A statement in one line, a worked example, and the states it can end in: more than one."""
    assert "\n" not in control.statement
    assert "->" in control.check.__doc__
    assert len(states_of(control)) > 1


@pytest.mark.parametrize("control", FASTLY, ids=lambda control: control.control_id)
def test_fastly_s_controls_name_their_operands_and_why_they_may_not_apply(control):
    assert control.operands
    assert State.NOT_APPLICABLE in states_of(control)
