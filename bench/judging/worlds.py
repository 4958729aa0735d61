"""Simulated worlds in which each case has an account with readings of its own, served over HTTP."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from billing.config.accounts import Account, load_accounts
from billing.month import Month
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors
from judging.cases import Case
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

NOW = datetime.now(UTC)
"""The vendors' clock, and the moment of each fetch: the product asks for some documents by their age."""
MONTHS = 3
"""How many months of each case are judged."""
READY_AT_ONCE = Settings(report_asks=0, estimate_asks=0, rate_limit=1_000_000)


def vendor_of(name: str) -> Vendor:
    """Return one vendor."""
    return next(vendor for vendor in vendors() if vendor.name == name)


def world_of(cases: Sequence[Case]) -> World:
    """Create the world of cases of one seed."""
    readings = {f"{case.account}:{key}": value for case in cases for key, value in case.readings.items()}
    return World(cases[0].seed, readings, max(case.drawn for case in cases), errors=False)


def months_of(case: Case, account: Account[Any]) -> list[Month]:
    """Return the months of a case that its account has, in order."""
    last = Month.parse(str(case.last_month))
    return [month for back in range(1 - MONTHS, 1) if (month := last.shifted(back)) >= account.first_month]


def accounts_of(world: World, cases: Iterable[Case]) -> dict[Case, Account[Any]]:
    """Return the accounts of cases as ``accounts.yaml`` would hold them; each begins with its case's first month."""
    entries = {entry["name"]: entry for entry in world.accounts()}
    return {case: _account(case, entries[case.account]) for case in cases}


def _account(case: Case, entry: dict[str, Any]) -> Account[Any]:
    vendor = vendor_of(case.vendor)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.yaml"
        path.write_text(yaml.safe_dump({"accounts": [entry]}), encoding="utf-8")
        (found,) = load_accounts(vendor.name, vendor.settings_type, path)
    first = Month.parse(str(case.last_month)).shifted(1 - MONTHS)
    return replace(found, first_month=max(found.first_month, first))


@contextmanager
def served(world: World, cases: Iterable[Case]) -> Iterator[None]:
    """Serve a world, and let Airflow's connections of the cases' accounts lead to it."""
    wanted = {case.account for case in cases}
    ids = [entry["conn_id"] for entry in world.accounts() if entry["name"] in wanted]
    with Simulator(world, NOW, READY_AT_ONCE) as simulator:
        connections = simulator.connections()
        os.environ |= {f"AIRFLOW_CONN_{name.upper()}": json.dumps(connections[name]) for name in ids}
        yield
