"""The version of an installation: it names the commit, and says when files were changed since."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HATCHLING = Path(sys.executable).with_name("hatchling")
PROJECT = ("pyproject.toml", "build_metadata.py", "README.md", "LICENSE")
WHO = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def run(folder: Path, *command: str | Path, **more: str) -> str:
    """Run a command in a folder outside any other repository; return its output."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(
        command, cwd=folder, env=environment | WHO | more, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def version(project: Path, **more: str) -> str:
    return run(project, HATCHLING, "metadata", "version", **more)


@pytest.fixture
def copy(tmp_path):
    """The files that the version depends on, without git."""
    for path in (*(ROOT / name for name in PROJECT), *ROOT.glob("requirements*.txt")):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def clone(copy):
    """The same with one commit and no tag."""
    run(copy, "git", "init", "--quiet")
    run(copy, "git", "add", "--all")
    run(copy, "git", "commit", "--quiet", "--message", "Begin")
    return copy


def test_a_clone_without_tags_names_the_commit(clone):
    commit = run(clone, "git", "rev-parse", "HEAD")
    found = re.fullmatch(r"0\.1\.0\.dev1\+g([0-9a-f]{7,})", version(clone))
    assert found
    assert commit.startswith(found[1])


def test_a_changed_file_is_said(clone):
    (clone / "README.md").write_text("changed", encoding="utf-8")
    assert re.fullmatch(r"0\.1\.0\.dev1\+g[0-9a-f]+\.d[0-9]{8}", version(clone))


def test_a_tag_is_the_version(clone):
    run(clone, "git", "tag", "v0.1.0")
    assert version(clone) == "0.1.0"


def test_a_copy_without_git_has_the_version_that_it_is_told(copy):
    """The image is built from such a copy; compose tells it TIEOUT_VERSION."""
    assert version(copy, SETUPTOOLS_SCM_PRETEND_VERSION="0.1.0.dev5+gabc1234") == "0.1.0.dev5+gabc1234"
    assert version(copy, SETUPTOOLS_SCM_PRETEND_VERSION="") == "0.1.0.dev0"


def test_bootstrap_installs_the_project_anew_when_the_commit_changes(clone):
    """With packages that are there already: only the project itself is installed."""
    (clone / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap", clone / "tools")
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, clone)
    (clone / ".gitignore").write_text(".venv\n*.lock\ntools\n__pycache__\n", encoding="utf-8")
    run(clone, "git", "add", ".gitignore")
    run(clone, "git", "commit", "--quiet", "--message", "Ignore")
    venv = ready_venv(clone)
    first = installed(clone)
    stamp = (venv / ".tieout-project").read_text(encoding="utf-8")
    run(clone, "git", "commit", "--quiet", "--allow-empty", "--message", "Go on")
    second = installed(clone)
    (clone / "README.md").write_text("changed", encoding="utf-8")
    third = installed(clone)
    assert first.startswith("0.1.0.dev2+g")
    assert second == f"0.1.0.dev3+g{run(clone, 'git', 'rev-parse', 'HEAD')[: len(second.partition('+g')[2])]}"
    assert third.startswith(f"{second}.d")
    assert (venv / ".tieout-project").read_text(encoding="utf-8") != stamp


def ready_venv(clone: Path) -> Path:
    """Create a virtual environment that tools/bootstrap takes for complete: it reads the developers' packages."""
    venv = clone / ".venv"
    run(clone, sys.executable, "-m", "venv", "--without-pip", venv)
    (venv / "bin" / "uv").symlink_to(HATCHLING.with_name("uv"))
    (site,) = (venv / "lib").glob("python*/site-packages")
    (developers,) = (HATCHLING.parent.parent / "lib").glob("python*/site-packages")
    (site / "developers.pth").write_text(f"{developers}\n", encoding="utf-8")
    names = ("-bootstrap", "", "-simulator", "-demo")
    locks = b"".join((clone / f"requirements{name}.lock").read_bytes() for name in names)
    digest = subprocess.run(["git", "hash-object", "--stdin"], input=locks, capture_output=True, check=True).stdout
    (venv / ".tieout-packages").write_text(f"run {digest.decode()}", encoding="utf-8")
    return venv


def installed(clone: Path) -> str:
    """Run tools/bootstrap; return the version that is installed afterwards."""
    run(clone, clone / "tools" / "bootstrap", "run")
    code = "from importlib.metadata import version; print(version('tieout'))"
    return run(clone, clone / ".venv" / "bin" / "python", "-c", code)
