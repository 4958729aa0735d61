"""Verify an account's part of a pack: certificate, rows, what the responses produce, and what the controls find."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.certificate.page import render
from billing.certificate.statement import invoice_value, refer, seal_of
from billing.config.accounts import Account
from billing.controls.evidence import Evidence
from billing.controls.evidence_hash import evidence_sha256
from billing.controls.runner import run_controls
from billing.errors import PayloadError
from billing.models import AccountMonth
from billing.money import exact_sum
from billing.month import Month
from billing.pack.evidence import content_of_months, month_value, read_evidence
from billing.pack.reading import Json, Reading, check_same, in_one_order
from billing.payloads.exact_json import json_value
from billing.payloads.response import Response
from billing.reconciliation.reconciler import Rules
from billing.storage.reconciliations import hash_inputs, results_sha256, rows_of

_EXPLAINED = ("exception", "hold", "blocked")
"""Severities of an exception that a person has to explain before the month is closed."""


class AccountPart:
    """
    One account's part. Every method raises PayloadError that names what does not fit.

    :param certificate: as it is in the pack.
    :param figures: of the account in the event that closed the month.
    :param explained: control and subject of each finding that is explained.
    """

    def __init__(
        self,
        reading: Reading,
        account: Account[Any],
        rules: Rules,
        certificate: Json,
        figures: Sequence[Json],
        explained: Collection[tuple[str, str]],
    ) -> None:
        self._reading, self._account, self._rules = reading, account, rules
        self._certificate, self._figures, self._explained = certificate, figures, explained
        self._folder = f"accounts/{account.name}"
        self._where = f"{self._folder}/rows.json"

    def verify(self, month: Month) -> tuple[int, int]:
        """Return how many lines were derived again, and how many results were found again."""
        self._check_certificate(month)
        rows = self._reading.with_tables(self._where)
        self._check_explained(rows["controls"])
        responses = self._responses()
        derived = self._rules.derive(self._account, month, responses)
        self._check_rows(rows, derived)
        self._check_documents()
        results = self._check_controls(self._evidence(derived), responses, rows)
        self._check_figures(derived)
        return sum(len(invoice.lines) for invoice in derived.invoices), results

    def _check_certificate(self, month: Month) -> None:
        where, given = f"{self._folder}/certificate.json", self._certificate
        subject = {"vendor": self._account.vendor, "account": self._account.name, "month": str(month)}
        check_same(where, "of", {name: given[name] for name in subject}, subject)
        check_same(where, "its hash", given["sha256"], seal_of(given))
        self._reading.expect(f"{self._folder}/certificate.html", render(given).encode())

    def _responses(self) -> tuple[Response, ...]:
        """Return the responses, which are those that the certificate lists."""
        where = f"{self._folder}/responses.json"
        responses = []
        for each in self._reading.json(where)["responses"]:
            about = {key: value for key, value in each.items() if key not in {"file", "received_at"}}
            received_at = datetime.fromisoformat(each["received_at"])
            responses.append(
                Response(**about, received_at=received_at, body=self._reading.read(f"{self._folder}/{each['file']}"))
            )
        found = {(each.operation, each.request, each.sha256.hex(), len(each.body)) for each in responses}
        listed = {
            (each["operation"], each["request"], each["sha256"], each["size"])
            for each in self._certificate["responses"]
        }
        if differing := sorted(found ^ listed):
            request, sha256 = differing[0][1:3]
            raise PayloadError(f"{where}: {request}: the certificate and the pack have other responses ({sha256})")
        return tuple(responses)

    def _check_rows(self, rows: Json, month: AccountMonth) -> None:
        """Compare certificate, rows and what the responses produce."""
        certificate = self._certificate
        is_long = any("content_sha256" in each for each in certificate["invoices"])
        if is_long:
            references = [json_value(each.value()) for each in refer(month.invoices)]
            check_same(f"{self._folder}/certificate.json", "invoices", certificate["invoices"], references)
        left_out = {"sha256", "invoices"} if is_long else {"sha256"}
        for name in sorted(certificate.keys() - left_out):
            check_same(self._where, f"{name}, against the certificate", rows[name], certificate[name])
        contracts = {period.contract_id for period in month.billing_periods}
        derived = {
            "invoices": list(map(invoice_value, month.invoices)),
            "contracts": [json_value(each) for each in month.contracts if each.contract_id in contracts],
            "billing_periods": list(map(json_value, month.billing_periods)),
            "usage_reports": list(map(json_value, month.usage_reports)),
        }
        for name, values in derived.items():
            left, right = (in_one_order(side) for side in (rows[name], values))
            check_same(self._where, f"{name}, against what the responses produce", left, right)

    def _check_explained(self, results: Sequence[Json]) -> None:
        """Check that what has to be explained is, and that nothing else is."""
        found = {
            (each["control_id"], each["subject"])
            for each in results
            if each["state"] == "BLOCKED" or (each["state"] == "EXCEPTION" and each["severity"] in _EXPLAINED)
        }
        for control_id, subject in sorted(found ^ {*self._explained}):
            raise PayloadError(
                f"{self._where}: control {control_id} of {subject!a}: finding and explanation do not match"
            )

    def _check_documents(self) -> None:
        folder = f"{self._folder}/documents/"
        listed = {f"{folder}{each['sha256']}.{each['file_format']}" for each in self._certificate["files"]}
        if differing := sorted({*self._reading.archive.names(folder)} ^ listed):
            raise PayloadError(f"{differing[0]}: the certificate and the pack have other documents")
        for name in sorted(listed):
            sha256 = hashlib.sha256(self._reading.read(name)).hexdigest()
            check_same(name, "its hash", sha256, name.removeprefix(folder).partition(".")[0])

    def _evidence(self, month: AccountMonth) -> Evidence[Any]:
        """Return what the controls used: files from the pack's documents, the month as the responses produce it."""
        where = f"{self._folder}/evidence.json"
        given = self._reading.json(where)
        left, right = (in_one_order(side) for side in (given["account_month"], month_value(month)))
        check_same(where, "account_month, against what the responses produce", left, right)

        def body(sha256: str, file_format: str) -> bytes:
            return self._reading.read(f"{self._folder}/documents/{sha256}.{file_format}")

        return read_evidence(given, self._account, month, body)

    def _check_controls(self, evidence: Evidence[Any], responses: Sequence[Response], rows: Json) -> int:
        """Run every control again; return the number of their results."""
        requests = [(each.request, each.sha256) for each in responses]
        inputs = hash_inputs(requests, evidence_sha256(evidence, content_of_months(evidence)))
        seal = rows["reconciliation"]
        check_same(f"{self._folder}/evidence.json", "the hash of all inputs", inputs.hex(), seal["inputs_sha256"])
        results = run_controls(self._rules.controls, evidence).results
        found = [json_value(each) for each in rows_of(results)]
        check_same(self._where, "controls, against what they find now", rows["controls"], found)
        check_same(self._where, "the hash of all results", seal["results_sha256"], results_sha256(results).hex())
        return len(results)

    def _check_figures(self, month: AccountMonth) -> None:
        """Compare the figures of the closing, and the sums of the ledger, with the bills."""
        currency = self._account.currency
        bills: dict[str, list[Decimal]] = {}
        for invoice in month.invoices:
            bills.setdefault(invoice.currency or currency, []).append(invoice.total)
        bills = bills or {currency: []}
        totals = {name: exact_sum(amounts) for name, amounts in bills.items()}
        check_same(
            "closing.json",
            f"figures of {self._folder}, against what the responses produce",
            {each["currency"]: [each["invoices"], each["total"]] for each in self._figures},
            {name: [len(amounts), totals[name]] for name, amounts in bills.items()},
        )
        booked: dict[str, list[Decimal]] = {}
        for entry in self._reading.with_tables(f"{self._folder}/accruals.json")["ledger"]:
            booked.setdefault(entry["currency"], []).append(Decimal(entry["amount"] or 0))
        for name in totals.keys() | booked.keys():
            total = exact_sum(booked.get(name, []))
            check_same(f"{self._folder}/accruals.json", f"sum of {name}, against the bills", total, totals.get(name, 0))
