"""What a vendor supplies: one value in its ``vendor.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from billing.accruals.proposal import Basis
    from billing.config.accounts import Account
    from billing.controls.control import Control
    from billing.listed import InvoiceList
    from billing.models import AccountMonth, MonthToDate
    from billing.month import Month
    from billing.payloads.response import Response


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
class Work:
    """
    What the tasks of a vendor do.

    :param collect: asks the vendor for everything it has on one account and month. Yields each response as it
        arrives (it is stored while the next is asked for), and each document after the response that led to it.
    :param derive: turns the stored responses of one ``collect`` into values; reads nothing else, asks nobody.
    :param invoice_list: the vendor's list that holds invoices whole, if it has one: they can then be stored without
        all of them in memory, and without reading again those that are known.
    :param accrual_basis: what a month's accrual rests on before the month is billed.
    :param collect_month_to_date: asks for the running month's estimate; None if the vendor has none.
    :param derive_month_to_date: turns its stored response into a value.
    :param collect_running_month: asks for what is agreed and charged so far in the running month; None if the vendor
        gives an estimate instead.
    :param derive_running_month: turns its stored responses into contracts and billing periods.
    """

    collect: Callable[[Account[Any], Month], Iterator[Response | Document]]
    derive: Callable[[Account[Any], Month, Sequence[Response]], AccountMonth]
    accrual_basis: Basis
    collect_month_to_date: Callable[[Account[Any], Month], Iterator[Response]] | None = None
    derive_month_to_date: Callable[[Account[Any], Response], MonthToDate] | None = None
    collect_running_month: Callable[[Account[Any], Month], Iterator[Response]] | None = None
    derive_running_month: Callable[[Account[Any], Month, Sequence[Response]], AccountMonth] | None = None
    invoice_list: InvoiceList | None = None


@dataclass(frozen=True)
class Vendor:
    """
    One vendor, as the DAGs and the storage see it.

    Every task reads its DAG file again before it starts. So a vendor's module imports only what a plan needs, and each
    task the rest of what it needs, by ``work`` and ``catalogue``.

    :param name: stored with every row; also the name of the Airflow pool that its tasks share.
    :param title: the vendor's name as people write it.
    :param settings_type: frozen dataclass with the vendor's own keys of ``accounts.yaml``.
    :param waits: makes the sensors of one account and month, called while the DAG is built; each takes the
        account's name and the month as templated fields.
    :param schedule: cron in UTC of the monthly run, some days after the vendor closes a month.
    :param work: imports and gives what the tasks do.
    :param catalogue: imports and gives what is proved of every month, in the order of the report.
    :param wait_month_to_date: makes the sensor that waits until the estimate is there; arguments as ``waits``.
    :param has_running_month: whether ``work`` can collect the running month, known without importing it.
    """

    name: str
    title: str
    settings_type: type[Any]
    waits: Callable[..., Sequence[BaseOperator]]
    schedule: str
    work: Callable[[], Work]
    catalogue: Callable[[], Sequence[Control]]
    wait_month_to_date: Callable[..., BaseOperator] | None = None
    has_running_month: bool = False

    @property
    def collect(self) -> Callable[[Account[Any], Month], Iterator[Response | Document]]:
        """See :class:`Work`."""
        return self.work().collect

    @property
    def derive(self) -> Callable[[Account[Any], Month, Sequence[Response]], AccountMonth]:
        """See :class:`Work`."""
        return self.work().derive

    @property
    def controls(self) -> Sequence[Control]:
        """What is proved of every month, in the order of the report."""
        return self.catalogue()

    @property
    def accrual_basis(self) -> Basis:
        """See :class:`Work`."""
        return self.work().accrual_basis

    @property
    def collect_month_to_date(self) -> Callable[[Account[Any], Month], Iterator[Response]] | None:
        """See :class:`Work`."""
        return self.work().collect_month_to_date

    @property
    def derive_month_to_date(self) -> Callable[[Account[Any], Response], MonthToDate] | None:
        """See :class:`Work`."""
        return self.work().derive_month_to_date
