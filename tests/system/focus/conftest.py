"""The demo's year of both vendors as FOCUS files, and the programs that check them."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, text
from tests.collected import accounts_of, collect, connect
from tests.venvs import ROOT, TOOLS, cached_venv, run

from billing.month import Month
from billing.storage.engine import engine_from_url
from billing_vendors.registry import vendors

LAST = Month(2026, 10)
YEAR = [LAST.shifted(-back) for back in reversed(range(12))]


@dataclass(frozen=True)
class Year:
    """
    :param url: of the billing database.
    :param folder: the exported files.
    :param first: what the export said before a person had accepted anything; one line a month that it stopped.
    """

    url: str
    folder: Path
    first: subprocess.CompletedProcess[str]

    def whole(self, dataset: str, vendor: str) -> Path:
        """Give the year's files of a dataset as one."""
        path = self.folder / f"{dataset.replace('/', '-')}-{vendor}.parquet"
        files = self.folder / dataset / vendor / "*.parquet"
        duckdb.sql(f"copy (select * from read_parquet('{files}') order by all) to '{path}' (format parquet)")
        return path


@pytest.fixture(scope="session")
def year(postgres, migrated_template, simulator, airflow_home, tmp_path_factory) -> Iterator[Year]:
    """Exported by the command; what is wrong on purpose is accepted by a person."""
    name, folder = "focus_year", tmp_path_factory.mktemp("focus")
    postgres.create_database(name, template=migrated_template)
    url = postgres.url(name)
    engine = engine_from_url(url)
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, simulator)
        for vendor in vendors():
            for account in accounts_of(vendor, without=["bulk-5000-lines"]):
                for month in YEAR:
                    if account.first_month <= month:
                        collect(engine, folder / "documents", vendor, account, month)
    first = export(url, folder)
    with create_engine(url).begin() as connection:
        connection.execute(text(ACCEPT))
    again = export(url, folder)
    assert (again.returncode, again.stderr) == (0, "")
    yield Year(url, folder, first)
    postgres.drop_database(name)


ACCEPT = """
insert into billing.explanation (vendor, account, month, control_id, subject, finding_sha256, reason, text,
    explained_by, explained_at)
select vendor, account, month, control_id, subject, finding_sha256, 'accepted', 'planted', 'ann', now()
from billing.current_finding where control_id in ('F1', 'G1')
"""


def export(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command on the year."""
    months = ["--from", str(YEAR[0]), "--to", str(YEAR[-1]), "--folder", folder]
    command = [TOOLS / "tieout", "export", "focus", *months]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"TIEOUT_BILLING_URL": url}
    )


@dataclass(frozen=True)
class Validation:
    """What the official validator says: numbers of rules, and the ids of those that fail."""

    passed: int
    skipped: int
    failed: set[str]


@pytest.fixture(scope="session")
def checkers() -> Path:
    """Folder of an environment with the validator and the linter; they need Python 3.12 where we run on any."""

    def make(venv: Path) -> None:
        pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
        found = [str(folder) for folder in sorted(pyenv.glob("versions/3.12.*/bin"))]
        searched = os.environ | {"PATH": os.pathsep.join([*found, os.environ["PATH"]])}
        run([TOOLS / "uv", "venv", "--quiet", "--python", "3.12", venv], env=searched)  # downloads it if there is none
        lock = ROOT / "tests" / "system" / "focus" / "tools.lock"
        run([TOOLS / "uv", "pip", "sync", "--quiet", "--python", venv / "bin" / "python", "--require-hashes", lock])

    return cached_venv("focus", [ROOT / "tests" / "system" / "focus" / "tools.lock"], make)


@pytest.fixture(scope="session")
def validate(checkers):
    """Gives what the official validator says of a file of 1.2; its exit code is 0 whatever it finds."""
    (packages,) = checkers.glob("lib/python*/site-packages")

    def of(file: Path, *criteria: str) -> Validation:
        options = ["--validate-version", "1.2", "--block-download", "--show-violations"]
        if criteria:
            options += ["--applicability-criteria", ",".join(criteria)]
        # it opens its list of currencies by a path below the working directory
        told = run([checkers / "bin" / "focus-validator", "--data-file", file, *options], cwd=packages)
        total = re.search(r"Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)", told)
        failed = set(re.findall(r"^\S+ (\S+): FAIL", told, re.MULTILINE))
        assert total
        assert int(total[2]) == len(failed)
        return Validation(int(total[1]), int(total[3]), failed)

    return of
