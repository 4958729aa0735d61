"""G29: every document that should exist by now is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.config.rate_card import in_force
from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook, Purpose, purpose_of
from billing.matching.receipts import receipts_of
from billing.models import AccountMonth, Contract, ContractBillingPeriod
from billing.money import exact_sum
from billing_vendors.genesys_cloud.controls.expected_documents import (
    Documents,
    Due,
    amount_of,
    of_prepayment,
    of_receipt,
)
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def expected_documents_are_stored(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    List what each contract makes due in each closed billing period: what its recurring items prepay, its one-time items
    that begin in it, and charges and wallets with an overage. Find a line that bills it, in the month's documents or in
    the account's other stored ones; a day through which the vendor says it has charged proves no document. Amounts and
    quantities are checked by G2 and G5.

        prepaid 88 at 135.00, a line for these days, monthly or of a longer term -> PASS, names the document
        prepaid 88 at 135.00, no line, the posting day is over                   -> EXCEPTION: 11880.00 of contract Q-1
        the same, before the end of the posting day                              -> BLOCKED: awaited
        billed in advance a month ago, no line for the next period now           -> EXCEPTION for that period
        prepaid for a year, billed with a month that is not stored               -> BLOCKED, names the month
        an overage of 1782.00, no line                                           -> EXCEPTION
        a one-time item begins in the period, no line                            -> EXCEPTION
        prepaid at 0, or no use beyond the allowance                             -> nothing is due
        the account has a commitment and the month has no document               -> EXCEPTION
        a contract with prepaid items and without a listed billing period        -> BLOCKED
        nothing is due                                                           -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    price_book = PriceBook(account_month.contracts, account_month.billing_periods)
    documents = Documents(evidence, price_book)
    names = {each.contract_id: each.external_number or each.contract_id for each in account_month.contracts}
    by_subject: dict[str, list[Finding]] = defaultdict(list)
    dues = list(_dues(account_month, price_book))
    prepaid = [due for due in dues if due.charge_type is ChargeType.PREPAID and not due.is_once]
    dues += [following for due in prepaid if (following := documents.next_in_advance(due))]
    for due in dues:
        by_subject[due.subject].append(_of_due(due, dues, documents, names.get(due.contract_id, due.contract_id)))
    for subject, findings in by_subject.items():
        yield from summarize_passes(subject, "amounts due", findings, listed=True)
    without = [*_without_period(account_month), *_commitment(evidence)]
    yield from without
    if not dues and not without:
        yield not_applicable(str(account_month.month), "nothing is due by the contracts' closed billing periods")


def _dues(account_month: AccountMonth, price_book: PriceBook) -> Iterator[Due]:
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    closed = [each for each in account_month.billing_periods if (each.status or "").casefold() != "open"]
    for period in closed:
        if contract := contracts.get(period.contract_id):
            yield from _of_items(period, contract, price_book)
    for receipt in receipts_of(closed, price_book, TERMS):
        if receipt.charge_type is ChargeType.OVERAGE and receipt.charged != 0:
            yield of_receipt(receipt, price_book)


def _of_items(period: ContractBillingPeriod, contract: Contract, price_book: PriceBook) -> Iterator[Due]:
    """Yield what a contract's priced items make due in a period: of each product, and of each one-time item."""
    names = {price_book.product(item.sku or item.product_name or item.name): item for item in contract.items}
    for product, item in names.items():
        due = of_prepayment(period, item.sku or item.product_name or item.name or "", product, price_book)
        if due.amount != 0 and due.items:
            yield due
        for each in price_book.items(product, ChargeType.PREPAID, frozenset({contract.contract_id})):
            begins = each.item.effective_start or contract.starts_on
            if begins is None or not period.starts_on <= begins < period.ends_on:
                continue
            if purpose_of(each.item) is Purpose.ONE_TIME and amount_of([each]) != 0:
                yield replace(due, items=(each,), amount=amount_of([each]), service=(begins, period.ends_on))


def _of_due(due: Due, dues: list[Due], documents: Documents, contract: str) -> Finding:
    what = f"{due.sku} of contract {contract}, {due.charge_type}"
    found = documents.own(due) + documents.others(due)
    alike = [
        each for each in dues if (each.product, each.charge_type) == (due.product, due.charge_type) and not each.is_once
    ]
    sharing = [each for each in alike if any(each.contract_id in billed.contracts for billed in found)]
    if not found:
        return documents.absent(due, what)
    numbers = sorted({billed.invoice.invoice_id for billed in found})
    if len({each.contract_id for each in sharing}) > len(found) and not _enough(
        sharing, [b.line.quantity for b in found]
    ):
        return blocked(
            due.subject,
            f"{what}: {', '.join(numbers)} may bill it or another contract's; the vendor does not say which",
        )
    return Finding(
        due.subject,
        State.PASS,
        f"{what}: billed by {', '.join(numbers)}",
        operands={"sku": due.sku, "by": numbers[:20]},
    )


def _enough(dues: list[Due], billed: list[Decimal | None]) -> bool:
    """Return whether lines that several contracts may share bill as much as all of them prepay."""
    prepaid = [each.item.quantity for due in dues for each in due.items]
    known = [number for number in (*prepaid, *billed) if number is not None]
    complete = bool(prepaid) and len(known) == len(prepaid) + len(billed)
    return complete and exact_sum(known[len(prepaid) :]) >= exact_sum(known[: len(prepaid)])


def _without_period(account_month: AccountMonth) -> Iterator[Finding]:
    """Yield the contracts that prepay something in the month although no billing period of theirs overlaps its end."""
    month = account_month.month
    known = {period.contract_id for period in account_month.billing_periods}
    for contract in account_month.contracts:
        runs = (contract.starts_on is None or contract.starts_on < month.first_day) and (
            contract.ends_on is None or contract.ends_on > month.shifted(1).first_day
        )
        prepays = any(item.price and purpose_of(item) is Purpose.PREPAID for item in contract.items)
        if contract.contract_id not in known and runs and prepays and (contract.status or "").casefold() != "inactive":
            name = contract.external_number or contract.contract_id
            yield blocked(str(month), f"the vendor lists no billing period of contract {name} that ends in {month}")


def _commitment(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    account_month = evidence.account_month
    least = [each.amount for each in in_force(evidence.account.commitments, account_month.month) if each.amount]
    if least and not account_month.invoices and not evidence.other_documents:
        subject, currency = str(account_month.month), evidence.account.currency
        text = f"the account has a commitment of {least[0]} {currency}, and no document bills the month"
        yield Finding(subject, State.EXCEPTION, text, expected=least[0], actual=Decimal(0), currency=currency)


G29 = Control(
    "G29",
    "The expected documents are stored",
    "completeness",
    "exception",
    expected_documents_are_stored,
    operands="contract items, charges and wallets of closed billing periods; lines of the month's and other documents",
)
