"""The page for operators says what the matrix tests."""

from pathlib import Path

import pytest
from tests.matrix.faults.catalogue import FAULTS, NOT_HERE
from tests.matrix.faults.cells import every_cell
from tests.matrix.faults.page import ENDS, render

pytestmark = pytest.mark.sample
PAGE = Path(__file__).resolve().parents[3] / "docs" / "faults.md"


def test_the_page_is_the_catalogue_s():
    assert PAGE.read_text(encoding="utf-8") == render(), "python -m tests.matrix.faults.page > docs/faults.md"


def test_every_end_is_explained():
    assert {cell.ends for cell in every_cell()} <= set(ENDS)


def test_every_fault_strikes_somewhere_and_no_two_have_one_name():
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert {cell.fault.name for cell in every_cell()} == set(names)
    assert NOT_HERE not in {cell.ends for cell in every_cell()}
    assert {fault.like for fault in FAULTS if fault.like} <= {fault.name for fault in FAULTS if not fault.like}
