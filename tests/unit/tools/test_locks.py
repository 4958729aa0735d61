"""The requirements files and their locks: each package once, each with hashes, all of one set of versions."""

import ast
import re
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
BUILT_ON = {
    "": (),
    "-bootstrap": (),
    "-simulator": ("",),
    "-demo": ("", "-simulator"),
    "-compose": ("", "-simulator"),
    "-dev": ("", "-simulator", "-demo", "-bootstrap"),
}
"""Each group of packages, and the groups that are installed with it."""
CORE = ("include/billing", "plugins/billing_vendors", "dags")
DEMO = ("include/vendor_simulator", "include/tieout_stack")


def requirements(*groups: str) -> list[Requirement]:
    """Return the direct packages of some groups."""
    texts = [(ROOT / f"requirements{group}.txt").read_text(encoding="utf-8") for group in groups]
    return [Requirement(line) for text in texts for line in text.splitlines() if line and not line.startswith("#")]


def locked(group: str) -> dict[Requirement, str]:
    """Return the packages of a lock with the text of their hashes."""
    text = (ROOT / f"requirements{group}.lock").read_text(encoding="utf-8").replace("\\\n", "")
    return {
        Requirement(entry): hashes
        for entry, _, hashes in (line.partition("    --hash=sha256:") for line in text.splitlines())
    }


def test_there_is_a_lock_for_every_requirements_file():
    assert {path.stem for path in ROOT.glob("requirements*.txt")} == {f"requirements{group}" for group in BUILT_ON}
    assert {path.stem for path in ROOT.glob("requirements*.lock")} == {f"requirements{group}" for group in BUILT_ON}


@pytest.mark.parametrize("group", BUILT_ON)
def test_a_lock_holds_what_its_group_asks_for(group):
    versions = {each.name: each.specifier for base in (group, *BUILT_ON[group]) for each in locked(base)}
    for each in requirements(group):
        (pin,) = versions[canonicalize_name(each.name)]
        assert each.specifier.contains(pin.version), each


@pytest.mark.parametrize("group", BUILT_ON)
def test_a_lock_holds_nothing_that_is_installed_with_it_already(group):
    """Bootstrap and core are each complete: either is installed first somewhere."""
    already = {each for base in BUILT_ON[group] for each in locked(base)}
    assert already.isdisjoint(locked(group))


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_all_locks_agree(python):
    machine = {"python_version": python, "python_full_version": f"{python}.4"}
    every = {each for group in BUILT_ON for each in locked(group)}
    pins = {(each.name, str(each.specifier)) for each in every if not each.marker or each.marker.evaluate(machine)}
    twice = [name for name, count in Counter(name for name, _ in pins).items() if count > 1]
    assert twice == []
    assert len(pins) > 200


def test_every_locked_package_has_hashes():
    entries = [entry for group in BUILT_ON for entry in locked(group).items()]
    assert [str(each) for each, hashes in entries if not re.match(r"[0-9a-f]{64}\b", hashes)] == []


@pytest.mark.parametrize(("folders", "groups"), [(CORE, ("",)), (DEMO, ("", "-simulator", "-demo"))])
def test_every_package_that_is_imported_is_a_direct_requirement(folders, groups):
    named = {canonicalize_name(each.name) for each in requirements(*groups)}
    distributions = packages_distributions()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for module in imported(path) & distributions.keys():
            homes = {canonicalize_name(name) for name in distributions[module]} - {"tieout"}
            assert not homes or homes & named or module == "airflow", f"{path} imports {module} of {homes}"


def imported(path: Path) -> set[str]:
    """Return the top-level names of the modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}
