"""
Change one thing in a control, run that control's tests, and see that they notice.

    python tests/matrix/mutants/run.py              every mutant
    python tests/matrix/mutants/run.py --every 5    one in five, the first one of each file among them
    python tests/matrix/mutants/run.py --only wallets

A mutant is a line of a table: file, text, changed text. A text that is no longer found, or found twice, is an error:
the table has to follow the code. Exit code 0: every mutant was killed or is a known survivor.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import hypothesis  # imported once here: each mutant runs in a fork of this process
import pytest
import sqlalchemy  # noqa: F401 (the same)
from tables import GROUPS, SURVIVORS, Group

import vendor_simulator.testing  # noqa: F401 (the same; it shares no code with what is mutated)

ROOT = Path(__file__).resolve().parents[3]
SOURCES = (ROOT / "include", ROOT / "plugins")
TESTS = ROOT / "tests" / "unit"
MAX_SECONDS = 120
PASSED, FAILED = 0, 1


class Mutated(SourceFileLoader, importlib.abc.MetaPathFinder):
    """Gives one module from a changed source."""

    def __init__(self, file: str, source: str) -> None:
        super().__init__(".".join(Path(file).with_suffix("").parts), str(path_of(file)))
        self._source = source

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 (the interface)
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str):  # noqa: ARG002 (the interface)
        return compile(self._source, self.path, "exec")


def path_of(file: str) -> Path:
    return next(folder / file for folder in SOURCES if (folder / file).exists())


def outcome(tests: list[str], mutated: Mutated | None, log: Path) -> int:
    """Run tests in a fork of this process; give pytest's exit code, FAILED if they never end."""
    child = os.fork()
    if child == 0:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        signal.alarm(MAX_SECONDS)
        if mutated is not None:
            sys.meta_path.insert(0, mutated)
        options = ["-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        code = pytest.main([*options, *tests])
        sys.stdout.flush()
        os._exit(int(code))
    _, status = os.waitpid(child, 0)
    return FAILED if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def chosen(every: int, only: str) -> Iterator[tuple[Group, list[tuple[str, str]]]]:
    for group in GROUPS:
        if only in group.file:
            yield group, [mutant for place, mutant in enumerate(group.mutants) if place % every == 0]


def source_with(group: Group, original: str, changed: str) -> str:
    source = path_of(group.file).read_text(encoding="utf-8")
    if source.count(original) != 1:
        sys.exit(f"{group.file}: {original!r} is found {source.count(original)} times, not once: mend the table")
    return source.replace(original, changed)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    hypothesis.settings.register_profile("mutants", deadline=None, derandomize=True, max_examples=60)
    hypothesis.settings.load_profile("mutants")
    sys.dont_write_bytecode = True
    os.chdir(ROOT)
    for group in GROUPS:
        for original, changed in group.mutants:
            source_with(group, original, changed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        sys.exit(run(arguments.every, arguments.only, Path(folder) / "log"))


def run(every: int, only: str, log: Path) -> int:
    groups = list(chosen(every, only))
    if outcome(sorted({str(TESTS / test) for group, _ in groups for test in group.tests}), None, log) != PASSED:
        sys.exit(f"the tests fail without any mutant:\n{log.read_text()}")
    killed, survived = 0, []
    for group, mutants in groups:
        tests = [str(TESTS / test) for test in group.tests]
        here = 0
        for original, changed in mutants:
            code = outcome(tests, Mutated(group.file, source_with(group, original, changed)), log)
            if code not in {PASSED, FAILED}:
                sys.exit(f"{group.file}: with {changed!r} the tests do not run:\n{log.read_text()}")
            here += code == FAILED
            if code == PASSED:
                survived.append((group.file, original, changed))
        killed += here
        say(f"{group.controls:16} {Path(group.file).name:32} {here} of {len(mutants)} killed")
    unknown = [mutant for mutant in survived if mutant not in SURVIVORS]
    for file, original, changed in survived:
        reason = SURVIVORS.get((file, original, changed), "NOT EXPLAINED")
        say(f"survived: {file}: {original!r} -> {changed!r}: {reason}")
    say(f"{killed + len(survived)} mutants, {killed} killed, {len(survived)} survived, {len(unknown)} unexplained")
    return 1 if unknown else 0


if __name__ == "__main__":
    main()
