"""
Many rows of one kind, kept by column.

An invoice has thousands of lines. They are read, hashed and stored a column at a time, which costs a third of what it
costs a line at a time; a line is made only when somebody asks for one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import attrgetter, eq
from typing import Any, TypeVar, overload

T = TypeVar("T")


class Columns(Sequence[T]):
    """
    Rows of a dataclass; equal to a tuple of the same rows.

    :param kind: the dataclass.
    :param columns: by field, all of one length; a field that is not named has its default in every row.
    """

    __slots__ = ("_columns", "_kind", "_length", "_rows")

    def __init__(self, kind: type[T], **columns: Sequence[Any]) -> None:
        lengths = set(map(len, columns.values()))
        if len(lengths) != 1:
            raise ValueError(f"the columns of {kind.__name__} have {sorted(lengths)} rows")
        needed, defaults = _shape(kind)  # type: ignore[arg-type]  # a class has a hash
        if not needed <= columns.keys() <= needed | defaults.keys():
            raise TypeError(f"{kind.__name__} is not made of {', '.join(columns)}")
        self._kind, self._length = kind, lengths.pop()
        self._columns = {name: each if isinstance(each, list) else list(each) for name, each in columns.items()}
        self._rows: tuple[T, ...] | None = None

    def column(self, name: str) -> Sequence[Any]:
        """Return one field of all rows."""
        if name in self._columns:
            return self._columns[name]
        return [_shape(self._kind)[1][name]] * self._length  # type: ignore[arg-type]  # a class has a hash

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._length

    def __iter__(self) -> Iterator[T]:
        """Return the rows in order; they are made once."""
        if self._rows is None:
            names = (field.name for field in dataclasses.fields(self._kind))  # type: ignore[arg-type]  # a dataclass
            self._rows = tuple(map(self._kind, *map(self.column, names)))
        return iter(self._rows)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Columns[T]: ...
    def __getitem__(self, place: int | slice) -> T | Columns[T]:
        """Return one row, or some in columns of their own."""
        if isinstance(place, slice):
            return Columns(self._kind, **{name: values[place] for name, values in self._columns.items()})
        return self._kind(**{name: values[place] for name, values in self._columns.items()})

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence has equal rows in the same order."""
        if isinstance(other, Columns) and other._kind is self._kind:
            names = self._columns.keys() | other._columns.keys()
            return len(self) == len(other) and all(self.column(name) == other.column(name) for name in names)
        if isinstance(other, Sequence) and not isinstance(other, str):
            return len(self) == len(other) and all(map(eq, self, other))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a list: the attributes of rows cannot be hashed

    def __repr__(self) -> str:
        """Show the rows."""
        return repr(tuple(self))


def columns_of(rows: Sequence[object], names: Sequence[str]) -> list[Sequence[Any]]:
    """Return fields of some rows, each as a column; of no rows empty columns."""
    if isinstance(rows, Columns):
        return [rows.column(name) for name in names]
    return [list(map(attrgetter(name), rows)) for name in names]


def each_once(make: Callable[[Any], str], values: Sequence[Any]) -> Iterator[str]:
    """Return what a function makes of each value; of one and the same object, as many rows have attributes, once."""
    keys = list(map(id, values))
    made = {key: make(value) for key, value in dict(zip(keys, values, strict=True)).items()}
    return map(made.__getitem__, keys)


@cache
def _shape(kind: type) -> tuple[frozenset[str], dict[str, Any]]:
    """Return a dataclass's fields without a default, and the defaults of the others."""
    fields = dataclasses.fields(kind)
    defaults = {
        field.name: field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        for field in fields
    }
    needed = frozenset(name for name, default in defaults.items() if default is dataclasses.MISSING)
    return needed, {name: default for name, default in defaults.items() if name not in needed}
