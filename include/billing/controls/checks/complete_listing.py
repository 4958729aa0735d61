"""A paged listing was read to its end, each row once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked
from billing.models import Listing


def listings_are_whole(evidence: Evidence[object]) -> Iterator[Finding]:
    """
    Check that each listing is complete by what its pages say; other controls rely on it.

        2 rows, total 2, the last page ends     -> PASS
        2 rows, the vendor reports no total    -> PASS
        2 rows, total 3                         -> BLOCKED
        2 rows and one of them again, total 3 or 2: all rows, or those that differ
                                                -> VARIANCE_TOLERATED: names it; it counts once
        a row again, with another content       -> BLOCKED
        the last page names a next one          -> BLOCKED
        no paged read at all                    -> BLOCKED
    """
    account_month = evidence.account_month
    if not account_month.listings:
        yield blocked(str(account_month.month), "no paged listing was read")
    for listing in account_month.listings:
        yield _of_listing(str(account_month.month), listing)


def _of_listing(subject: str, listing: Listing) -> Finding:
    rows, distinct = len(listing.row_ids), len(set(listing.row_ids))
    repeated = sorted(row_id for row_id, times in Counter(listing.row_ids).items() if times > 1)
    faults = []
    if not listing.ended:
        faults.append("its last page links to another page")
    if listing.contradicted:
        faults.append(f"rows appear again with another content: {', '.join(listing.contradicted[:5])}")
    if listing.declared_total not in {None, rows, distinct}:
        faults.append(f"the vendor reports {listing.declared_total} rows")
    verdict = "the listing is complete"
    if repeated:
        verdict += f", and {', '.join(repeated[:5])} more than once in it, which counts once"
    return Finding(
        subject,
        State.BLOCKED if faults else State.VARIANCE_TOLERATED if repeated else State.PASS,
        f"{listing.operation}: {rows} rows read; " + ("; ".join(faults) or verdict),
        operands={
            "operation": listing.operation,
            "rows": rows,
            "distinct": distinct,
            "declared_total": listing.declared_total,
            "ended": listing.ended,
        },
    )
