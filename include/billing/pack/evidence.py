"""What the controls of a month used, as a member of its pack."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from billing.config.accounts import Account
from billing.content_hash import content_sha256
from billing.controls.evidence import Evidence
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.document_text import text_of
from billing.payloads.exact_json import json_value
from billing.payloads.typed_json import read_fields

Json = Mapping[str, Any]


def evidence_value(evidence: Evidence[Any]) -> dict[str, Any]:
    """Return the evidence as JSON, without the account, which is configured, and without the texts of files."""
    months = ("account_month", "previous", "year_before")
    given = [each.name for each in dataclasses.fields(evidence) if each.init]  # the rest is made of these
    others = [name for name in given if name not in {"account", "files", *months}]
    files = [dataclasses.replace(each, text=None) for each in evidence.files]
    return {
        **{name: json_value(getattr(evidence, name)) for name in others},
        **{name: month and month_value(month) for name in months for month in [getattr(evidence, name)]},
        "files": json_value(files),
    }


def month_value(month: AccountMonth) -> dict[str, Any]:
    """Return a month as JSON, without what no control uses: its texts, and fields that this version does not know."""
    names = [each.name for each in dataclasses.fields(month) if each.name not in {"unknown_fields", "readings"}]
    return {name: json_value(getattr(month, name)) for name in names}


def read_evidence(
    given: Json, account: Account[Any], month: AccountMonth, body: Callable[[str, str], bytes]
) -> Evidence[Any]:
    """
    Return the evidence that ``evidence_value`` wrote.

    :param month: as the responses produce it.
    :param body: returns a file's bytes by hash and format.
    """
    values = read_fields(Evidence, given)
    files = tuple(
        dataclasses.replace(each, text=text_of(body(each.sha256.hex(), each.file_format), each.file_format))
        if each.sha256 and not each.reason
        else each
        for each in values["files"]
    )
    in_order = dataclasses.replace(values["account_month"], unknown_fields=month.unknown_fields)
    return Evidence(**values | {"account": account, "account_month": in_order, "files": files})


def content_of_months(evidence: Evidence[Any]) -> dict[Month, Sequence[bytes]]:
    """Return the content hashes of the records of the earlier months in it, in ascending order."""
    months = [month for month in (evidence.previous, evidence.year_before) if month]
    return {
        month.month: sorted(
            map(
                content_sha256,
                chain(month.invoices, month.billing_periods, month.usage_reports, month.contracts),
            )
        )
        for month in months
    }
