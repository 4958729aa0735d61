"""The billed month, and half-open intervals of time in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from billing.errors import ConfigurationError

_MONTH_KEY = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_LAST_YEAR = 9998  # the month after the last one must still be a date


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """
    One calendar month in UTC: the half-open interval from its first instant to the next month's.

    Written as ``YYYY-MM`` in parameters, XCom, logs and file names.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= _LAST_YEAR):
            raise ValueError(f"not a month: year {self.year}, month {self.month}")

    @classmethod
    def parse(cls, key: str) -> Month:
        """
        Read ``YYYY-MM``.

        :raises ConfigurationError: any other string, including a one-digit month and month 13.
        """
        match = _MONTH_KEY.fullmatch(key)
        if match is None or not 1 <= int(match[1]) <= _LAST_YEAR:
            raise ConfigurationError(f"month {key!r} is not of the form YYYY-MM, e.g. 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """
        Return the month that contains a date; a datetime is converted to UTC.

        :raises ValueError: a datetime without time zone, which would be read in this machine's.
        """
        if isinstance(day, datetime):
            if day.tzinfo is None:
                raise ValueError(f"{day} has no time zone")
            day = day.astimezone(UTC)
        return cls(day.year, day.month)

    def shifted(self, months: int) -> Month:
        """Return the month that many months later, or earlier if negative."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def start(self) -> datetime:
        """First instant of the month, UTC."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """First instant of the next month, UTC; not part of the month."""
        return self.shifted(1).start

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    def is_over(self, now: datetime) -> bool:
        """Return whether the whole month has passed at an aware ``now``."""
        return now >= self.end

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
