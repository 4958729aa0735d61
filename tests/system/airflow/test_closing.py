"""Two people close a month in a real Airflow: refused to one, rejected, approved, changed, reopened, closed again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial

import httpx
import pytest
from tests.system.airflow.conftest import ACCOUNTS, FASTLY, Services

from tieout_stack.airflow import ADMIN, APPROVER

CLOSE = "close_month"
READING_SECONDS = 4
MONTH = "2025-11"  # of these tests alone
DAY = f"{MONTH}-01"
ACCOUNT = ACCOUNTS[FASTLY]


class People:
    """The administrator, and the second person of the demo."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.api = {ADMIN: services.api, APPROVER: services.stack.airflow.api_of_approver()}

    def start(self, who: str, **conf: object) -> str:
        """Submit the month, as somebody."""
        return self.api[who].trigger(CLOSE, {"month": MONTH, "vendor": "fastly"} | conf)

    def answer(self, who: str, run_id: str, option: str = "Approve") -> None:
        """Wait until the run asks, read for some seconds, then answer."""
        self.services.until(partial(self.asked, run_id), f"{run_id} asks")
        # Airflow 3.3 takes an answer that arrives before the scheduler has seen the asking process end for a lost task,
        # and asks again
        time.sleep(READING_SECONDS)
        body = {"chosen_options": [option], "params_input": {}}
        self.api[who].call("PATCH", f"/dags/{CLOSE}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails", body)

    def asked(self, run_id: str) -> dict[str, object] | None:
        """Give what is asked now."""
        task = self.services.task(CLOSE, run_id, "approve")
        if task["state"] != "awaiting_input":
            return None
        path = f"/dags/{CLOSE}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
        return self.services.api.call("GET", path)

    def refused(self, run_id: str, sentence: str) -> bool:
        """Wait until the log of some attempt says why an answer was refused, and the task is about to ask again."""

        def seen() -> bool:
            task = self.services.task(CLOSE, run_id, "approve")
            attempts = (task | {"try_number": number} for number in range(1, task["try_number"] + 1))
            said = any(sentence in json.dumps(self.services.log(each)) for each in attempts)
            return said and task["state"] != "running"

        return self.services.until(seen, sentence)


@pytest.fixture(scope="module")
def people(services: Services) -> People:
    services.api.set_paused(FASTLY, paused=False)
    run_id = services.api.trigger(FASTLY, {"month": MONTH})
    assert services.wait(FASTLY, run_id) == "success"
    return People(services)


def said(services: Services, run_id: str, task: str) -> str:
    return json.dumps(services.log(services.task(CLOSE, run_id, task)))


def explain_all(services: Services) -> int:
    """Explain every open finding of the month as the administrator, by the page's own address."""
    found = services.rows(
        "select account, control_id, subject, encode(finding_sha256, 'hex') from billing.current_finding "
        "where vendor = 'fastly' and month = :month and explanation_id is null",
        month=DAY,
    )
    base, password = services.stack.airflow.base_url, services.stack.state.secrets().admin_password
    token = httpx.post(f"{base}/auth/token", json={"username": ADMIN, "password": password}).json()["access_token"]
    for account, control_id, subject, finding in found:
        explanation = {"vendor": "fastly", "account": account, "month": MONTH, "control_id": control_id}
        explanation |= {"subject": subject, "finding": finding, "reason": "accepted", "text": "as agreed"}
        response = httpx.post(
            f"{base}/billing/api/v1/explanations", json=explanation, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 201, response.text
    return len(found)


def history(services: Services) -> list[tuple[object, ...]]:
    return services.rows(
        "select event, prepared_by, approved_by from billing.month_close where month = :month order by number",
        month=DAY,
    )


def state(services: Services) -> list[tuple[object, ...]]:
    return services.rows("select distinct state from billing.closed_month where month = :month", month=DAY)


def test_two_people_close_a_month(people: People, services: Services):
    # what is missing ends the run, in sentences
    run_id = people.start(ADMIN)
    assert services.wait(CLOSE, run_id) == "failed"
    assert f"fastly/{ACCOUNT} {MONTH}: nobody has explained" in said(services, run_id, "submit")
    assert explain_all(services) > 0

    # refused to who prepared and to who explained; each time the task asks again, until somebody rejects
    run_id = people.start(APPROVER)
    people.answer(APPROVER, run_id)
    assert people.refused(run_id, f"{APPROVER} submitted fastly {MONTH} and does not approve it")
    people.answer(ADMIN, run_id)
    assert people.refused(run_id, f"{ADMIN} explained exceptions of fastly {MONTH}")
    people.answer(ADMIN, run_id, "Reject")
    assert services.wait(CLOSE, run_id) == "failed"
    assert f"{ADMIN} rejected it" in said(services, run_id, "approve")
    assert history(services) == []

    # two runs at once, both approved by a second person: one closes
    runs = [people.start(ADMIN), people.start(ADMIN)]
    request = services.until(partial(people.asked, runs[0]), "it asks")
    assert f"[{ACCOUNT.replace('-', chr(92) + '-')}](/billing/months/fastly/{ACCOUNT}/{MONTH})" in str(request["body"])
    assert "as agreed" in str(request["body"])
    for run_id in runs:
        people.answer(APPROVER, run_id)
    assert sorted(services.wait(CLOSE, run_id) for run_id in runs) == ["failed", "success"]
    assert history(services) == [("closed", ADMIN, APPROVER)]
    assert state(services) == [("closed",)]

    # its pack proves itself without the database
    pack = services.stack.state.documents / "packs" / "fastly" / f"{MONTH}-1.zip"
    command = [sys.executable, "-m", "billing.pack", "verify", str(pack)]
    verdict = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"VERIFIED: fastly {MONTH}: closed by {ADMIN}, approved by {APPROVER}; 1 account" in verdict.stdout

    # a bill restated by the vendor is stored as always, and shown as a change
    ((bill,),) = services.rows(
        "select invoice_id from billing.current_invoice where vendor = 'fastly' and month = :month", month=DAY
    )
    services.simulator.restate("fastly", bill)
    again = services.api.trigger(FASTLY, {"month": MONTH, "again": True})
    assert services.wait(FASTLY, again) == "success"
    assert state(services) == [("changed after closing",)]

    # reopened with a reason, then closed with the new figures
    run_id = people.start(ADMIN, reopen=True, note="restated by the vendor")
    people.answer(APPROVER, run_id)
    assert services.wait(CLOSE, run_id) == "success"
    explain_all(services)
    run_id = people.start(ADMIN)
    people.answer(APPROVER, run_id)
    assert services.wait(CLOSE, run_id) == "success"
    assert [event for event, *_ in history(services)] == ["closed", "reopened", "closed"]
    assert state(services) == [("closed",)]
