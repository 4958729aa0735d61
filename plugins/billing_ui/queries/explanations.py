"""What people said of exceptions and blocked controls: read with the month they are of, and added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_ui.pages.page import rows

REASONS = ("accepted", "disputed", "timing", "our data")

_OF_MONTH = text("""
    select position, encode(finding_sha256, 'hex') as finding, explanation_id, reason, text, ticket, explained_by,
           explained_at
    from billing.current_finding
    where (vendor, account, month) = (:vendor, :account, :month)
""")

# what was said of the same control and subject when the finding was another one
_EARLIER = text("""
    select control_id, subject, reason, text, ticket, explained_by, explained_at,
           encode(finding_sha256, 'hex') as finding
    from billing.explanation
    where (vendor, account, month) = (:vendor, :account, :month)
    order by explanation_id desc
    limit 200
""")

_COUNTS = text("""
    select vendor, account, month, count(explanation_id) as explained
    from billing.current_finding
    where outcome = 'exception' and month between :first and :last and vendor = any(:vendors)
    group by vendor, account, month
""")

_FINDING = text("""
    select encode(finding_sha256, 'hex') as finding from billing.current_finding
    where (vendor, account, month, control_id, subject) = (:vendor, :account, :month, :control_id, :subject)
""")

_ADD = text("""
    insert into billing.explanation
        (vendor, account, month, control_id, subject, finding_sha256, reason, text, ticket, explained_by, explained_at)
    values (:vendor, :account, :month, :control_id, :subject, decode(:finding, 'hex'), :reason, :text, :ticket,
            :explained_by, :explained_at)
""")


def join_explanations(connection: Connection, exceptions: Sequence[dict[str, Any]], **key: object) -> None:
    """Give each finding of a month its ``finding``, its ``explained`` and the ``earlier`` ones that hold no more."""
    of_position = {row["position"]: row for row in rows(connection, _OF_MONTH, **key)}
    earlier = rows(connection, _EARLIER, **key)
    for exception in exceptions:
        found = of_position[exception["position"]]
        exception["finding"] = found["finding"]
        exception["explained"] = found if found["explanation_id"] else None
        exception["earlier"] = [
            row
            for row in earlier
            if (row["control_id"], row["subject"]) == (exception["control_id"], exception["subject"])
            and row["finding"] != found["finding"]
        ]


def explained_counts(
    connection: Connection, vendors: Sequence[str], first: date, last: date
) -> dict[tuple[str, str, str], int]:
    """Return how many exceptions are explained, by vendor, account and ``YYYY-MM``."""
    found = rows(connection, _COUNTS, first=first, last=last, vendors=list(vendors))
    return {(row["vendor"], row["account"], f"{row['month']:%Y-%m}"): row["explained"] for row in found}


def add_explanation(connection: Connection, *, explained_by: str, **given: object) -> bool:
    """
    Add an explanation; return False, and add nothing, if the month no longer has just this finding.

    :param given: vendor, account, month (its first day), control_id, subject, finding (hex), reason, text, ticket.
    """
    found = rows(connection, _FINDING, **{name: given[name] for name in _FINDING.compile().params})
    if given["finding"] not in {row["finding"] for row in found}:
        return False
    connection.execute(_ADD, {**given, "explained_by": explained_by, "explained_at": datetime.now(UTC)})
    return True
