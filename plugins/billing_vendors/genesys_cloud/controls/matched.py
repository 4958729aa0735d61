"""A month's lines paired with what was received and agreed: made once for all controls that compare them."""

from __future__ import annotations

from decimal import Decimal

from billing.controls.evidence import Evidence
from billing.controls.finding import bound_of
from billing.matching.price_book import PriceBook
from billing.matching.price_readings import Reading
from billing.matching.receipts import Billed
from billing.matching.three_way import Match, held_documents, match_month, reading_of_line
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


class Matched:
    """
    The matches of a month.

    :ivar held: documents that repeat the lines of another one; their lines are not matched.
    """

    def __init__(self, evidence: Evidence[GenesysSettings]) -> None:
        month = evidence.account_month
        self.price_book = PriceBook(month.contracts, month.billing_periods)
        self.held = held_documents(month, self.price_book, TERMS)
        self.matches = match_month(month, self.price_book, TERMS, self.held)
        self._periods = month.billing_periods
        self._readings: dict[tuple[str, int], Reading | None] = {}

    def reading(self, billed: Billed, match: Match) -> Reading | None:
        """Return the first way in which a contract gives a line's amount, rounded once; None if there is none."""
        key = billed.invoice.invoice_id, billed.line.position
        if key not in self._readings:
            bound = bound_of(billed.invoice.currency, 1) or Decimal(0)
            self._readings[key] = reading_of_line(billed, match, self.price_book, self._periods, bound)
        return self._readings[key]
