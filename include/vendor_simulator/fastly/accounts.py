"""The Fastly customers of the world: what each uses, at which rates, and its special cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from vendor_simulator import seeded_random
from vendor_simulator.fastly.agreement import Agreement
from vendor_simulator.fastly.meters import Meter, bandwidth, compute, delivery, fee, requests
from vendor_simulator.months import Month

HISTORY_START = Month(2023, 1)


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
    :param agreement: what a drawn customer agreed to, instead of ``meters`` and ``minimum``.
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
    agreement: Agreement | None = None

    @property
    def conn_id(self) -> str:
        """Airflow connection of this account."""
        return "fastly_" + self.name.replace("-", "_")

    def has_usage_in(self, month: Month) -> bool:
        """Return whether anything was used, and hence billed, in a month."""
        return month >= self.first_month and not (self.corrected and month.index % 9 == 7)

    def minimum_in(self, month: Month) -> Decimal:
        """Return the least charge of a month, in the account's currency; 0 for none."""
        return next((amount for first, amount in reversed(self.minimums()) if month >= first), Decimal(0))

    def minimums(self) -> tuple[tuple[Month, Decimal], ...]:
        """Return the least charges of a month, each by the first month in which it applies, ascending."""
        return ((self.first_month, self.minimum),) if self.agreement is None else self.agreement.minimums


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
