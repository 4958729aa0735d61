"""The page of a vendor's controls is what they say of themselves; each is one file, named by its id."""

import sys
from pathlib import Path

import pytest

from billing.controls.finding import State
from billing_vendors.controls_page import page, path_of, states_of
from billing_vendors.registry import vendor_named, vendors

ALL = [control for vendor in vendors() for control in vendor.controls()]


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_the_page_is_up_to_date(vendor):
    committed = path_of(vendor).read_text(encoding="utf-8")
    assert committed == page(vendor), "run: python -m billing_vendors.controls_page"


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_each_control_of_a_vendor_is_one_file_of_its_folder(vendor):
    """The number has two digits in the file's name, so that files are in the order of the report."""
    catalogue = sys.modules[f"billing_vendors.{vendor.name}.controls.catalogue"]
    prefix = vendor.control_prefix
    controls = {int(control.control_id.removeprefix(prefix)): control for control in vendor.controls()}
    files = sorted(Path(catalogue.__file__).parent.glob(f"{prefix.lower()}[0-9]*_*.py"))
    assert [file.stem.partition("_")[0] for file in files] == [f"{prefix.lower()}{n:02}" for n in sorted(controls)]
    for file in files:
        module = sys.modules[f"billing_vendors.{vendor.name}.controls.{file.stem}"]
        number = int(file.stem.partition("_")[0].removeprefix(prefix.lower()))
        assert getattr(module, f"{prefix}{number}") is controls[number]


@pytest.mark.parametrize("control", ALL, ids=lambda control: control.control_id)
def test_every_control_says_what_it_is(control):
    """A statement in one line, a worked example, and the states it can end in: more than one."""
    assert "\n" not in control.statement
    assert "->" in control.check.__doc__
    assert len(states_of(control)) > 1


@pytest.mark.parametrize("control", vendor_named("fastly").controls(), ids=lambda control: control.control_id)
def test_fastly_s_controls_name_their_operands_and_why_they_may_not_apply(control):
    assert control.operands
    assert State.NOT_APPLICABLE in states_of(control)
