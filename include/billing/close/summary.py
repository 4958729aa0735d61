"""What a person reads before he approves, as Markdown: totals, and findings with their explanations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from billing.close.events import Draft
from billing.money import difference

MOST_FINDINGS = 100
"""Shown of a vendor's month; the page of an account's month has all of them."""

_LONGEST = 400

_TOTALS = text("""
    select s.account, s.currency, s.invoices, s.total, s.status, s.warnings, b.total as before
    from billing.account_month_summary s
    left join billing.account_month_summary b
        on (b.vendor, b.account, b.currency, b.month)
         = (s.vendor, s.account, s.currency, (s.month - interval '1 month')::date)
    where (s.vendor, s.month) = (:vendor, :month)
    order by s.account, s.currency
""")

_FINDINGS = text("""
    select account, control_id, subject, outcome, difference, currency, explanation, reason, text, explained_by
    from billing.current_finding
    where (vendor, month) = (:vendor, :month)
    order by outcome desc, account, position
    limit :limit
""")


def heading(prepared_by: str, note: str) -> str:
    """Return the first words of a request for approval."""
    return f"Prepared by {_shown(prepared_by)}.{f' Note: {_shown(note)}' if note else ''}"


def summary(connection: Connection, draft: Draft) -> str:
    """Return the part of a request for approval that is about one vendor's month."""
    key = {"vendor": draft.vendor, "month": draft.month.first_day}
    totals = connection.execute(_TOTALS, key).all()
    findings = connection.execute(_FINDINGS, {**key, "limit": MOST_FINDINGS + 1}).all()
    return "\n".join(
        [f"### {_shown(draft.vendor)} {draft.month}", "", *_totals(draft, totals), "", *_findings(findings)]
    )


def _totals(draft: Draft, rows: Sequence[Row[Any]]) -> Iterator[str]:
    yield "| account | bills | total | month before | change | status | warnings |"
    yield "|---|--:|--:|--:|--:|---|--:|"
    for row in rows:
        change = None if row.before is None else difference(row.total, row.before)
        address = f"/billing/months/{draft.vendor}/{row.account}/{draft.month}"
        cells = [
            f"[{_shown(row.account)}]({address})",
            row.invoices,
            f"{row.total:f} {_shown(row.currency)}",
            "" if row.before is None else f"{row.before:f}",
            "" if change is None else f"{change:+f}",
            row.status,
            row.warnings,
        ]
        yield f"| {' | '.join(map(str, cells))} |"


def _findings(rows: Sequence[Row[Any]]) -> Iterator[str]:
    if not rows:
        yield "No exception and no blocked control."
        return
    yield "| account | finding | explained | by |"
    yield "|---|---|---|---|"
    for row in rows[:MOST_FINDINGS]:
        amount = "" if row.difference is None else f" Difference {row.difference:f} {_shown(row.currency or '')}."
        finding = f"{row.outcome} {row.control_id}, {_shown(row.subject)}: {_shown(row.explanation)}{amount}"
        said = f"{row.reason}: {_shown(row.text)}" if row.reason else "**nobody**"
        yield f"| {_shown(row.account)} | {finding} | {said} | {_shown(row.explained_by or '')} |"
    if len(rows) > MOST_FINDINGS:
        yield ""
        yield f"Only the first {MOST_FINDINGS} are shown; the pages of the accounts have all of them."


def _shown(words: str) -> str:
    """Return somebody's words as text that Markdown and HTML leave as it is, on one line and truncated."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", cut)
