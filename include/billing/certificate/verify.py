"""Create certificates, and find the first digit changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from billing.certificate.sources import Subject, certified_statement, recomputed_statements, stored_statement
from billing.certificate.statement import FORMAT, first_difference, seal_of, text_before_seal
from billing.config.accounts import Account
from billing.errors import BillingError, PayloadError
from billing.month import Month
from billing.payloads import exact_json
from billing.reconciliation.reconciler import Rules


def make_certificate(connection: Connection, subject: Subject) -> dict[str, Any]:
    """
    Create the certificate of a month or of one of its invoices, from the stored rows.

    :raises ConfigurationError: the month is not stored.
    """
    statement = certified_statement(connection, subject)
    return {**statement, "sha256": seal_of(statement)}


def write_json(certificate: Mapping[str, Any]) -> bytes:
    """Write a certificate, every digit as stored, its seal last."""
    return f'{text_before_seal(certificate)},"sha256":"{certificate["sha256"]}"}}\n'.encode()


def read_json(body: bytes) -> tuple[Subject, dict[str, Any]]:
    """
    Read a certificate's file.

    :raises PayloadError: it is not a certificate of this format.
    """
    certificate = exact_json.loads(body)
    if not isinstance(certificate, dict) or certificate.get("format") != FORMAT:
        raise PayloadError(f"this is not a Tieout certificate of format {FORMAT}")
    try:
        month = Month.parse(certificate["month"])
        subject = Subject(certificate["vendor"], certificate["account"], month, certificate["invoice_id"])
    except (KeyError, TypeError, BillingError) as error:
        raise PayloadError(f"the certificate does not say what it is of: {error}") from error
    return subject, certificate


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found, as a sentence for a person."""

    verified: bool
    sentence: str


def verify(
    connection: Connection, subject: Subject, certificate: Mapping[str, Any], account: Account[Any], rules: Rules
) -> Verification:
    """
    Recompute a certificate from the stored responses and compare it with the stored rows and with the file.

    Any digit that was changed on the way, in a response, a row, a result, a vendor's file or the certificate, is named.

    :raises ConfigurationError: the month is not stored.
    """
    try:
        recomputed, certified = recomputed_statements(connection, subject, account, rules)
    except BillingError as error:
        return Verification(False, f"NOT VERIFIED, stored responses: {error}")
    stored = stored_statement(connection, subject)
    if found := first_difference(stored, recomputed):
        return Verification(
            False,
            f"NOT VERIFIED, stored rows: {found.where}: the rows have {_shown(found.left)}, "
            f"the stored responses produce {_shown(found.right)}",
        )
    given = {name: value for name, value in certificate.items() if name != "sha256"}
    if found := first_difference(given, certified):
        return Verification(
            False,
            f"NOT VERIFIED, certificate: {found.where}: it has {_shown(found.left)}, "
            f"the stored responses produce {_shown(found.right)}{_older(given, recomputed)}",
        )
    if certificate.get("sha256") != seal_of(given):
        return Verification(False, "NOT VERIFIED, certificate: sha256: its hash does not match its content")
    return Verification(
        True,
        f"VERIFIED: {subject}: {len(recomputed['responses'])} stored responses, derived again, match every figure of "
        f"this certificate ({len(recomputed['invoices'])} invoices, {len(recomputed['controls'])} results)",
    )


def _older(given: Mapping[str, Any], recomputed: Mapping[str, Any]) -> str:
    """Return a hint if the certificate shows an earlier state of the month."""
    then, now = (side.get("reconciliation") for side in (given, recomputed))
    if isinstance(then, dict) and isinstance(now, dict) and then.get("recorded_at") != now.get("recorded_at"):
        return f"; the month was reconciled again at {now.get('recorded_at')}: make a new certificate and compare"
    return ""


def _shown(value: object) -> str:
    """Return a value on one line, truncated: it may contain a vendor's text."""
    text = exact_json.dumps(value)
    return ascii(text)[1:-1][:200]
