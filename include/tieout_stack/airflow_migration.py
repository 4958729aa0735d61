"""
Detect whether Airflow's database has the schema of the installed Airflow.

Airflow's own check takes 8 seconds. So the revision after a migration is stored in a file with Airflow's version, and
compared with the revision that the database has now.
"""

import json
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from tieout_stack.airflow import AirflowStack, airflow_version


def is_migrated(airflow: AirflowStack) -> bool:
    """Return whether this version of Airflow has migrated this database."""
    revision = _revision(airflow.metadata_url)
    try:
        stored = json.loads(_revision_file(airflow).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return revision is not None and stored == _state(revision)


def store_revision(airflow: AirflowStack) -> None:
    """Store the revision that the database has now."""
    revision = _revision(airflow.metadata_url)
    if revision is not None:
        _revision_file(airflow).write_text(json.dumps(_state(revision)), encoding="utf-8")


def _revision_file(airflow: AirflowStack) -> Path:
    return airflow.state.root / "airflow-revision.json"


def _state(revision: str) -> dict[str, str]:
    return {"airflow": airflow_version(), "revision": revision}


def _revision(url: str) -> str | None:
    """Return the revision in Alembic's table; None in a database without one."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().first()
            return None if found is None else str(found)
    except ProgrammingError:
        return None
