"""A third vendor, made by ``make vendor``: all checks pass with it, and nothing outside its own folders has changed."""

import pytest
from tests.checkout import Checkout

NAME = "umbrella_corp"
FOLDERS = tuple(
    f"{place}/{NAME}/"
    for place in (
        "include/vendor_simulator",
        "plugins/billing_vendors",
        "tests/integration/billing_vendors",
        "tests/unit/billing_vendors",
    )
)
ACCOUNTS = "include/accounts.yaml"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of this checkout with one vendor more."""
    copy = Checkout(tmp_path_factory.mktemp("third") / "checkout")
    copy.run("python", "tools/new_vendor.py", NAME)
    return copy


@pytest.fixture(scope="module", autouse=True)
def changed(checkout):
    """After all checks: the vendor's folders are new, its account is added, and that is all."""
    yield
    assert checkout.git("status", "--porcelain").splitlines() == [f" M {ACCOUNTS}", *(f"?? {each}" for each in FOLDERS)]
    assert all(line[0] != "-" or line.startswith("---") for line in checkout.git("diff", ACCOUNTS).splitlines())


def run_tests(checkout, *paths):
    checkout.run("pytest", "-q", "-p", "no:cacheprovider", "-m", "", *paths)


def test_format_and_lint_rules_hold(checkout):
    checkout.run("ruff", "format", "--check", ".")
    checkout.run("ruff", "check", ".")


def test_its_types_hold(checkout):
    checkout.run("mypy", f"plugins/billing_vendors/{NAME}", f"include/vendor_simulator/{NAME}")


def test_the_import_contracts_hold_with_it(checkout):
    checkout.run("lint-imports")


def test_its_own_tests_pass(checkout):
    run_tests(checkout, f"tests/unit/billing_vendors/{NAME}")


def test_what_is_asked_of_every_vendor_holds_for_it(checkout):
    """Registry, connection type, probes, controls and their page; its README, DAGs, and what the DAG files import."""
    unit = [f"tests/unit/billing_vendors/test_{name}.py" for name in ("registry", "provider", "probes")]
    controls = [f"tests/unit/billing/controls/test_{name}.py" for name in ("page", "control", "engine")]
    dags = [f"tests/integration/dags/test_dag_{name}.py" for name in ("integrity", "imports")]
    run_tests(checkout, *unit, *controls, *dags, "tests/integration/docs")


def test_a_month_of_it_runs_through_its_dag_into_postgres(checkout):
    run_tests(checkout, f"tests/integration/billing_vendors/{NAME}")
