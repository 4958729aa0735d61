"""What other DAGs are told when a vendor's month is stored and proved: one asset event, with counts and no amounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from airflow.sdk import Asset, get_current_context


def announce_month(months: Asset, month: str, accounts: Iterable[str], states: Iterable[Mapping[str, int]]) -> None:
    """
    Sum up a run in its asset event:

        {"month": "2026-10", "accounts": ["acme-media"], "states": {"EXCEPTION": 1, "PASS": 19}}

    :param months: the asset, an outlet of the task that runs.
    :param states: of each account, the number of control results by state.
    """
    total: Counter[str] = Counter()
    for of_account in states:
        total.update(of_account)
    get_current_context()["outlet_events"][months].extra = {
        "month": month,
        "accounts": list(accounts),
        "states": dict(sorted(total.items())),
    }
