"""The loaders, how each is started, and how its rows are counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg2

from loading.truth import Truth

_DLT = "dlt[postgres]==1.31.0"


@dataclass(frozen=True)
class Lines:
    """
    Where a loader stores invoices and lines.

    :param invoices: the table of invoices, with a join if need be.
    :param lines: the table of lines, as ``invoices``.
    :param quantity: its name of the column of quantities.
    """

    invoices: str
    lines: str
    quantity: str = "quantity"

    def stored(self, cursor: psycopg2.extensions.cursor) -> Truth:
        """Count what is stored now: the numbers of invoices and lines, and the exact sums."""
        cursor.execute(
            f"select (select count(*) from {self.invoices}), count(*), sum(amount)::text, sum({self.quantity})::text "
            f"from {self.lines}"
        )
        (row,) = cursor.fetchall()
        return Truth.of(dict(zip(("invoices", "lines", "amount", "quantity"), row, strict=True)))


@dataclass(frozen=True)
class Contender:
    """
    One way to load.

    :param script: in this folder.
    :param tables: by vendor; ``""``: of any.
    :param option: passed to the script.
    :param steps: which loads it can do.
    :param vendors: whose months it can load.
    :param ours: it loads into Tieout's own schema.
    :param slow: of the large sizes it takes minutes, and its turn comes in the first round only.
    """

    name: str
    script: str
    tables: Mapping[str, Lines]
    option: str = ""
    steps: tuple[str, ...] = ("first", "again", "changed")
    ours: bool = False
    slow: bool = False
    vendors: tuple[str, ...] = ("fastly", "genesys_cloud")

    @property
    def python(self) -> str:
        """The interpreter that it runs in."""
        return _python_with_dlt() if "dlt" in self.script else sys.executable

    def stored(self, vendor: str, cursor: psycopg2.extensions.cursor) -> Truth:
        """Count what is stored now."""
        return (self.tables.get(vendor) or self.tables[""]).stored(cursor)


_CURRENT = "join billing.record r on r.record_key = v.record_key and r.current_version = v.version"
_PLAIN = {"": Lines("invoice", "invoice_line")}
_DLT_TABLES = {
    "fastly": Lines("bench.invoice", "bench.invoice__transaction_line_items", "units"),
    "genesys_cloud": Lines("bench.invoice", "bench.invoice__lines"),
}
LIMIT = Contender("limit", "limit.py", _PLAIN, steps=("first",))
_BILLING = {"": Lines(f"billing.invoice v {_CURRENT}", f"billing.invoice_line v {_CURRENT}")}
PRODUCT = Contender("Tieout, whole month", "product.py", _BILLING, ours=True, slow=True)
MINIMAL = Contender("minimal loader", "minimal.py", _PLAIN)
DLT_DECLARED = Contender("dlt, declared", "with_dlt.py", _DLT_TABLES, "declared")
DLT_DEFAULT = Contender("dlt, default", "with_dlt.py", _DLT_TABLES, "default", slow=True)


@cache
def _python_with_dlt() -> str:
    """Return an interpreter that has dlt, and not the project; it is made once, in the system's temporary folder."""
    folder = Path(tempfile.gettempdir()) / "tieout-bench-dlt"
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, _DLT], check=True)
    return str(python)
