"""Calendar months in UTC; the simulator's own, independent of the product's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_TEXT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month in UTC."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """
        Read ``2026-05``.

        :raises ValueError: any other form.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a month: YYYY-MM is wanted")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: date) -> Month:
        """Return the month of a date, or of an aware UTC datetime."""
        return cls(moment.year, moment.month)

    @property
    def index(self) -> int:
        """Months since year 0, so that months can be counted and rotated over."""
        return self.year * 12 + self.number - 1

    @property
    def start(self) -> datetime:
        """First instant, UTC."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """First instant of the next month, UTC."""
        return self.shift(1).start

    @property
    def last_day(self) -> date:
        """Last day of the month."""
        return (self.end - timedelta(days=1)).date()

    def shift(self, months: int) -> Month:
        """Return the month that many months later; earlier if negative."""
        year, number = divmod(self.index + months, 12)
        return Month(year, number + 1)

    def until(self, last: Month) -> Iterator[Month]:
        """Yield this month and every later one up to and with ``last``."""
        for offset in range(last.index - self.index + 1):
            yield self.shift(offset)

    def elapsed_at(self, now: datetime) -> tuple[int, int]:
        """Return the seconds of this month that have passed, and its length in seconds."""
        length = int((self.end - self.start).total_seconds())
        return max(0, min(length, int((now - self.start).total_seconds()))), length

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"
