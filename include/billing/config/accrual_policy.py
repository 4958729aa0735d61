"""How an account's months are accrued, as ``accounts.yaml`` says; separate, as a plan needs no more than this."""

from __future__ import annotations

from dataclasses import dataclass

from billing.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class AccrualPolicy:
    """
    How an account's months are accrued.

    :param extrapolate: scale a month-to-date estimate that ends before the month does to the whole month.
    """

    extrapolate: bool = False


def parse_accrual_policy(value: object) -> AccrualPolicy:
    """
    Read the key ``accrual`` of an account: ``{extrapolate: true}``.

    :raises ConfigurationError: names the key.
    """
    if not isinstance(value, dict) or set(value) != {"extrapolate"} or not isinstance(value["extrapolate"], bool):
        raise ConfigurationError(f"accrual {value!r} should be {{extrapolate: true}} or {{extrapolate: false}}")
    return AccrualPolicy(extrapolate=value["extrapolate"])
