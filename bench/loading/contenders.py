"""Who loads, how each is started, and how what it has stored is counted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loading.truth import Truth

_DLT = "dlt[postgres]==1.31.0"
_SUMS = "count(*)::text as lines, sum(amount)::text as amount, sum({quantity})::text as quantity"


@dataclass(frozen=True)
class Contender:
    """
    One way to load.

    :param script: in this folder.
    :param steps: which loads it can do: ``first``, ``again``, ``changed``.
    :param lines: the table of lines (with a join, if need be) for its check.
    :param invoices: the table of invoices, as ``lines``.
    :param quantity: its name of the column of quantities.
    :param python: interpreter; None: this one.
    """

    name: str
    script: str
    lines: str
    invoices: str
    option: str = ""
    steps: tuple[str, ...] = ("first", "again", "changed")
    quantity: str = "quantity"
    other_python: bool = False

    @property
    def python(self) -> str:
        """The interpreter that it runs in."""
        return _python_with_dlt() if self.other_python else sys.executable

    @property
    def check(self) -> str:
        """The query for what is stored now: numbers of invoices and lines, and the exact sums."""
        sums = _SUMS.format(quantity=self.quantity)
        return f"select (select count(*)::text from {self.invoices}) as invoices, {sums} from {self.lines}"


_CURRENT = "join billing.record r on r.record_key = v.record_key and r.current_version = v.version"
LIMIT = Contender("limit", "limit.py", "invoice_line", "invoice", steps=("first",))
PRODUCT = Contender("Tieout", "product.py", f"billing.invoice_line v {_CURRENT}", f"billing.invoice v {_CURRENT}")
MINIMAL = Contender("minimal loader", "minimal.py", "invoice_line", "invoice")
DLT_DECLARED, DLT_DEFAULT = (
    Contender(
        f"dlt, {option}",
        "with_dlt.py",
        "bench.invoice__transaction_line_items",
        "bench.invoice",
        option=option,
        quantity="units",
        other_python=True,
    )
    for option in ("declared", "default")
)


def stored(cursor: object, contender: Contender) -> Truth:
    """Count what a contender has stored, by an open cursor on its database."""
    cursor.execute(contender.check)  # type: ignore[attr-defined]  # psycopg2 has no types
    return Truth.of(dict(zip(("invoices", "lines", "amount", "quantity"), cursor.fetchone(), strict=True)))  # type: ignore[attr-defined]  # the same


@cache
def _python_with_dlt() -> str:
    """Give an interpreter that has dlt, and not the project; it is made once, in the system's temporary folder."""
    folder = Path(tempfile.gettempdir()) / "tieout-bench-dlt"
    python = folder / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, _DLT], check=True)
    return str(python)
