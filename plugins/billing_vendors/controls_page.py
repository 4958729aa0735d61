"""
Write each vendor's page of its controls from their docstrings: ``controls/README.md`` in its folder.

    python -m billing_vendors.controls_page
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from billing.config.tolerances import EXACT
from billing.controls.control import Control
from billing.controls.finding import State
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

_SECTIONS = re.compile(r"^:(param|raises|return)", re.MULTILINE)
_TABLE = ("| id | control | assertion | severity |", "|---|---|---|---|")
_INTRODUCTION = """\
# Controls of {title}

Made from the controls' own docstrings by `python -m billing_vendors.controls_page`: change them there. States,
rounding, policy and severity are explained in [Controls](../../../../docs/controls.md).
"""


def page(vendor: Vendor) -> str:
    """Return the whole page of one vendor."""
    controls = vendor.controls()
    rows = [f"| [{c.control_id}](#{_anchor(c)}) | {c.statement} | {c.assertion} | {c.severity} |" for c in controls]
    lines = [_INTRODUCTION.format(title=vendor.title), *_TABLE, *rows, ""]
    return "\n".join([*lines, *(line for control in controls for line in _control(control))])


def path_of(vendor: Vendor) -> Path:
    """Return the path of a vendor's page."""
    return Path(__file__).parent / vendor.name / "controls" / "README.md"


def states_of(control: Control) -> tuple[State, ...]:
    """Return the states that a control's docstring shows, in the order of the table."""
    text = _docstring(control)
    return tuple(state for state in State if re.search(rf"\b{state.value}\b", text))


def _control(control: Control) -> Iterator[str]:
    yield f"## {_heading(control)}"
    yield ""
    yield f"- Asserts: {control.assertion}. Severity: `{control.severity}`."
    if control.operands:
        yield f"- Operands: {control.operands}."
    yield f"- States: {', '.join(f'`{state.value}`' for state in states_of(control))}."
    if control.tolerance != EXACT:
        yield f"- Default policy: {control.tolerance}."
    yield ""
    yield _docstring(control)
    yield ""


def _heading(control: Control) -> str:
    return f"{control.control_id} {control.statement}"


def _anchor(control: Control) -> str:
    """Return the anchor that Markdown readers make of the heading."""
    return re.sub(r"[^\w\- ]", "", _heading(control).casefold()).replace(" ", "-")


def _docstring(control: Control) -> str:
    """Return the docstring without the fields of its signature."""
    text = inspect.getdoc(control.check) or ""
    return _SECTIONS.split(text)[0].rstrip()


if __name__ == "__main__":
    for each in vendors():
        path_of(each).write_text(page(each), encoding="utf-8")
