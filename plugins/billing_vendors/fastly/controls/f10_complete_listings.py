"""F10: a paged listing was read to its end, each row once."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.complete_listing import listings_are_whole
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, not_applicable
from billing_vendors.fastly.controls.api_version import is_legacy
from billing_vendors.fastly.settings import FastlySettings


def paged_listings_are_whole(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
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
        Fastly's v2 API, which has no pages     -> NOT_APPLICABLE
    """
    if not evidence.account_month.listings and is_legacy(evidence):
        yield not_applicable(str(evidence.account_month.month), "the v2 API returns one bill per month, without paging")
        return
    yield from listings_are_whole(evidence)


F10 = Control(
    "F10",
    "Paged listings are complete",
    "completeness",
    "blocked",
    paged_listings_are_whole,
    operands="rows read, their identifiers, the total that the vendor declares, the last cursor",
)
