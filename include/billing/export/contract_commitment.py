"""FOCUS Contract Commitment 1.4: what contracts oblige the customer to pay, used or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.export.charges import Issuer, midnight
from billing.export.columns import Column, Kind
from billing.export.sources import StoredContract
from billing.models import ContractItem
from billing.money import product
from billing.month import Month


@dataclass(frozen=True, slots=True)
class Commitment:
    """
    One item of a contract that is paid for each billing period, used or not.

    :param cost: of one billing period.
    :param start: first day on which it holds.
    :param end: the day after the last one.
    """

    issuer: Issuer
    stored: StoredContract
    item: ContractItem
    cost: Decimal
    start: date
    end: date
    contract_start: date
    contract_end: date

    @property
    def duration(self) -> str:
        """Its length in whole years or months."""
        months = max(1, (self.end.year - self.start.year) * 12 + self.end.month - self.start.month)
        number, unit = (months // 12, "Year") if months % 12 == 0 else (months, "Month")
        return f"{number} {unit}" + ("s" if number > 1 else "")


def _applicability(commitment: Commitment) -> str:
    sku = commitment.item.sku
    if not sku:
        return json.dumps({"IsGlobalScope": True})
    rule = {"Dimension": "SkuId", "Operator": "In", "Values": [sku]}
    return json.dumps({"InclusionOperator": "And", "Inclusions": [rule]})


def _always(value: str) -> Any:  # noqa: ANN401 (of any row)
    return lambda _: value


CONTRACT_COMMITMENT_1_4: tuple[Column[Commitment], ...] = (
    Column("BillingCurrency", Kind.TEXT, lambda made: made.item.currency),
    Column("ContractCommitmentApplicability", Kind.TEXT, _applicability),
    Column("ContractCommitmentBenefitCategory", Kind.TEXT, _always("Entitlement")),
    Column("ContractCommitmentCategory", Kind.TEXT, _always("Usage")),
    Column("ContractCommitmentCost", Kind.MONEY, lambda made: made.cost),
    Column("ContractCommitmentCreated", Kind.MOMENT, lambda made: made.stored.created_at),
    Column("ContractCommitmentDescription", Kind.TEXT, lambda made: made.item.name or made.item.plan_name),
    Column("ContractCommitmentDiscountPercentage", Kind.NUMBER, lambda made: None),  # noqa: ARG005 (no list price)
    Column("ContractCommitmentDurationType", Kind.TEXT, lambda made: made.duration),
    Column("ContractCommitmentFulfillmentInterval", Kind.TEXT, _always("Monthly")),
    Column(
        "ContractCommitmentId",
        Kind.RAW_TEXT,
        lambda made: f"{made.stored.contract.contract_id}/{made.item.item_number or made.item.position}",
    ),
    Column("ContractCommitmentLastUpdated", Kind.MOMENT, lambda made: made.stored.updated_at),
    Column(
        "ContractCommitmentLifecycleStatus",
        Kind.TEXT,
        lambda made: "Expired" if made.stored.contract.status == "Inactive" else "Active",
    ),
    Column("ContractCommitmentModel", Kind.TEXT, _always("Continuous")),
    Column("ContractCommitmentOfferCategory", Kind.TEXT, _always("Negotiated")),
    Column("ContractCommitmentPaymentInterval", Kind.TEXT, _always("Monthly")),
    Column("ContractCommitmentPaymentModel", Kind.TEXT, _always("No Upfront")),
    Column("ContractCommitmentPeriodEnd", Kind.MOMENT, lambda made: midnight(made.end)),
    Column("ContractCommitmentPeriodStart", Kind.MOMENT, lambda made: midnight(made.start)),
    Column("ContractCommitmentQuantity", Kind.NUMBER, lambda made: made.item.quantity),
    Column("ContractCommitmentType", Kind.TEXT, lambda made: made.stored.contract.commercial_model or "Contract"),
    Column("ContractCommitmentUnit", Kind.TEXT, lambda made: made.item.unit),
    Column("ContractId", Kind.RAW_TEXT, lambda made: made.stored.contract.contract_id),
    Column("ContractPeriodEnd", Kind.MOMENT, lambda made: midnight(made.contract_end)),
    Column("ContractPeriodStart", Kind.MOMENT, lambda made: midnight(made.contract_start)),
    Column("InvoiceIssuerName", Kind.TEXT, lambda made: made.issuer.title),
    Column("ServiceProviderName", Kind.TEXT, lambda made: made.issuer.title),
    Column("x_Account", Kind.RAW_TEXT, lambda made: made.stored.account),
)


def commitments(issuer: Issuer, contracts: Iterable[StoredContract], month: Month) -> Iterator[Commitment]:
    """Yield the items with a price and a quantity that hold on a day of the month; those of usage have no price."""
    for stored in contracts:
        starts_on, ends_on = stored.contract.starts_on, stored.contract.ends_on
        if starts_on is None or ends_on is None:
            continue  # FOCUS has no contract without an end
        for item in stored.contract.items:
            start, end = item.effective_start or starts_on, item.effective_end or ends_on
            if item.price and item.quantity and start < month.end.date() and end > month.first_day:
                cost = product(item.price, item.quantity)
                yield Commitment(issuer, stored, item, cost, start, end, starts_on, ends_on)
