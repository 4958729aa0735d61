"""G10: what is billed was, or will next be, served under contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from billing.controls.control import Control, Evidence
from billing.controls.result import Finding, State, blocked, not_applicable
from billing.models import Contract, ContractBillingPeriod, Invoice, InvoiceLine
from billing.period import BillingPeriod


def service_dates_are_in_period(evidence: Evidence) -> Iterator[Finding]:
    """
    Ask of every line: do its service dates lie in one billing period of the month, or in the one after it
    (billed in advance), and within the contract?

        period 1 to 31 Jan, line 1 to 31 Jan  -> PASS (arrears)
        period 1 to 31 Jan, line 1 to 28 Feb  -> PASS (advance)
        period 1 to 31 Jan, line 1 to 31 Dec  -> EXCEPTION
        the line has no service dates         -> BLOCKED
    """
    month = evidence.month
    if not month.invoices:
        yield not_applicable(str(month.period), "the month has no invoice")
    contracts = {contract.contract_id: contract for contract in month.contracts}
    for invoice in month.invoices:
        if not month.billing_periods:
            yield blocked(invoice.invoice_id, "no billing period of a contract ends in the month")
            continue
        yield from _of_invoice(invoice, month.billing_periods, contracts)


def _of_invoice(
    invoice: Invoice, periods: tuple[ContractBillingPeriod, ...], contracts: dict[str, Contract]
) -> Iterator[Finding]:
    inside = 0
    for line in invoice.lines:
        if line.service_start is None or line.service_end is None:
            yield blocked(invoice.invoice_id, f"line {line.position} ({line.description}) has no service dates")
        elif any(_covers(period, contracts.get(period.contract_id), line) for period in periods):
            inside += 1
        else:
            yield Finding(
                invoice.invoice_id,
                State.EXCEPTION,
                f"line {line.position} ({line.description}) bills {line.service_start} to {line.service_end} "
                "(end not included), outside the month's billing periods and the next ones, or outside the contract",
                operands={"line": line.position, "start": str(line.service_start), "end": str(line.service_end)},
            )
    if inside or not invoice.lines:
        yield Finding(
            invoice.invoice_id,
            State.PASS,
            f"{inside} of {len(invoice.lines)} lines lie in their billing period or the next one",
            operands={"lines": len(invoice.lines), "inside": inside},
        )


def _covers(period: ContractBillingPeriod, contract: Contract | None, line: InvoiceLine) -> bool:
    if contract is None or line.service_start is None or line.service_end is None:
        return False
    arrears = period.starts_on <= line.service_start and line.service_end <= period.ends_on
    advance = period.ends_on <= line.service_start and line.service_end <= _a_month_after(period.ends_on)
    begun = contract.starts_on is None or contract.starts_on <= line.service_start
    running = contract.ends_on is None or line.service_end <= contract.ends_on
    return (arrears or advance) and begun and running


def _a_month_after(day: date) -> date:
    """Give the same day of the next month, or that month's last day where it is shorter."""
    following = BillingPeriod.of(day).shifted(1)
    last = (following.shifted(1).first_day - following.first_day).days
    return date(following.year, following.month, min(day.day, last))


G10 = Control(
    "G10", "Service dates lie in the contract and its period", "cut-off", "exception", service_dates_are_in_period
)
