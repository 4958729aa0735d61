"""G24: the trustee's overview matches the billing period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.quantities import scale_between
from billing.matching.service_months import Span
from billing.models import Charge, ContractBillingPeriod, UsageLine, UsageReport
from billing.money import exact_sum
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings

_ALLOWANCE = "fair-use"

_Charges = dict[str, list[tuple[ContractBillingPeriod, Charge]]]


def trustee_sees_the_same(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare, product by product, the usage and the prepaid quantity of the trustee's overview with those of the billing
    period's charges, and its overage price, which is before tax, with the contract's. Not every row is a charge:
    ``fair-use`` rows are allowances, third parties' rows another vendor's. Rows are compared, never added up over
    products, so a rollup that repeats others cannot count twice.

        overview 262 used, 250 prepaid; charge the same     -> PASS
        overview 266, charge 262                            -> EXCEPTION
        overview price 148.50, contract 143.00              -> EXCEPTION
        a charge that the overview does not list            -> NOT_APPLICABLE: voice, for one, is billed elsewhere
        a row that no charge has                            -> NOT_APPLICABLE
        the overview is of other dates                      -> BLOCKED; NOT_APPLICABLE if it is of another contract's
        the overview is of another organization             -> BLOCKED
        the account has a trustor, but no overview was read -> BLOCKED
        the account is not read by a trustee                -> NOT_APPLICABLE
        no charge                                           -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    price_book = PriceBook(account_month.contracts, account_month.billing_periods)
    charges = _charges_by_sku(account_month.billing_periods, price_book)
    overview = next((report for report in account_month.usage_reports if report.kind == "trustee_overview"), None)
    if overview is None:
        if evidence.account.settings.trustor_organization_id:
            yield blocked(str(account_month.month), "the vendor returned no trustee overview of the month")
        else:
            yield not_applicable(str(account_month.month), "the account is not read by a trustee")
        return
    organization = (overview.attributes.get("organization") or {}).get("id")
    ours = evidence.account.settings.trustor_organization_id
    if organization and ours and organization.casefold() != ours.casefold():
        yield blocked(
            str(account_month.month),
            f"the overview is of organization {organization}, not of trustor_organization_id {ours}",
        )
        return
    if not charges:
        yield not_applicable(str(account_month.month), "no billing period with a charge ends in the month")
        return
    seen = _rows_by_sku(overview, price_book)
    other_cycle = any(_other_dates(rows, overview) is None for rows in charges.values())
    by_period: dict[str, list[Finding]] = defaultdict(list)
    for sku, rows in charges.items():
        subject = rows[0][0].billing_period_id
        found = _of_product(subject, sku, rows, seen.get(sku, []), overview, price_book, other_cycle=other_cycle)
        by_period[subject].extend(found)
    for subject, findings in by_period.items():
        yield from summarize_passes(subject, "figures", findings)
    if others := sorted(set(seen) - set(charges)):
        yield not_applicable(
            str(account_month.month), f"the overview lists what is not charged: {', '.join(others[:10])}"
        )


def _of_product(
    subject: str,
    sku: str,
    rows: list[tuple[ContractBillingPeriod, Charge]],
    seen: list[UsageLine],
    overview: UsageReport,
    price_book: PriceBook,
    *,
    other_cycle: bool,
) -> Iterator[Finding]:
    if not seen:
        yield not_applicable(
            subject, f"{sku}: the trustee's overview does not list it; it leaves out what is billed elsewhere"
        )
        return
    ours = [row for row in rows if _other_dates([row], overview) is None]
    if not ours and (fault := _other_dates(rows, overview)):
        yield not_applicable(subject, f"{sku}: {fault}") if other_cycle else blocked(subject, f"{sku}: {fault}")
        return
    others = [charge for row in rows if row not in ours for charge in row[1:]]
    used, used_elsewhere = ([each.actual_quantity for each in charges] for charges in ([c for _, c in ours], others))
    yield _quantities(subject, f"usage of {sku}", used, [line.quantity for line in seen], used_elsewhere)
    if all("prepayQuantity" in line.attributes for line in seen):
        prepaid = [charge.prepaid_quantity for _, charge in ours]
        elsewhere = [charge.prepaid_quantity for charge in others]
        overviews = [Decimal(line.attributes["prepayQuantity"]) for line in seen]
        yield _quantities(subject, f"prepaid quantity of {sku}", prepaid, overviews, elsewhere)
    yield from _prices(subject, sku, rows, seen, price_book)


def _quantities(
    subject: str, what: str, charged: list[Decimal | None], seen: list[Decimal], elsewhere: list[Decimal | None]
) -> Finding:
    """
    Compare charges with the rows of the overview.

    :param elsewhere: charges of other contracts, for other dates than the overview's; it may list them or not.
    """
    known = [number for number in charged if number is not None]
    if len(known) < len(charged) and exact_sum(known) != exact_sum(seen):
        return blocked(subject, f"{what}: a charge does not state it")
    total, shown = exact_sum(known), exact_sum(seen)
    with_others = exact_sum([*known, *(number for number in elsewhere if number is not None)])
    if scale_between(total, shown) or (elsewhere and (total in seen or scale_between(with_others, shown))):
        total = shown
    found = compare_quantities(subject, f"{what} in the overview", expected=total, actual=shown)
    return replace(found, operands={"charges": known, "overview": seen})


def _prices(
    subject: str,
    sku: str,
    rows: list[tuple[ContractBillingPeriod, Charge]],
    seen: list[UsageLine],
    price_book: PriceBook,
) -> Iterator[Finding]:
    """Compare the overage price where both sides name exactly one."""
    agreed = {
        priced.price
        for period, _ in rows
        for priced in price_book.in_force(sku, ChargeType.OVERAGE, frozenset({period.contract_id}), period.starts_on)
    }
    shown = {line.rate for line in seen if line.rate is not None}
    if len(agreed) != 1 or len(shown) != 1:
        return
    found = compare_quantities(
        subject, f"overage price of {sku} in the overview", expected=agreed.pop(), actual=shown.pop()
    )
    yield replace(found, operands={"sku": sku, "agreed": found.expected, "overview": found.actual})


def _other_dates(rows: list[tuple[ContractBillingPeriod, Charge]], overview: UsageReport) -> str | None:
    if overview.starts_at is None or overview.ends_at is None:
        return "the overview does not state the dates it covers"
    dates = overview.starts_at.date(), overview.ends_at.date()
    other = next((period for period, _ in rows if not _near((period.starts_on, period.ends_on), dates)), None)
    if other is None:
        return None
    return f"the overview covers {dates[0]} to {dates[1]}, its billing period {other.starts_on} to {other.ends_on}"


def _near(period: Span, dates: Span) -> bool:
    """Return whether two intervals are the same, to a day: the overview's are instants of a time zone."""
    return all(abs((one - other).days) <= 1 for one, other in zip(period, dates, strict=True))


def _charges_by_sku(periods: tuple[ContractBillingPeriod, ...], price_book: PriceBook) -> _Charges:
    found: _Charges = defaultdict(list)
    for period in periods:
        for charge in period.charges:
            found[price_book.product(charge.sku, charge.product_name)].append((period, charge))
    return found


def _rows_by_sku(overview: UsageReport, price_book: PriceBook) -> dict[str, list[UsageLine]]:
    """Return the rows that may be charges, by product; one that summarises others only where it is the only one."""
    found: dict[str, list[UsageLine]] = defaultdict(list)
    for line in overview.lines:
        if name_key(line.usage_type) != _ALLOWANCE and not line.attributes.get("isThirdParty"):
            found[price_book.product(line.product, line.name)].append(line)
    single = {
        sku: [line for line in lines if "rollup" not in name_key(line.usage_type)] for sku, lines in found.items()
    }
    return {sku: single[sku] or lines for sku, lines in found.items()}


G24 = Control(
    "G24",
    "The trustee sees what is charged",
    "accuracy",
    "variance",
    trustee_sees_the_same,
    operands="usage, prepaid quantity and overage price of the trustee's overview, charges, contract",
)
