"""Which periods a contract's prepayments are for, and on which period's invoice they are. Pure: no clock."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.accounts import Contract, Plan
from vendor_simulator.genesys_cloud.month import Line
from vendor_simulator.genesys_cloud.periods import Period, first_month, has_period, period_of
from vendor_simulator.genesys_cloud.prices import Stretch, cost, joined, stretches
from vendor_simulator.genesys_cloud.wording import describe


def prepaid_blocks(contract: Contract, plan: Plan, period: Period) -> list[list[Period]]:
    """
    Return the periods that are paid together, for each prepayment on this period's invoice.

    In advance a block is on the invoice of the period before it; the first one of a contract that begins within the
    simulated history is on its first invoice. In arrears it is on the invoice of its last period.
    """
    position = period.month.index - first_month(contract).index
    if not (contract.advance if plan.advance is None else plan.advance):
        last = (position + 1) % plan.months == 0 or not has_period(contract, period.month.shift(1))
        return [_block(contract, plan, position)] if last else []
    first = [_block(contract, plan, 0)] if position == 0 and contract.begins is not None else []
    begins = (position + 1) % plan.months == 0 and has_period(contract, period.month.shift(1))
    return [*first, _block(contract, plan, position + 1)] if begins else first


def paid_through(contract: Contract, plan: Plan, closed: list[Period]) -> date | None:
    """Return the last day that is paid; ``closed`` are the closed periods, newest first."""
    for period in closed:
        blocks = prepaid_blocks(contract, plan, period)
        if blocks:
            return blocks[-1][-1].end
    return None


def prepay_lines(period: Period) -> list[Line]:
    """Write a period's prepayments, one line for each price."""
    contract = period.contract
    return [
        _line(contract, plan, part)
        for plan in contract.plans
        if plan.is_prepaid
        for block in prepaid_blocks(contract, plan, period)
        for part in joined([part for each in block for part in stretches(plan, each)])
    ]


def one_time_lines(period: Period) -> list[Line]:
    """Write what was bought once within a period."""
    contract = period.contract
    lines = []
    for plan in contract.plans:
        for bought in plan.purchases:
            if period.start <= bought.on <= period.end and bought.price:
                text = describe(contract, "one_time", plan)
                whole = exact.times(bought.price, bought.quantity)
                amount = exact.money(whole, contract.currency)
                quantity = Decimal(bought.quantity)
                lines.append(Line("one_time", plan.product, text, bought.on, bought.on, quantity, amount, whole, plan))
    return lines


def _line(contract: Contract, plan: Plan, part: Stretch) -> Line:
    whole = cost(contract, plan, part)
    quantity = plan.quantity_at(part.price)
    if contract.read["prepaid_units"] == "units_times_periods" and part.share.denominator == 1:
        quantity *= part.share.numerator
    text, amount = describe(contract, "prepay", plan), exact.money(whole, contract.currency)
    return Line("prepay", plan.product, text, part.start, part.end, Decimal(quantity), amount, whole, plan)


def _block(contract: Contract, plan: Plan, position: int) -> list[Period]:
    first = first_month(contract).shift(position - position % plan.months)
    months = first.until(first.shift(plan.months - 1))
    return [period_of(contract, month) for month in months if has_period(contract, month)]
