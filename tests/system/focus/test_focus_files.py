"""A year of both vendors' files: the official validator, the linter of 1.4, and what neither of them checks."""

from collections import Counter
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.collected import accounts_of
from tests.system.focus.conftest import YEAR
from tests.venvs import run

from billing.errors import ExportStopped
from billing.export.columns import parquet
from billing.export.focus import check_file
from billing_vendors.registry import vendor_named
from vendor_simulator.months import Month as SimulatedMonth

VENDORS = ("fastly", "genesys_cloud")
COST_AND_USAGE = "focus-1.2/cost-and-usage"
# A defect of the validator's model: "InvoiceId MUST be NULL" has no condition, where the rule that it is a part of has.
# If it is gone, the model is another one.
KNOWN = {"InvoiceId-C-004-C"}
CRITERIA = ("ACCOUNT_NAMING", "USAGE_MEASUREMENT", "NEGOTIATED_PRICING", "UNIT_PRICING")
OWN = {"fastly": "REGION", "genesys_cloud": "SUB_ACCOUNT"}
DATASETS = [
    *((dataset, vendor) for dataset in ("cost-and-usage", "invoice-detail", "billing-period") for vendor in VENDORS),
    ("contract-commitment", "genesys_cloud"),
]


def test_the_first_export_names_each_invoice_whose_lines_are_not_its_total(year):
    """Those in which the simulator plants that error, and no other month is stopped."""
    assert year.first.returncode == 1
    stopped = year.first.stderr.splitlines()
    assert stopped
    assert all(" is not exported: " in line and ", difference " in line for line in stopped)
    written = {
        title: len(YEAR) - sum(f": {title} " in line for line in stopped) for title in ("Fastly", "Genesys Cloud")
    }
    assert len(year.first.stdout.splitlines()) == 8 * written["Fastly"] + 10 * written["Genesys Cloud"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_invoice_sums_to_what_the_vendor_really_bills(year, simulator, vendor):
    for dataset in (COST_AND_USAGE, "focus-1.4/cost-and-usage", "focus-1.4/invoice-detail"):
        rows = duckdb.sql(
            f"select InvoiceId, sum(BilledCost) from '{year.whole(dataset, vendor)}' group by 1"
        ).fetchall()
        truth = {
            invoice.invoice_id: invoice.total
            for account in accounts_of(vendor_named(vendor), without=["bulk-5000-lines"])
            for month in YEAR
            if account.first_month <= month
            for invoice in simulator.world.truth(vendor, account.name, SimulatedMonth.parse(str(month)))
        }
        assert dict(rows) == {key: total for key, total in truth.items() if key in dict(rows) or total}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_official_validator_finds_its_own_defect_and_nothing_else(year, validate, vendor):
    file = year.whole(COST_AND_USAGE, vendor)
    plain = validate(file)
    assert (plain.passed, plain.failed, plain.skipped) == (136, KNOWN, 441)
    named = validate(file, *(f"{criterion}_SUPPORTED" for criterion in (*CRITERIA, OWN[vendor])))
    assert (named.passed, named.failed, named.skipped) == (202, KNOWN, 375)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_million_that_the_validator_does_not_see_stops_the_export(year, validate, tmp_path, vendor):
    table = pq.read_table(year.whole(COST_AND_USAGE, vendor))
    at, field = table.schema.get_field_index("BilledCost"), table.schema.field("BilledCost")
    costs = table["BilledCost"].to_pylist()
    row = next(number for number, category in enumerate(table["ChargeCategory"].to_pylist()) if category == "Usage")
    costs[row] += Decimal(999000)
    sabotaged = table.set_column(at, field, pa.array(costs, field.type))
    body = parquet(sabotaged)
    (tmp_path / "sabotaged.parquet").write_bytes(body)
    told = validate(tmp_path / "sabotaged.parquet")
    assert (told.passed, told.failed, told.skipped) == (136, KNOWN, 441)

    payable: Counter[tuple[str, str]] = Counter()
    names = ("x_Account", "InvoiceId", "BilledCost")
    for account, invoice_id, cost in zip(*(table[name].to_pylist() for name in names), strict=True):
        payable[account, invoice_id] += cost
    check_file(parquet(table), "parquet", payable)
    wrong = table["InvoiceId"].to_pylist()[row]
    with pytest.raises(ExportStopped, match=rf"invoice '{wrong}' of \S+: billed .*, difference 999000\.0+$"):
        check_file(body, "parquet", payable)


@pytest.mark.parametrize(("dataset", "vendor"), DATASETS)
def test_the_linter_of_1_4_finds_nothing(year, checkers, dataset, vendor):
    file = year.whole(f"focus-1.4/{dataset}", vendor)
    told = run([checkers / "bin" / "focus-toolkit", "validate", "--dataset", dataset, file])
    assert "lint OK (STRUCTURAL_VALID, SEMANTIC_VALID)" in told
