"""
Whether Airflow's database is already what the installed Airflow needs.

Airflow itself takes some 8 seconds to answer that. So the revision it migrated to is noted, with the version that
did it, and compared with what the database says now.
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
        noted = json.loads(_note(airflow).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return revision is not None and noted == _state(revision)


def note_migrated(airflow: AirflowStack) -> None:
    """Remember what the database is at now."""
    revision = _revision(airflow.metadata_url)
    if revision is not None:
        _note(airflow).write_text(json.dumps(_state(revision)), encoding="utf-8")


def _note(airflow: AirflowStack) -> Path:
    return airflow.state.root / "airflow-revision.json"


def _state(revision: str) -> dict[str, str]:
    return {"airflow": airflow_version(), "revision": revision}


def _revision(url: str) -> str | None:
    """Read Alembic's table; None in a database without one."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().first()
            return None if found is None else str(found)
    except ProgrammingError:
        return None
