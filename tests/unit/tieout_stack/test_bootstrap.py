"""tools/bootstrap on machines that lack something. (That it works on a fresh one, every run of CI shows.)"""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NEEDED = ("sh", "dirname", "cat", "grep", "git", "sed", "rm")


@pytest.fixture
def machine(tmp_path):
    """A checkout, and a folder with the few programs that are on PATH."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap", tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    for name in NEEDED:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    return tmp_path


def bootstrap(machine: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    command = [machine / "tools" / "bootstrap", "run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def provide(machine: Path, name: str, script: str) -> None:
    program = machine / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_without_python_it_says_which_ones_would_do(machine):
    """One sentence, nothing made."""
    response = bootstrap(machine)
    assert response.returncode == 1
    assert response.stderr == (
        "tieout: Tieout needs Python 3.11, 3.12 or 3.13, and found none on PATH: install one and try again.\n"
    )
    assert not (machine / ".venv").exists()


def test_a_python_that_is_too_old_or_a_stub_is_passed_over(machine):
    """Version managers put names on PATH that only complain."""
    provide(machine, "python3", "exit 1")
    provide(machine, "python3.13", "echo 'command not found' >&2; exit 127")
    response = bootstrap(machine)
    assert response.returncode == 1
    assert response.stderr.startswith("tieout: Tieout needs Python 3.11")


def test_without_the_venv_module_it_names_the_package(machine):
    """Debian's Python comes without it."""
    provide(machine, "python3", 'case "$*" in *version_info*) exit 0;; esac; exit 1')
    response = bootstrap(machine)
    assert response.returncode == 1
    assert response.stderr == (
        "tieout: python3 has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv).\n"
    )
