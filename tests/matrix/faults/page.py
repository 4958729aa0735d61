"""Write ``docs/faults.md`` from the catalogue: ``python -m tests.matrix.faults.page > docs/faults.md``."""

from __future__ import annotations

import sys

from tests.matrix.faults.catalogue import (
    BROKEN,
    EMPTY,
    ERRORS,
    FAULTS,
    FOUND,
    KEPT,
    NO_FILE,
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
# Vendor errors

When a vendor's API fails or returns something unexpected, either the month is stored as it would have been without the
fault, or the task fails with an error that says what to do and no row of the month changes. If a response does not show
that something is missing, the month is stored and a control flags it. Responses received before an error are kept as
evidence (`billing.payload`) and are never treated as a complete month.

| outcome | meaning | what you do |
|---|---|---|
"""
ENDS = {
    SAME: ("the rows are the same as without the fault", "nothing"),
    UNAVAILABLE: (
        "requests are sent up to 4 times within the task, waiting for a `Retry-After` of up to 2 minutes; then Airflow "
        "retries the task 4 times, after 30 s to 30 min, or after the `Retry-After`, one hour at most",
        "nothing at first; if the task fails in the end, check the vendor's status page, then clear the task",
    ),
    REJECTED: (
        "the vendor refused the request; not retried",
        "fix the token, the client or its permission in the connection, then clear the task",
    ),
    PAYLOAD: (
        "the response is not what the vendor documents; not retried",
        "clear the task once; if it fails again, report it with the request named in the log",
    ),
    BROKEN: (
        "the response is not what was requested at all, mostly a gateway's; the request is sent once more, then not "
        "retried",
        "clear the task; if it fails again, report it with the request named in the log",
    ),
    NO_FILE: (
        "the month is stored, without a document that could not be had; where a control needs it, it is BLOCKED with "
        "the reason",
        "nothing at first: each further run of the month requests it again",
    ),
    NOT_READY: (
        "a waiting task reached its deadline; it polls less often the longer it waits",
        "clear the task when the vendor has issued the month",
    ),
    KEPT: ("all figures are the same; a field that Tieout does not read is stored as it was sent", "nothing"),
    NOTED: ("stored as sent; the new name or value is in `billing.unknown_field`", "report it"),
    FOUND: (
        "stored as the vendor sent it; only a control can tell that the listing may be wrong",
        "read `billing.current_control_result`; fetch the month again",
    ),
    EMPTY: (
        "the vendor writes `null` for an empty list; if an invoice is missing, a control of the month flags it",
        "read `billing.current_control_result`; fetch the month again",
    ),
    UNSEEN: (
        "the vendor sends no total to compare with; rows stored the day before remain",
        "nothing: the next daily run stores what was left out",
    ),
}
TABLE = """
A waiting task does not fail with `VendorUnavailable` or `BrokenResponse`: it polls until its deadline, then fails with
`NotReady`. An error object with status 200 is judged by the status in it.

No fault causes more than 20 requests a minute to one endpoint, and none holds a task beyond its limits: 10 s to
connect, 60 s without data, 3 minutes for one response, 64 MiB of JSON or 50 MiB of a document. No secret appears in a
log, an error, XCom, a stored response or a file.

## Every fault that is tested

Each fault is tested at every request of both vendors that it can affect. Where the outcome depends on the request, the
last column has the others.

| fault | outcome | at some requests |
|---|---|---|
"""


def render() -> str:
    """Return the page."""
    ends = "".join(f"| {_name(end)} | {meaning} | {todo} |\n" for end, (meaning, todo) in ENDS.items())
    rows = "".join(_row(fault) for fault in FAULTS)
    return HEAD + ends + TABLE + rows


def _name(end: str) -> str:
    return f"`{end}`" if end in ERRORS | {NOT_READY} else end


def _row(fault: Fault) -> str:
    ends = [*fault.exceptions.values(), *([NO_FILE] if fault.ends in ERRORS and fault.kinds & {"link", "file"} else [])]
    others = dict.fromkeys(end for end in ends if end not in {NOT_HERE, fault.ends})
    return f"| {fault.words} | {_name(fault.ends)} | {'; '.join(map(_name, others))} |\n"


if __name__ == "__main__":
    sys.stdout.write(render())
