"""
How far two figures may differ before it is an exception: business policy, per account and control.

This is not rounding: what rounding explains is derived (``billing.money.rounding_bound``) and comes before any policy.

    tolerances:
      F19: {absolute: "250.00", percent: "5", rule: both}
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from billing.errors import ConfigurationError
from billing.money import minor_unit, product
from billing.names import there_are

_CONTROL_ID = re.compile(r"[A-Z][1-9][0-9]?")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,30})?")
_KEYS = ("absolute", "percent", "rule")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """
    One policy. Without any limit every difference is too large.

        both, 100.00 and 5 %:  expected 1000, actual 1080  -> tolerated, 80 is within 100
                               expected 9000, actual 9300  -> tolerated, 300 is within 5 %
                               expected 1000, actual 1200  -> exceeded
        either, the same:      expected 1000, actual 1080  -> exceeded, 8 % is more than 5 %

    :param absolute: in major units of the currency compared, or in the units compared.
    :param percent: of what was expected; says nothing where that is zero.
    :param rule: ``both`` limits must be exceeded, or ``either``.
    :param minor_units: an absolute limit that fits any currency: 100,000 are 1,000.00 USD and 100,000 JPY.
    """

    absolute: Decimal | None = None
    percent: Decimal | None = None
    rule: str = "both"
    minor_units: int | None = None

    def in_currency(self, currency: str | None) -> Tolerance:
        """Return the policy with its absolute limit in major units of a currency."""
        if self.minor_units is None:
            return self
        unit = minor_unit(currency) if currency else None
        absolute = None if unit is None else product(Decimal(self.minor_units), unit)
        return replace(self, absolute=absolute, minor_units=None)

    def is_exceeded_by(self, difference: Decimal, expected: Decimal) -> bool:
        """Return whether a difference is too large; the limits themselves are not."""
        over = []
        if self.absolute is not None:
            over.append(abs(difference) > self.absolute)
        if self.percent is not None and expected != 0:
            over.append(product(abs(difference), Decimal(100)) > product(self.percent, abs(expected)))
        if not over:
            return difference != 0
        return all(over) if self.rule == "both" else any(over)

    def as_operand(self) -> dict[str, Any]:
        """Return the policy as it is reported with a result."""
        return {"absolute": self.absolute, "percent": self.percent, "rule": self.rule}

    def __str__(self) -> str:
        """Return it in words: ``250.00 and 5 %``."""
        limits = [] if self.absolute is None else [f"{self.absolute:f}"]
        limits += [] if self.minor_units is None else [f"{self.minor_units:,} minor units of the currency"]
        limits += [] if self.percent is None else [f"{self.percent:f} %"]
        return (" and " if self.rule == "both" else " or ").join(limits) or "no difference"


EXACT = Tolerance()
"""Zero tolerance: the default of every control."""


def parse_tolerances(value: object) -> dict[str, Tolerance]:
    """
    Read the key ``tolerances`` of an account.

    :raises ConfigurationError: names the control and the key.
    """
    if not isinstance(value, dict):
        raise ConfigurationError(f"tolerances should map controls to limits, but is {type(value).__name__}")
    found: dict[str, Tolerance] = {}
    for control_id, limits in value.items():
        if not isinstance(control_id, str) or not _CONTROL_ID.fullmatch(control_id):
            raise ConfigurationError(f"tolerances: {control_id!r} is not a control id such as F19")
        found[control_id] = _tolerance(f"tolerances, {control_id}", limits)
    return found


def check_controls(tolerances: Collection[str], known: Collection[str], where: str) -> None:
    """
    Raise an error if a tolerance is for a control that does not exist: it would be in force nowhere.

    :raises ConfigurationError: names the id, and the ids that it may have been meant to be.
    """
    for control_id in tolerances:
        if control_id not in known:
            raise ConfigurationError(
                f"{where}: tolerances: there is no control {control_id!r}; {there_are(control_id, known)}"
            )


def _tolerance(where: str, limits: object) -> Tolerance:
    if not isinstance(limits, dict):
        raise ConfigurationError(f"{where}: expected absolute, percent and rule, found {type(limits).__name__}")
    unknown = sorted(set(limits) - set(_KEYS), key=str)
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(_KEYS)}")
    given = {name: decimal_text(limits, name, where) for name in ("absolute", "percent") if name in limits}
    rule = limits.get("rule", "both")
    if rule not in {"both", "either"}:
        raise ConfigurationError(f"{where}: rule {rule!r} should be 'both' or 'either'")
    if not given:
        raise ConfigurationError(f"{where}: absolute or percent is missing")
    return Tolerance(given.get("absolute"), given.get("percent"), rule=rule)


def decimal_text(row: Mapping[str, Any], key: str, where: str) -> Decimal:
    """
    Read an amount that is written as a string; YAML would read it as a float otherwise.

    :raises ConfigurationError: it is missing, unquoted, negative or not a number.
    """
    value = row.get(key)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ConfigurationError(f'{where}: {key} {value!r} should be a number in quotes, e.g. "10.00"')
    return Decimal(value)
