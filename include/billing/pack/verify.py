"""
Verify an evidence pack without a database: its hashes, its people, and every figure, derived again from its responses.

Whatever does not fit is named by the member of the pack and the place in it. Every control runs again. What it used of
other months is in ``evidence.json``, which the certificate's hash of the inputs covers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from billing.certificate.page import render
from billing.certificate.statement import first_difference, invoice_value, refer, seal_of
from billing.certificate.vendor_month import over_accounts, vendor_json
from billing.certificate.verify import Verification
from billing.close.events import CLOSED, REOPENED
from billing.config.accounts import Account, find_account
from billing.controls.evidence import Evidence
from billing.controls.evidence_hash import evidence_sha256
from billing.controls.runner import run_controls
from billing.errors import BillingError, PayloadError
from billing.models import AccountMonth
from billing.money import exact_sum
from billing.month import Month
from billing.pack.archive import Archive
from billing.pack.content import index_of, readme_of, tables_of
from billing.pack.evidence import content_of_months, month_value, read_evidence
from billing.payloads import exact_json
from billing.payloads.exact_json import json_value, sha256_of
from billing.payloads.response import Response
from billing.reconciliation.reconciler import Rules
from billing.storage.reconciliations import code_version, hash_inputs, results_sha256, rows_of

Vendors = Callable[[str, Path], tuple[tuple[Account[Any], ...], Rules]]
"""Return a vendor's accounts, from a file like ``accounts.yaml``, and its parser and controls."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Noted:
    """
    Hashes that somebody kept elsewhere. Without them, a pack that was made up as a whole, with all hashes computed
    again, is verified as long as it agrees with itself.

    :param certificate: of the vendor's month, as ``billing.month_close`` has it.
    :param manifest: which covers every byte of the pack.
    """

    certificate: str | None = None
    manifest: str | None = None


def verify_pack(path: Path, vendors: Vendors, noted: Noted = Noted()) -> Verification:
    """Verify a pack; the first thing that does not fit is named."""
    try:
        archive = Archive(path)
        verified = _PackOf(archive, vendors, noted).verify()
    except BillingError as error:
        return Verification(False, f"NOT VERIFIED, {error}{_other_version(path)}")
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return Verification(False, f"NOT VERIFIED, the pack is not built as a pack is: {type(error).__name__} {error}")
    return Verification(True, f"VERIFIED: {verified}")


def _other_version(path: Path) -> str:
    """Return a hint if another version of this code made the pack."""
    try:
        made_by = Archive(path).head.get("code_version")
    except BillingError:
        return ""
    return "" if made_by == code_version() else f"; the pack was made by version {made_by!a}: verify it with that one"


_EXPLAINED = ("exception", "hold", "blocked")
"""Severities of an exception that a person has to explain before the month is closed."""


class _PackOf:
    """The pack of one vendor's month. Every method raises PayloadError that names what does not fit."""

    def __init__(self, archive: Archive, vendors: Vendors, noted: Noted) -> None:
        self._archive = archive
        self._vendors = vendors
        self._noted = noted
        self._vendor, self._month = str(archive.head["vendor"]), Month.parse(archive.head["month"])
        self._expected = {"README.txt", "index.html", "certificate.json", "accounts.yaml"}
        self._explained: set[tuple[str, str, str]] = set()
        self._lines = self._results = 0

    def verify(self) -> str:
        """Return what was verified, as a sentence."""
        closing, explanations = self._with_tables("closing.json"), self._with_tables("explanations.json")
        certificate = self._archive.json("certificate.json")
        last = self._check_events(closing["events"], explanations)
        self._same("certificate.json", "its hash", certificate["sha256"], last["certificate_sha256"])
        if self._noted.manifest:
            self._same(
                "manifest.json", "its hash, against the one that was noted", self._archive.root, self._noted.manifest
            )
        if self._noted.certificate:
            self._same(
                "certificate.json",
                "its hash, against the one that was noted",
                certificate["sha256"],
                self._noted.certificate,
            )
        self._same(
            "manifest.json", "certificate_sha256", self._archive.head["certificate_sha256"], certificate["sha256"]
        )
        self._check_accounts(certificate, [each for each in closing["figures"] if each["number"] == last["number"]])
        self._body("index.html", index_of(self._archive.head, certificate, closing["events"], explanations))
        self._body("README.txt", readme_of(self._archive.head))
        if extra := sorted({*self._archive.names()} - self._expected):
            raise PayloadError(f"{extra[0]}: no part of a pack has this name")
        return (
            f"{self._vendor} {self._month}: closed by {last['prepared_by']}, approved by {last['approved_by']}; "
            f"{len(certificate['accounts'])} accounts, {self._lines} lines derived again from the responses, "
            f"{self._results} results found again by the controls"
        )

    def _check_events(self, events: Sequence[Json], explanations: Json) -> Json:
        """Check the history and its people; return the event that closed the month."""
        where = "closing.json"
        for position, event in enumerate(events, start=1):
            self._same(where, f"event {position}, number", event["number"], position)
            self._same(where, f"event {position}, event", event["event"], CLOSED if position % 2 else REOPENED)
            explained_by = {
                each["explained_by"].lower()
                for each in explanations["all"]
                if datetime.fromisoformat(each["explained_at"]) <= datetime.fromisoformat(event["recorded_at"])
            }
            approved_by = event["approved_by"].lower()
            if approved_by == event["prepared_by"].lower() or approved_by in explained_by:
                raise PayloadError(
                    f"{where}: event {position}: {event['approved_by']} approved what he prepared or explained"
                )
        last = events[-1]
        self._same("manifest.json", "number", self._archive.head["number"], last["number"])
        self._same(where, "the last event", last["event"], CLOSED)
        in_force = sha256_of(explanations["in_force"]).hex()
        self._same("explanations.json", "the hash of those in force", in_force, last["explanations_sha256"])
        for each in explanations["in_force"]:
            self._explained.add((each["account"], each["control_id"], each["subject"]))
            if each not in explanations["all"]:
                raise PayloadError(f"explanations.json: explanation {each['explanation_id']} in force is not among all")
        return last

    def _check_accounts(self, certificate: Json, figures: Sequence[Json]) -> None:
        names = [each["account"] for each in certificate["accounts"]]
        there = sorted({name.split("/")[1] for name in self._archive.names("accounts/")})
        self._same("accounts", "the names", there, sorted(names))
        self._same("closing.json", "figures, accounts", sorted({each["account"] for each in figures}), sorted(names))
        certificates = [self._archive.json(f"accounts/{name}/certificate.json") for name in names]
        made = over_accounts(self._vendor, self._month, certificates)
        self._same("certificate.json", "", certificate, made)
        self._body("certificate.json", vendor_json(made))
        accounts, rules = self._rules()
        for of_account in certificates:
            own = [each for each in figures if each["account"] == of_account["account"]]
            self._check_account(of_account, find_account(accounts, of_account["account"]), rules, own)

    def _rules(self) -> tuple[tuple[Account[Any], ...], Rules]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "accounts.yaml")
            path.write_bytes(self._archive.read("accounts.yaml"))
            return self._vendors(self._vendor, path)

    def _check_account(self, certificate: Json, account: Account[Any], rules: Rules, figures: Sequence[Json]) -> None:
        folder = f"accounts/{account.name}"
        subject = {"vendor": self._vendor, "account": account.name, "month": str(self._month), "invoice_id": None}
        self._same(f"{folder}/certificate.json", "of", {name: certificate[name] for name in subject}, subject)
        self._same(f"{folder}/certificate.json", "its hash", certificate["sha256"], seal_of(certificate))
        self._body(f"{folder}/certificate.html", render(certificate).encode())
        self._expected.add(f"{folder}/certificate.json")
        rows = self._with_tables(f"{folder}/rows.json")
        self._check_explained(folder, account.name, rows["controls"])
        responses = self._responses(folder, certificate)
        month = rules.derive(account, self._month, responses)
        self._check_rows(folder, certificate, rows, month)
        self._check_documents(folder, certificate)
        self._check_controls(folder, self._evidence(folder, account, month), rules, responses, rows)
        self._check_figures(folder, figures, month, account.currency)

    def _responses(self, folder: str, certificate: Json) -> tuple[Response, ...]:
        """Return the responses, which are those that the certificate lists."""
        where = f"{folder}/responses.json"
        self._expected.add(where)
        responses = []
        for each in self._archive.json(where)["responses"]:
            name = f"{folder}/{each['file']}"
            self._expected.add(name)
            about = {key: value for key, value in each.items() if key not in {"file", "received_at"}}
            received_at = datetime.fromisoformat(each["received_at"])
            responses.append(Response(**about, received_at=received_at, body=self._archive.read(name)))
        found = {(each.operation, each.request, each.sha256.hex(), len(each.body)) for each in responses}
        listed = {
            (each["operation"], each["request"], each["sha256"], each["size"]) for each in certificate["responses"]
        }
        if differing := sorted(found ^ listed):
            request, sha256 = differing[0][1:3]
            raise PayloadError(f"{where}: {request}: the certificate and the pack have other responses ({sha256})")
        return tuple(responses)

    def _check_rows(self, folder: str, certificate: Json, rows: Json, month: AccountMonth) -> None:
        """Compare certificate, rows and what the responses produce."""
        where = f"{folder}/rows.json"
        is_long = any("content_sha256" in each for each in certificate["invoices"])
        if is_long:
            references = [json_value(each.value()) for each in refer(month.invoices)]
            self._same(f"{folder}/certificate.json", "invoices", certificate["invoices"], references)
        left_out = {"sha256", "invoices"} if is_long else {"sha256"}
        for name in sorted(certificate.keys() - left_out):
            self._same(where, f"{name}, against the certificate", rows[name], certificate[name])
        contracts = {period.contract_id for period in month.billing_periods}
        derived = {
            "invoices": list(map(invoice_value, month.invoices)),
            "contracts": [json_value(each) for each in month.contracts if each.contract_id in contracts],
            "billing_periods": list(map(json_value, month.billing_periods)),
            "usage_reports": list(map(json_value, month.usage_reports)),
        }
        for name, values in derived.items():
            left, right = (_in_one_order(side) for side in (rows[name], values))
            self._same(where, f"{name}, against what the responses produce", left, right)
        self._lines += sum(len(invoice.lines) for invoice in month.invoices)

    def _check_explained(self, folder: str, account: str, results: Sequence[Json]) -> None:
        """Check that what has to be explained is, and that nothing else is."""
        found = {
            (account, each["control_id"], each["subject"])
            for each in results
            if each["state"] == "BLOCKED" or (each["state"] == "EXCEPTION" and each["severity"] in _EXPLAINED)
        }
        explained = {each for each in self._explained if each[0] == account}
        for _, control_id, subject in sorted(found ^ explained):
            raise PayloadError(
                f"{folder}/rows.json: control {control_id} of {subject!a}: finding and explanation do not match"
            )

    def _check_documents(self, folder: str, certificate: Json) -> None:
        listed = {f"{folder}/documents/{each['sha256']}.{each['file_format']}" for each in certificate["files"]}
        there = set(self._archive.names(f"{folder}/documents/"))
        if differing := sorted(there ^ listed):
            raise PayloadError(f"{differing[0]}: the certificate and the pack have other documents")
        for name in there:
            sha256 = self._archive.sha256(name)
            self._same(name, "its hash", sha256, name.rpartition("/")[2].partition(".")[0])
        self._expected |= there

    def _evidence(self, folder: str, account: Account[Any], month: AccountMonth) -> Evidence[Any]:
        """Return what the controls used: files from the pack's documents, the month as the responses produce it."""
        where = f"{folder}/evidence.json"
        self._expected.add(where)
        given = self._archive.json(where)
        left, right = (_in_one_order(side) for side in (given["account_month"], month_value(month)))
        self._same(where, "account_month, against what the responses produce", left, right)

        def body(sha256: str, file_format: str) -> bytes:
            return self._archive.read(f"{folder}/documents/{sha256}.{file_format}")

        return read_evidence(given, account, month, body)

    def _check_controls(
        self, folder: str, evidence: Evidence[Any], rules: Rules, responses: Sequence[Response], rows: Json
    ) -> None:
        """Run every control again."""
        requests = [(each.request, each.sha256) for each in responses]
        inputs = hash_inputs(requests, evidence_sha256(evidence, content_of_months(evidence)))
        seal = rows["reconciliation"]
        self._same(f"{folder}/evidence.json", "the hash of all inputs", inputs.hex(), seal["inputs_sha256"])
        results = run_controls(rules.controls, evidence).results
        found = [json_value(each) for each in rows_of(results)]
        self._same(f"{folder}/rows.json", "controls, against what they find now", rows["controls"], found)
        self._same(
            f"{folder}/rows.json", "the hash of all results", seal["results_sha256"], results_sha256(results).hex()
        )
        self._results += len(results)

    def _check_figures(self, folder: str, figures: Sequence[Json], month: AccountMonth, currency: str) -> None:
        """Compare the figures of the closing, and the sums of the ledger, with the bills."""
        bills: dict[str, list[Decimal]] = {}
        for invoice in month.invoices:
            bills.setdefault(invoice.currency or currency, []).append(invoice.total)
        bills = bills or {currency: []}
        totals = {name: exact_sum(amounts) for name, amounts in bills.items()}
        self._same(
            "closing.json",
            f"figures of {folder}, against what the responses produce",
            {each["currency"]: [each["invoices"], each["total"]] for each in figures},
            {name: [len(amounts), totals[name]] for name, amounts in bills.items()},
        )
        booked: dict[str, list[Decimal]] = {}
        for entry in self._with_tables(f"{folder}/accruals.json")["ledger"]:
            booked.setdefault(entry["currency"], []).append(Decimal(entry["amount"] or 0))
        for name in totals.keys() | booked.keys():
            total = exact_sum(booked.get(name, []))
            self._same(f"{folder}/accruals.json", f"sum of {name}, against the bills", total, totals.get(name, 0))

    def _with_tables(self, name: str) -> Any:  # noqa: ANN401 (as json)
        """Return a JSON member after comparing the CSV files that go with it."""
        content = self._archive.json(name)
        self._expected.add(name)
        for table, body in tables_of(name.removesuffix(".json"), content):
            self._body(table, body)
        return content

    def _body(self, name: str, expected: bytes) -> None:
        self._expected.add(name)
        if self._archive.read(name) != expected:
            raise PayloadError(f"{name}: it shows something else than the JSON beside it")

    @staticmethod
    def _same(member: str, what: str, found: object, expected: object) -> None:
        if difference := first_difference(found, expected, what):
            left, right = (
                ascii(exact_json.dumps(json_value(each)))[1:-1][:200] for each in (difference.left, difference.right)
            )
            raise PayloadError(f"{member}: {difference.where}: it has {left}, expected {right}")


def _in_one_order(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return JSON with every list sorted and without positions: a vendor's order is no content."""
    if isinstance(value, list):
        return sorted(map(_in_one_order, value), key=exact_json.canonical)
    if isinstance(value, dict):
        return {name: _in_one_order(member) for name, member in value.items() if name != "position"}
    return value
