"""What a vendor provides: one value in its ``vendor.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from billing.config.accounts import Account
    from billing.controls.control import Control
    from billing.export.terms import ExportTerms
    from billing.models import AccountMonth, MonthToDate
    from billing.month import Month
    from billing.payloads.response import Response
    from billing.reconciliation.reconciler import Derive
    from billing.storage.accrual_bases import ProposeAccrual

_FORM = ("host", "schema", "port", "login", "password", "extra")  # what Airflow shows for any connection


@dataclass(frozen=True)
class Document:
    """
    A file that the vendor issued with an invoice.

    :param invoice_id: the invoice it belongs to.
    :param file_format: ``pdf`` or ``csv``.
    :param request: where it came from, without credential or signature.
    """

    invoice_id: str
    file_format: str
    media_type: str
    request: str
    body: bytes


@dataclass(frozen=True)
class MissingDocument:
    """
    A file of an invoice that this fetch could not get: the month is stored without it, and the next run asks again.

    :param reason: for people; without a link, a credential or a signature.
    """

    invoice_id: str
    file_format: str
    reason: str


@dataclass(frozen=True)
class ConnectionType:
    """
    A type of Airflow connection and its form.

    :param name: the connection's ``conn_type``.
    :param title: its name in Airflow's list of connection types.
    :param hook: import path of the hook's class, which is not imported here.
    :param labels: label by field of Airflow's own that is used; all others are hidden, the free JSON extra always.
    :param placeholders: text in an empty field, by field.
    :param fields: description by key of the extra, in the form of Airflow's ``conn-fields``.
    """

    name: str
    title: str
    hook: str
    labels: Mapping[str, str]
    placeholders: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_provider_info(self) -> dict[str, Any]:
        """Return the dictionary that Airflow's providers manager reads."""
        behaviour = {
            "hidden-fields": [name for name in _FORM if name not in self.labels],
            "relabeling": dict(self.labels),
            "placeholders": dict(self.placeholders),
        }
        return {
            "connection-type": self.name,
            "hook-class-name": self.hook,
            "hook-name": self.title,
            "ui-field-behaviour": behaviour,
            "conn-fields": dict(self.fields),
        }


@dataclass(frozen=True)
class VendorImplementation:
    """
    What the tasks of a vendor do.

    :param collect: fetches everything the vendor has on one account and month. Yields each response as it
        arrives (it is stored before the next request), and each document, or why there is none, after the response that
        names it.
    :param derive: turns the stored responses of one ``collect`` into values; reads nothing else, except
        what is recalled of a text.
    :param propose_accrual: what a month should accrue before it is billed: one of :mod:`billing.storage.accrual_bases`,
        or the vendor's own function.
    :param collect_month_to_date: fetches the running month's estimate; None if the vendor has none.
    :param derive_month_to_date: turns its stored response into a value.
    :param collect_running_month: fetches the running month's contracts and charges so far; None if the vendor
        has an estimate instead.
    :param derive_running_month: turns its stored responses into contracts and billing periods.
    :param export_terms: what its lines are in terms of FOCUS; None if nothing is known beyond the lines.
    """

    collect: Callable[[Account[Any], Month], Iterator[Response | Document | MissingDocument]]
    derive: Derive
    propose_accrual: ProposeAccrual
    collect_month_to_date: Callable[[Account[Any], Month], Iterator[Response]] | None = None
    derive_month_to_date: Callable[[Account[Any], Response], MonthToDate] | None = None
    collect_running_month: Callable[[Account[Any], Month], Iterator[Response]] | None = None
    derive_running_month: Callable[[Account[Any], Month, Sequence[Response]], AccountMonth] | None = None
    export_terms: ExportTerms | None = None


@dataclass(frozen=True)
class Vendor:
    """
    One vendor: everything the rest of the product knows about it.

    Every task reads its DAG file again before it starts. So a vendor's module imports only what a plan needs, and each
    task the rest of what it needs, by ``load_implementation`` and ``load_controls``.

    :param name: the name of its folder; stored with every row; also the name of the Airflow pool that its tasks share.
    :param title: the vendor's name as people write it.
    :param control_prefix: capital letters that the ids of its controls begin with; no other vendor has the same.
    :param settings_type: frozen dataclass with the vendor's own keys of ``accounts.yaml``.
    :param connection_type: the type of the Airflow connections that its accounts name.
    :param schedule: cron in UTC of the monthly run, some days after the vendor closes a month.
    :param make_sensors: makes the sensors of one account and month, called while the DAG is built; each takes the
        account's name and the month as templated fields.
    :param load_implementation: imports and returns what the tasks do.
    :param load_controls: imports and returns the controls of every month, in the order of the report.
    :param running_month: what the daily run stores of the running month, in Markdown; empty if nothing.
    :param make_estimate_sensor: makes the sensor that waits until the estimate is there; arguments as ``make_sensors``.
    :param has_running_month: whether the implementation can collect the running month, known without importing it.
    """

    name: str
    title: str
    control_prefix: str
    settings_type: type[Any]
    connection_type: ConnectionType
    schedule: str
    make_sensors: Callable[..., Sequence[BaseOperator]]
    load_implementation: Callable[[], VendorImplementation]
    load_controls: Callable[[], Sequence[Control]]
    running_month: str = ""
    make_estimate_sensor: Callable[..., BaseOperator] | None = None
    has_running_month: bool = False

    @property
    def pool(self) -> str:
        """The Airflow pool that its tasks share."""
        return self.name

    @property
    def documentation(self) -> Path:
        """The page on the vendor: API pages used, connection, keys of ``accounts.yaml``, quirks."""
        return Path(__file__).parents[1] / self.name / "README.md"

    def controls(self) -> tuple[Control, ...]:
        """
        Import and return the controls of every month, in the order of the report.

        :raises ValueError: an id is not the vendor's prefix and a number, or appears twice.
        """
        controls = tuple(self.load_controls())
        ids = [control.control_id for control in controls]
        wrong = [each for each in ids if not re.fullmatch(rf"{self.control_prefix}[1-9][0-9]*", each)]
        if wrong or len(set(ids)) < len(ids):
            raise ValueError(f"{self.name}: ids of controls are {self.control_prefix} and a number, each once: {ids}")
        return controls
