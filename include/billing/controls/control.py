"""A control: a question an auditor asks of every month, as data and one pure function."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Literal

from billing.config.tolerances import EXACT, Tolerance
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, Severity

Check = Callable[[Evidence[Any]], Iterable[Finding]]
Assertion = Literal["accuracy", "completeness", "existence", "cut-off", "classification", "valuation", "rights"]


@dataclass(frozen=True, slots=True)
class Control:
    """
    One control.

    :param control_id: stable: the vendor's prefix and a number; rows, pages and tests use it.
    :param statement: what is claimed, in one line.
    :param assertion: what is asserted of the month, in the auditor's words.
    :param severity: what an exception means to the person who pays.
    :param check: the pure function; its docstring is the control's page.
    :param operands: what is checked against what, in a few words.
    :param tolerance: the policy of accounts that set none for this control.
    """

    control_id: str
    statement: str
    assertion: Assertion
    severity: Severity
    check: Check
    operands: str = ""
    tolerance: Tolerance = EXACT

    @property
    def rule_sha256(self) -> bytes:
        """
        Hash of the check's module and of all modules that it uses: a result names the exact rule that produced it.
        """
        return _rule_sha256(self)


@cache
def _rule_sha256(control: Control) -> bytes:
    """Return the hash of a check, computed once for all results of a control."""
    named = f"{control.control_id}\n{control.statement}\n{control.assertion}\n{control.severity}\n{control.tolerance}\n"
    return hashlib.sha256(named.encode() + _source_of(control.check)).digest()


_VALUES = frozenset(
    {
        "billing.config.accounts",
        "billing.controls.evidence",
        "billing.errors",
        "billing.models",
        "billing.payloads.response",
    }
)


@cache
def _source_of(check: Check) -> bytes:
    """
    Return the source of the module that holds a check, and of the modules of ``billing`` and of the check's own vendor
    that it uses, by name.
    """
    ours = ("billing.", f"{check.__module__.rsplit('.', 2)[0]}.")  # a vendor's controls are a folder in the vendor's
    found: dict[str, ModuleType] = {}
    ahead = [check.__module__]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = sys.modules[name]
            ahead += (each for each in _used_by(found[name]) if each.startswith(ours) and not _holds_values(each))
    return "\n".join(inspect.getsource(found[name]) for name in sorted(found)).encode()


def _used_by(module: ModuleType) -> set[str]:
    return {getattr(value, "__module__", None) or "" for value in vars(module).values()}


def _holds_values(name: str) -> bool:
    """Return whether a module holds values only: a new field of an invoice is no new rule."""
    return name in _VALUES or name.endswith(".settings")
