"""The rows of the billing schema as one comparable value, without times and without numbers that depend on order."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import zstandard
from sqlalchemy import Engine, text

JsonRows = dict[str, list[str]]

RAW = frozenset(
    """
    fetch payload payload_sighting document document_sighting missing_document reading alembic_version
    """.split()  # noqa: SIM905 (as below)
)
"""What arrived, as it arrived, and which text was read as what: kept of a broken fetch, too."""

_DROPPED = frozenset(
    """
    fetch_id first_fetch_id payload_id dag_run first_dag_run first_stored_at last_seen_at recorded_at first_seen_at
    taken_at as_of code_version inputs_sha256 results_sha256 rule_sha256
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
_SNAPSHOTS = frozenset({"month_to_date", "month_to_date_line"})
_NAMED_BY = ("record_key", "reconciliation_id", "snapshot_id")


class Dump:
    """Every row of the schema, read at once."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("set time zone 'UTC'"))  # times are written in the zone of the session
            names = [
                name
                for (name,) in connection.execute(
                    text("select tablename from pg_tables where schemaname = 'billing' order by 1")
                )
            ]
            every = " union all ".join(
                f"select '{name}' as name, to_jsonb(t)::text as row from billing.{name} t" for name in names
            )
            self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            self._texts_of_rows: list[str] = []
            for name, row in connection.execute(text(every)):
                self._texts_of_rows.append(row)
                self.rows[name].append(json.loads(row, parse_float=Decimal))

    def text(self) -> str:
        """Every byte that is stored, as one text: for a search."""
        bodies = (bytes.fromhex(row["body"].removeprefix("\\x")) for row in self.rows["payload"])
        unpacked = (zstandard.decompress(body).decode("utf-8", "replace") for body in bodies)
        return "\n".join((*self._texts_of_rows, *unpacked))

    @property
    def fetches(self) -> int:
        """How many complete fetches there are."""
        return len(self.rows["fetch"])

    def derived(self) -> JsonRows:
        """All that was made of the answers, each row a text, sorted."""
        return self._texts(lambda _table, _row: True)

    def current(self) -> JsonRows:
        """
        Give what the vendor says by now: the current version of each record, without the history and the proof.

        Without the sentence on how a month was found, too: it is no content, and stays as it was first said.
        """
        versions = {row["record_key"]: row["current_version"] for row in self.rows["record"]}
        kept = {
            name: rows
            for name, rows in self._texts(
                lambda table, row: (
                    table in _SNAPSHOTS or ("version" in row and row["version"] == versions.get(row.get("record_key")))
                ),
                frozenset({"version", "attributes", "cause", "content_sha256", "period_evidence"}),
            ).items()
            if name not in {"record_version", "reading", "true_up_document", "accrual_part"}
        }
        return {name: sorted(set(rows)) for name, rows in kept.items() if rows}

    def found(self) -> set[tuple[str, str]]:
        """Control and state of every result of the last reconciliation that is not a pass."""
        latest = max((row["reconciliation_id"] for row in self.rows["reconciliation"]), default=0)
        return {
            (row["control_id"], row["state"])
            for row in self.rows["control_result"]
            if row["reconciliation_id"] == latest and row["state"] in {"EXCEPTION", "BLOCKED"}
        }

    def missing(self) -> bool:
        """Tell whether the last complete fetch is without a document."""
        last = max((row["fetch_id"] for row in self.rows["fetch"]), default=0)
        return any(row["fetch_id"] == last for row in self.rows["missing_document"])

    def noted(self) -> set[str]:
        """What the vendor sent and nobody knows."""
        return {row["name"] for row in self.rows["unknown_field"]}

    def responses(self) -> set[tuple[str, str, str]]:
        """Request, hash and account of every answer of the last complete fetch."""
        last = max((row["fetch_id"] for row in self.rows["fetch"]), default=0)
        of_last = {row["payload_id"] for row in self.rows["payload_sighting"] if row["fetch_id"] == last}
        return {
            (row["account"], row["request"], row["sha256"])
            for row in self.rows["payload"]
            if row["payload_id"] in of_last
        }

    def _texts(self, wanted: Any, dropped: frozenset[str] = frozenset()) -> JsonRows:
        names = self._names()
        found: JsonRows = {}
        for table, rows in self.rows.items():
            if table in RAW:
                continue
            found[table] = sorted(
                repr(
                    sorted(
                        (k, names.get((k, v), v) if k in _NAMED_BY else v)
                        for k, v in row.items()
                        if k not in _DROPPED | dropped
                    )
                )
                for row in rows
                if wanted(table, row)
            )
        return found

    def _names(self) -> dict[tuple[str, Any], str]:
        """Name rows by what they are about instead of by a number."""
        records = {
            ("record_key", row["record_key"]): f"{row['account']}/{row['record_type']}/{row['record_id']}"
            for row in self.rows["record"]
        }
        proofs: dict[tuple[str, Any], str] = {}
        seen: dict[str, int] = {}
        for row in sorted(self.rows["reconciliation"], key=lambda row: row["reconciliation_id"]):
            name = f"{row['account']}/{row['month']}"
            seen[name] = seen.get(name, 0) + 1
            proofs["reconciliation_id", row["reconciliation_id"]] = f"{name}/{seen[name]}"
        snapshots = {
            ("snapshot_id", row["snapshot_id"]): f"{row['account']}/{row['month']}"
            for row in self.rows["month_to_date"]
        }
        return records | proofs | snapshots
