"""What docs/ says is true of the code: its queries run, its example loads, its names exist."""

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from billing.config.accounts import load_accounts
from billing.storage.rights import AUDITOR, READER, WRITER
from billing.storage.tables import metadata
from billing_vendors.base.client.connection import SIMULATOR_VARIABLE
from billing_vendors.registry import vendors

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
ROLES = ("billing_owner", WRITER, READER, AUDITOR)
PAGES = sorted(DOCS.glob("*.md"))
QUERIES = [
    pytest.param(query, id=f"{page.stem}-{position}")
    for page in PAGES
    for position, query in enumerate(re.findall(r"```sql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
]


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_runs_for_a_reader(person_url, query):
    engine = create_engine(person_url)
    with engine.connect() as connection:
        connection.execute(text(query)).all()
    engine.dispose()


def test_every_table_and_view_is_described(migrated_url):
    engine = create_engine(migrated_url)
    with engine.connect() as connection:
        found = connection.execute(
            text("select table_name from information_schema.tables where table_schema = 'billing'")
        ).scalars()
        names = set(found) - {"alembic_version"}
    engine.dispose()
    assert {table.name for table in metadata.sorted_tables} < names
    page = read("tables.md")
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_example_of_accounts_loads(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", read("accounts.md"), re.DOTALL)
    path = tmp_path / "accounts.yaml"
    path.write_text(example, encoding="utf-8")
    assert sum(len(load_accounts(vendor.name, vendor.settings_type, path)) for vendor in vendors()) == 2


def test_every_key_that_accounts_have_in_common_is_explained():
    page = read("accounts.md")
    keys = {"name", "vendor", "conn_id", "currency", "first_month", "posting_day"}
    keys |= {"tolerances", "rate_card", "commitments", "accrual"}
    assert {key for key in keys if f"| `{key}` |" not in page} == set()


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
class TestPageOfAVendor:
    """Its README: one page for all that only this vendor has."""

    def test_its_keys_of_accounts_are_explained(self, vendor):
        page = vendor.documentation.read_text(encoding="utf-8")
        assert {key for key in vendor.settings_type.__dataclass_fields__ if f"| `{key}` |" not in page} == set()

    def test_its_example_of_an_account_loads(self, vendor, tmp_path):
        (example,) = re.findall(r"```yaml\n(.*?)```", vendor.documentation.read_text(encoding="utf-8"), re.DOTALL)
        path = tmp_path / "accounts.yaml"
        path.write_text(example, encoding="utf-8")
        (account,) = load_accounts(vendor.name, vendor.settings_type, path)
        assert account.vendor == vendor.name

    def test_its_connection_is_explained(self, vendor):
        page, kind = vendor.documentation.read_text(encoding="utf-8"), vendor.connection_type
        assert f"type `{kind.name}`" in page
        assert {label for label in kind.labels.values() if f"| {label} |" not in page} == set()
        assert {name for name in kind.fields if f"`{name}`" not in page} == set()

    def test_it_says_when_it_was_last_checked(self, vendor):
        page = vendor.documentation.read_text(encoding="utf-8")
        assert re.search(r"[Cc]hecked\s+(on\s+)?20\d\d-\d\d-\d\d", page)


def test_every_dependency_has_its_reason():
    page = read("decisions.md")
    lines = [line for path in ROOT.glob("requirements*.txt") for line in path.read_text().splitlines()]
    packages = {re.split("[<>=]", line)[0] for line in lines if line and not line.startswith("#")}
    assert {package for package in packages if f"`{package}`" not in page} == set()


def test_every_variable_that_is_read_is_explained():
    sources = [path for folder in ("include", "plugins") for path in (ROOT / folder).rglob("*.py")]
    read_names = {name for path in sources for name in re.findall(r"\"(TIEOUT_[A-Z_]+)\"", path.read_text())}
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    # set by `make demo` for itself
    assert {name for name in read_names - {"TIEOUT_STARTED"} if f"`{name}`" not in pages} == set()
    assert SIMULATOR_VARIABLE in read_names


def test_every_test_that_the_security_page_names_is_there():
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", page))
    assert len(named) > 10
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert {name for name in ROLES if f"| `{name}` |" not in page} == set()


VENDOR_PAGES = (ROOT / "plugins" / "billing_vendors").rglob("*.md")


@pytest.mark.parametrize(
    "page", [*PAGES, *ROOT.glob("*.md"), *VENDOR_PAGES], ids=lambda page: str(page.relative_to(ROOT))
)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing
