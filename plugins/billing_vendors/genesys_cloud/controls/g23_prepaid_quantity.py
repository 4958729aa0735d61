"""G23: prepaid quantities are those of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import PriceBook, Purpose, purpose_of
from billing.matching.quantities import scale_between
from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, Wallet
from billing.money import exact_sum
from billing.names import name_key
from billing.proration import decimal_of
from billing_vendors.genesys_cloud.settings import GenesysSettings


def prepaid_quantities_are_agreed(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare, for each product of a billing period, the prepaid quantity of its charges with that of the contract's
    recurring items in force: when the period begins or ends, or each for its days; and the fair-use quantity with that
    of its fair-use items. A missing quantity of a charge is none if another one is stated. Tokens are in the wallet and
    in no charge: those of a one-time item that begins in the period must be in its balance.

        contract 250, charge 250                           -> PASS
        contract 250 and an amendment of 20, charge 270    -> PASS
        the amendment begins within the period, charge 250 -> PASS; charge 270 -> PASS
        contract 250, charges of 200 and 50                -> PASS
        contract 250, charge 240                           -> EXCEPTION
        charge 240, no item in force                       -> EXCEPTION
        contract 250, no charge                            -> EXCEPTION
        fair use 2000, charge with fair use 2000           -> PASS; with 1000 -> EXCEPTION
        60000 tokens once, wallet with start + increase 60000 or more -> PASS; less, or no wallet -> EXCEPTION
        an item or a charge has no quantity                -> BLOCKED
        the contract was not read                          -> BLOCKED
        no billing period, or nothing prepaid on any side  -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.billing_periods:
        yield not_applicable(str(account_month.month), "no billing period of a contract ends in the month")
    price_book = PriceBook(account_month.contracts, account_month.billing_periods)
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    for period in account_month.billing_periods:
        contract = contracts.get(period.contract_id)
        if contract is None:
            yield blocked(period.billing_period_id, "the contract of the billing period was not read")
        else:
            yield from _of_period(period, contract, price_book)


def _of_period(period: ContractBillingPeriod, contract: Contract, price_book: PriceBook) -> Iterator[Finding]:
    subject = period.billing_period_id
    charges: dict[str, list[Charge]] = defaultdict(list)
    for charge in period.charges:
        charges[price_book.product(charge.sku or charge.product_name)].append(charge)
    items: dict[tuple[str, Purpose], list[ContractItem]] = defaultdict(list)
    for item in contract.items:
        items[price_book.product(item.sku or item.product_name or item.name), purpose_of(item)].append(item)
    in_wallet = {price_book.product(wallet.sku or wallet.name): wallet for wallet in period.wallets}
    tokens = in_wallet.keys() | {key for key, rows in charges.items() if any(row.converted_token_count for row in rows)}
    findings = []
    for key in dict.fromkeys([*charges, *(product for product, _ in items)]):
        recurring, rows = items[key, Purpose.PREPAID], charges.get(key)
        if key in tokens or _counts_tokens([*recurring, *items[key, Purpose.ONE_TIME]]):
            once = [item for item in items[key, Purpose.ONE_TIME] if _begins_in(item, contract, period)]
            findings += [_in_wallet(subject, item, in_wallet.get(key)) for item in once if item.quantity]
            continue
        prepaid = [charge.prepaid_quantity for charge in rows or ()]
        if any(item.quantity != 0 for item in recurring if _days_of(item, period)) or any(prepaid):
            findings.append(_of_product(subject, recurring, prepaid if rows else None, period, "prepaid"))
        fair = [item for item in items[key, Purpose.FAIR_USE] if item.quantity]
        if fair and rows and any(_days_of(item, period) for item in fair):
            allowed = [charge.fair_use_quantity for charge in rows]
            findings.append(_of_product(subject, fair, allowed, period, "fair-use"))
    if not findings:
        yield not_applicable(subject, "nothing is prepaid, neither by the contract nor by the charges")
    yield from summarize_passes(subject, "prepaid products", findings, listed=True)


def _of_product(
    subject: str,
    items: list[ContractItem],
    stated: list[Decimal | None] | None,
    period: ContractBillingPeriod,
    kind: str,
) -> Finding:
    in_force = [item for item in items if _days_of(item, period)]
    sku = next((item.sku or item.product_name for item in items), None) or "a product without item"
    quantities = [item.quantity for item in in_force if item.quantity is not None]
    if len(quantities) < len(in_force):
        return blocked(subject, f"{sku}: a contract item in force has no quantity")
    first = exact_sum(item.quantity or Decimal(0) for item in in_force if _is_in_force(item, period.starts_on))
    if stated is None:
        text = f"{sku}: the contract prepays {first}, but the billing period has no charge of it"
        return Finding(subject, State.EXCEPTION, text, expected=first, operands={"sku": sku})
    known = [number for number in stated if number is not None]
    if not known:
        return blocked(subject, f"{sku}: a charge has no {kind} quantity")
    actual = exact_sum(known)
    expected = next((each for each in _readings(in_force, period) if scale_between(each, actual) is not None), first)
    found = compare_quantities(
        subject,
        f"{kind} quantity of {sku} against the contract's",
        expected=actual if scale_between(expected, actual) else expected,
        actual=actual,
    )
    return replace(found, operands={"sku": sku, "contract": quantities, "charges": known})


def _readings(items: list[ContractItem], period: ContractBillingPeriod) -> Iterator[Decimal]:
    """Yield what items in force during a period may come to: on its first day, on its last one, each for its days."""
    days = (period.ends_on - period.starts_on).days
    for day in (period.starts_on, period.ends_on - timedelta(days=1)):
        yield exact_sum(item.quantity or Decimal(0) for item in items if _is_in_force(item, day))
    parts = (Fraction(item.quantity or 0) * _days_of(item, period) / days for item in items)
    yield decimal_of(sum(parts, Fraction(0)))


def _in_wallet(subject: str, item: ContractItem, wallet: Wallet | None) -> Finding:
    """Check that the tokens of a one-time item are in the wallet of the period in which it begins."""
    sku, bought = item.sku or item.product_name or item.name, item.quantity or Decimal(0)
    if wallet is None:
        text = f"{sku}: {bought} tokens are bought once, but the billing period has no wallet of it"
        return Finding(subject, State.EXCEPTION, text, expected=bought, operands={"sku": sku})
    held = exact_sum((wallet.starting_balance or Decimal(0), wallet.balance_increase or Decimal(0)))
    good = held >= bought
    text = f"{sku}: {bought} tokens are bought once, the wallet starts with and gets {held}"
    return Finding(subject, State.PASS if good else State.EXCEPTION, text, operands={"sku": sku, "wallet": held})


def _counts_tokens(items: list[ContractItem]) -> bool:
    return any(name_key(item.unit) == "token" for item in items)


def _begins_in(item: ContractItem, contract: Contract, period: ContractBillingPeriod) -> bool:
    begins = item.effective_start or contract.starts_on
    return begins is not None and period.starts_on <= begins < period.ends_on


def _is_in_force(item: ContractItem, day: date) -> bool:
    start, end = item.effective_start, item.effective_end
    return (start is None or start <= day) and (end is None or day < end)


def _days_of(item: ContractItem, period: ContractBillingPeriod) -> int:
    start = max(period.starts_on, item.effective_start or period.starts_on)
    return max(0, (min(period.ends_on, item.effective_end or period.ends_on) - start).days)


G23 = Control(
    "G23",
    "Prepaid quantities are those of the contract",
    "accuracy",
    "exception",
    prepaid_quantities_are_agreed,
    operands="prepaid quantity of each charge, quantity of the contract's items in force",
)
