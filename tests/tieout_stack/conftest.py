"""Folders that the user who runs Postgres can enter."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of one test. Not ``tmp_path``: root's is closed to the user that runs Postgres."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-stack-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
