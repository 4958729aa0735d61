"""A control names the very rule that gave a result."""

import importlib.util
import subprocess
import sys
from dataclasses import replace

import pytest

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing_vendors.fastly.controls.f02_line_amounts import F2
from billing_vendors.fastly.controls.f20_restatement import F20
from billing_vendors.genesys_cloud.controls.g25_restatement import G25
from billing_vendors.registry import vendors

ALL = [control for vendor in vendors() for control in vendor.controls()]
RULE = "from billing.controls.control import Control\n\ndef check(evidence):\n    return [{}]\n"


def load(path, name):
    """Import a rule from a file, as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return Control("X1", "statement", "accuracy", "exception", module.check)


@pytest.fixture
def rule(tmp_path):
    """Write a rule and load it; forgotten at the end."""
    loaded = []

    def write(text):
        name = f"rule_{tmp_path.name}_{len(loaded)}"
        loaded.append(name)
        path = tmp_path / f"{name}.py"
        path.write_text(RULE.format(text))
        return load(path, name)

    yield write
    for name in loaded:
        sys.modules.pop(name)


def test_the_hash_is_that_of_the_rule(rule):
    """The same rule gives the same hash, another one another."""
    assert rule("1").rule_sha256 == rule("1").rule_sha256
    assert rule("1").rule_sha256 != rule("2").rule_sha256


@pytest.mark.parametrize(
    "change", [{"control_id": "X2"}, {"statement": "x"}, {"severity": "warning"}, {"assertion": "x"}]
)
def test_what_a_control_claims_belongs_to_its_rule(change):
    assert replace(F20, **change).rule_sha256 != F20.rule_sha256


def test_what_a_rule_relies_on_belongs_to_it(tmp_path):
    """
    A wider rounding bound in ``billing.money`` changes what F1 lets pass, and nothing in F1's own file.

    Run in a copy of the package, in a process of its own.
    """
    import billing

    source = tmp_path / "billing"
    (copy := __import__("shutil")).copytree(billing.__path__[0], source, ignore=copy.ignore_patterns("__pycache__"))

    def hashes():
        program = (
            f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
            "import billing\n"
            "from billing_vendors.fastly.controls.f01_footing import F1\n"
            "from billing_vendors.fastly.controls.f04_calendar_month import F4\n"
            f"assert billing.__file__.startswith({str(tmp_path)!r})\n"
            "print(F1.rule_sha256.hex(), F4.rule_sha256.hex())"
        )
        return subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.split()

    before = hashes()
    money = source / "money.py"
    money.write_text(money.read_text().replace('Decimal("0.5")', 'Decimal("5")'))
    after = hashes()
    assert before[0] != after[0]
    models = source / "models.py"
    models.write_text(models.read_text() + "\n# a new field\n")
    assert hashes() == after


def test_two_controls_with_one_check_are_two_rules():
    assert len({control.rule_sha256 for control in ALL}) == len(ALL)
    assert F20.check is G25.check


def test_the_hash_is_32_bytes_and_stays():
    assert len(F2.rule_sha256) == 32
    assert F2.rule_sha256 == F2.rule_sha256


def test_the_accounts_currency_stands_in_where_the_vendor_names_none(make):
    evidence = Evidence(make.account(currency="EUR"), make.month())
    assert evidence.currency_of(make.invoice("1", currency=None)) == "EUR"
    assert evidence.currency_of(make.invoice("1", currency="USD")) == "USD"


@pytest.mark.parametrize("control", ALL, ids=lambda control: control.control_id)
def test_a_control_says_what_it_claims_in_the_trades_words(control):
    assert control.assertion in {
        "accuracy",
        "completeness",
        "existence",
        "cut-off",
        "classification",
        "valuation",
        "rights",
    }
    assert control.severity in {"exception", "hold", "blocked", "warning", "variance", "info", "alert"}
    assert control.check.__doc__
    assert "->" in control.check.__doc__, "worked examples"
