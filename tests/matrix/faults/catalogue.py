"""Every fault, where it can occur, and how a run must end then: the table behind the tests and ``docs/faults.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.matrix.faults.scenarios import LIMITS

from billing_vendors.base.client.transport import Limits

SAME = "same rows"
KEPT = "same figures"
NOTED = "stored, reported as new"
EMPTY = "treated as an empty list"
UNSEEN = "not detected"
FOUND = "stored, flagged by a control"
READY = SAME
NOT_HERE = "does not fit"
NO_FILE = "stored without the document"
UNAVAILABLE, REJECTED, PAYLOAD, NOT_READY = "VendorUnavailable", "VendorRejected", "PayloadError", "NotReady"
BROKEN = "BrokenResponse"
ERRORS = frozenset({UNAVAILABLE, REJECTED, PAYLOAD, BROKEN})

JSON = frozenset({"json", "listing", "job", "token", "link"})
ANY = JSON | {"file"}
IN_AN_HOUR = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
LATER_PAGES = "*=eyJv*"  # the simulator's cursors begin so
IMPATIENT = replace(LIMITS, read_seconds=0.2, total_seconds=0.3, attempts=2)


@dataclass(frozen=True)
class Fault:
    """
    One fault.

    :param name: for test ids.
    :param words: what the vendor does, for people.
    :param simulated: the simulator's faults; each without ``operation`` is put on the endpoint where it is to occur.
    :param ends: how the run ends.
    :param kinds: of endpoints that it can occur.
    :param exceptions: other ends, by ``scenario/endpoint`` pattern; the first that fits counts.
    :param limits: those of the run.
    :param in_pages: make the vendor's pages small, so that a listing has several.
    :param like: another fault that takes the same way through the code and is tried everywhere; this one then is tried
        once for each vendor, the rest in ``make soak``.
    """

    name: str
    words: str
    simulated: tuple[Mapping[str, Any], ...]
    ends: str
    kinds: frozenset[str] = ANY
    exceptions: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = LIMITS
    in_pages: bool = False
    like: str = ""

    @property
    def passes(self) -> bool:
        """Tell whether it occurs once and is gone."""
        return all(fault["times"] == 1 for fault in self.simulated)


def _always(kind: str, **members: Any) -> tuple[Mapping[str, Any], ...]:
    return ({"kind": kind, "times": None, **members},)


def _once(kind: str, **members: Any) -> tuple[Mapping[str, Any], ...]:
    return ({"kind": kind, "times": 1, **members},)


LISTING = frozenset({"listing"})
LINK, FILE = frozenset({"link"}), frozenset({"file"})

FAULTS = (
    Fault(
        "429-seconds",
        "429 once, with `Retry-After: 1`",
        _once("status", status=429, retry_after="1"),
        SAME,
    ),
    Fault(
        "429-date",
        "429, with `Retry-After` a date in an hour",
        _always("status", status=429, retry_after=IN_AN_HOUR),
        UNAVAILABLE,
    ),
    Fault("429-silent", "429 without `Retry-After`", _always("status", status=429), UNAVAILABLE),
    Fault(
        "429-three-days",
        "429, with `Retry-After` of three days",
        _always("status", status=429, retry_after="259200"),
        UNAVAILABLE,
        like="429-date",
    ),
    *(
        Fault(f"{status}", f"{status}", _always("status", status=status), UNAVAILABLE, like=like)
        for status, like in ((500, "503"), (502, "503"), (503, ""), (504, "503"))
    ),
    Fault("503-once", "503 once", _once("status", status=503), SAME),
    Fault(
        "refused",
        "connection refused",
        _always("refuse"),
        UNAVAILABLE,
        exceptions={"*/invoice_document": UNAVAILABLE},  # by the vendor's host, which then refuses everything
    ),
    Fault("reset", "connection reset before the headers", _always("reset"), UNAVAILABLE),
    Fault("reset-once", "connection reset once", _once("reset"), SAME),
    Fault("reset-body", "connection reset within the body", _always("reset_body"), UNAVAILABLE),
    Fault("cut-body", "connection closed within the body", _always("cut"), UNAVAILABLE),
    Fault(
        "drip",
        "body sent byte by byte, too slowly",
        _always("drip", seconds=60),
        UNAVAILABLE,
        limits=IMPATIENT,
        exceptions={"wait-*": NOT_HERE},
    ),
    Fault(
        "time-out",
        "no response in time",
        _always("delay", seconds=60),
        UNAVAILABLE,
        limits=IMPATIENT,
        exceptions={"wait-*": NOT_HERE},
    ),
    Fault(
        "401",
        "401, credential refused",
        _always("status", status=401),
        REJECTED,
        exceptions={"*/trustee_overview": FOUND},
    ),
    Fault(
        "403",
        "403, permission refused",
        _always("status", status=403),
        REJECTED,
        exceptions={"*/trustee_overview": FOUND},
    ),
    Fault("html", "200 with an HTML page", _always("html"), BROKEN),
    Fault("html-once", "200 with an HTML page once", _once("html"), SAME),
    Fault("truncated", "200 with truncated JSON", _always("truncated"), BROKEN, JSON),
    Fault("truncated-once", "200 with truncated JSON once", _once("truncated"), SAME, JSON, like="html-once"),
    Fault("gzip", "compressed body", _once("gzip"), SAME),
    Fault("bom", "byte order mark before the body", _once("bom"), SAME, JSON),
    Fault("charset", "body in UTF-16", _always("charset"), BROKEN, JSON),
    Fault("duplicate-key", "duplicate key in the JSON", _always("duplicate_key"), PAYLOAD, JSON),
    Fault(
        "nan", "`NaN` instead of a number", _always("nan"), BROKEN, JSON, exceptions={"*/invoice_document": NOT_HERE}
    ),
    Fault(
        "infinity",
        "`Infinity` instead of a number",
        _always("nan", text="Infinity"),
        BROKEN,
        JSON,
        exceptions={"*/invoice_document": NOT_HERE},
        like="nan",
    ),
    Fault(
        "word",
        "a word instead of a number",
        _always("word_for_number"),
        PAYLOAD,
        JSON,
        exceptions={
            "wait-genesys-month/usage_report": SAME,
            "wait-genesys-month/contracts": PAYLOAD,
            "*/invoice_document": NOT_HERE,
            "*v3-month/invoices": SAME,
            "wait-v3-invoice/*": SAME,
            "v2-*": KEPT,
            "wait-v2-*": SAME,
            "*/token": SAME,
            "*genesys-*/contracts": SAME,
        },
    ),
    Fault(
        "text-numbers",
        "numbers as strings",
        _always("text_numbers"),
        SAME,
        JSON,
        exceptions={
            "*/usage_report": NOT_HERE,
            "*/trustee_overview": NOT_HERE,
            "*/invoice_document": NOT_HERE,
            "*/token": NOT_HERE,
            "v2-*": KEPT,
        },
    ),
    Fault(
        "number-for-text",
        "a number instead of a string",
        _always("number_for_text"),
        PAYLOAD,
        JSON,
        exceptions={
            "*/usage_report": NOT_HERE,
            "genesys-*/billing_period": NOT_HERE,
            "*v3-month/invoices": SAME,
            "v3-month/service_usage_metrics": SAME,
            "*genesys-*/contracts": SAME,
            "genesys-month/contract": KEPT,
            "genesys-charges/contract": KEPT,
            "wait-v*-invoice/*": SAME,
        },
    ),
    Fault(
        "null-list",
        "`null` instead of a list",
        _always("null_list"),
        FOUND,
        JSON,
        exceptions={
            "*/token": NOT_HERE,
            "*/invoice_document": NOT_HERE,
            "wait-genesys-month/invoices": EMPTY,
            "wait-v3-invoice/*": EMPTY,
            "wait-*": SAME,
            "v*-estimate/*": EMPTY,
            "v*-month/invoice": KEPT,
            "v3-month/usage_metrics": NOTED,
            "genesys-*/contracts": PAYLOAD,
            "genesys-*/contract": KEPT,
            "genesys-charges/billing_period": NOTED,
        },
    ),
    Fault(
        "unknown-enum",
        "unknown enumeration value",
        _always("unknown_enum"),
        NOTED,
        JSON,
        exceptions={
            "v2-*": KEPT,
            "genesys-month/invoices": KEPT,
            "*/trustee_overview": KEPT,
            "*v3-*": NOT_HERE,
            "*/token": NOT_HERE,
            "*/invoice_document": NOT_HERE,
            "genesys-*/contracts": SAME,
            "genesys-month/contract": FOUND,
            "genesys-month/billing_period": FOUND,
            "genesys-month/invoice_lines": FOUND,
            "*/usage_report": PAYLOAD,
            "wait-*": SAME,
        },
    ),
    Fault(
        "extra-field",
        "unknown fields",
        _always("extra_field"),
        KEPT,
        JSON,
        exceptions={"*/token": SAME, "*/invoice_document": SAME, "genesys-charges/contracts": SAME, "wait-*": SAME},
    ),
    Fault(
        "redirect",
        "redirect to another host",
        _always("redirect", url="https://169.254.169.254/latest"),
        REJECTED,
        exceptions={"*/trustee_overview": FOUND},
    ),
    Fault(
        "oversize",
        "body larger than the limit",
        _always("oversize", size=LIMITS.body_bytes + 1),
        PAYLOAD,
        exceptions={"wait-*": NOT_HERE},
    ),
    Fault("endless-body", "body without an end", _always("endless_body"), PAYLOAD, exceptions={"wait-*": NOT_HERE}),
    Fault(
        "bomb",
        "body that decompresses to a thousand times its size",
        _always("bomb", size=30_000_000),
        PAYLOAD,
        exceptions={"wait-*": NOT_HERE},
    ),
    Fault(
        "cursor-repeats",
        "same cursor repeated",
        _always("repeat_cursor"),
        PAYLOAD,
        LISTING,
        in_pages=True,
        exceptions={"wait-v3-invoice/*": SAME},
    ),
    Fault(
        "cursor-endless",
        "endless cursors, to pages without rows",
        _always("endless_cursor"),
        KEPT,
        LISTING,
        in_pages=True,
        exceptions={"wait-v3-invoice/*": NOT_HERE, "*genesys-*": SAME},
    ),
    Fault(
        "cursor-endless-rows",
        "endless cursors, to the same rows",
        _always("endless_rows"),
        UNAVAILABLE,
        LISTING,
        in_pages=True,
    ),
    Fault(
        "cursor-back",
        "cursor that goes back to an earlier page",
        _always("jump_back"),
        PAYLOAD,
        LISTING,
        in_pages=True,
        exceptions={"wait-v3-invoice/*": NOT_HERE},
    ),
    Fault(
        "cursor-expires",
        "400 to a cursor",
        _always("status", status=400, path=LATER_PAGES),
        UNAVAILABLE,
        LISTING,
        in_pages=True,
    ),
    Fault(
        "page-twice",
        "first page again instead of later pages",
        _always("repeat_page"),
        UNAVAILABLE,
        LISTING,
        in_pages=True,
    ),
    Fault(
        "page-missing",
        "page left out",
        _always("skip_page"),
        KEPT,
        LISTING,
        in_pages=True,
        exceptions={
            "genesys-month/invoices": KEPT,
            "wait-v3-invoice/*": EMPTY,
            "v3-month/service_usage_metrics": FOUND,
            "genesys-charges/*": UNSEEN,
            "genesys-*": FOUND,
            "wait-genesys-*": SAME,
        },
    ),
    Fault(
        "rows-move-on",
        "row inserted while pages are read",
        _once("shift_rows", path=LATER_PAGES, size=-1),
        UNAVAILABLE,
        LISTING,
        in_pages=True,
        exceptions={"wait-genesys-month/invoices": SAME, "wait-v3-invoice/*": PAYLOAD, "*genesys-*/contracts": PAYLOAD},
    ),
    Fault(
        "rows-move-up",
        "row removed while pages are read",
        _once("shift_rows", path=LATER_PAGES, size=1),
        UNAVAILABLE,
        LISTING,
        in_pages=True,
        exceptions={
            "wait-v3-invoice/*": SAME,
            "genesys-month/invoices": KEPT,
            "genesys-month/invoice_lines": KEPT,
            "genesys-charges/*": UNSEEN,
            "genesys-*": FOUND,
            "wait-genesys-*": SAME,
        },
    ),
    Fault(
        "row-missing",
        "row left out",
        _once("drop_rows"),
        UNAVAILABLE,
        LISTING,
        exceptions={
            "wait-v3-invoice/*": SAME,
            "genesys-month/invoices": KEPT,
            "genesys-month/invoice_lines": KEPT,
            "genesys-charges/*": UNSEEN,
            "genesys-*": FOUND,
            "wait-genesys-*": SAME,
        },
    ),
    Fault(
        "wrong-total",
        "total that differs from the number of rows",
        _always("wrong_total"),
        KEPT,
        LISTING,
        exceptions={"wait-v3-invoice/*": SAME, "*genesys-*": NOT_HERE},
    ),
    Fault(
        "token-expires",
        "token expires between two pages",
        _once("expire_tokens", path=LATER_PAGES),
        SAME,
        LISTING,
        in_pages=True,
        exceptions={"*v3-*": NOT_HERE},
    ),
    Fault(
        "revoked",
        "credential revoked between two pages",
        _always("status", status=401, path=LATER_PAGES),
        REJECTED,
        LISTING,
        in_pages=True,
    ),
    Fault(
        "never-ready",
        "202 or `InProgress` without end",
        _always("accepted"),
        NOT_READY,
        frozenset({"job"}),
        exceptions={"genesys-month/*": UNAVAILABLE},
    ),
    Fault("link-elsewhere", "document link to another host", _always("document_host", text="localhost"), SAME, LINK),
    Fault(
        "link-file",
        "document link `file:///etc/passwd`",
        _always("document_url", url="file:///etc/passwd"),
        PAYLOAD,
        LINK,
    ),
    Fault(
        "link-metadata",
        "document link to 169.254.169.254",
        _always("document_url", url="https://169.254.169.254/latest/meta-data"),
        PAYLOAD,
        LINK,
    ),
    Fault(
        "link-private",
        "document link to 10.0.0.1",
        _always("document_url", url="https://10.0.0.1/invoice.pdf"),
        PAYLOAD,
        LINK,
    ),
    Fault(
        "link-mapped",
        "document link to ::ffff:169.254.169.254",
        _always("document_url", url="https://[::ffff:169.254.169.254]/"),
        PAYLOAD,
        LINK,
    ),
    Fault(
        "link-unknown-host",
        "document link to a host that does not exist",
        _always("document_url", url="https://nowhere.invalid/i.pdf"),
        UNAVAILABLE,
        LINK,
    ),
    Fault(
        "link-plain-http",
        "document link that is not https",
        _always("document_url", url="http://files.example.com/i.pdf"),
        PAYLOAD,
        LINK,
    ),
)
