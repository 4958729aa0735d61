"""F22: report new and missing products, regions and usage types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from billing.config.tolerances import Tolerance
from billing.controls.checks.line_types import charge_key
from billing.controls.checks.prior_months import month_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, InvoiceLine
from billing.money import exact_sum
from billing.names import name_key
from billing_vendors.fastly.lines import charges
from billing_vendors.fastly.settings import FastlySettings

POLICY = Tolerance(percent=Decimal(50), minor_units=100_000)
_SHOWN = 20
_DIMENSIONS: dict[str, Callable[[InvoiceLine], str | None]] = {
    "product": lambda line: charge_key(line)[0],
    "region": lambda line: line.region,
    "usage type": lambda line: line.usage_type,
}

Members = dict[tuple[str, str], str]
"""By dimension and key, the member in words."""


def dimensions_are_known(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare what is charged for with last month: the sets of products, regions and usage types, by what a person reads.

    The amount on new or missing lines is compared with last month's charges. Default policy: only more than 50 %
    **and** more than 100,000 minor units (1,000.00 USD) is an exception. Credits, shortfalls and
    tax do not count.

        the same products, regions and usage types        -> PASS
        a new product of 200.00, charges of 4000.00       -> VARIANCE_TOLERATED, names it
        a new product of 2500.00, charges of 4000.00      -> EXCEPTION
        nothing was charged in one of the two months      -> NOT_APPLICABLE
        the account's first month                         -> NOT_APPLICABLE
        the month before is not stored                    -> BLOCKED
    """
    before = month_before(evidence)
    yield before if isinstance(before, Finding) else _compared(evidence, before)


def _compared(evidence: Evidence[FastlySettings], before: AccountMonth) -> Finding:
    account_month = evidence.account_month
    subject = str(account_month.month)
    then, now = charges(before.invoices), charges(account_month.invoices)
    if not then or not now:
        return not_applicable(subject, f"nothing was charged in {before.month if not then else account_month.month}")
    new, gone = _missing_from(then, now), _missing_from(now, then)
    money = exact_sum(
        abs(line.amount) for lines, strange in ((now, new), (then, gone)) for line in lines if _is_any(line, strange)
    )
    known = not (new or gone)
    names = [f"{verb} {name}" for verb, found in (("new", new), ("gone", gone)) for name in sorted(found.values())]
    return Finding(
        subject,
        State.PASS if known else State.EXCEPTION if money else State.VARIANCE_TOLERATED,
        f"everything charged for was in {before.month} too"
        if known
        else f"{', '.join(names[:3])}{' and more' if len(names) > 3 else ''}; {money:f} is charged on them",
        expected=exact_sum(line.amount for line in then),
        difference=money,
        currency=evidence.currency_of(account_month.invoices[0]),
        operands={"compared_with": str(before.month), "names": names[:_SHOWN], "count": len(names)},
    )


def _missing_from(known: list[InvoiceLine], lines: list[InvoiceLine]) -> Members:
    """Return the members of each dimension that these lines have and the known ones do not."""
    before = _members(known)
    return {member: name for member, name in _members(lines).items() if member not in before}


def _members(lines: list[InvoiceLine]) -> Members:
    """Return what lines have in each dimension, by what a person reads of it."""
    return {
        (name, key): f"{name} {value}"
        for line in lines
        for name, of in _DIMENSIONS.items()
        if (key := name_key(value := of(line)))
    }


def _is_any(line: InvoiceLine, members: Members) -> bool:
    return not members.keys().isdisjoint(_members([line]))


F22 = Control(
    "F22",
    "No unknown product, region or usage type",
    "classification",
    "warning",
    dimensions_are_known,
    operands="products, regions and usage types of the charges, and those of last month",
    tolerance=POLICY,
)
