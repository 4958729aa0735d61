"""
Write the page on what the vendors' contracts leave open: ``docs/readings.md``.

    python -m vendor_simulator.readings_page
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from vendor_simulator.readings import HiddenTogether, Reading
from vendor_simulator.registry import simulated_vendors

PATH = Path(__file__).resolve().parents[2] / "docs" / "readings.md"
_INTRODUCTION = """\
# What the vendors' contracts leave open

Made from `include/vendor_simulator/*/readings.py` by `python -m vendor_simulator.readings_page`: change them there.

A vendor's documentation does not say everything: whether a period's last day belongs to it, in which unit a quantity
is, what an empty list looks like. Each such question is a *reading* with the answers that the documentation allows.
[Controls](controls.md) accept every answer that is consistent within the month, or say that they are `BLOCKED` or
`NOT_APPLICABLE`, with the reason. None of them is an exception.

The simulated vendors can give every answer, for all accounts of a vendor or for one, and in any mix:

    python -m vendor_simulator serve --reading fastly.v3_list_filter=none
    python -m vendor_simulator serve --reading nord-contact:genesys_cloud.KEY=VALUE --drawn 3

`python bench/readings.py` judges drawn accounts under each answer alone and under random mixes of all of them. In a
world without errors no control may raise an exception. Each kind of error that can be planted in a bill must be found
by its own control in its own month, unless an answer of the account makes it invisible; those are named below.

The last column has the sections of the contract reference that the simulator follows, and their marks: INF is inferred,
UNK unknown, OBS was seen with a client; silent means that nothing is said.
"""
_HEAD = ("| reading | values, the default first | what they mean | documented |", "|---|---|---|---|")
_HIDDEN = """\

## What a reading hides

Under these values nobody can tell an error of these kinds from a correct bill. A kind is named by the control that
finds it otherwise.

| value | kinds of errors | why |
|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    readings = [reading for vendor in simulated_vendors() for reading in vendor.readings]
    together = (each for vendor in simulated_vendors() for each in vendor.hidden_together)
    rows = [*(row for reading in readings for row in _hidden(reading)), *map(_together, together)]
    hidden = "".join(f"{row}\n" for row in rows)
    return "".join([_INTRODUCTION, *_tables(readings), *([_HIDDEN, hidden] if hidden else [])])


def _tables(readings: list[Reading]) -> Iterator[str]:
    for vendor, own in groupby(readings, key=lambda reading: reading.vendor):
        rows = [*_HEAD, *map(_row, sorted(own, key=lambda reading: reading.key))]
        yield f"\n## {_title(vendor)}\n\n" + "".join(f"{row}\n" for row in rows)


def _title(vendor: str) -> str:
    return vendor.replace("_", " ").title()


def _row(reading: Reading) -> str:
    others = (value for value in reading.values if value != reading.default)
    values = ", ".join(f"`{value}`" for value in (reading.default, *others))
    return f"| `{reading.key}` | {values} | {_cell(reading.what)} | {_cell(reading.source)} |"


def _hidden(reading: Reading) -> Iterator[str]:
    for value, kinds in reading.hides.items():
        yield f"| `{reading.key}={value}` | {', '.join(kinds)} | {_cell(reading.why_hidden)} |"


def _together(hidden: HiddenTogether) -> str:
    values = ", and ".join(" or ".join(f"`{key}={value}`" for value in each) for key, each in hidden.values.items())
    return f"| {values} | {', '.join(hidden.kinds)} | {_cell(hidden.why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
