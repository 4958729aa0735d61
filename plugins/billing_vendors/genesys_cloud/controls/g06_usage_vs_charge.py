"""G6: charged usage was metered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.matching.quantities import scale_between
from billing.models import AccountMonth, Charge, ContractBillingPeriod, UsageReport
from billing.money import exact_sum
from billing.names import name_key
from billing_vendors.genesys_cloud.controls.usage_dates import billable_usage_of
from billing_vendors.genesys_cloud.settings import GenesysSettings

_Days = tuple[date, date]
_NAMES = ("product_name", "sku", "name")
_Charged = dict[str, list[tuple[ContractBillingPeriod, Charge]]]


def charged_usage_was_metered(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare each product's actual quantity over all charges of the same days with the total of that name in the
    billable usage report of those days. The report knows no contract: it holds what all of them used.

        report 262, charges 262                          -> PASS
        report 260, charges 262                          -> EXCEPTION
        under the product's SKU or the charge's name     -> the same
        not in the report, charged 262                   -> EXCEPTION
        the same, and the report has names of no charge  -> NOT_APPLICABLE: it may be one of these
        not in the report, charged 0                     -> NOT_APPLICABLE
        billed from the 21st to the 20th, and only a report of the calendar month -> BLOCKED
        no usage report, or a charge without quantity    -> BLOCKED
        no charge at all                                 -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    by_days: dict[_Days, list[ContractBillingPeriod]] = defaultdict(list)
    for period in account_month.billing_periods:
        if period.charges:
            by_days[period.starts_on, period.ends_on].append(period)
    if not by_days:
        yield not_applicable(str(account_month.month), "no billing period with a charge ends in the month")
    for days, periods in by_days.items():
        yield from _of_days(days, periods, account_month)


def _of_days(days: _Days, periods: Sequence[ContractBillingPeriod], account_month: AccountMonth) -> Iterator[Finding]:
    report = billable_usage_of(account_month, *days)
    if report is None:
        missing = f"no billable usage report of {days[0]} to {days[1]} (end not included) was read"
        yield blocked(periods[0].billing_period_id, missing)
        return
    metered = _metered(report)
    by_period: dict[str, list[Finding]] = defaultdict(list)
    for name, rows in _charges_by_name(periods).items():
        subject = rows[0][0].billing_period_id
        found = _metered_as(rows, metered)
        if found is None and (strange := sorted(set(metered) - _known_names(periods))):
            text = f"{name}: the usage report has names that no charge has ({', '.join(strange[:5])})"
            by_period[subject].append(not_applicable(subject, text))
        else:
            by_period[subject].append(_of_product(subject, name, rows, found))
    for subject, findings in by_period.items():
        yield from summarize_passes(subject, "products", findings)


def _of_product(
    subject: str, name: str, rows: list[tuple[ContractBillingPeriod, Charge]], metered: Decimal | None
) -> Finding:
    quantities = [charge.actual_quantity for _, charge in rows if charge.actual_quantity is not None]
    actual = exact_sum(quantities)
    if len(quantities) < len(rows) and actual != metered:
        return blocked(subject, f"{name}: a charge has no actual quantity")
    if metered is None and actual == 0:
        return not_applicable(subject, f"{name}: nothing is charged and the usage report does not list it")
    missing = " (not in the usage report)" if metered is None else ""
    what = f"charged usage of {name} against the usage report{missing}"
    if metered and scale_between(metered, actual):
        metered = actual
    found = compare_quantities(subject, what, expected=metered or Decimal(0), actual=actual)
    return replace(found, operands={"product": name, "metered": metered, "charged": actual, "charges": len(rows)})


def _metered_as(rows: list[tuple[ContractBillingPeriod, Charge]], metered: dict[str, Decimal]) -> Decimal | None:
    """Return what was metered under any of a product's names: its own, its SKU, those of its charges."""
    every = (name for attribute in _NAMES for _, charge in rows if (name := name_key(getattr(charge, attribute))))
    return next((metered[name] for name in every if name in metered), None)


def _known_names(periods: Iterable[ContractBillingPeriod]) -> set[str]:
    return {name_key(getattr(charge, name)) for period in periods for charge in period.charges for name in _NAMES}


def _charges_by_name(periods: Iterable[ContractBillingPeriod]) -> _Charged:
    """Group charges by the product's name: the usage report knows no SKU."""
    found: dict[str, list[tuple[ContractBillingPeriod, Charge]]] = {}
    names: dict[str, str] = {}
    for period in periods:
        for charge in period.charges:
            name = charge.product_name or charge.name or charge.sku or ""
            found.setdefault(names.setdefault(name_key(name), name), []).append((period, charge))
    return found


def _metered(report: UsageReport) -> dict[str, Decimal]:
    totals: dict[str, list[Decimal]] = defaultdict(list)
    for line in report.lines:
        totals[name_key(line.name)].append(line.quantity)
    return {name: exact_sum(numbers) for name, numbers in totals.items()}


G6 = Control(
    "G6",
    "Charged usage was metered",
    "existence",
    "variance",
    charged_usage_was_metered,
    operands="usage by name in the billable usage report, actual quantity of the charges",
)
