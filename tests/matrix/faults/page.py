"""Write ``docs/faults.md`` from the catalogue: ``python -m tests.matrix.faults.page > docs/faults.md``."""

from __future__ import annotations

import sys

from tests.matrix.faults.catalogue import (
    EMPTY,
    FAULTS,
    FOUND,
    KEPT,
    NOT_HERE,
    NOT_READY,
    NOTED,
    PAYLOAD,
    REJECTED,
    SAME,
    UNAVAILABLE,
    UNSEEN,
    Fault,
)

HEAD = """\
# What happens when a vendor misbehaves?

Either the month is stored as without the fault, or the task fails with an error that says what to do and no row of the
month has changed. Where an answer cannot betray that something is missing, it is stored and a control objects. What
had arrived before an error is kept as evidence (`billing.payload`) and never taken for a whole month. `make test` tries
every fault below once with each vendor, `make test-all` at nearly every request, `make soak` at all of them.

| it ends | what that means | what you do |
|---|---|---|
"""
ENDS = {
    SAME: ("the rows are the same as without the fault", "nothing"),
    UNAVAILABLE: (
        "asked up to 4 times within the task (a `Retry-After` of up to 2 minutes is waited for), then Airflow tries "
        "the task again, 4 times, after 30 s to 30 min, or after the `Retry-After`, an hour at most",
        "nothing at first; if the task fails in the end, look at the vendor's status page, then clear the task",
    ),
    REJECTED: ("not tried again", "mend the token, the client, or its permission in the connection; clear the task"),
    PAYLOAD: (
        "the answer is not what the vendor documents; not tried again",
        "clear the task once; if it fails again, report it with the request that the log names",
    ),
    NOT_READY: (
        "the wait has reached its deadline; meanwhile the vendor was asked less and less often",
        "clear the task when the vendor has issued the month",
    ),
    KEPT: ("no figure differs; a member that nobody reads was stored as it was sent", "nothing"),
    NOTED: ("stored as sent; the new name or word is in `billing.unknown_field`", "tell us about it"),
    FOUND: (
        "stored as the vendor answered, and a control objects: nothing there tells an error of the vendor's listing "
        "from the truth",
        "read `billing.current_control_result`; fetch the month again",
    ),
    EMPTY: (
        "the vendor writes null for an empty list; if a bill is left out, a control of the month objects",
        "read `billing.current_control_result`; fetch the month again",
    ),
    UNSEEN: (
        "the vendor names no total, so nothing tells; what was stored the day before stays",
        "nothing: the next day's run brings what was left out",
    ),
}
TABLE = """
`NotReady` is what a waiting task makes of `VendorUnavailable`: it goes on waiting until its deadline.

| the vendor | it ends | except for |
|---|---|---|
"""
TAIL = """
The names in the last column are `task/request`, with `*` for any.

No fault makes more than 20 requests a minute to one endpoint, none holds a task beyond its limits (10 s to connect,
60 s of silence, 3 minutes for one answer, 64 MiB of JSON or 50 MiB of a document), and no secret appears in a log, an
error, XCom, a stored answer or a file, whatever the fault.
"""


def render() -> str:
    """Write the page."""
    ends = "".join(f"| {name} | {meaning} | {todo} |\n" for name, (meaning, todo) in _shown(ENDS).items())
    rows = "".join(_row(fault) for fault in FAULTS)
    return HEAD + ends + TABLE + rows + TAIL


def _shown(ends: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {_name(end): texts for end, texts in ends.items()}


def _name(end: str) -> str:
    return f"`{end}`" if end in {UNAVAILABLE, REJECTED, PAYLOAD, NOT_READY} else end


def _row(fault: Fault) -> str:
    others = "; ".join(f"`{place}` {_name(end)}" for place, end in fault.but.items() if end != NOT_HERE)
    return f"| {fault.words} | {_name(fault.ends)} | {others} |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
