"""Folders that the user who runs Postgres can enter. Not ``tmp_path``: root's is closed to other users."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tieout-stack-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of one test."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def open_module_folder() -> Iterator[Path]:
    """A folder of one test file."""
    with _open_folder() as folder:
        yield folder
