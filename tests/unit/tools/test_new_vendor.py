"""``make vendor`` in a copy: what it makes imports and reads its own payloads, and docs/add-a-vendor.md shows it."""

import re
import sys
from pathlib import Path

import pytest
from tests.checkout import ROOT, Checkout

sys.path.insert(0, str(ROOT / "tools"))
from new_vendor import fault_of, free_prefix, renamer

sys.path.pop(0)

PAGE = (ROOT / "docs" / "add-a-vendor.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The copy, and what the command has printed."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    return checkout, checkout.run("python", "tools/new_vendor.py", "acme")


def test_the_page_shows_what_the_command_prints(made):
    _, printed = made
    (shown,) = re.findall(r"    \$ make vendor NAME=acme\n((?:    .*\n)+)", PAGE)
    assert shown.replace("    ", "") == printed


def test_the_page_names_every_file_of_the_vendor_s_folder(made):
    checkout, _ = made
    folder = checkout.folder / "plugins" / "billing_vendors" / "acme"
    assert {
        path.name for path in folder.glob("*.*") if path.name != "__init__.py" and f"`{path.name}`" not in PAGE
    } == set()


def test_it_reads_its_own_payloads(made):
    checkout, _ = made
    checkout.run("pytest", "-q", "-p", "no:cacheprovider", "tests/unit/billing_vendors/acme/test_parse.py")


def test_each_vendor_has_what_the_template_has():
    """The files of the template are what a vendor is made of: all that a vendor has, under the same names."""
    folder = ROOT / "templates" / "vendor" / "plugins" / "billing_vendors" / "acme"
    names = {path.name for path in folder.iterdir()} - {"__pycache__"}
    for vendor in ("fastly", "genesys_cloud"):
        found = {path.name for path in (ROOT / "plugins" / "billing_vendors" / vendor).iterdir()}
        assert names - found - {"errors.py"} == set(), vendor


@pytest.mark.parametrize("name", ["base", "web", "fastly", "Acme", "9lives", "a b", "../x", "class", "acme_", ""])
def test_a_name_that_is_no_folder_s_is_refused(name):
    assert fault_of(name)


@pytest.mark.parametrize("name", ["acme", "blue_sky", "data9"])
def test_a_name_that_is_free_is_taken(name):
    assert fault_of(name) == ""


@pytest.mark.parametrize(
    ("name", "prefix"), [("acme", "A"), ("figma", "FI"), ("github", "GI"), ("f", "FX"), ("blue_sky", "B")]
)
def test_its_controls_have_a_prefix_of_their_own(name, prefix):
    assert free_prefix(name) == prefix


def test_names_are_written_as_the_place_wants_it():
    rename = renamer("blue_sky", "BL")
    assert [rename(text) for text in ("AcmeBillingHook", "ACME = Vendor(", 'title="Acme"', "acme/hooks.py")] == [
        "BlueSkyBillingHook",
        "BLUE_SKY = Vendor(",
        'title="Blue Sky"',
        "blue_sky/hooks.py",
    ]
    assert [rename(text) for text in ("acme-example", "acme_example", "api.acme.example")] == [
        "blue-sky-example",
        "blue_sky_example",
        "api.blue-sky.example",
    ]
    assert [rename(text) for text in ("a01_customer_id", "A1 = Control(", 'control_prefix="A"')] == [
        "bl01_customer_id",
        "BL1 = Control(",
        'control_prefix="BL"',
    ]
    assert Path(rename("plugins/billing_vendors/acme/controls/a01_customer_id.py")).name == "bl01_customer_id.py"
