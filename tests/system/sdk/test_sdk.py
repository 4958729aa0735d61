"""The vendors' own SDKs read the simulator, and understand what it meant."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month

HERE = Path(__file__).parent
CACHE = Path(__file__).resolve().parents[3] / ".tieout" / "sdk"
UV = Path(sys.executable).with_name("uv")
MONTHS = list(Month(2023, 1).until(Month(2026, 10)))


def environment(requirement: str) -> Path:
    """Give the interpreter of an environment with that package alone; made once and kept."""
    home = CACHE / requirement.replace("==", "-")
    complete = home / "complete"
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        settings = os.environ | (
            {"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in os.environ else {}
        )
        for command in (
            ["venv", "--quiet", "--python", sys.executable, str(home)],
            ["pip", "install", "--quiet", "--python", str(home / "bin" / "python"), requirement],
        ):
            done = subprocess.run([str(UV), *command], capture_output=True, text=True, env=settings, check=False)
            assert done.returncode == 0, done.stderr
        complete.touch()
    return home / "bin" / "python"


@pytest.fixture
def read(tmp_path) -> Callable[..., dict[str, Any]]:
    """Run one of the scripts in ``sdk/`` and give what it understood."""

    def run(requirement: str, script: str, **wanted: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(environment(requirement)), "-I", str(HERE / script)],
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            timeout=120,
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def fastly_truth(sim, name: str) -> dict[str, tuple[Decimal, int]]:
    return {
        each.invoice_id: (each.total, each.lines) for month in MONTHS for each in sim.truth("fastly", name, str(month))
    }


@pytest.mark.parametrize("requirement", ["fastly==7.0.0", "fastly==15.0.0"])
@pytest.mark.parametrize("name", ["acme-media", "kumo-games", "gulf-stream"])
def test_fastly_v3(sim, read, requirement, name):
    token = sim.connections()["fastly_" + name.replace("-", "_")]["password"]
    answer = read(
        requirement, "read_fastly.py", base_url=sim.base_url, token=token, api="v3", month="2026-10", customer_id=""
    )
    rows = {row["id"]: (Decimal(row["total"]), len(row["lines"])) for row in answer["invoices"]}
    assert rows == fastly_truth(sim, name)
    assert answer["by_id"] == answer["invoices"][0]
    assert answer["statuses"] == [202, 200]
    assert Decimal(answer["estimate"]) > 0
    usage = sim.world.of(FastlyWorld).month(account_of(sim, name), Month(2026, 10)).usage
    assert [(name, Decimal(quantity), raw) for name, quantity, raw in answer["metrics"]] == [
        (row.meter.name, row.quantity, row.raw_quantity) for row in usage
    ]
    assert sum(map(Decimal, answer["services"])) == usage[3].quantity


def account_of(sim, name: str):
    return next(account for account in sim.world.of(FastlyWorld).accounts if account.name == name)


def test_fastly_v2(sim, read):
    account = account_of(sim, "legacy-press")
    wanted = {"base_url": sim.base_url, "token": account.token, "customer_id": account.customer_id}
    answer = read("fastly==7.0.0", "read_fastly.py", **wanted, api="v2", month="2026-10")
    (truth,) = sim.truth("fastly", "legacy-press", "2026-10")
    assert str(answer["id"]) == truth.invoice_id
    assert Decimal(answer["total"]) == Decimal(answer["by_id_total"]) == truth.total
    assert sum(map(Decimal, answer["lines"])) == truth.lines_total
    assert answer["regions"] == ["europe", "usa"]
    assert answer["statuses"] == [202, 200]
    assert answer["estimate_lines"] == 5


@pytest.mark.parametrize("name", ["nord-contact", "pacific-care", "sakura-support"])
def test_genesys_cloud(sim, read, name):
    connection = sim.connections()["genesys_" + name.replace("-", "_")]
    owner = next(each for each in sim.world.of(GenesysWorld).organisations if each.name == name)
    answer = read(
        "purecloudplatformclientv2==269.0.0",
        "read_genesys_cloud.py",
        base_url=sim.base_url,
        client_id=connection["login"],
        client_secret=connection["password"],
        organization_id=owner.organization_id,
    )
    assert answer["contracts"] == [contract.id for contract in owner.contracts]
    assert "outdated_sdk_version" not in answer["units"] + answer["statuses"] + answer["overview"]
    months = [*MONTHS, Month(2026, 11)]
    truth = {each.invoice_id: each for month in months for each in sim.truth("genesys_cloud", name, str(month))}
    assert {number: Decimal(amount) for number, amount in answer["invoices"].items()} == {
        number: each.total for number, each in truth.items()
    }
    assert answer["lines"]
    for number, amounts in answer["lines"].items():
        assert (len(amounts), sum(map(Decimal, amounts))) == (truth[number].lines, truth[number].lines_total)
    assert answer["reports"] == ["InProgress", "Complete"]
    assert answer["period"][2] == "Closed"
    assert answer["document"].startswith(sim.base_url + "/documents/")
    if name == "nord-contact":
        assert {product: Decimal(used) for product, used in answer["charges"]} == {
            product: Decimal(used) for product, used in answer["usages"].items()
        }
