"""Input and output of a loader's process, one JSON text each."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from loading.measuring import Cost

_HERE = Path(__file__).resolve().parent
_MAX_SECONDS = 1_800


@dataclass(frozen=True)
class Job:
    """
    One load.

    :param vendor: its name.
    :param vendor_url: base URL of the vendor, with its variant.
    :param database_url: SQLAlchemy URL of the loader's own database.
    :param postmaster: the server's process id.
    :param folder: the loader's own, kept between its loads.
    :param option: a loader's own option.
    """

    vendor: str
    vendor_url: str
    database_url: str
    postmaster: int
    folder: str
    option: str = ""

    @property
    def dsn(self) -> str:
        """The database as libpq wants it."""
        return self.database_url.replace("postgresql+psycopg2", "postgresql")


def job_of_process() -> Job:
    """Read the job of this process."""
    return Job(**json.loads(sys.argv[1]))


def report(cost: Cost) -> None:
    """Return what the job cost."""
    print(json.dumps(asdict(cost)))


def run(python: str, script: str, job: Job) -> Cost:
    """
    Run a loader in a process of its own.

    :raises RuntimeError: it failed; shows its output.
    """
    command = [python, str(_HERE / script), json.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MAX_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))
