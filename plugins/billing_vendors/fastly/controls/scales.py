"""
How many base units make one priced unit: a quantity is raw, or divided by a power of ten. Pure.

The contract says that a gigabyte is 10^9 bytes and that requests are priced per 10,000, but not in which unit a
quantity is shown, nor what other products are priced by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from decimal import Decimal

# Source: Fastly guide "How we calculate your bill" for 10,000 and 10^9, checked 2026-11-22.
SCALES = tuple(map(Decimal, (1, 1_000, 10_000, 10**6, 10**9, 10**12)))
RAW = SCALES[0]
EVERY_SCALE = tuple(Decimal(10**power) for power in range(13))
"""Of usage that is neither requests nor bandwidth nothing is documented: any power of ten."""


def agreed_scale(fitting: Iterable[Collection[Decimal]], documented: Decimal) -> Decimal:
    """
    Return the scale that fits most of some quantities; of several the documented one, or else the smallest.

        {10^4}, {10^4, 10^6}, {1}  -> 10^4
        none fits any              -> the documented one
    """
    votes = Counter(scale for scales in fitting for scale in scales)
    return max(SCALES, key=lambda scale: (votes[scale], scale == documented, -scale))


def shown_places(quantities: Iterable[Decimal]) -> int:
    """Return the most decimals that any of some quantities shows."""
    exponents = [quantity.as_tuple().exponent for quantity in quantities]
    return max((-exponent for exponent in exponents if isinstance(exponent, int)), default=0)
