"""What the pages show is what is stored, to whom it may be shown, and nothing in it runs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from sqlalchemy import event, text
from tests.integration.billing_ui.conftest import ACCOUNTS, MONTHS, ROLES

HOSTILE = "<script>document.title='owned'</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


class Page(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.words))

    def links(self) -> set[str]:
        return {attributes["href"] for tag, attributes in self.elements if tag == "a" and attributes.get("href")}


def bill_of(stored, account: str, month: str) -> int:
    ((key,),) = stored.rows(
        "select min(record_key) from billing.current_invoice where account = :account and month = :month",
        account=account,
        month=date.fromisoformat(f"{month}-01"),
    )
    return key


def paths(stored) -> list[str]:
    """One address of each route that is read."""
    key = bill_of(stored, "nord-contact", "2026-10")
    ((document,),) = stored.rows("select min(document_id) from billing.document")
    month = "/months/genesys_cloud/nord-contact/2026-10"
    shown = [
        "/",
        month,
        f"/bills/{key}",
        f"/bills/{key}/changes?old=1&new=1",
        "/spend",
        "/spend/changes",
        "/accruals",
        "/closing?month=2026-10",
        "/drift",
    ]
    data = [
        "/months",
        month,
        f"/bills/{key}",
        f"/bills/{key}/changes?old=1&new=1",
        "/spend",
        "/spend/changes",
        "/accruals",
        "/closing?month=2026-10",
        "/drift",
    ]
    files = [
        f"/bills/{key}/certificate",
        f"/documents/{document}",
        f"/documents/{document}/file",
        "/spend/chart.svg",
        "/spend/by_month.csv?currency=EUR",
        "/accruals/chart.svg",
        "/run?dag_id=invoices_fastly&run_id=manual__2026-10",
        "/api/v1/openapi.json",
    ]
    return [f"/billing{path}" for path in [*shown, *files, *(f"/api/v1{path}" for path in data)]]


def test_every_route_is_behind_the_sign_in(as_role, stored):
    """`paths` has one address of each route that is read, and every route that writes is sent to, too."""
    from billing_ui.app import make_app

    routes = [route for route in make_app().routes if hasattr(route, "methods")]
    given = paths(stored)
    assert len(given) == len({route.path for route in routes if "GET" in route.methods})
    writing = {route.path for route in routes if route.methods - {"GET", "HEAD"}}
    assert writing == {"/api/v1/explanations"}
    nobody, clients = as_role(None), [as_role(role) for role in ROLES]
    for path in given:
        assert nobody.get(path).status_code == 401, path
        assert {client.get(path).status_code for client in clients} <= {200, 307}, path
    sent = explanation(stored)
    for path in writing:
        assert nobody.post(f"/billing{path}", json=sent).status_code == 401
        assert as_role("viewer").post(f"/billing{path}", json=sent).status_code == 403
        for role in ("user", "op", "admin"):  # who may start the DAG: a finding that is not there is told, not stored
            refused = as_role(role).post(f"/billing{path}", json=sent | {"finding": "0" * 64})
            assert refused.status_code == 409, role


def test_every_page_has_the_policy_that_lets_nothing_foreign_run(as_role, stored):
    for path in paths(stored):
        headers = as_role("viewer").get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert (
            "script-src" not in headers["content-security-policy"] or "unsafe" not in headers["content-security-policy"]
        )
        assert headers["x-content-type-options"] == "nosniff"
    page = Page(as_role("viewer").get("/billing/").text)
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert scripts
    assert all(attributes["src"].startswith("/billing/static/") for attributes in scripts)
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.elements for name in attributes)


def test_the_matrix_has_the_state_and_the_total_of_every_month(as_role, stored):
    data = as_role("viewer").get("/billing/api/v1/months?last=2026-10").json()
    shown = {
        (line["vendor"], line["account"], cell["month"]): cell for line in data["accounts"] for cell in line["months"]
    }
    assert len(data["months"]) == 13
    summary = stored.rows(
        "select vendor, account, to_char(month, 'YYYY-MM'), status, total::text, currency, exceptions "
        "from billing.account_month_summary"
    )
    assert len(summary) == len(MONTHS) * sum(map(len, ACCOUNTS.values()))
    for vendor, account, month, status, total, currency, exceptions in summary:
        cell = shown[vendor, account, month]
        assert (cell["state"], cell["exceptions"]) == (status, exceptions)
        assert cell["totals"] == [{"currency": currency, "total": total}]
    assert shown["fastly", "acme-media", "2026-08"]["state"] == "missing"
    totals = {each["currency"]: Decimal(each["total"]) for each in data["totals"]}
    assert totals == {currency: Decimal(total) for _, _, month, _, total, currency, _ in summary if month == "2026-10"}


def test_filters_are_in_the_address(as_role, stored):
    def accounts(query: str) -> set[str]:
        data = as_role("viewer").get(f"/billing/api/v1/months?last=2026-10&{query}").json()
        return {line["account"] for line in data["accounts"]}

    assert accounts("vendor=genesys_cloud") == {"nord-contact"}
    assert accounts("currency=JPY") == {"kumo-games"}
    assert accounts("account=acme-media") == {"acme-media"}
    assert accounts("state=awaited") == set()


def test_a_month_shows_its_exception_first_with_its_figures(as_role, stored):
    page = as_role("viewer").get("/billing/months/genesys_cloud/nord-contact/2026-10")
    ((control, explanation),) = stored.rows(
        "select control_id, explanation from billing.current_finding where account = 'nord-contact' "
        "and month = '2026-10-01' and outcome = 'exception'"
    )
    text = Page(page.text).text
    assert text.index(str(explanation)) < text.index("Bills (1)")
    assert control == "G3"
    assert {"14.00", "17.00", "3.00"} <= set(text.split())


def test_a_blocked_control_offers_to_fetch_the_month_that_it_names(as_role, stored):
    """To who may start the DAG; it is started by Airflow's own API, so the button holds what is sent."""
    named = stored.rows(
        "select vendor, account, to_char(month, 'YYYY-MM'), substring(explanation from '\\m(\\d{4}-\\d{2})\\M(?!-)') "
        "from billing.current_control_result where outcome = 'blocked'"
    )
    wanted = {(vendor, account, month, other) for vendor, account, month, other in named if other not in (None, month)}
    assert wanted
    for vendor, account, month, other in wanted:
        address = f"/billing/months/{vendor}/{account}/{month}"
        started = [
            json.loads(attributes["data-conf"])
            for tag, attributes in Page(as_role("op").get(address).text).elements
            if tag == "button" and "/dags/invoices_" in (attributes.get("data-start") or "")
        ]
        assert {"month": other, "accounts": [account], "again": True} in started
        assert "data-start" not in as_role("viewer").get(address).text


def test_a_month_that_was_never_read_offers_to_fetch_it_to_who_may(as_role):
    address = "/billing/months/fastly/acme-media/2026-07"
    viewer, op = as_role("viewer").get(address), as_role("op").get(address)
    assert (viewer.status_code, op.status_code) == (404, 404)
    assert "Fetch this month" not in viewer.text
    assert "Fetch this month" in op.text
    assert as_role("op").get(f"/billing/api/v1{address.removeprefix('/billing')}").status_code == 404


@pytest.mark.parametrize("last", ["0001-01", "1999-12", "9998-12", "2026-13", "x"])
@pytest.mark.parametrize("page", ["/", "/spend", "/spend/changes", "/api/v1/months"])
def test_a_month_that_no_page_shows_is_refused_in_a_sentence(as_role, stored, page, last):
    answer = as_role("viewer").get(f"/billing{page}?last={last}")
    assert answer.status_code == 400
    assert "month" in answer.text


def test_an_address_without_a_page_is_answered_in_a_page(as_role):
    for address in ("/billing/nothing", "/billing/bills/0", "/billing/months/acme/x/2026-10"):
        answer = as_role("viewer").get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert as_role("viewer").get("/billing/api/v1/nothing").json() == {"detail": "Not Found"}


def test_the_tab_of_a_run_opens_its_month(as_role, stored):
    """The run of the tests collected several accounts; one that collected a single account opens that one's page."""
    several = as_role("viewer").get("/billing/run?dag_id=invoices_fastly&run_id=manual__2026-10")
    assert several.headers["location"] == "/billing/?vendor=fastly&last=2026-10"
    with stored.administrator.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql("update billing.fetch set dag_run = 'one' where account = 'kumo-games'")
    one = as_role("viewer").get("/billing/run?dag_id=invoices_fastly&run_id=one")
    assert one.headers["location"].startswith("/billing/months/fastly/kumo-games/2026-")
    assert as_role("viewer").get("/billing/run?dag_id=invoices_fastly&run_id=none").status_code == 404


def test_a_month_without_a_bill_says_why(as_role, stored):
    """A bill that the vendor took back, and no bill where none is due, look different from a month with a bill."""

    def state() -> str:
        data = as_role("viewer").get("/billing/api/v1/months?last=2026-10&account=acme-media").json()
        return next(cell["state"] for cell in data["accounts"][0]["months"] if cell["month"] == "2026-10")

    key = bill_of(stored, "acme-media", "2026-10")
    passed = (
        "update billing.control_result set state = 'PASS' where state in ('BLOCKED', 'EXCEPTION') and "
        "reconciliation_id = (select reconciliation_id from billing.account_month "
        "where account = 'acme-media' and month = '2026-10-01')"
    )
    change = (
        (passed, "reconciled"),
        ("update billing.record set withdrawn = true where record_key = :key", "withdrawn"),
        ("update billing.invoice set month = '2006-10-01' where record_key = :key", "no_bill"),
        ("update billing.invoice set month = '2026-10-01' where record_key = :key", "withdrawn"),
        ("update billing.record set withdrawn = false where record_key = :key", "reconciled"),
    )
    for statement, expected in change:
        with stored.administrator.begin() as connection:
            connection.exec_driver_sql("set local session_replication_role = replica")
            connection.execute(text(statement), {"key": key} if ":key" in statement else {})
        assert state() == expected
    stored.collect("fastly", "acme-media", "2026-10")  # as it was


def test_a_closed_month_is_shown_as_closed_and_as_changed_when_a_figure_differs(as_role, stored):
    def states(account: str) -> tuple[str | None, str | None]:
        viewer = as_role("viewer")
        data = viewer.get(f"/billing/api/v1/months?last=2026-10&account={account}").json()
        cells = {cell["month"]: cell["closed"] for cell in data["accounts"][0]["months"]}
        assert cells["2026-09"] is None
        return cells["2026-10"], viewer.get(f"/billing/api/v1/months/fastly/{account}/2026-10").json()["closed"]

    with stored.administrator.begin() as connection:
        connection.exec_driver_sql(
            "insert into billing.month_close (vendor, month, number, event, prepared_by, approved_by, note, "
            "certificate_sha256, explanations_sha256, dag_run, recorded_at) "
            "values ('fastly', '2026-10-01', 1, 'closed', 'ann', 'bob', '', sha256(''), sha256(''), 'a run', now())"
        )
        connection.exec_driver_sql(
            "insert into billing.month_close_figure "
            "select vendor, month, 1, account, s.currency, s.invoices, s.total + (account = 'kumo-games')::int, "
            "content_sha256 from billing.account_month_summary s "
            "join billing.account_month_content using (vendor, account, month) "
            "where vendor = 'fastly' and month = '2026-10-01'"
        )
    assert states("acme-media") == ("closed", "closed")
    assert states("kumo-games") == ("changed", "changed")
    shown = Page(as_role("viewer").get("/billing/?last=2026-10&state=changed").text)
    assert "changed after closing" in shown.text
    assert "acme-media" not in shown.text


def test_lines_of_two_versions_are_paired_by_what_they_are_of():
    from billing_ui.queries.bill import paired

    line = dict.fromkeys(
        ("line_id", "description", "product", "region", "usage_type", "unit", "service_start", "service_end")
    )
    long = "12345678901234567890123456.123456789012345"
    found = [
        line | {"version": 1, "description": "bandwidth", "amount": Decimal(long)},
        line | {"version": 3, "description": "bandwidth", "amount": Decimal(0)},
        line | {"version": 1, "line_id": "a", "description": "old words", "amount": Decimal(5)},
        line | {"version": 3, "line_id": "a", "description": "new words", "amount": Decimal(5)},
        line | {"version": 3, "description": "added", "amount": Decimal(-1)},
        line | {"version": 1, "description": "dropped", "amount": Decimal(7)},
    ]
    assert [(bool(pair["was"]), bool(pair["is"]), pair["difference"]) for pair in paired(found, old=1)] == [
        (True, True, Decimal(f"-{long}")),
        (True, True, 0),
        (False, True, Decimal(-1)),
        (True, False, Decimal(-7)),
    ]


def test_a_bill_has_every_line_and_its_exact_sum(as_role, stored):
    key = bill_of(stored, "acme-media", "2026-10")
    data = as_role("viewer").get(f"/billing/api/v1/bills/{key}").json()
    lines = stored.rows("select amount::text from billing.current_invoice_line where record_key = :key", key=key)
    assert data["count"] == len(lines)
    assert sorted(line["amount"] for line in data["lines"]) == sorted(amount for (amount,) in lines)
    words = data["lines"][0]["description"]
    found = as_role("viewer").get(f"/billing/api/v1/bills/{key}", params={"words": words.upper()}).json()
    assert 1 <= found["count"] <= data["count"]
    assert all(words in line["description"] for line in found["lines"])
    assert as_role("viewer").get(f"/billing/api/v1/bills/{key}", params={"words": "100%_sure\\"}).json()["count"] == 0


def test_a_restated_bill_is_compared_line_by_line(as_role, stored, simulator):
    key = bill_of(stored, "acme-media", "2026-09")
    ((invoice,),) = stored.rows("select record_id from billing.record where record_key = :key", key=key)
    simulator.restate("fastly", invoice)
    stored.collect("fastly", "acme-media", "2026-09")
    data = as_role("viewer").get(f"/billing/api/v1/bills/{key}/changes?old=1&new=2").json()
    moved = Decimal(data["after"]["total"]) - Decimal(data["before"]["total"])
    assert Decimal(data["difference"]) == moved != 0
    assert sum(Decimal(line["difference"]) for line in data["lines"]) == moved
    assert [bool(line["was"]) for line in data["lines"]] == [False]  # the vendor added a line
    back = as_role("viewer").get(f"/billing/api/v1/bills/{key}/changes?old=2&new=1").json()
    assert Decimal(back["difference"]) == -moved == sum(Decimal(line["difference"]) for line in back["lines"])
    restated = as_role("viewer").get("/billing/api/v1/drift").json()["restated"]
    assert [(row["invoice_id"], row["version"]) for row in restated] == [(invoice, 2)]


def test_the_page_of_a_closing_says_what_is_missing_then_who_closed_it(as_role, stored):
    """Kumo Games' month is stored under accounts.yaml's entries; one account's exception is open."""
    viewer = as_role("viewer")
    missing = Page(viewer.get("/billing/closing?month=2026-09").text).text
    assert "fastly: open" in missing
    assert "Submit for approval" not in missing
    data = viewer.get("/billing/api/v1/closing?month=2026-10").json()["vendors"]
    (genesys,) = [each for each in data if each["vendor"] == "genesys_cloud"]
    assert "genesys_cloud/nord-contact 2026-10: nobody has explained exception G3" in " ".join(genesys["missing"])
    assert "has not ended" in Page(viewer.get("/billing/closing?month=2099-01").text).text

    with stored.administrator.begin() as connection:
        connection.execute(
            text(
                "insert into billing.month_close (vendor, month, number, event, prepared_by, approved_by, note, "
                "certificate_sha256, explanations_sha256, dag_run, recorded_at) values ('fastly', '2026-09-01', 1, "
                "'closed', 'olga', 'carl', '<b>n</b>', sha256('a'), sha256('b'), 'r', now())"
            )
        )
        connection.execute(
            text(
                "insert into billing.month_close_figure (vendor, month, number, account, currency, invoices, total, "
                "content_sha256) select vendor, month, 1, account, currency, invoices, total + 1, content_sha256 "
                "from billing.account_month_summary join billing.account_month_content using (vendor, account, month) "
                "where vendor = 'fastly' and month = '2026-09-01'"
            )
        )
    closed = Page(viewer.get("/billing/closing?month=2026-09").text).text
    assert "fastly: changed after closing" in closed
    assert "prepared by olga, approved by carl" in closed
    assert "-1.00 USD" in closed
    assert "<b>n</b>" in closed


def test_spend_adds_up_and_its_tables_are_safe_for_spreadsheets(as_role, stored):
    data = as_role("viewer").get("/billing/api/v1/spend?currency=EUR&last=2026-10&months=13").json()
    ((total,),) = stored.rows("select sum(total)::text from billing.current_invoice where currency = 'EUR'")
    assert sum(Decimal(row["amount"]) for row in data["by_month"]) == Decimal(total)
    assert sum(Decimal(row["amount"]) for row in data["by_product"]) == Decimal(total)
    table = as_role("viewer").get("/billing/spend/by_product.csv?currency=EUR&last=2026-10")
    assert table.headers["content-disposition"].startswith("attachment")
    read = list(csv.DictReader(io.StringIO(table.text)))
    assert sum(Decimal(row["amount"]) for row in read) == Decimal(total)


def test_a_formula_is_written_as_text():
    from billing_ui.pages.spend import to_csv

    given = [
        {"product": '=HYPERLINK("http://x")', "amount": Decimal("-1.50")},
        {"product": "@sum", "amount": Decimal(2)},
    ]
    read = list(csv.reader(io.StringIO(to_csv(given))))
    assert read == [["product", "amount"], ['\'=HYPERLINK("http://x")', "-1.50"], ["'@sum", "2"]]


def test_a_certificate_is_the_one_that_the_command_verifies(as_role, stored, environment, tmp_path):
    key = bill_of(stored, "acme-media", "2026-10")
    answer = as_role("viewer").get(f"/billing/bills/{key}/certificate")
    path = tmp_path / "certificate.json"
    path.write_bytes(answer.content)
    verified = subprocess.run(
        [sys.executable, "-m", "billing.certificate", "verify", str(path)],
        env={**__import__("os").environ, "TIEOUT_BILLING_URL": environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_pdf_is_shown_as_it_was_stored_and_no_other(as_role, stored, environment):
    import os
    from pathlib import Path

    ((document, location),) = stored.rows("select document_id, location from billing.document order by 1 limit 1")
    given = as_role("viewer").get(f"/billing/documents/{document}/file")
    assert given.headers["content-type"] == "application/pdf"
    path = Path(os.environ["TIEOUT_DOCUMENTS"]) / location
    assert given.content == path.read_bytes()
    path.write_bytes(given.content + b"%")
    assert as_role("viewer").get(f"/billing/documents/{document}/file").status_code == 409
    path.write_bytes(given.content)


def explanation(stored, **changed):
    ((finding, subject),) = stored.rows(
        "select encode(finding_sha256, 'hex'), subject from billing.current_finding "
        "where account = 'nord-contact' and month = '2026-10-01' and control_id = 'G3'"
    )
    return {
        "vendor": "genesys_cloud",
        "account": "nord-contact",
        "month": "2026-10",
        "control_id": "G3",
        "subject": subject,
        "finding": finding,
        "reason": "disputed",
        "text": "The vendor counts three users twice.",
        "ticket": "https://tickets.example/7",
    } | changed


@pytest.mark.parametrize("role", [None, "viewer"])
def test_who_may_not_start_the_dag_explains_nothing(as_role, stored, role):
    answer = as_role(role).post("/billing/api/v1/explanations", json=explanation(stored))
    assert answer.status_code == (401 if role is None else 403)
    assert stored.rows("select count(*) from billing.explanation") == [(0,)]


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"sec-fetch-site": "cross-site"}, None),
        ({"origin": "https://elsewhere.example"}, None),
        ({"content-type": "text/plain"}, b"{}"),
        ({"content-type": "application/x-www-form-urlencoded"}, b"reason=accepted"),
    ],
    ids=["another site", "another origin", "text", "a form"],
)
def test_another_site_explains_nothing_with_the_users_cookie(as_role, stored, headers, content):
    sent = content or json.dumps(explanation(stored)).encode()
    answer = as_role("op").post(
        "/billing/api/v1/explanations", content=sent, headers={"content-type": "application/json"} | headers
    )
    assert answer.status_code in (403, 422)
    assert stored.rows("select count(*) from billing.explanation") == [(0,)]


@pytest.mark.parametrize(
    "changed",
    [
        {"text": " "},
        {"text": "x" * 4001},
        {"text": "a\x00b"},
        {"reason": "because"},
        {"ticket": "javascript:alert(1)"},
        {"month": "2026-13"},
        {"finding": "0"},
    ],
    ids=str,
)
def test_an_explanation_that_says_nothing_is_refused(as_role, stored, changed):
    answer = as_role("op").post("/billing/api/v1/explanations", json=explanation(stored, **changed))
    assert answer.status_code in (400, 422)
    assert stored.rows("select count(*) from billing.explanation") == [(0,)]


def test_an_explanation_holds_for_its_finding_alone(as_role, stored):
    """It is counted apart and changes no state; another finding is open again, and what was said is shown as before."""
    op, address = as_role("op"), "/billing/api/v1/months/genesys_cloud/nord-contact/2026-10"
    before = op.get(address).json()
    assert op.post("/billing/api/v1/explanations", json=explanation(stored, text=HOSTILE)).status_code == 201
    after = op.get(address).json()
    assert (before["explained"], after["explained"]) == (0, 1)
    assert after["status"] == before["status"] == "exceptions"
    said = after["results"]["exceptions"][0]["explained"]
    assert (said["explained_by"], said["reason"], said["text"]) == ("op", "disputed", HOSTILE)
    months = op.get("/billing/api/v1/months?last=2026-10").json()
    page = Page(op.get("/billing/months/genesys_cloud/nord-contact/2026-10").text)
    assert HOSTILE.split("{{", maxsplit=1)[0][:20] in page.text
    assert not [a for tag, a in page.elements if tag == "img" or (tag == "script" and not a.get("src"))]

    with stored.administrator.begin() as connection:
        connection.exec_driver_sql("alter table billing.control_result disable trigger append_only")
        connection.exec_driver_sql("update billing.control_result set actual = actual + 1 where state = 'EXCEPTION'")
    changed = op.get(address).json()
    assert changed["explained"] == 0
    assert [each["text"] for each in changed["results"]["exceptions"][0]["earlier"]] == [HOSTILE]
    assert op.get("/billing/api/v1/months?last=2026-10").json()["open_exceptions"] == months["open_exceptions"] + 1
    stale = op.post(
        "/billing/api/v1/explanations", json=explanation(stored, finding=explanation(stored)["finding"][::-1])
    )
    assert stale.status_code == 409
    with stored.administrator.begin() as connection:
        connection.exec_driver_sql("update billing.control_result set actual = actual - 1 where state = 'EXCEPTION'")
        connection.exec_driver_sql("alter table billing.control_result enable trigger append_only")


def test_vendor_text_is_text_on_every_page(as_role, stored):
    """Names, ids and descriptions that are markup: no element comes of them, and no template runs."""
    with stored.administrator.begin() as connection:
        for table, columns in (
            ("invoice_line", ("description", "product", "region", "unit", "usage_type")),
            ("invoice", ("invoice_id", "statement_number", "period_evidence")),
            ("control_result", ("explanation",)),
            ("payload", ("request", "media_type")),
            ("payment_status", ("payment_status",)),
        ):
            connection.exec_driver_sql(f"alter table billing.{table} disable trigger all")
            sets = ", ".join(f"{column} = '{HOSTILE.replace(chr(39), chr(39) * 2)}'" for column in columns)
            connection.exec_driver_sql(f"update billing.{table} set {sets}".replace("%", "%%"))
        connection.exec_driver_sql("alter table billing.product_month disable trigger all")
    for path in paths(stored):
        answer = as_role("op").get(path)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = Page(answer.text)
        assert not [
            a for tag, a in page.elements if tag == "script" and not a.get("src", "").startswith("/billing/")
        ], path
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")], path
        assert not [a for tag, a in page.elements if tag == "img" and "chart.svg" not in a["src"]], path
        assert "49" not in page.text.split(), path


def test_the_number_of_queries_does_not_grow_with_the_rows(as_role, stored):
    from billing_ui import database

    asked: list[str] = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    engine = database._engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        counts = set()
        for last in ("2026-10", "2020-01"):  # six months of rows, and none
            asked.clear()
            assert as_role("viewer").get(f"/billing/?last={last}").status_code == 200
            counts.add(len(asked))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(counts) == 1


def test_no_task_scheduler_or_triggerer_imports_the_pages(airflow_home):
    """They load the plugin as every process of Airflow does; the application behind it stays on the disk."""
    program = (
        "import sys\n"
        "from airflow.plugins_manager import ensure_plugins_loaded, integrate_macros_plugins\n"
        "ensure_plugins_loaded(); integrate_macros_plugins()\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "assert DagBag().dags\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('billing_ui', 'pygal')))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "['billing_ui', 'billing_ui.plugin']"


def test_without_its_connection_a_page_says_what_to_do(as_role, stored, monkeypatch):
    from billing_ui import database

    database._engine.cache_clear()
    monkeypatch.delenv("AIRFLOW_CONN_BILLING_REVIEW_DB")
    answer = as_role("viewer").get("/billing/")
    database._engine.cache_clear()
    assert answer.status_code == 400
    assert "billing_review_db" in Page(answer.text).text
