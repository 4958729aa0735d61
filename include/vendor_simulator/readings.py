"""What the vendors' contracts leave open: each question with the answers it allows, and what a world answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """
    One thing that a vendor's contract leaves open.

    :param key: vendor, dot, word in snake case: ``fastly.period_end``.
    :param values: what the contract allows.
    :param default: what the vendor does unless told otherwise; one of ``values``.
    :param what: what the values mean.
    :param source: where the contract leaves it open: section, and INF, UNK, or silent.
    :param hides: by value, the kinds of planted errors that nobody can see under it.
    :param why_hidden: why they cannot be seen; empty where ``hides`` is.
    """

    key: str
    vendor: str
    values: tuple[str, ...]
    default: str
    what: str
    source: str
    hides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    why_hidden: str = ""

    def hidden(self, value: str, kind: str) -> bool:
        """Return whether a value hides a kind of planted error; a control's id stands for all kinds of it."""
        return not {kind, kind.partition(":")[0]}.isdisjoint(self.hides.get(value, ()))


@dataclass(frozen=True, slots=True)
class HiddenTogether:
    """
    Kinds of planted errors that nobody can see under values of several readings at once.

    :param values: one or more values by key, each of which an account must have.
    """

    values: Mapping[str, tuple[str, ...]]
    kinds: tuple[str, ...]
    why: str

    def hidden(self, answers: Mapping[str, str], kind: str) -> bool:
        """Return whether an account's answers, by key, hide a kind of error."""
        together = all(answers.get(key) in values for key, values in self.values.items())
        return together and not {kind, kind.partition(":")[0]}.isdisjoint(self.kinds)


class Readings:
    """
    How the vendors of one world read their contracts, for all accounts or for single ones.

    :param known: all readings of all vendors.
    :param given: values by ``KEY``, or by ``ACCOUNT:KEY`` for one account alone.
    :raises ValueError: an unknown key or value; the message lists what there is.
    """

    def __init__(self, known: Iterable[Reading], given: Mapping[str, str] | None = None) -> None:
        self._known = {reading.key: reading for reading in known}
        self._given = dict(given or {})
        for name, value in self._given.items():
            self._check(name.rpartition(":")[2], value)

    def of(self, account: str, key: str) -> str:
        """
        Return the value in force for an account.

        :raises KeyError: there is no such reading.
        """
        for name in (f"{account}:{key}", key):
            if name in self._given:
                return self._given[name]
        return self._known[key].default

    def accounts(self) -> set[str]:
        """Return the accounts that have a value of their own."""
        return {name.rpartition(":")[0] for name in self._given if ":" in name}

    def given(self) -> dict[str, str]:
        """Return what was given, as it was given."""
        return dict(self._given)

    def __iter__(self) -> Iterator[Reading]:
        """Yield every reading in order of the keys."""
        return iter(sorted(self._known.values(), key=lambda reading: reading.key))

    def _check(self, key: str, value: str) -> None:
        if key not in self._known:
            raise ValueError(f"There is no reading {key!r}; there are {', '.join(sorted(self._known))}.")
        if value not in self._known[key].values:
            allowed = ", ".join(self._known[key].values)
            raise ValueError(f"{value!r} is no value of {key}; its values are {allowed}.")


def parse_readings(texts: Iterable[str]) -> dict[str, str]:
    """
    Read ``KEY=VALUE`` and ``ACCOUNT:KEY=VALUE``.

    :raises ValueError: no ``=`` in one of them.
    """
    pairs = [text.partition("=") for text in texts]
    for key, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{key!r} is no reading: KEY=VALUE or ACCOUNT:KEY=VALUE is wanted.")
    return {key: value for key, _, value in pairs}


def table(readings: Iterable[Reading]) -> str:
    """Write all readings as text, the default of each first."""
    return "".join(f"{_head(reading)}\n{_body(reading)}\n" for reading in readings)


def _head(reading: Reading) -> str:
    others = [value for value in reading.values if value != reading.default]
    return f"{reading.key} = {reading.default} (default) | {' | '.join(others)}"


def _body(reading: Reading) -> str:
    lines = [reading.what, f"Source: {reading.source}"]
    lines += [f"{value} hides {', '.join(kinds)}: {reading.why_hidden}" for value, kinds in reading.hides.items()]
    return "".join(f"    {line}\n" for line in lines)
