"""
Which ledger account and cost centre a charge belongs to: a reviewed YAML file.

    accounts: {payable: "2000", accrued: "2150", unmapped: "6999", true_up: "6290"}
    rules:                                            # the first that fits
    - {vendor: initech, product: Compute Requests, ledger_account: "6210", cost_centre: CC-100}
    - {vendor: acme, account: acme-europe, ledger_account: "6300", cost_centre: CC-200}
    - {vendor: initech, ledger_account: "6200"}

Without ``true_up`` no entry is made for a true-up: it is the difference between a reversal and the bill, and both are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from billing.errors import ConfigurationError
from billing.names import name_key

_ACCOUNTS = frozenset({"payable", "accrued", "unmapped", "true_up"})
_MATCHED = ("vendor", "account", "product", "service")
_KEYS = frozenset({*_MATCHED, "ledger_account", "cost_centre"})


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """Where an amount is posted; an unmapped one is in the suspense account until a rule fits."""

    number: str
    cost_centre: str = ""
    unmapped: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits a charge if each name that it has is the charge's, as a person reads it."""

    names: dict[str, str]
    target: LedgerAccount


@dataclass(frozen=True, slots=True)
class LedgerAccounts:
    """
    The whole file.

    :param payable: what is owed to vendors.
    :param accrued: what is expected to be billed.
    :param unmapped: suspense account of charges that no rule fits.
    :param true_up: where differences between accrual and bill are moved to; None: they stay with the charges.
    """

    payable: LedgerAccount
    accrued: LedgerAccount
    unmapped: LedgerAccount
    true_up: LedgerAccount | None
    rules: tuple[Rule, ...]

    def of(self, **names: str | None) -> LedgerAccount:
        """Return where a charge of these names belongs: vendor, account, product and service."""
        keys = {name: name_key(value) for name, value in names.items()}
        fitting = (rule.target for rule in self.rules if all(keys[name] == key for name, key in rule.names.items()))
        return next(fitting, self.unmapped)


def load_ledger_accounts(path: Path) -> LedgerAccounts:
    """
    Read the file.

    :raises ConfigurationError: names the file and what is missing, unknown or no text.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    content = _mapping(content, f"{path}", {"accounts", "rules"}, {"accounts", "rules"})
    accounts = _texts(content["accounts"], f"{path}: accounts", _ACCOUNTS, _ACCOUNTS - {"true_up"})
    if not isinstance(content["rules"], list):
        raise ConfigurationError(f"{path}: rules should be a list")
    rules = [
        _texts(row, f"{path}: rule {number}", _KEYS, {"ledger_account"})
        for number, row in enumerate(content["rules"], start=1)
    ]
    return LedgerAccounts(
        payable=LedgerAccount(accounts["payable"]),
        accrued=LedgerAccount(accounts["accrued"]),
        unmapped=LedgerAccount(accounts["unmapped"], unmapped=True),
        true_up=LedgerAccount(accounts["true_up"]) if "true_up" in accounts else None,
        rules=tuple(map(_rule, rules)),
    )


def _rule(row: dict[str, str]) -> Rule:
    names = {name: name_key(row[name]) for name in _MATCHED if name in row}
    return Rule(names, LedgerAccount(row["ledger_account"], row.get("cost_centre", "")))


def _texts(value: object, where: str, known: frozenset[str], required: set[str] | frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = _mapping(value, where, known, required)
    for name, text in found.items():
        if not isinstance(text, str) or not text:
            raise ConfigurationError(f'{where}: {name} {text!r} should be a text; write numbers in quotes: "6200"')
    return found


def _mapping(value: object, where: str, known: set[str] | frozenset[str], required: set[str] | frozenset[str]) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} should be keys and values: {', '.join(sorted(known))}")
    if unknown := sorted(map(str, set(value) - known)):
        raise ConfigurationError(f"{where}: unknown {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    if missing := sorted(required - set(value)):
        raise ConfigurationError(f"{where}: {', '.join(missing)} is missing")
    return value
