"""Draw values from a seed, each by its own word, so that one more draw changes no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from vendor_simulator import seeded_random

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draw:
    """Values for one thing, named by its key."""

    key: tuple[seeded_random.Key, ...]

    def of(self, *more: seeded_random.Key) -> Draw:
        """Return the draws of a part of the thing."""
        return Draw((*self.key, *more))

    def number(self, low: int, high: int, word: str) -> int:
        """Return a whole number from ``low`` to ``high``, both included."""
        return seeded_random.between(low, high, *self.key, word)

    def chance(self, percent: int, word: str) -> bool:
        """Return True that often."""
        return self.number(1, 100, word) <= percent

    def one_of(self, values: Sequence[T], word: str) -> T:
        """Return one of some values; one that stands there twice comes twice as often."""
        return values[self.number(0, len(values) - 1, word)]

    def magnitude(self, low: int, high: int, word: str) -> int:
        """Return a whole number of ``low`` to ``high`` digits after its first one, each length as often."""
        return self.number(1, 9_999, word) * int(10 ** self.number(low, high, f"{word} digits")) // 1_000 + 1

    def identifier(self, word: str) -> str:
        """Return an id in the form of a UUID."""
        return seeded_random.identifier(*self.key, word)
