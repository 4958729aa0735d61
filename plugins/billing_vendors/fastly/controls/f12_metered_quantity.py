"""F12: the billed quantity is the metered quantity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.checks.line_types import invoices_without_credits
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import InvoiceLine, UsageLine, UsageReport
from billing.money import difference, exact_sum, product
from billing.names import name_key
from billing_vendors.fastly.controls.api_version import usage_metrics
from billing_vendors.fastly.controls.scales import EVERY_SCALE, SCALES
from billing_vendors.fastly.lines import charges, is_flat, is_metered_by_more
from billing_vendors.fastly.settings import FastlySettings


@dataclass(slots=True)
class _Thing:
    """What is billed and what is metered of one thing."""

    name: str
    lines: list[InvoiceLine] = field(default_factory=list)
    metrics: list[UsageLine] = field(default_factory=list)


def billed_quantity_is_metered(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the units billed for each metric and region with the usage metrics of the month; quantities are exact.

    Names are joined by what a person reads; by region only where both sides state it. A quantity may be raw (requests,
    bytes) or priced, each by itself: it agrees if one is a documented multiple of the other.

        1523.4 GB billed, 1523.4 GB metered                  -> PASS
        15,234,000 requests billed, 1523.4 x 10,000 metered  -> PASS (raw units)
        15.234 million billed, 1523.4 x 10,000 metered       -> PASS (another unit)
        1523.4 GB billed, 1462.4 GB metered                  -> EXCEPTION, unless the account tolerates it
        usage billed, and in no metric                       -> EXCEPTION: never metered
        a fee, tax or credit, and in no metric               -> not compared: it is not metered
        metered, and on no invoice                           -> EXCEPTION: not billed yet
        within the account's tolerance for F12               -> VARIANCE_TOLERATED
        the v2 API, which has no usage metrics               -> NOT_APPLICABLE
        a bill, and metrics without rows: they are meant for accounts that get no invoices -> NOT_APPLICABLE
        the v3 API, and they were not read                   -> BLOCKED
        nothing metered was billed, and nothing metered      -> NOT_APPLICABLE
    """
    report = usage_metrics(evidence)
    if isinstance(report, Finding):
        yield report
        return
    subject = str(evidence.account_month.month)
    bills = invoices_without_credits(evidence.account_month.invoices)
    if bills and not report.lines:
        yield not_applicable(subject, "the usage metrics have no rows; Fastly means them for accounts without invoices")
        return
    things = _things(charges(bills), report)
    if not things:
        yield not_applicable(subject, "nothing was metered, and nothing metered was billed")
    yield from summarize_passes(subject, "metrics", (_finding(subject, thing) for thing in things))


Named = tuple[str, list[InvoiceLine]]
"""The name of what lines bill, and the lines, which all are named alike."""


def _things(lines: list[InvoiceLine], report: UsageReport) -> list[_Thing]:
    metrics = [metric for metric in report.lines if metric.quantity or metric.raw_quantity]
    billed = list(_billed(lines, {name_key(metric.name) for metric in metrics}))
    by_region = _names_by_region(billed, metrics)
    found: dict[tuple[str, str], _Thing] = {}

    def thing(name: str, region: str | None, shown: str) -> _Thing:
        key = name, _region(region) if name in by_region else ""
        words = " / ".join(part for part in (shown, region if name in by_region else "") if part)
        return found.setdefault(key, _Thing(words))

    for name, (line, *others) in billed:
        thing(name, line.region, line.product or line.description).lines += [line, *others]
    for metric in metrics:
        thing(name_key(metric.name), metric.region, metric.name).metrics.append(metric)
    return list(found.values())


def _billed(lines: Iterable[InvoiceLine], names: set[str]) -> Iterator[Named]:
    """
    Yield lines with the name of their metric, else, if they bill usage that is in no metric, with their own.

    :param names: of the metrics.
    """
    alike: dict[object, list[InvoiceLine]] = defaultdict(list)
    for line in lines:  # thousands of lines bill the same few things
        alike[line.product, line.description, line.usage_type, line.region].append(line)
    for group in alike.values():
        first = group[0]
        own = [key for text in (first.product, first.description, first.usage_type) if (key := name_key(text))]
        metered = next((key for key in own if key in names), None)
        if metered is not None:
            yield metered, group
        elif first.usage_type and (used := [line for line in group if not is_flat(line)]):
            yield own[0], used


def _names_by_region(billed: Iterable[Named], metrics: Iterable[UsageLine]) -> set[str]:
    """Return the names whose lines and metrics all have a region, and have one in common."""
    of_lines: dict[str, set[str]] = defaultdict(set)
    of_metrics: dict[str, set[str]] = defaultdict(set)
    for name, lines in billed:
        of_lines[name].add(_region(lines[0].region))
    for metric in metrics:
        of_metrics[name_key(metric.name)].add(_region(metric.region))
    return {
        name for name in of_lines if "" not in of_lines[name] | of_metrics[name] and of_lines[name] & of_metrics[name]
    }


def _region(region: str | None) -> str:
    """Return a region's key: ``north_america`` is ``North America``."""
    return name_key((region or "").replace("_", " "))


def _finding(subject: str, thing: _Thing) -> Finding:
    units = exact_sum(metric.quantity for metric in thing.metrics)
    billed = exact_sum(line.quantity for line in thing.lines if line.quantity is not None)
    if not thing.lines:
        return compare_quantities(subject, f"{thing.name}: metered, but on no invoice", expected=units, actual=billed)
    if not thing.metrics:
        return compare_quantities(subject, f"{thing.name}: never metered", expected=units, actual=billed)
    raw = _raw(thing.metrics)
    scales = EVERY_SCALE if all(map(is_metered_by_more, thing.lines)) else SCALES
    if billed != units and _is_multiple(billed, units, raw, scales):
        return Finding(subject, State.PASS, f"{thing.name}: billed in other units", expected=billed, actual=billed)
    nearest = min((units, raw), key=lambda metered: abs(difference(billed, metered)))
    return compare_quantities(subject, f"{thing.name}: units billed", expected=nearest, actual=billed)


def _is_multiple(billed: Decimal, units: Decimal, raw: Decimal, scales: tuple[Decimal, ...]) -> bool:
    pairs = ((billed, raw), (billed, units), (units, billed))
    return any(product(less, scale) == more for scale in scales for less, more in pairs)


def _raw(metrics: list[UsageLine]) -> Decimal:
    """Return the raw quantity, or the priced one where a metric has none."""
    raw = [metric.raw_quantity for metric in metrics if metric.raw_quantity is not None]
    return exact_sum(raw) if len(raw) == len(metrics) else exact_sum(metric.quantity for metric in metrics)


F12 = Control(
    "F12",
    "Quantity billed equals quantity metered",
    "existence",
    "variance",
    billed_quantity_is_metered,
    operands="units of invoice lines, quantity of the usage metrics, by name and region",
)
