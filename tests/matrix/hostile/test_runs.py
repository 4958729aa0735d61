"""
Whole runs of a vendor that writes hostile texts: every text is stored as it came and acts nowhere.

Real parts: HTTP, the DAG's own tasks, Postgres with the tasks' login, files, certificates, pages, logs, XComs.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine, make_url, text
from tests.matrix.hostile.vendor import HostileVendor
from tests.matrix.hostile.words import HOSTILE

from billing.payloads import exact_json
from billing_vendors.base.tasks.database import BILLING_CONN_ID
from tieout_stack.summary import findings

ROOT = Path(__file__).resolve().parents[3]
ACCOUNTS = {"fastly": "acme-media", "genesys_cloud": "nord-contact"}
UNSAFE = [word for word in HOSTILE.values() if not word.isprintable()]


@pytest.fixture(scope="module")
def bag(airflow_home):
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(ROOT / "dags" / "monthly_invoices.py"))
    for task in (task for dag in bag.dags.values() for task in dag.tasks):
        (task.partial_kwargs if task.is_mapped else vars(task))["retries"] = 0
    return bag


@pytest.fixture
def vendor(simulator):
    hostile = HostileVendor(simulator.base_url)
    yield hostile
    hostile.close()


@pytest.fixture
def documents(simulator, vendor, tasks_url, monkeypatch, tmp_path):
    """Two accounts, the hostile vendor, the database as tasks see it, and a folder, set up for tasks."""
    url = make_url(tasks_url)
    place = {"host": url.host, "port": url.port, "login": url.username, "password": url.password}
    text_of = json.dumps(dict(simulator.connections())).replace(simulator.base_url, vendor.url)
    connections = json.loads(text_of) | {BILLING_CONN_ID: {"conn_type": "postgres", "schema": url.database, **place}}
    for conn_id, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    known = yaml.safe_load((ROOT / "include" / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    few = tmp_path / "accounts.yaml"
    few.write_text(yaml.safe_dump({"accounts": [each for each in known if each["name"] in ACCOUNTS.values()]}))
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(few))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(tmp_path / "documents"))
    return tmp_path / "documents"


@pytest.fixture(params=["fastly", "genesys_cloud"])
def ran(request, bag, vendor, documents, migrated_url, capfd, caplog):
    """A month of one account, from the vendor's answers to the certificates."""
    dag = bag.dags[f"invoices_{request.param}"]
    with caplog.at_level("DEBUG"):
        done = dag.test(logical_date=datetime.now(UTC), run_conf={"month": "2026-08", "accounts": None, "again": False})

    assert done.state == "success"
    assert len(vendor.sent) > 3
    output = "".join(capfd.readouterr()) + "\n".join(record.getMessage() for record in caplog.records)
    return Ran(request.param, done.run_id, vendor.sent, migrated_url, documents, output)


class Ran:
    """What a run left behind."""

    def __init__(self, vendor, run_id, sent, url, documents, output):
        self.vendor, self.run_id, self.sent = vendor, run_id, sent
        self.url, self.documents, self.output = url, documents, output

    def rows(self, query, **values):
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = connection.execute(text(query), values).all()
        engine.dispose()
        return found


class Page(HTMLParser):
    """The elements, attributes and texts that a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, _text):
        self.elements.add("comment")


def test_a_hostile_vendor_is_stored_as_it_came_and_acts_nowhere(ran):
    stored_word_for_word(ran)
    only_our_files(ran)
    pages_hold_texts_and_nothing_else(ran)
    certificates_hold_them_too(ran)
    logs_are_ours(ran)
    xcoms_are_counts(ran)
    a_terminal_shows_one_line_each(ran)


def stored_word_for_word(ran):
    """SQL, COPY and JSON: what comes out is what went in, and every table is still there."""
    columns = {"fastly": ("description", "product", "product_group", "region"), "genesys_cloud": ("description",)}
    found = {
        value
        for column in columns[ran.vendor]
        for (value,) in ran.rows(f"select distinct {column} from billing.invoice_line where {column} is not null")
    }
    assert found
    assert found <= ran.sent
    names = {name for (name,) in ran.rows("select name from billing.unknown_field")}
    assert {word[:80] for word in HOSTILE.values()} <= names
    (attributes,) = ran.rows("select attributes from billing.invoice limit 1")[0]
    assert {word[:80]: word for word in HOSTILE.values()}.items() <= attributes.items()
    assert ran.rows("select count(*) > 20 from pg_tables where schemaname = 'billing'") == [(True,)]
    assert ran.rows("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


def only_our_files(ran):
    """Names are hashes, or the vendor, account and month of accounts.yaml."""
    document = r"[0-9a-f]{2}/[0-9a-f]{64}\.(pdf|csv)"
    certificate = rf"certificates/{ran.vendor}/({ACCOUNTS[ran.vendor]}/)?2026-08\.(json|html)"
    names = [str(path.relative_to(ran.documents)) for path in ran.documents.rglob("*") if path.is_file()]
    assert len(names) >= 3
    assert [name for name in names if not re.fullmatch(f"{document}|{certificate}", name)] == []
    assert sorted(path.name for path in ran.documents.parent.iterdir()) == ["accounts.yaml", "documents"]


def pages_hold_texts_and_nothing_else(ran):
    (path,) = ran.documents.rglob("*.html")
    raw = path.read_text(encoding="utf-8")
    page = Page(raw)
    ours = {"html", "meta", "title", "style", "h1", "h2", "h3", "p", "table", "tr", "th", "td", "code", "br"}
    assert page.elements <= ours | {"details", "summary"}
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "class"}
    shown = "".join(page.texts)
    lines = {value for (value,) in ran.rows("select description from billing.invoice_line")}
    assert lines
    for line in lines:  # a browser takes a carriage return for a line's end
        assert line.replace("\r", "\n") in shown.replace("\r", "\n")
    assert raw.count("<script") == 0


def certificates_hold_them_too(ran):
    for path in ran.documents.rglob("*.json"):
        assert exact_json.loads(path.read_bytes())["vendor"] == ran.vendor


def logs_are_ours(ran):
    """No line is the vendor's: neither a text that ends a line nor one that a terminal would obey."""
    assert f"{ran.vendor}/{ACCOUNTS[ran.vendor]}" in ran.output
    for word in UNSAFE:
        assert word not in ran.output
    lines = re.split(r"[\n\r\x0b\x0c\x85\u2028\u2029]", ran.output)
    assert not [line for line in lines if line.startswith(("[2026-11-22 00:00:00] ERROR", "=1+1", "two", "next"))]
    assert "\x1b[2J" not in ran.output
    assert "\u202e" not in ran.output


def xcoms_are_counts(ran):
    """Ids, counts, hashes and names of our own: no text of a vendor is where Airflow's UI renders it."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        values = [str(row.value) for row in session.query(XComModel).filter(XComModel.run_id == ran.run_id)]
    assert len(values) >= 3
    assert not [value for value in values for word in HOSTILE.values() if word in value]
    assert not [value for value in values if "<" in value or "\\u001b" in value]


def a_terminal_shows_one_line_each(ran):
    for line in findings(ran.url, date(2026, 8, 1)):
        assert line.isprintable()
