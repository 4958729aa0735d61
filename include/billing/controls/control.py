"""A control: a question an auditor asks of every month, as data and one pure function."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from billing.accounts import Account
from billing.controls.result import Finding
from billing.models import AccountMonth, Invoice


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    All that a control may look at: values that were derived from stored answers, nothing else.

    :param account: what was configured, e.g. the currency the account is expected to be billed in.
    :param restated: by invoice id, what a restated invoice said before.
    """

    account: Account[object]
    month: AccountMonth
    restated: Mapping[str, Invoice] = field(default_factory=dict)

    def currency_of(self, invoice: Invoice) -> str:
        """Give the invoice's own currency, or the account's where the vendor sends none (Fastly v2)."""
        return invoice.currency or self.account.currency


Check = Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Control:
    """
    One control.

    :param control_id: stable, e.g. ``F1``; rows, pages and tests use it.
    :param statement: what is claimed, in one line.
    :param assertion: accuracy, completeness, existence, cut-off, classification, valuation or rights.
    :param severity: what an exception means: ``exception``, ``hold``, ``blocked``, ``warning``, ``variance``, ``info``.
    :param check: the pure function.
    """

    control_id: str
    statement: str
    assertion: str
    severity: str
    check: Check

    @property
    def rule_sha256(self) -> bytes:
        """Hash of the module that holds the rule: a result names the very rule that gave it."""
        module = inspect.getmodule(self.check)
        source = inspect.getsource(module if module is not None else self.check)
        return hashlib.sha256(f"{self.control_id}\n{self.statement}\n{source}".encode()).digest()
