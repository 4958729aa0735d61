"""What the tasks of close_month do, by the login that they have in Airflow."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import yaml
from sqlalchemy import make_url
from tests.closed_month import ACCOUNTS, MONTH, VENDOR, closed

from billing.config.accounts import accounts_path
from billing.errors import ConfigurationError, NotApproved
from billing.pack.signature import new_key, public_key
from billing.pack.verify import Noted, verify_pack
from billing.reconciliation.installed import installed_vendor

__all__ = ["closed"]


@dataclass
class Run:
    """A run as its tasks see it."""

    run_id: str
    triggering_user_name: str | None
    clear_number: int = 0


@pytest.fixture
def as_run(closed, airflow_home, monkeypatch, tmp_path):
    """Makes the context of a task; accounts.yaml has the accounts that are stored."""
    from airflow.sdk.execution_time.context import set_current_context

    url = make_url(closed.url)
    connection = {"conn_type": "postgres", "host": url.host, "port": url.port, "schema": url.database}
    connection |= {"login": url.username, "password": url.password}
    monkeypatch.setenv("AIRFLOW_CONN_BILLING_CLOSE_DB", json.dumps(connection))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(closed.folder))
    rows = yaml.safe_load(accounts_path().read_text(encoding="utf-8"))["accounts"]
    few = tmp_path / "accounts.yaml"
    few.write_text(yaml.safe_dump({"accounts": [row for row in rows if row["name"] in ACCOUNTS]}), encoding="utf-8")
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(few))

    def make(run_id, by="olga", **params):
        given = {"month": str(MONTH), "vendor": VENDOR, "note": "", "reopen": False} | params
        context = {"dag_run": Run(run_id, by), "params": given, "outlet_events": defaultdict(SimpleNamespace)}
        return set_current_context(context)

    return make


@pytest.mark.long
def test_a_month_is_reopened_and_closed_again_with_a_pack(as_run, closed, monkeypatch, tmp_path):
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import AirflowSkipException

    from billing_vendors.base.tasks.close import check_answer, pack, request_text, seal, submit
    from billing_vendors.registry import vendors

    with as_run("manual__2"), pytest.raises(ConfigurationError, match=r"is closed since .* approved by carl"):
        submit(vendors())
    with as_run("manual__3", reopen=True), pytest.raises(ConfigurationError, match="only with a reason"):
        submit(vendors())
    with as_run("manual__4", reopen=True, note=" restated "):
        submitted = submit(vendors())
        assert request_text(get_current_context(), submitted).startswith("Prepared by olga. Note: restated\n\n### ")
        sealed = seal(submitted, "carl", "closings")
        assert sealed == {VENDOR: 2}
        said = get_current_context()["outlet_events"]["closings"].extra
        assert said == {"month": str(MONTH), "events": {VENDOR: "reopened"}}
        with pytest.raises(AirflowSkipException):
            pack(sealed)
    with as_run("manual__5"):
        submitted = submit(vendors())
        for person in ("olga", "nina"):
            with pytest.raises(NotApproved):
                check_answer(get_current_context(), submitted, person)
            with pytest.raises(NotApproved):
                seal(submitted, person, "closings")
        check_answer(get_current_context(), submitted, "carl")
        assert seal(submitted, "carl", "closings") == seal(submitted, "carl", "closings") == {VENDOR: 3}
        private, public = new_key()
        signing = {"conn_type": "generic", "password": private.decode().replace("\n", "\\n")}
        monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_SIGNING", json.dumps(signing))
        assert pack({VENDOR: 3}) == [f"packs/{VENDOR}/{MONTH}-3.zip"]
    (tmp_path / "public.pem").write_bytes(public)
    noted = Noted(key=public_key(tmp_path / "public.pem"))
    verdict = verify_pack(closed.folder / "packs" / VENDOR / f"{MONTH}-3.zip", installed_vendor, noted)
    assert verdict.verified, verdict.sentence


def test_all_that_is_missing_is_in_one_error(as_run, monkeypatch):
    from billing_vendors.base.tasks.close import submit
    from billing_vendors.registry import vendors

    monkeypatch.delenv("TIEOUT_ACCOUNTS")
    with as_run("manual__6", month="2026-07"), pytest.raises(ConfigurationError) as raised:
        submit(vendors())
    sentence = str(raised.value)
    assert f"{VENDOR}/aurora-help 2026-07: it is not stored; run invoices_{VENDOR} for this month" in sentence
    assert sentence.startswith("2026-07: ")


@pytest.mark.parametrize(
    ("params", "by", "said"),
    [
        ({}, None, "nobody started this run"),
        ({"month": "2099-01"}, "olga", "2099-01 has not ended"),
        ({"vendor": "acme"}, "olga", "there is no vendor 'acme'"),
        ({"vendor": None}, "olga", "genesys_cloud 2026-08 is closed since"),
        ({"month": "2022-01"}, "olga", "has no account that is billed in this month"),
    ],
)
def test_what_cannot_be_submitted_is_said_in_a_sentence(as_run, params, by, said):
    from billing_vendors.base.tasks.close import submit
    from billing_vendors.registry import vendors

    with as_run("manual__7", by, **params), pytest.raises(ConfigurationError, match=said):
        submit(vendors())


def test_a_cleared_run_does_not_submit_again(as_run):
    """Airflow would go on showing the figures of the first request."""
    from airflow.sdk import get_current_context

    from billing_vendors.base.tasks.close import submit
    from billing_vendors.registry import vendors

    with as_run("manual__8"):
        get_current_context()["dag_run"].clear_number = 1
        with pytest.raises(ConfigurationError, match="this run was cleared"):
            submit(vendors())
