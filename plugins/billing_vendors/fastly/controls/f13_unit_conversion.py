"""F13: priced units are the base units divided as documented: requests by 10,000, bytes by 10^9."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.models import UsageLine
from billing.money import product
from billing_vendors.fastly.controls.api_version import usage_metrics
from billing_vendors.fastly.settings import FastlySettings

# Source: Fastly guide "How we calculate your bill", checked 2026-11-22.
REQUESTS, GIGABYTE = Decimal(10_000), Decimal(10**9)
_GIGABYTES = frozenset({"gb", "gigabyte", "gigabytes"})


def units_are_converted(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Recompute each metric's base quantity from its priced quantity.

    A priced quantity is rounded to the decimals that the report shows for its unit, so the bound is half of the last
    of them, in base units.

        1523.4 x 10,000 requests, raw 15,234,000                      -> PASS
        0.15 GB, raw 152,345,678 bytes; the report shows 2 decimals   -> PASS_WITHIN_ROUNDING (bound 5,000,000 bytes)
        100 GB, raw 107,374,182,400 bytes: 2^30 to the GB             -> EXCEPTION
        a request or gigabyte metric without raw quantity             -> BLOCKED
        within the account's tolerance for F13                        -> VARIANCE_TOLERATED
        the v2 API; or no metric counts requests or bytes             -> NOT_APPLICABLE
        the v3 API, and the usage metrics were not read               -> BLOCKED
    """
    report = usage_metrics(evidence)
    if isinstance(report, Finding):
        yield report
        return
    subject = str(evidence.account_month.month)
    convertible = [(line, per_unit) for line in report.lines if (per_unit := _base_units(line)) is not None]
    if not convertible:
        yield not_applicable(subject, "no metric counts requests or bytes")
    kinds = {per_unit for _, per_unit in convertible}
    places = {kind: _places(line for line, per_unit in convertible if per_unit == kind) for kind in kinds}
    findings = (_of_metric(subject, line, per_unit, places[per_unit]) for line, per_unit in convertible)
    yield from summarize_passes(subject, "metrics", findings)


def _of_metric(subject: str, line: UsageLine, per_unit: Decimal, places: int) -> Finding:
    name = " / ".join(part for part in (line.name, line.region) if part)
    if line.raw_quantity is None:
        return blocked(subject, f"{name} has no raw quantity")
    return compare_quantities(
        subject,
        f"{name}: {line.quantity:f} units of {per_unit:f}",
        expected=product(line.quantity, per_unit),
        actual=line.raw_quantity,
        bound=_half_of_last(places, per_unit),
    )


def _half_of_last(places: int, per_unit: Decimal) -> Decimal:
    return product(product(Decimal("0.5"), Decimal(1).scaleb(-places)), per_unit)


def _places(lines: Iterable[UsageLine]) -> int:
    """Return the most decimals that any of some quantities shows."""
    exponents = [line.quantity.as_tuple().exponent for line in lines]
    return max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)


def _base_units(line: UsageLine) -> Decimal | None:
    """Return how many base units make one priced unit; None for a metric of another kind."""
    if (line.unit or "").casefold() in _GIGABYTES:
        return GIGABYTE
    named = (line.unit or "", line.usage_type or "", line.name)
    return REQUESTS if any("request" in name.casefold() for name in named) else None


F13 = Control(
    "F13",
    "Units are converted as documented",
    "accuracy",
    "exception",
    units_are_converted,
    operands="quantity x 10,000 requests or 10^9 bytes, raw quantity",
)
