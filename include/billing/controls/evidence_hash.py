"""
One hash over everything a month's controls can use besides the vendor's responses.

The time of the fetch is not in it, only whether the month was overdue by then: otherwise no two fetches of the same
content would have the same inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing.config.accounts import Account
from billing.content_hash import content_sha256
from billing.controls.evidence import Evidence
from billing.month import Month
from billing.payloads.exact_json import json_value, sha256_of

_ACCOUNT = ("currency", "first_month", "posting_day", "settings", "tolerances", "rate_card", "commitments")


def evidence_sha256(evidence: Evidence[object], stored: Mapping[Month, Sequence[bytes]]) -> bytes:
    """
    Hash what surrounds the month: configuration, stored months, earlier versions, estimates, files; 32 bytes.

    :param stored: content hashes of the records of the stored months in it.
    """
    due = evidence.account.posting_deadline(evidence.account_month.month)
    return sha256_of(
        {
            "account": configuration(evidence.account),
            "restated": {number: content_sha256(before).hex() for number, before in evidence.restated.items()},
            "overdue": evidence.as_of is not None and evidence.as_of >= due,
            "stored": {str(month): [sha256.hex() for sha256 in content] for month, content in stored.items()},
            "history": json_value(evidence.history),
            "withdrawn": json_value(evidence.withdrawn),
            "other_documents": {each.invoice_id: content_sha256(each).hex() for each in evidence.other_documents},
            "estimates": json_value(evidence.estimates),
            "estimates_began": evidence.estimates_began,
            "payment_statuses": json_value(evidence.payment_statuses),
            "files": [
                [file.invoice_id, file.file_format, file.sha256.hex(), file.text is not None, file.reason]
                for file in evidence.files
            ],
        }
    )


def configuration(account: Account[object]) -> dict[str, Any]:
    """Return the configuration of an account that results may depend on, as plain values."""
    return {name: json_value(getattr(account, name)) for name in _ACCOUNT}
