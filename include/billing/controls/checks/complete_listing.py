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
        the same row twice                      -> BLOCKED
        the last page names a next one          -> BLOCKED
        no paged read at all                    -> BLOCKED
    """
    account_month = evidence.account_month
    if not account_month.listings:
        yield blocked(str(account_month.month), "no paged listing was read")
    for listing in account_month.listings:
        yield _of_listing(str(account_month.month), listing)


def _of_listing(subject: str, listing: Listing) -> Finding:
    repeated = sorted(row_id for row_id, times in Counter(listing.row_ids).items() if times > 1)
    faults = []
    if not listing.ended:
        faults.append("its last page links to another page")
    if repeated:
        faults.append(f"rows appear twice: {', '.join(repeated[:5])}")
    if listing.declared_total is not None and listing.declared_total != len(listing.row_ids):
        faults.append(f"the vendor reports {listing.declared_total} rows")
    return Finding(
        subject,
        State.BLOCKED if faults else State.PASS,
        f"{listing.operation}: {len(listing.row_ids)} rows read; " + ("; ".join(faults) or "the listing is complete"),
        operands={
            "operation": listing.operation,
            "rows": len(listing.row_ids),
            "declared_total": listing.declared_total,
            "ended": listing.ended,
        },
    )
