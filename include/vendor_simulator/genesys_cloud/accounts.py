"""What a Genesys Cloud organisation is: its contracts, their plans and prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from vendor_simulator.genesys_cloud.readings import DEFAULTS
from vendor_simulator.months import Month

HISTORY_START = Month(2023, 1)
CONTRACT_END = date(2035, 12, 31)
TOKEN_CONVERSION_RATE = Decimal("0.025")  # units per token, as in the vendor's own example


@dataclass(frozen=True, slots=True)
class Customer:
    """A party named on contracts and invoices."""

    id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold; ``grouping`` and ``measure`` are the trustee overview's names for it."""

    id: str
    sku: str
    name: str
    unit: str
    grouping: str
    measure: str


@dataclass(frozen=True, slots=True)
class Price:
    """
    Unit prices in the organisation's currency, in force from ``start`` until the next one.

    :param quantity: prepaid quantity, allowance or tokens from then on; the plan's if None.
    """

    start: date
    price: Decimal
    overage: Decimal
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """Tokens bought once: they are in the wallet from that day, and billed with its period."""

    on: date
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One product within a contract.

    :param kind: ``prepay`` (a prepaid quantity, more is overage), ``fair_use`` (an allowance, more is overage),
        ``metered`` (every unit is overage), ``token`` (a wallet, and usage that is paid from it), ``token_use`` (more
        usage that is paid from the contract's first wallet).
    :param quantity: prepaid quantity, or allowance, or the tokens of one grant.
    :param low: least actual quantity of a month.
    :param high: greatest actual quantity of a month.
    :param grant: when a wallet gets its tokens: ``yearly``, ``monthly`` (paid as prepayment if they have a price),
        ``top_up`` (every third month) or ``one_time`` (only those of ``purchases``).
    :param months: how many periods one prepayment is for.
    :param advance: billed before its periods; as the contract says if None.
    :param begins: the day on which the plan was added to the contract; with the contract if None.
    :param conversion: units per token.
    :param place: which of the organisation's organizations uses it.
    """

    id: str
    name: str
    product: Product
    kind: str
    quantity: int
    low: int
    high: int
    prices: tuple[Price, ...]
    grant: str = "yearly"
    purchases: tuple[Purchase, ...] = ()
    months: int = 1
    advance: bool | None = None
    begins: date | None = None
    place: int = 0
    conversion: Decimal = TOKEN_CONVERSION_RATE

    @property
    def is_prepaid(self) -> bool:
        """Whether a quantity is paid period by period, used or not."""
        paid_tokens = self.kind == "token" and self.grant == "monthly" and any(step.price for step in self.prices)
        return self.kind == "prepay" or paid_tokens

    def quantity_at(self, price: Price) -> int:
        """Return the quantity that belongs to a price."""
        return self.quantity if price.quantity is None else price.quantity

    def price_on(self, day: date) -> Price:
        """Return the price in force on a day."""
        return [price for price in self.prices if price.start <= day or price is self.prices[0]][-1]


@dataclass(frozen=True, slots=True)
class Contract:
    """
    One contract of an organisation.

    :param number: 1 for the organisation's first contract.
    :param cycle_day: first day of each billing period.
    :param advance: the prepaid part is billed for the period to come, not for the one that ended.
    :param credited: some periods have a credit line, or a credit memo besides the invoice.
    :param quiet: nothing is used, and nothing billed, in some periods.
    :param long: the June invoice has 5,000 lines.
    :param begins: first day; the start of the period that ends in the first month of history if None.
    :param ends: last day, included.
    :param apart: prepayments have an invoice of their own.
    :param ramp: first and last day on which its prepaid quantities or prices still grow.
    :param invoiced_within: days after a period in which its invoices are dated.
    :param wording: how its invoices describe their lines, see ``wording.py``.
    :param read: how the vendor reads the API's contract, by the words of the keys.
    """

    number: int
    id: str
    external_number: str
    purchase_orders: tuple[str, ...]
    organisation: str
    organisation_number: int
    currency: str
    plans: tuple[Plan, ...]
    cycle_day: int = 1
    advance: bool = False
    credited: str = ""
    quiet: bool = False
    long: bool = False
    begins: date | None = None
    ends: date = CONTRACT_END
    apart: bool = False
    ramp: tuple[date, date] | None = None
    invoiced_within: int = 5
    wording: str = "words"
    read: Mapping[str, str] = field(default_factory=lambda: DEFAULTS, compare=False)


@dataclass(frozen=True, slots=True)
class Organisation:
    """
    One Genesys Cloud organisation with its own OAuth client.

    :param branches: id and title of its further organizations.
    :param drawn: not one of the demo.
    """

    number: int
    name: str
    title: str
    organization_id: str
    client_id: str
    client_secret: str
    currency: str
    bill_to: Customer
    sold_to: Customer
    country: tuple[str, str, str, str]  # country code, country, city, postal code
    contracts: tuple[Contract, ...] = ()
    first_month: Month = HISTORY_START
    posting_day: int = 6
    branches: tuple[tuple[str, str], ...] = ()
    drawn: bool = False
    read: Mapping[str, str] = field(default_factory=lambda: DEFAULTS, compare=False)

    @property
    def conn_id(self) -> str:
        """Airflow connection of this organisation."""
        return "genesys_" + self.name.replace("-", "_")
