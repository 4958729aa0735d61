"""G10: billed services lie in the contract and in this billing period or the next one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Contract, ContractBillingPeriod, Invoice
from billing.month import Month
from billing_vendors.genesys_cloud.settings import GenesysSettings


def service_dates_are_in_period(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check that each line's service dates lie in one billing period of the month, or in the one after it (billed in
    advance), and within the contract.

        period 1 to 31 Jan, line 1 to 31 Jan    -> PASS (arrears)
        period 1 to 31 Jan, line 1 to 28 Feb    -> PASS (advance)
        period 1 to 31 Jan, line 1 to 31 Dec    -> EXCEPTION
        the line ends before it starts          -> EXCEPTION
        the line has no service dates           -> BLOCKED
        the contract of the period was not read -> BLOCKED
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    for invoice in account_month.invoices:
        if not account_month.billing_periods:
            yield blocked(invoice.invoice_id, "no billing period of a contract ends in the month")
            continue
        yield from _of_invoice(invoice, account_month.billing_periods, contracts)


def _of_invoice(
    invoice: Invoice, periods: tuple[ContractBillingPeriod, ...], contracts: dict[str, Contract]
) -> Iterator[Finding]:
    inside = 0
    for line in invoice.lines:
        if line.service_start is None or line.service_end is None:
            yield blocked(invoice.invoice_id, f"line {line.position} ({line.description}) has no service dates")
            continue
        fitting = [period for period in periods if _fits(period, line.service_start, line.service_end)]
        known = [contract for period in fitting if (contract := contracts.get(period.contract_id)) is not None]
        if any(_runs(contract, line.service_start, line.service_end) for contract in known):
            inside += 1
        elif len(known) < len(fitting):
            yield blocked(invoice.invoice_id, f"line {line.position}: the contract of its billing period was not read")
        else:
            yield Finding(
                invoice.invoice_id,
                State.EXCEPTION,
                f"line {line.position} ({line.description}) bills {line.service_start} to {line.service_end} "
                "(end not included), outside the month's billing periods and the next ones, or outside the contract",
                operands={"line": line.position, "start": str(line.service_start), "end": str(line.service_end)},
            )
    if not invoice.lines:
        yield not_applicable(invoice.invoice_id, "the invoice has no lines")
    elif inside:
        yield Finding(
            invoice.invoice_id,
            State.PASS,
            f"{inside} of {len(invoice.lines)} lines lie in their billing period or the next one",
            operands={"lines": len(invoice.lines), "inside": inside},
        )


def _fits(period: ContractBillingPeriod, start: date, end: date) -> bool:
    """Return whether an interval lies in the billing period, or in the month after it."""
    arrears = period.starts_on <= start and end <= period.ends_on
    advance = period.ends_on <= start and end <= _a_month_after(period.ends_on)
    return start < end and (arrears or advance)


def _runs(contract: Contract, start: date, end: date) -> bool:
    begun = contract.starts_on is None or contract.starts_on <= start
    return begun and (contract.ends_on is None or end <= contract.ends_on)


def _a_month_after(day: date) -> date:
    """Return the same day of the next month, or that month's last day if it is shorter."""
    following = Month.of(day).shifted(1)
    last = (following.shifted(1).first_day - following.first_day).days
    return date(following.year, following.month, min(day.day, last))


G10 = Control(
    "G10", "Service dates lie in the contract and its period", "cut-off", "exception", service_dates_are_in_period
)
