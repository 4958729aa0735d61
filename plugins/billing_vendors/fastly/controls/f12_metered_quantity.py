"""F12: the billed quantity is the metered quantity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.checks.line_types import charges_of, invoices_without_credits
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import InvoiceLine, UsageLine, UsageReport
from billing.money import exact_sum
from billing_vendors.fastly.controls.api_version import usage_metrics
from billing_vendors.fastly.settings import FastlySettings

Metered = tuple[str, str]
"""The metric's name and its region, in lower case; an empty region where there is none."""


def billed_quantity_is_metered(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the units billed for each metric and region with the usage metrics of the month; quantities are exact.

    An invoice may state priced units or raw ones (requests, bytes): it agrees if it is either.

        1523.4 GB billed, 1523.4 GB metered                  -> PASS
        15,234,000 requests billed, 1523.4 x 10,000 metered  -> PASS (raw units)
        1523.4 GB billed, 1462.4 GB metered                  -> EXCEPTION, unless the account tolerates it
        billed, and in no metric                             -> EXCEPTION: never metered
        metered, and on no invoice                           -> EXCEPTION: not billed yet
        within the account's tolerance for F12               -> VARIANCE_TOLERATED
        the v2 API, which has no usage metrics               -> NOT_APPLICABLE
        the v3 API, and they were not read                   -> BLOCKED
        nothing metered was billed, and nothing metered      -> NOT_APPLICABLE
    """
    report = usage_metrics(evidence)
    if isinstance(report, Finding):
        yield report
        return
    subject = str(evidence.account_month.month)
    billed = _billed(charges_of(invoices_without_credits(evidence.account_month.invoices)), report)
    metered = _metered(report)
    names = [*billed, *(key for key in metered if key not in billed)]
    if not names:
        yield not_applicable(subject, "nothing was metered, and nothing metered was billed")
    yield from summarize_passes(subject, "metrics", (_finding(subject, name, billed, metered) for name in names))


def _finding(
    subject: str, key: Metered, billed: dict[Metered, Decimal], metered: dict[Metered, list[UsageLine]]
) -> Finding:
    name = " / ".join(part for part in key if part)
    units = exact_sum(line.quantity for line in metered.get(key, ()))
    if key not in billed:
        found = compare_quantities(subject, f"{name}: metered, but on no invoice", expected=units, actual=Decimal(0))
    elif key not in metered:
        found = compare_quantities(subject, f"{name}: never metered", expected=Decimal(0), actual=billed[key])
    elif billed[key] != units and billed[key] == _raw(metered[key]):
        found = Finding(subject, State.PASS, f"{name}: billed in raw units", expected=billed[key], actual=billed[key])
    else:
        found = compare_quantities(subject, f"{name}: units billed", expected=units, actual=billed[key])
    return found


def _raw(lines: list[UsageLine]) -> Decimal | None:
    raw = [line.raw_quantity for line in lines]
    return None if None in raw else exact_sum(quantity for quantity in raw if quantity is not None)


def _billed(lines: Iterable[InvoiceLine], report: UsageReport) -> dict[Metered, Decimal]:
    """Sum the units of what is metered: lines with a usage type, and lines whose name is a metric's."""
    metrics = set(_metered(report))
    found: dict[Metered, list[Decimal]] = defaultdict(list)
    for line in lines:
        key = _key(line.product or line.description, line.region)
        if line.usage_type is not None or key in metrics:
            found[key].append(line.quantity or Decimal(0))
    return {key: exact_sum(units) for key, units in found.items()}


def _metered(report: UsageReport) -> dict[Metered, list[UsageLine]]:
    """Group the metrics with a quantity."""
    found: dict[Metered, list[UsageLine]] = defaultdict(list)
    for line in report.lines:
        if line.quantity:
            found[_key(line.name, line.region)].append(line)
    return dict(found)


def _key(name: str, region: str | None) -> Metered:
    return name.casefold(), (region or "").casefold()


F12 = Control(
    "F12",
    "Quantity billed equals quantity metered",
    "existence",
    "variance",
    billed_quantity_is_metered,
    operands="units of invoice lines, quantity of the usage metrics, by name and region",
)
