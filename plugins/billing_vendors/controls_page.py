"""
The page of all controls, made of their own docstrings.

    python -m billing_vendors.controls_page > docs/controls.md
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator

from billing.config.tolerances import EXACT
from billing.controls.control import Control
from billing.controls.finding import State
from billing_vendors.registry import vendors

_SECTIONS = re.compile(r"^:(param|raises|return)", re.MULTILINE)
_INTRODUCTION = """\
# Controls

Made from the controls' own docstrings by `python -m billing_vendors.controls_page > docs/controls.md`:
change them there.

A control asks one question of every month. It ends in one of these states; only the first three let an invoice pass:

| state | meaning |
|---|---|
| `PASS` | the figures agree to the last digit |
| `PASS_WITHIN_ROUNDING` | they differ by no more than rounding explains; the bound is derived, and shown |
| `VARIANCE_TOLERATED` | they differ by more, but within the policy, which is reported beside the result |
| `EXCEPTION` | a person has to look |
| `BLOCKED` | something that should be there is missing, so nothing was proved |
| `NOT_APPLICABLE` | there is nothing to judge; the reason is given |

**Rounding** is judged first and is never widened: half a minor unit of the currency (ISO 4217) for each figure that was
rounded by itself.

**Policy.** An exception with a difference becomes `VARIANCE_TOLERATED` where the account's `tolerances` in
`accounts.yaml` allow it, per control: `absolute` (in major units of the currency), `percent` (of what was expected),
and whether `both` limits must be exceeded before a person is asked, or `either`. A control that the account does not
name has its own default, which is zero unless the control says otherwise below.

**Severity** says what an exception means to whoever pays: `exception`, `hold` (do not pay yet), `blocked` (do not pay),
`alert`, `warning`, `variance` or `info`.

**Months beside.** A control may look at the month before and at the same month a year before. The account's first month
has none: `NOT_APPLICABLE`. One that should be stored and is not: `BLOCKED`, naming it; once it is stored, the months
that look at it are judged again.

**Many findings of one kind.** Of more than 20 results of one control with the same subject and state (none that passed)
the 20 that differ most are stored one by one, the rest as one: how many more, and what they come to where all are
amounts of one currency.
"""


def page() -> str:
    """Write the whole page."""
    parts = [_INTRODUCTION, *(_vendor(vendor.title, vendor.controls()) for vendor in vendors())]
    return "\n".join(parts)


def states_of(control: Control) -> tuple[State, ...]:
    """Return the states that a control's docstring shows, in the order of the table."""
    text = _docstring(control)
    return tuple(state for state in State if re.search(rf"\b{state.value}\b", text))


def _vendor(title: str, controls: Iterable[Control]) -> str:
    controls = tuple(controls)
    rows = [f"| [{c.control_id}](#{_anchor(c)}) | {c.statement} | {c.assertion} | {c.severity} |" for c in controls]
    table = ["| id | control | assertion | severity |", "|---|---|---|---|", *rows]
    return "\n".join([f"## {title}", "", *table, "", *(line for control in controls for line in _control(control))])


def _control(control: Control) -> Iterator[str]:
    yield f"### {_heading(control)}"
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
    sys.stdout.write(page())
