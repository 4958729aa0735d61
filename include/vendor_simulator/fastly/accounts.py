"""The Fastly customers of the world: what each uses, at which rates, and its special cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from vendor_simulator import seeded_random
from vendor_simulator.months import Month

HISTORY_START = Month(2023, 1)


@dataclass(frozen=True, slots=True)
class Meter:
    """
    One thing a customer pays for.

    :param usage_type: ``requests`` (billed per 10,000), ``bandwidth`` (billed per GB of 10^9 bytes), or
        empty for a flat monthly fee.
    :param rate: price of one unit, in the account's currency.
    :param typical: units in an ordinary month; a flat fee has 1.
    :param places: decimals of the units.
    """

    name: str
    group: str
    product_line: str
    region: str
    usage_type: str
    rate: Decimal
    typical: Decimal = Decimal(1)
    places: int = 0
    product_id: str = ""
    description: str = ""

    @property
    def unit(self) -> str:
        """Unit as the usage metrics call it."""
        return "gb" if self.usage_type == "bandwidth" else "unit"

    @property
    def raw_per_unit(self) -> int:
        """Requests or bytes in one billed unit."""
        return 10**9 if self.usage_type == "bandwidth" else 10_000


@dataclass(frozen=True, slots=True)
class FastlyAccount:
    """
    One Fastly customer with its own token.

    :param minimum: least monthly charge, in the account's currency; 0 for none.
    :param end_included: the period ends on the last second of the month, not on the first instant of the next.
    :param late: some invoices are posted after the 20th.
    :param corrected: some months have a second invoice of credits, and some months have no usage and no invoice.
    :param credited: some invoices carry a service credit.
    :param long: the March invoice has 5,000 lines.
    """

    number: int
    name: str
    customer_id: str
    token: str
    currency: str
    meters: tuple[Meter, ...]
    api: str = "v3"
    parent_pay: bool = False
    first_month: Month = HISTORY_START
    posting_day: int = 5
    minimum: Decimal = Decimal(0)
    end_included: bool = True
    late: bool = False
    corrected: bool = False
    credited: bool = False
    long: bool = False

    @property
    def conn_id(self) -> str:
        """Airflow connection of this account."""
        return "fastly_" + self.name.replace("-", "_")

    def has_usage_in(self, month: Month) -> bool:
        """Return whether anything was used, and hence billed, in a month."""
        return month >= self.first_month and not (self.corrected and month.index % 9 == 7)


def bandwidth(region: str, rate: str, typical: str, places: int = 2) -> Meter:
    """Create a meter for traffic delivered in one region; units are GB."""
    name = f"{region} Bandwidth"
    group, line = "Full-Site Delivery", "Network Services"
    price, units = Decimal(rate), Decimal(typical)
    return Meter(name, group, line, region, "bandwidth", price, units, places, "cdn_usage")


def requests(region: str, rate: str, typical: str, places: int = 4) -> Meter:
    """Create a meter for requests served in one region; units are 10,000 requests."""
    name = f"{region} Requests"
    group, line = "Full-Site Delivery", "Network Services"
    price, units = Decimal(rate), Decimal(typical)
    return Meter(name, group, line, region, "requests", price, units, places, "cdn_usage")


def compute(rate: str, typical: str) -> Meter:
    """Create a meter for serverless requests, which have no region; units are 10,000 requests."""
    price, units = Decimal(rate), Decimal(typical)
    return Meter("Compute Requests", "Compute", "Compute", "", "requests", price, units, 0, "compute_usage")


def fee(name: str, rate: str, group: str = "Security") -> Meter:
    """Create a meter for a flat monthly fee."""
    return Meter(name, group, group, "", "", Decimal(rate))


def delivery(scale: str, per_gb: str, per_requests: str) -> tuple[Meter, ...]:
    """Create a meter for delivery in three regions, ``scale`` TB of it in North America."""
    size = Decimal(scale)
    na, eu = "North America", "Europe"
    return (
        bandwidth(na, per_gb, str(size * 1000)),
        requests(na, per_requests, str(size * 3000)),
        bandwidth(eu, per_gb, str(size * 400)),
        requests(eu, per_requests, str(size * 1100)),
        bandwidth("Asia", str(Decimal(per_gb) * 2), str(size * 150)),
    )


def fastly_accounts(seed: int) -> tuple[FastlyAccount, ...]:
    """Return the Fastly customers of a world; their ids and tokens depend on the seed, their names do not."""
    accounts = (
        *_ordinary(),
        *_awkward(),
        *_legacy(),
    )
    return tuple(
        replace(
            account,
            number=number,
            customer_id=seeded_random.text(22, seed, "fastly customer", account.name),
            token=seeded_random.text(32, seed, "fastly token", account.name),
        )
        for number, account in enumerate(accounts, start=1)
    )


def _account(name: str, currency: str, meters: tuple[Meter, ...]) -> FastlyAccount:
    return FastlyAccount(0, name, "", "", currency, meters)


def _ordinary() -> tuple[FastlyAccount, ...]:
    waf = fee("Next-Gen WAF", "2500")
    acme = _account("acme-media", "USD", (*delivery("15", "0.08", "0.0075"), compute("0.5", "120"), waf))
    brett = _account("brett-verlag", "EUR", (*_unicode(), fee("Next-Gen WAF", "1950.50")))
    young = _account("young-shop", "EUR", (*delivery("0.8", "0.11", "0.009"), fee("Platform TLS", "20", "TLS")))
    return (
        replace(acme, credited=True),
        replace(brett, late=True),
        replace(young, first_month=Month(2025, 4)),
    )


def _unicode() -> tuple[Meter, ...]:
    words = ("Übertragung – Größe «EU»", "Anfragen: Zürich → 東京", "مرور 🚀 naïve", "Łódź ½ ‰", "Ελλάδα")
    meters = delivery("4", "0.0925", "0.0081")
    return tuple(replace(meter, description=word) for meter, word in zip(meters, words, strict=True))


def _awkward() -> tuple[FastlyAccount, ...]:
    kumo = _account("kumo-games", "JPY", (*delivery("20", "9.5", "1.1"), fee("Next-Gen WAF", "380000")))
    gulf_meters = (*delivery("60", "0.0245", "0.00231"), fee("DDoS Protection", "412.375"))
    gulf = _account("gulf-stream", "KWD", gulf_meters)
    titan = _account(
        "titan-cloud",
        "USD",
        (
            bandwidth("North America", "0.123456789", "999999999999999.123", 3),
            requests("North America", "0.012345679", "777777777777777.5"),
            bandwidth("Europe", "0.098765432", "345678901234567.891", 3),
            fee("Enterprise Support", "123456789012345.67", "Support"),
        ),
    )
    long = _account("bulk-5000-lines", "USD", (*delivery("9", "0.07", "0.0069"), fee("Next-Gen WAF", "900")))
    return (
        replace(kumo, corrected=True),
        replace(gulf, minimum=Decimal("3500.000"), end_included=False),
        replace(titan, end_included=False),
        replace(long, long=True),
    )


def _legacy() -> tuple[FastlyAccount, ...]:
    press = (*delivery("1.6", "0.12", "0.0075")[:4], fee("Shared TLS certificate", "20", "TLS"))
    child = delivery("0.2", "0.12", "0.0075")[:4]
    return (
        replace(_account("legacy-press", "USD", press), api="v2", minimum=Decimal(50), credited=True),
        replace(_account("legacy-child", "USD", child), api="v2", minimum=Decimal(50), parent_pay=True),
    )
