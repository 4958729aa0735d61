"""No secret is anywhere after the whole matrix; and the search does find one where there is one."""

from __future__ import annotations

import logging

import pytest
from tests.matrix.faults.cells import every_cell, run_with_fault
from tests.matrix.faults.dump import Dump
from tests.matrix.faults.environment import Environment
from tests.matrix.faults.secret_markers import SecretMarkers, captured_logs, command_lines, files_below, shown

from billing.errors import VendorUnavailable

KINDS = {
    "Fastly token",
    "client secret",
    "client secret, base64",
    "access token",
    "link signature",
    "password of the database",
}


@pytest.mark.parametrize("place", ["v3-month/invoices/503-once", "genesys-month/download/reset"])
def test_a_run_leaves_no_secret_in_any_place(place: str, environment: Environment) -> None:
    """One cell of each vendor, and what all cells before it have left in files and among the processes."""
    cell = next(cell for cell in every_cell() if cell.id == place)
    with environment.database_of(cell.scenario) as database:
        fault_run = run_with_fault(environment.simulator, cell)
        environment.secret_markers.add_issued(environment.simulator, fault_run.requests)
        texts = {
            "logs": fault_run.logged,
            "errors": shown(fault_run.outcome.error),
            "xcom": repr(fault_run.outcome.handed_on),
            "database": Dump(database.engine).text(),
            "documents and certificates": files_below(environment.documents),
            "command lines": command_lines(),
        }
    assert environment.secret_markers.leaks(texts) == []
    assert all(texts[place] for place in ("logs", "database", "documents and certificates", "command lines"))
    assert KINDS - {"link signature"} <= set(environment.secret_markers.by_kind)


class Leaky(VendorUnavailable):
    """An error that shows what it should not, in a part of its own."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def test_the_search_finds_each_kind_of_secret_in_each_kind_of_place(environment: Environment, tmp_path) -> None:
    """The control: every place is given every secret, each in another way, and all of it is found."""
    secret_markers = SecretMarkers()
    secret_markers.add_connections(environment.simulator.connections())
    secret_markers.add("password of the database", "pass/word+of=the-database")
    secret_markers.add("access token", "access-token-1234567890")
    secret_markers.add("link signature", "0123456789abcdef0123456789abcdef")
    secrets = [min(each) for _, each in sorted(secret_markers.by_kind.items())]
    assert secret_markers.leaks({"nowhere": "a harmless text"}) == []
    for secret in secrets:
        with captured_logs() as captured:
            logging.getLogger("urllib3.connectionpool").debug("GET %s", f"/documents/1.pdf?signature={secret}")
            logging.getLogger("some.other").info("with its parts %s", {"token": secret})
        try:
            try:
                raise Leaky("quiet", hint=secret)
            except Leaky as error:
                raise VendorUnavailable("quiet, too") from error
        except VendorUnavailable as error:
            rendered = shown(error)
        (tmp_path / "certificate.json").write_text(secret, encoding="utf-8")
        for text in (captured.text, rendered, files_below(tmp_path), repr((1, {"state": secret}))):
            assert len(secret_markers.leaks({"here": text})) == 1, secret


def test_the_search_finds_what_a_command_line_shows(environment: Environment) -> None:
    import subprocess
    import sys

    secret = "canary-on-a-command-line"
    secret_markers = SecretMarkers({"secret": {secret}})
    command = [sys.executable, "-c", "print(flush=True); input()", secret]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # before that, its command line may still be ours
        assert secret_markers.leaks({"command lines": command_lines()}) == ["secret in command lines"]
        process.communicate(b"\n")


def test_the_search_finds_what_a_vendor_quotes_in_a_stored_answer(environment: Environment) -> None:
    """Of a body that is kept as it came; and of one that only the database's own text shows."""
    cell = next(cell for cell in every_cell() if cell.id == "v3-month/invoices/503-once")
    customer = "xTRzc8Zoum6O3nvHIEe8fW"  # stands in the bodies alone
    with environment.database_of(cell.scenario) as database:
        run_with_fault(environment.simulator, cell)
        found = SecretMarkers({"customer": {customer}}).leaks({"database": Dump(database.engine).text()})
    assert found == ["customer in database"]
