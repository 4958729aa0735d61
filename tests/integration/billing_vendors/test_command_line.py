"""The command `tieout`: what it writes, and one sentence for what it cannot."""

import pytest
from tests.collected import accounts_of, collect, connect

from billing.month import Month
from billing.storage.engine import engine_from_url
from billing_vendors.command_line import main
from billing_vendors.registry import vendor_named

MONTHS = ["--from", "2026-08", "--to", "2026-08"]
MAPPING = """
accounts: {payable: "2000", accrued: "2150", unmapped: "6999"}
rules: [{vendor: fastly, service: Full-Site Delivery, ledger_account: "6200"}]
"""


@pytest.fixture
def tieout(person_url, monkeypatch, tmp_path, capsys):
    """Runs the command with a login that only reads; gives its error and what it printed."""
    monkeypatch.setenv("TIEOUT_BILLING_URL", person_url)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["tieout", *arguments, "--folder", str(tmp_path / "exports")])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, capsys.readouterr()

    return run


def test_it_writes_months_as_files(tieout, tasks_url, simulator, monkeypatch, tmp_path):
    vendor = vendor_named("fastly")
    (account,) = (each for each in accounts_of(vendor) if each.name == "acme-media")
    connect(monkeypatch, simulator)
    collect(engine_from_url(tasks_url), tmp_path / "documents", vendor, account, Month(2026, 8))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")

    code, told = tieout("export", "focus", *MONTHS)
    assert (code, told.err, len(told.out.splitlines())) == (0, "", 8)
    assert all((tmp_path / "exports" / line).stat().st_size for line in told.out.splitlines())

    code, told = tieout("export", "journal", "--from", "2026-09", "--to", "2026-09", "--mapping", str(mapping))
    assert code == 0
    assert told.out.splitlines() == ["journal/2026-09.csv", "journal/2026-09-unmapped.csv"]
    assert "charges are unmapped, see journal/2026-09-unmapped.csv" in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["focus", "--from", "2026-08", "--to", "2026-07"], "the first month 2026-08 is after the last one 2026-07"),
        (["focus", "--from", "2026-8", "--to", "2026-08"], "month '2026-8' is not of the form YYYY-MM"),
        (["focus", *MONTHS, "--vendor", "initech"], "no vendor 'initech'; there are: fastly, genesys_cloud"),
        (["journal", *MONTHS, "--mapping", "/none.yaml"], "/none.yaml cannot be read"),
    ],
)
def test_what_is_wrong_is_one_sentence(tieout, arguments, said):
    code, told = tieout("export", *arguments)
    assert code.startswith("tieout: ")
    assert said in code
    assert told.out == ""


def test_the_database_is_asked_for(tieout, monkeypatch):
    monkeypatch.delenv("TIEOUT_BILLING_URL")
    assert tieout("export", "focus", *MONTHS)[0] == "tieout: set the environment variable TIEOUT_BILLING_URL"
