"""The wheel alone, in an environment without this checkout: what an Airflow elsewhere gets by ``pip install``."""

import email
import json
import os
import re
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.venvs import ROOT, TOOLS, cached_venv, run

PACKAGES = {"billing", "billing_vendors", "tieout_stack", "vendor_simulator"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built as `pip install .` builds it, without a download."""
    out = tmp_path_factory.mktemp("dist")
    run(
        [
            TOOLS / "uv",
            "build",
            "--quiet",
            "--wheel",
            "--no-build-isolation",
            "--python",
            TOOLS / "python",
            "-o",
            out,
            ROOT,
        ]
    )
    (built,) = out.glob("tieout-*.whl")
    return built


@pytest.fixture(scope="module")
def venv(wheel) -> Path:
    """An environment with the packages of requirements.lock and the wheel, nothing else."""
    lock = ROOT / "requirements.lock"

    def make(venv: Path) -> None:
        python = venv / "bin" / "python"
        run([TOOLS / "uv", "venv", "--quiet", "--python", TOOLS / "python", venv])
        options = ["--quiet", "--require-hashes", "--compile-bytecode"]
        run([TOOLS / "uv", "pip", "sync", *options, "--python", python, lock])

    venv = cached_venv("wheel", [lock], make)
    options = ["--quiet", "--no-deps", "--reinstall", "--compile-bytecode"]
    run([TOOLS / "uv", "pip", "install", *options, "--python", venv / "bin" / "python", wheel])
    return venv


@pytest.fixture
def clean(venv, tmp_path):
    """Run a command of that environment, far from the checkout; gives the finished process."""
    home = tmp_path / "airflow"
    env = {"PATH": f"{venv / 'bin'}{os.pathsep}{os.defpath}", "HOME": str(tmp_path), "AIRFLOW_HOME": str(home)}
    env |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False"}

    def command(*words, **more):
        return subprocess.run(
            words, env=env | more, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )

    return command


def listed(done: subprocess.CompletedProcess) -> list[dict]:
    """Read what Airflow's command line lists as JSON; its warnings come before."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("[{") :])


def test_it_holds_every_file_of_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    sources = {
        str(path.relative_to(folder))
        for folder in (ROOT / "include", ROOT / "plugins")
        for package in PACKAGES
        for path in (folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == sources
    assert {"billing/migrations/script.py.mako", "billing/migrations/env.py"} < names
    assert not [name for name in names if "test_" in name]


def test_its_dependencies_are_those_of_requirements_txt(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
        entry_points = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {re.split("[<>=]", line)[0] for line in lines if line and not line.startswith("#")}
    assert {re.split("[<>= ]", each)[0] for each in metadata.get_all("Requires-Dist")} == wanted
    assert "[apache_airflow_provider]\nprovider_info = billing_vendors.provider:get_provider_info" in entry_points


def test_airflow_lists_the_provider(clean):
    rows = listed(clean("airflow", "providers", "list", "-o", "json"))
    ours = [(row["version"], row["description"]) for row in rows if row["package_name"] == "tieout"]
    assert ours == [(version("tieout"), "Billing APIs of SaaS vendors")]


def test_airflow_lists_both_connection_types(clean):
    rows = listed(clean("airflow", "providers", "hooks", "-o", "json"))
    ours = {row["connection_type"]: row["class"] for row in rows if row["package_name"] == "tieout"}
    assert ours == {
        "fastly": "billing_vendors.fastly.hooks.FastlyBillingHook",
        "genesys_cloud": "billing_vendors.genesys_cloud.hooks.GenesysCloudBillingHook",
    }


def test_hooks_and_sensors_import(clean):
    code = """
from billing_vendors.fastly.hooks import FastlyBillingHook
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook
from billing_vendors.genesys_cloud.sensors import GenesysBillableUsageSensor, GenesysBillingPeriodClosedSensor
from billing_vendors.registry import vendors
import billing_vendors
print(billing_vendors.__path__[0], *[vendor.name for vendor in vendors()])
"""
    done = clean("python", "-W", "ignore", "-c", code)
    assert done.returncode == 0, done.stderr
    place, *names = done.stdout.split()
    assert names == ["fastly", "genesys_cloud"]
    assert not Path(place).is_relative_to(ROOT / "plugins")


def test_the_dag_files_work_with_it(clean):
    """An Airflow elsewhere gets the files of dags/ beside the wheel."""
    code = f"""
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({str(ROOT / "dags")!r})
assert not bag.import_errors, bag.import_errors
print(*sorted(bag.dag_ids))
"""
    done = clean("python", "-W", "ignore", "-c", code)
    assert done.returncode == 0, done.stderr
    assert {"invoices_fastly", "invoices_genesys_cloud"} < set(done.stdout.split())


def test_the_migration_runs_from_it(clean, billing_url):
    done = clean("python", "-m", "billing.storage.migrate", TIEOUT_BILLING_URL=billing_url)
    assert done.returncode == 0, done.stderr
    engine = create_engine(billing_url)
    with engine.connect() as connection:
        tables = set(connection.execute(text("select tablename from pg_tables where schemaname = 'billing'")).scalars())
    engine.dispose()
    assert {"payload", "invoice", "invoice_line", "control_result"} < tables


def test_the_migration_without_a_url_says_what_it_needs(clean):
    done = clean("python", "-m", "billing.storage.migrate")
    assert done.returncode != 0
    assert "TIEOUT_BILLING_URL" in done.stderr


def test_without_an_accounts_file_it_says_where_to_name_one(clean, tmp_path):
    code = "from billing.accounts import account_names; account_names()"
    done = clean("python", "-c", code)
    assert done.returncode != 0
    assert "TIEOUT_ACCOUNTS where yours is" in done.stderr


def test_accounts_are_read_from_the_named_file(clean):
    code = """
from billing.accounts import load_accounts
from billing_vendors.registry import vendors
print(*[len(load_accounts(vendor.name, vendor.settings_type)) for vendor in vendors()])
"""
    done = clean("python", "-W", "ignore", "-c", code, TIEOUT_ACCOUNTS=str(ROOT / "include" / "accounts.yaml"))
    assert done.returncode == 0, done.stderr
    assert all(int(count) > 0 for count in done.stdout.split())
