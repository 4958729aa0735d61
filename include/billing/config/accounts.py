"""
The reviewed list of accounts: ``accounts.yaml``, another path by the environment variable ``TIEOUT_ACCOUNTS``.

The file holds no secret; each account names the Airflow connection that does.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from billing.config.accrual_policy import AccrualPolicy, parse_accrual_policy
from billing.config.rate_card import CardRate, Commitment, parse_commitments, parse_rate_card
from billing.config.tolerances import Tolerance, check_controls, parse_tolerances
from billing.errors import ConfigurationError
from billing.money import currency_code, minor_unit
from billing.month import Month
from billing.names import there_are

try:
    from yaml import CSafeLoader as SafeLoader  # 8 times as fast: every task reads the file
except ImportError:  # PyYAML was built without its C library
    from yaml import SafeLoader  # type: ignore[assignment]

ACCOUNTS_VARIABLE = "TIEOUT_ACCOUNTS"
_DEFAULT_PATH = Path(__file__).resolve().parents[2] / "accounts.yaml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_OPTIONAL: dict[str, Callable[[object], Any]] = {
    "tolerances": parse_tolerances,
    "rate_card": parse_rate_card,
    "commitments": parse_commitments,
    "accrual": parse_accrual_policy,
}

SettingsT_co = TypeVar("SettingsT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Account(Generic[SettingsT_co]):
    """
    One account of a vendor.

    :param name: our own name for it, unique per vendor; stored with every row.
    :param conn_id: the Airflow connection with its credential.
    :param currency: the ISO 4217 code its invoices are expected in, in capitals.
    :param first_month: the first month it was billed; runs for earlier months are refused.
    :param posting_day: the day of the next month (UTC) by which the invoice is expected.
    :param settings: what only this vendor needs: the vendor's own frozen dataclass.
    :param tolerances: by control id, how far figures may differ; a control that is not named has its own default.
    :param rate_card: agreed rates, if the vendor's API does not return them.
    :param commitments: agreed monthly minimums, if the vendor's API does not return them.
    :param accrual: how its months are accrued.
    """

    vendor: str
    name: str
    conn_id: str
    currency: str
    first_month: Month
    posting_day: int
    settings: SettingsT_co
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    rate_card: tuple[CardRate, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    accrual: AccrualPolicy = field(default_factory=AccrualPolicy)

    def posting_deadline(self, month: Month) -> datetime:
        """Return the first instant at which a month's invoice is late: the end of the posting day, UTC."""
        return month.end + timedelta(days=self.posting_day)

    def check_month(self, month: Month) -> None:
        """
        Raise an error for a month before the account began.

            :raises ConfigurationError: names the account's first month.
        """
        if month < self.first_month:
            raise ConfigurationError(f"{self.vendor}/{self.name}: {month} is before its first month {self.first_month}")


def accounts_path() -> Path:
    """Return the file to use: ``TIEOUT_ACCOUNTS``, else the one next to the installed package's sources."""
    return Path(os.environ.get(ACCOUNTS_VARIABLE) or _DEFAULT_PATH)


def load_accounts(
    vendor: str,
    settings_type: type[SettingsT_co],
    path: Path | None = None,
    control_ids: Collection[str] | None = None,
) -> tuple[Account[SettingsT_co], ...]:
    """
    Read one vendor's accounts, in the file's order.

    :param settings_type: a frozen dataclass; its fields are the vendor's own keys, those without default required.
    :param control_ids: of all controls of the vendor: a tolerance for any other is an error. None: not checked.
    :raises ConfigurationError: names the file, the account and the key that is missing, unknown or wrong.
    """
    path = path or accounts_path()
    found: dict[str, Account[SettingsT_co]] = {}
    for where, row in _located_rows(path):
        if row["vendor"] != vendor:
            continue
        account = _account(vendor, row, settings_type, where)
        if account.name in found:
            raise ConfigurationError(f"{where}: the name is used twice for {vendor}")
        if control_ids is not None:
            check_controls(account.tolerances, control_ids, where)
        found[account.name] = account
    return tuple(found.values())


def check_vendors(known: Collection[str], path: Path | None = None) -> None:
    """
    Raise an error if an account's vendor is unknown: no vendor's run would read that account.

        :param known: the names of all vendors.
        :raises ConfigurationError: names the file, the account, what its vendor is and which there are.
    """
    for where, row in _located_rows(path or accounts_path()):
        if row["vendor"] not in known:
            raise ConfigurationError(
                f"{where}: there is no vendor {ascii(row['vendor'])[:80]}; {there_are(row['vendor'], known)}"
            )


def account_names(path: Path | None = None) -> frozenset[str]:
    """Return the names of all vendors' accounts, for runs that take accounts of several vendors."""
    rows = _rows(path or accounts_path())
    return frozenset(row["name"] for row in rows if isinstance(row, dict) and isinstance(row.get("name"), str))


def entries_of(vendor: str, path: Path | None = None) -> list[dict[str, Any]]:
    """Return the entries of a vendor as the file has them, in the order of their names."""
    rows = [row for _, row in _located_rows(path or accounts_path()) if row["vendor"] == vendor]
    return sorted(rows, key=lambda row: str(row.get("name")))


def find_account(accounts: tuple[Account[SettingsT_co], ...], name: str) -> Account[SettingsT_co]:
    """
    Return the account of that name.

    :raises ConfigurationError: lists the known names.
    """
    for account in accounts:
        if account.name == name:
            return account
    raise ConfigurationError(f"no account {name!r} in accounts.yaml; {there_are(name, [a.name for a in accounts])}")


class _Loader(SafeLoader):
    """YAML in which a repeated key is an error: a reviewer might see one value and the code use the other."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = [key for position, key in enumerate(keys) if key in keys[:position]]
        if repeated:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {repeated[0]!r} appears twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _rows(path: Path) -> list[Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 (a safe loader, made stricter)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no accounts file {path}: say in the environment variable {ACCOUNTS_VARIABLE} where yours is"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"cannot read the accounts file {path}: {' '.join(str(error).split())}") from error
    rows = document.get("accounts") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ConfigurationError(f"{path}: expected a list under the key 'accounts'")
    return rows


def _located_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each account with its place in the file, for messages; its vendor is a string."""
    for position, row in enumerate(_rows(path), start=1):
        where = f"{path.name}, account {position}"
        if not isinstance(row, dict):
            raise ConfigurationError(f"{where}: expected keys and values, found {type(row).__name__}")
        where += f" ({row['name']})" if isinstance(row.get("name"), str) else ""
        if not isinstance(row.get("vendor"), str):
            raise ConfigurationError(f"{where}: 'vendor' must be a string")
        yield where, row


def _account(
    vendor: str, row: Mapping[str, Any], settings_type: type[SettingsT_co], where: str
) -> Account[SettingsT_co]:
    own = {field.name for field in dataclasses.fields(Account)} - {"settings"}
    theirs = {field.name: field for field in dataclasses.fields(settings_type)}  # type: ignore[arg-type]  # any frozen dataclass
    unknown = sorted(set(row) - own - set(theirs), key=str)
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(sorted(own | set(theirs)))}")
    required = (own - set(_OPTIONAL)) | {name for name, field in theirs.items() if _has_no_default(field)}
    missing = sorted(required - set(row))
    if missing:
        raise ConfigurationError(f"{where}: the key {missing[0]!r} is missing")
    try:
        return Account(
            vendor=vendor,
            name=_checked(row, "name", _is_name, "1 to 63 lower-case letters, digits and hyphens, e.g. acme-media"),
            conn_id=_checked(row, "conn_id", bool, "the id of an Airflow connection, e.g. acme_billing"),
            currency=currency_code(
                _checked(row, "currency", _is_currency, "the ISO 4217 code of a currency for payments, e.g. EUR")
            ),
            first_month=_month(_checked(row, "first_month", bool, "a month of the form YYYY-MM, e.g. 2023-01")),
            posting_day=_day(row["posting_day"]),
            settings=settings_type(**{name: row[name] for name in theirs if name in row}),
            **{name: parse(row[name]) for name, parse in _OPTIONAL.items() if name in row},
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _has_no_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _checked(row: Mapping[str, Any], key: str, accepts: Callable[[str], bool], usable: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not accepts(value):
        raise ConfigurationError(f"{key} {value!r} should be {usable}")
    return value


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _is_currency(code: str) -> bool:
    """Return whether it is or was a currency: whether it is in force in a month is judged with the month."""
    return minor_unit(code) is not None


def _month(key: str) -> Month:
    try:
        return Month.parse(key)
    except ConfigurationError as error:
        raise ConfigurationError(f"first_month: {error}") from error


def _day(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 28:
        raise ConfigurationError(f"posting_day {value!r} should be a day from 1 to 28, without quotes")
    return value
