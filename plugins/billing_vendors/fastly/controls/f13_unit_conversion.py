"""F13: priced units are base units divided by one power of ten for each usage type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, not_applicable
from billing.models import UsageLine
from billing.money import difference, product
from billing.names import name_key
from billing_vendors.fastly.controls.api_version import usage_metrics
from billing_vendors.fastly.controls.scales import RAW, SCALES, agreed_scale, shown_places
from billing_vendors.fastly.settings import FastlySettings

# Source: Fastly guide "How we calculate your bill", checked 2026-11-22.
REQUESTS, GIGABYTE = Decimal(10_000), Decimal(10**9)
_BYTES = frozenset({"gb", "gigabyte", "gigabytes", "tb", "mb", "kb", "byte", "bytes"})


def units_are_converted(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Derive how many base units make one priced unit, and recompute each metric's raw quantity with it.

    Requests and bytes of one product have one scale in a month: 1, 1,000, 10,000, 10^6, 10^9 or 10^12; documented are
    10,000 requests and 10^9 bytes. A priced quantity is rounded to the decimals that the report shows for its unit, so
    the bound is half of the last of them, in base units.

        1523.4 x 10,000 requests, raw 15,234,000                      -> PASS
        15.234 x 10^6 requests, raw 15,234,000                        -> PASS: another scale
        0.15 GB, raw 152,345,678 bytes; the report shows 2 decimals   -> PASS_WITHIN_ROUNDING (bound 5,000,000 bytes)
        1523.4, raw 15,234,000, and 700, raw 700,000 of one product   -> EXCEPTION: two scales
        100 GB, raw 107,374,182,400 bytes: 2^30 to the GB             -> EXCEPTION
        within the account's tolerance for F13                        -> VARIANCE_TOLERATED
        no raw quantity to derive a scale from                        -> NOT_APPLICABLE
        the v2 API; or no metric counts requests or bytes             -> NOT_APPLICABLE
        the v3 API, and the usage metrics were not read               -> BLOCKED
    """
    report = usage_metrics(evidence)
    if isinstance(report, Finding):
        yield report
        return
    subject = str(evidence.account_month.month)
    groups: dict[tuple[Decimal, str], list[UsageLine]] = defaultdict(list)
    without_raw = 0
    for line in report.lines:
        if (documented := _documented(line)) is not None:
            without_raw += line.raw_quantity is None
            groups[documented, name_key(line.product)].append(line)
    if not groups:
        yield not_applicable(subject, "no metric counts requests or bytes")
    if without_raw:
        yield not_applicable(subject, f"{without_raw} metrics have no raw quantity to derive a scale from")
    findings = (found for (documented, _), lines in groups.items() for found in _of_group(subject, lines, documented))
    yield from summarize_passes(subject, "metrics", findings)


def _of_group(subject: str, lines: list[UsageLine], documented: Decimal) -> Iterator[Finding]:
    places = shown_places(line.quantity for line in lines)
    per_unit = agreed_scale((_fitting(line, places) for line in lines if line.quantity), documented)
    for line in lines:
        if line.raw_quantity is not None:
            yield compare_quantities(
                subject,
                f"{' / '.join(part for part in (line.name, line.region) if part)}: "
                f"{line.quantity:f} units of {per_unit:f}",
                expected=product(line.quantity, per_unit),
                actual=line.raw_quantity,
                bound=_half_of_last(places, per_unit),
            )


def _fitting(line: UsageLine, places: int) -> list[Decimal]:
    """Return the scales by which the priced and the raw quantity of a metric agree."""
    raw = line.raw_quantity
    if raw is None:
        return []
    return [
        scale for scale in SCALES if abs(difference(raw, product(line.quantity, scale))) <= _half_of_last(places, scale)
    ]


def _half_of_last(places: int, per_unit: Decimal) -> Decimal:
    """Return by how much rounding a priced quantity may change it, in base units; a raw quantity is not rounded."""
    return Decimal(0) if per_unit == RAW else product(product(Decimal("0.5"), Decimal(1).scaleb(-places)), per_unit)


def _documented(line: UsageLine) -> Decimal | None:
    """Return the documented scale of what a metric counts; None if it counts neither requests nor bytes."""
    named = [name_key(text) for text in (line.unit, line.usage_type, line.name)]
    if named[0] in _BYTES or any("bandwidth" in name for name in named):
        return GIGABYTE
    return REQUESTS if any("request" in name for name in named) else None


F13 = Control(
    "F13",
    "Units are converted as documented",
    "accuracy",
    "exception",
    units_are_converted,
    operands="quantity x one scale for each usage type, raw quantity",
)
