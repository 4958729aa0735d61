"""What a Fastly customer pays for: traffic, requests, other usage, and flat fees."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Meter:
    """
    One thing a customer pays for.

    :param usage_type: ``requests`` (billed per 10,000), ``bandwidth`` (billed per GB of 10^9 bytes), another
        word for other usage, or empty for a flat monthly fee.
    :param rate: price of one unit, in the account's currency.
    :param typical: units in an ordinary month; a flat fee has 1.
    :param places: decimals of the units.
    :param once: a fee for setting something up, in its first month alone.
    :param scale: things counted in one billed unit of other usage, a power of ten.
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
    scale: int = 1
    once: bool = False

    @property
    def unit(self) -> str:
        """Unit as the usage metrics call it."""
        return "gb" if self.usage_type == "bandwidth" else "unit"

    @property
    def raw_per_unit(self) -> int:
        """Requests, bytes or other things in one billed unit."""
        return {"bandwidth": 10**9, "requests": 10_000}.get(self.usage_type, self.scale)


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
