"""How fast and how strictly the simulated vendors respond. What their contracts leave open is in ``readings.py``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """
    Settings of a whole simulator; they may be changed while it runs.

    :param estimate_asks: how often a month-to-date estimate gets a 202 before it is ready.
    :param estimate_seconds: how long it takes at least, in seconds of real time.
    :param report_asks: how often a billable usage report is ``InProgress`` before it is complete.
    :param report_seconds: how long it takes at least, in seconds of real time.
    :param rate_limit: requests a minute for one Genesys Cloud token.
    :param token_seconds: lifetime of a Genesys Cloud token, in seconds of real time.
    :param link_seconds: lifetime of a document link, in seconds of the simulator's clock.
    :param contract_page_limit: largest ``pageSize`` of the contract list (200 until release 267.0.0 of the SDK).
    :param page_limit: most rows on a page of a listing, whatever is requested; 0 for as many as requested.
    :param page_limit_of: the operation whose listing ``page_limit`` is for; all if it is empty.
    """

    estimate_asks: int = 1
    estimate_seconds: float = 0.0
    report_asks: int = 1
    report_seconds: float = 0.0
    rate_limit: int = 300
    token_seconds: int = 86_400
    link_seconds: int = 300
    contract_page_limit: int = 10
    page_limit: int = 0
    page_limit_of: str = ""

    def limit_of(self, operation: str) -> int:
        """Return the most rows on a page of an operation's listing; 0 for as many as requested."""
        return self.page_limit if self.page_limit_of in ("", operation) else 0
