"""G12: the billing periods of a month are closed."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings


def billing_periods_are_closed(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Read each billing period's own status: while it is open, its charges may change and nothing can be approved.

        Closed                                  -> PASS
        Open, an unknown status, or none at all -> BLOCKED
        no billing period ends in the month     -> NOT_APPLICABLE
    """
    periods = evidence.account_month.billing_periods
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no billing period of a contract ends in the month")
    for period in periods:
        if name_key(period.status) == "closed":
            yield Finding(
                period.billing_period_id, State.PASS, "the billing period is closed", operands={"status": period.status}
            )
        else:
            yield blocked(
                period.billing_period_id,
                f"the billing period is {period.status or 'without a status'}, not Closed: its charges may change",
            )


G12 = Control(
    "G12",
    "Billing periods are closed",
    "cut-off",
    "blocked",
    billing_periods_are_closed,
    operands="status of each billing period",
)
