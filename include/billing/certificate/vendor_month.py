"""One certificate for all accounts of a vendor's month: it contains the seals of the accounts' certificates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, select

from billing.certificate.sources import Subject
from billing.certificate.statement import FORMAT, first_difference
from billing.certificate.verify import Verification, make_certificate
from billing.errors import BillingError, ConfigurationError
from billing.money import exact_sum
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.document_store import Folder, put_file
from billing.storage.records import lock_account

VerifyAccount = Callable[[Subject, Mapping[str, Any]], Verification]
"""Recompute one account's certificate from its stored responses."""


def make_vendor_certificate(connection: Connection, vendor: str, month: Month) -> dict[str, Any]:
    """
    Seal the certificates of every account of a vendor that is stored for a month.

    :raises ConfigurationError: no account is stored for the month.
    """
    names = connection.scalars(
        select(t.account_month.c.account)
        .where(t.account_month.c.vendor == vendor, t.account_month.c.month == month.first_day)
        .order_by(t.account_month.c.account.collate("C"))
    ).all()
    if not names:
        raise ConfigurationError(f"{vendor} {month} is not stored: run its month first")
    # created again, without writing them, to read their seals and sums
    return over_accounts(vendor, month, (make_certificate(connection, Subject(vendor, name, month)) for name in names))


def over_accounts(vendor: str, month: Month, certificates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the certificate over the certificates of a vendor's accounts, in the order of their names."""
    accounts = [_sealed(each) for each in certificates]
    certificate = {"format": FORMAT, "vendor": vendor, "month": str(month), "accounts": accounts}
    return {**certificate, "sha256": sha256_of(certificate).hex()}


def verify_vendor_certificate(
    connection: Connection, certificate: Mapping[str, Any], verify_account: VerifyAccount
) -> Verification:
    """
    Recompute every account's certificate from the stored responses, then compare the whole with the file.

    The first account that is not verified, or the first place where the file differs, is named.
    """
    vendor, month = str(certificate["vendor"]), Month.parse(certificate["month"])
    try:
        made = make_vendor_certificate(connection, vendor, month)
    except BillingError as error:
        return Verification(False, f"NOT VERIFIED: {error}")
    for account in made["accounts"]:
        subject = Subject(vendor, account["account"], month)
        verdict = verify_account(subject, make_certificate(connection, subject))
        if not verdict.verified:
            return Verification(False, f"{subject.account}: {verdict.sentence}")
    if found := first_difference(dict(certificate), made):
        return Verification(
            False, f"NOT VERIFIED, certificate: {found.where} differs from what the stored responses produce"
        )
    return Verification(True, f"VERIFIED: {vendor} {month}: the months of {len(made['accounts'])} accounts")


def publish_vendor_month(engine: Engine, vendor: str, month: Month, root: Folder) -> str:
    """
    Write ``certificates/VENDOR/YYYY-MM.json`` and return its path below ``root``.

    Other writers wait until it is written: older rows never overwrite newer ones.
    """
    with engine.begin() as connection:
        lock_account(connection, vendor, f"{month} of all accounts")  # no account has such a name
        body = vendor_json(make_vendor_certificate(connection, vendor, month))
        return put_file(root, ("certificates", vendor), f"{month}.json", body)


def vendor_json(certificate: Mapping[str, Any]) -> bytes:
    """Write a certificate of all accounts: keys sorted, every digit as stored."""
    return exact_json.dumps(certificate).encode() + b"\n"


def _sealed(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the seal and the sums of an account's certificate."""
    invoices = certificate["invoices"]
    by_currency: dict[str, list[Decimal]] = {}
    for invoice in invoices:
        by_currency.setdefault(invoice["currency"] or "", []).append(invoice["total"])
    return {
        "account": certificate["account"],
        "sha256": certificate["sha256"],
        "invoices": len(invoices),
        "totals": {currency: exact_sum(totals) for currency, totals in sorted(by_currency.items())},
        "states": dict(Counter(result["state"] for result in certificate["controls"])),
    }
