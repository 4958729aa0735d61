"""A pack while it is verified: its members, which of them have been looked at, and how a difference is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.certificate.statement import first_difference
from billing.errors import PayloadError
from billing.pack.archive import MANIFEST, Archive
from billing.pack.content import tables_of
from billing.payloads import exact_json
from billing.payloads.exact_json import json_value

Json = Mapping[str, Any]


class Reading:
    """
    Reads the members of a pack. Every method raises PayloadError that names what does not fit.

    :param archive: was compared with its manifest.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._seen: set[str] = set()

    def read(self, name: str) -> bytes:
        """Return a member."""
        self._seen.add(name)
        return self.archive.read(name)

    def json(self, name: str) -> Any:  # noqa: ANN401 (JSON)
        """Return a member's exact JSON."""
        self._seen.add(name)
        return self.archive.json(name)

    def with_tables(self, name: str) -> Any:  # noqa: ANN401 (JSON)
        """Return a member's exact JSON, after comparing the CSV files that go with it."""
        content = self.json(name)
        for table, body in tables_of(name.removesuffix(".json"), content):
            self.expect(table, body)
        return content

    def expect(self, name: str, body: bytes) -> None:
        """Compare a member that only shows what is in others."""
        if self.read(name) != body:
            raise PayloadError(f"{name}: it shows something else than the JSON beside it")

    def check_rest(self) -> None:
        """Check that every member has been looked at."""
        if rest := sorted({*self.archive.names()} - self._seen - {MANIFEST}):
            raise PayloadError(f"{rest[0]}: no part of a pack has this name")


def check_same(member: str, what: str, found: object, expected: object) -> None:
    """
    Compare two JSON values.

    :raises PayloadError: names the member and the first place where they differ.
    """
    if difference := first_difference(found, expected, what):
        left, right = (
            ascii(exact_json.dumps(json_value(each)))[1:-1][:200] for each in (difference.left, difference.right)
        )
        raise PayloadError(f"{member}: {difference.where}: it has {left}, expected {right}")


def in_one_order(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return JSON with every list sorted and without positions: a vendor's order is no content."""
    if isinstance(value, list):
        return sorted(map(in_one_order, value), key=exact_json.canonical)
    if isinstance(value, dict):
        return {name: in_one_order(member) for name, member in value.items() if name != "position"}
    return value
