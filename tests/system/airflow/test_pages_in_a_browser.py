"""The pages as a person meets them: in a real browser, inside a real Airflow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from tests.matrix.hostile.words import HOSTILE as WORDS
from tests.system.airflow.conftest import ACCOUNTS, FASTLY, GENESYS, Services

from tieout_stack.airflow import ADMIN

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MONTH, BEFORE, MISSING = "2026-06", "2026-05", "2026-04"  # of these tests alone; an error is planted in MONTH
HOSTILE = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"


@pytest.fixture(scope="module")
def collected(services: Services) -> Services:
    """Two months of both accounts."""
    started = [
        (dag_id, services.api.trigger(dag_id, {"month": month, "accounts": [account]}))
        for dag_id, account in ACCOUNTS.items()
        for month in (BEFORE, MONTH)
        if services.api.set_paused(dag_id, paused=False) is None
    ]
    assert {services.wait(*run) for run in started} == {"success"}
    return services


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A browser that remembers nothing and asks no other machine for anything."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, "Chromium is not installed: make test-packages"
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        made = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def page(context: BrowserContext, collected: Services) -> Iterator[Page]:
    """A page of a signed-in administrator; it ends with an error if a script failed or the policy was broken."""
    base, secrets = collected.stack.airflow.base_url, collected.stack.state.secrets()
    credentials = {"username": ADMIN, "password": secrets.admin_password}
    token = context.request.post(f"{base}/auth/token", data=credentials).json()["access_token"]
    context.add_cookies([{"name": "_token", "value": token, "url": base}])
    made, faults = context.new_page(), []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield made
    made.close()
    assert faults == []


@pytest.fixture
def base(collected: Services) -> str:
    """Address of the pages."""
    return f"{collected.stack.airflow.base_url}/billing"


def exception_of(services: Services) -> tuple[str, str, str]:
    """Account, control and subject of an exception that is planted in the month."""
    return services.rows(
        "select account, control_id, subject from billing.current_finding "
        "where month = :month and outcome = 'exception' order by 1, 2",
        month=f"{MONTH}-01",
    )[0]


def every_page(services: Services) -> list[str]:
    """An address of every page, one of them a month that was not read."""
    account = exception_of(services)[0]
    vendor = next(dag_id.removeprefix("invoices_") for dag_id, name in ACCOUNTS.items() if name == account)
    ((bill,),) = services.rows("select min(record_key) from billing.current_invoice")
    ((document,),) = services.rows("select min(document_id) from billing.document")
    return [
        f"/?last={MONTH}",
        f"/months/{vendor}/{account}/{MONTH}",
        f"/months/{vendor}/{account}/2025-12",
        f"/bills/{bill}",
        f"/bills/{bill}/changes?old=1&new=1",
        f"/documents/{document}",
        f"/spend?last={MONTH}",
        f"/spend/changes?last={MONTH}",
        "/accruals",
        f"/closing?month={MONTH}",
        "/drift",
        "/bills/0",
    ]


def test_from_the_navigation_to_an_exception_explained(page: Page, collected: Services):
    """Three clicks: Bills, the month, what was compared; and one more for each year that these tests grow old."""
    account, control, _ = exception_of(collected)
    page.goto(f"{collected.stack.airflow.base_url}/dags")
    page.get_by_role("link", name="Bills").first.click()
    shown = page.frame_locator("iframe")
    shown.locator("table.matrix").wait_for()
    while not shown.get_by_role("columnheader", name=MONTH).count():
        shown.get_by_role("link", name="earlier").click()
        shown.locator("table.matrix").wait_for()
    shown.get_by_role("row", name=account).locator(f"a[href$='/{MONTH}']", has_text="exception").click()
    card = shown.locator("article.result", has_text=control).first
    expect(card).to_be_visible(timeout=20_000)
    card.get_by_text("What was compared").click()
    expect(card.locator("table.operands")).to_be_visible()

    card.get_by_text("Explain it").click()
    card.get_by_label("Reason").select_option("disputed")
    card.get_by_label("What is behind it").fill(HOSTILE)
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".said")).to_contain_text(HOSTILE)
    expect(card.locator(".said")).to_contain_text(ADMIN)
    expect(shown.get_by_text("(1 explained)")).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert collected.rows(
        "select reason, explained_by from billing.explanation where month = :month", month=f"{MONTH}-01"
    ) == [("disputed", ADMIN)]


def test_two_versions_of_a_restated_bill_are_compared(page: Page, base: str, collected: Services):
    (bill, key) = collected.rows(
        "select record_id, record_key from billing.record r join billing.current_invoice i using (record_key) "
        "where r.vendor = 'fastly' and i.month = :month",
        month=f"{BEFORE}-01",
    )[0]
    collected.simulator.restate("fastly", bill)
    page.goto(f"{base}/months/fastly/{ACCOUNTS[FASTLY]}/{BEFORE}")
    page.get_by_role("button", name="Fetch this month again").click()
    run_id = page.locator("output a").inner_text()
    assert collected.wait(FASTLY, run_id) == "success"
    page.goto(f"{base}/bills/{key}")
    page.get_by_role("link", name="with version 1").click()
    expect(page.locator("tr.is, tr.was").first).to_be_visible()
    expect(page.get_by_text("difference", exact=True)).to_be_visible()


def test_a_downloaded_certificate_is_verified_by_the_command(page: Page, base: str, collected: Services, tmp_path):
    ((key,),) = collected.rows(
        "select min(record_key) from billing.current_invoice where vendor = 'fastly' and month = :month",
        month=f"{MONTH}-01",
    )
    page.goto(f"{base}/bills/{key}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Certificate").click()
    path = tmp_path / "certificate.json"
    download.value.save_as(path)
    accounts = os.environ | {
        "TIEOUT_BILLING_URL": collected.stack.billing_url,
        "TIEOUT_DOCUMENTS": str(collected.stack.state.documents),
    }
    command = [sys.executable, "-m", "billing.certificate", "verify", str(path)]
    verified = subprocess.run(command, env=accounts, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_missing_month_is_fetched_and_comes_in(page: Page, base: str, collected: Services):
    page.goto(f"{base}/?last={MONTH}")
    row = page.get_by_role("row", name=ACCOUNTS[GENESYS])
    row.locator(f"a[href$='/{MISSING}']").click()
    page.get_by_role("button", name="Fetch this month").click()
    run_id = page.locator("output a").inner_text()
    assert collected.wait(GENESYS, run_id) == "success"
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("^Bills"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(page: Page, base: str, collected: Services, scheme, width):
    """On every page, in both schemes and both widths; a narrow page does not scroll sideways as a whole."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for path in every_page(collected):
        page.goto(base + path)
        for folded in page.locator("details > summary").all():
            folded.click()
        found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
        assert found == [], (path, json.dumps(found, indent=1)[:3000])
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def test_the_pages_are_walked_by_keyboard(page: Page, base: str, collected: Services):
    page.goto(f"{base}/?last={MONTH}")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(document.activeElement.getAttribute('href') || '').split('?')[0]"))
    assert any(f"/{MONTH}" in address for address in reached)


def test_nothing_that_a_vendor_writes_runs_or_loads(page: Page, base: str, collected: Services):
    """The last test: every text that a vendor may write is hostile from here on, on every page."""
    said = HOSTILE + " ".join(each for each in WORDS.values() if len(each) < 1000)
    texts = {
        "invoice": ("invoice_id", "statement_number", "period_evidence"),
        "invoice_line": ("description", "product", "region", "unit", "usage_type"),
        "control_result": ("subject", "explanation"),
        "payload": ("request", "media_type"),
        "payment_status": ("payment_status",),
        "explanation": ("text", "explained_by"),
        "unknown_field": ("name",),
    }
    engine = create_engine(collected.stack.billing_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(
            text(
                "insert into billing.unknown_field select vendor, 'invoice', 'x', completed_at, fetch_id "
                "from billing.fetch order by fetch_id limit 1"
            )
        )
        for table, columns in texts.items():
            sets = ", ".join(f"{column} = :said" for column in columns)
            connection.execute(text(f"update billing.{table} set {sets}"), {"said": said})
    ran, foreign = [], []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: foreign.append(asked.url) if not asked.url.startswith(base[:-8]) else None)
    for path in every_page(collected):
        page.goto(base + path)
        for folded in page.locator("details > summary").all():
            folded.click()
        assert "window.owned = 1" in page.locator("main").inner_text() or not re.search(f"bills/[1-9]|/{MONTH}$", path)
        assert page.evaluate("window.owned") is None, path
        assert page.locator("[onerror], [onmouseover], iframe[srcdoc], img:not(.chart)").count() == 0, path
    assert (ran, foreign) == ([], [])
