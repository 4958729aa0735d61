"""What FOCUS files say is what is payable, to the last digit, and a user's tools read exactly that."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from billing.controls.checks.footing import lines_foot_to_header
from billing.controls.control import Control
from billing.errors import ExportStopped, PayloadError, StorageError
from billing.export.charges import Issuer
from billing.export.columns import parquet
from billing.export.focus import check_file, export_focus
from billing.export.journal import export_journal
from billing.export.ledger_accounts import LedgerAccount, LedgerAccounts
from billing.export.terms import ExportTerms
from billing.month import Month
from billing.storage.engine import engine_from_url

OCTOBER = Month(2026, 10)
SUMS = "select InvoiceId, sum(BilledCost)::varchar from '{}' group by 1 order by 1"


class Terms(ExportTerms):
    footing_control = "T1"


ACCOUNTS = LedgerAccounts(LedgerAccount("1"), LedgerAccount("2"), LedgerAccount("3", unmapped=True), None, ())
INITECH = Issuer("initech", "Initech", Terms())


@pytest.fixture
def export(ledger, tmp_path):
    """Exports the test's month; tells what is in the files."""
    ledger.controls = (Control("T1", "Foots", "accuracy", "exception", lines_foot_to_header, operands="lines, total"),)
    folder = tmp_path / "exports"

    def run(month=OCTOBER):
        with ledger.engine.begin() as connection:
            return [folder / place for place in export_focus(connection, INITECH, month, folder)]

    def rows(month=OCTOBER):
        return pq.read_table(next(path for path in run(month) if path.suffix == ".parquet")).to_pylist()

    return SimpleNamespace(run=run, rows=rows, folder=folder)


def test_duckdb_and_pandas_read_the_exact_sums(ledger, make, export):
    """A binary float could not hold any of these sums."""
    ledger.store(
        make.month(
            make.invoice("0.1", "0.2", invoice_id="I-1"),
            make.invoice("123456789012345.67", "-0.01", invoice_id="I-2"),
            make.invoice("0.000000000001", invoice_id="I-3"),
        )
    )
    parquet_file, csv_file, *_ = export.run()
    assert duckdb.sql(SUMS.format(parquet_file)).fetchall() == [
        ("I-1", "0.300000000000"),
        ("I-2", "123456789012345.660000000000"),
        ("I-3", "0.000000000001"),
    ]
    frame = pd.read_parquet(parquet_file, dtype_backend="pyarrow")
    payable = {"I-1": Decimal("0.3"), "I-2": Decimal("123456789012345.66"), "I-3": Decimal("0.000000000001")}
    assert frame.groupby("InvoiceId")["BilledCost"].sum().to_dict() == payable
    frame = pd.read_csv(csv_file, dtype=str)
    assert frame["BilledCost"].map(Decimal).groupby(frame["InvoiceId"]).sum().to_dict() == payable


def test_one_changed_cost_stops_the_export_and_is_named(ledger, make, export):
    ledger.store(make.month(make.invoice("150.00", "378.00", "-28.00", invoice_id="4183280")))
    file, *_ = export.run()
    table = pq.read_table(file)
    costs = pa.array(
        [Decimal("999150.00"), *table["BilledCost"].to_pylist()[1:]], table.schema.field("BilledCost").type
    )
    sabotaged = table.set_column(table.schema.get_field_index("BilledCost"), table.schema.field("BilledCost"), costs)
    payable = {("acme", "4183280"): Decimal("500.00")}
    check_file(file.read_bytes(), "parquet", payable)
    with pytest.raises(
        ExportStopped, match=r"invoice '4183280' of acme: billed 999500\.\d+, payable 500\.00, difference 999000"
    ):
        check_file(parquet(sabotaged), "parquet", payable)
    before = file.read_bytes()
    ledger.tamper("invoice_line", "update billing.invoice_line set amount = 999150.00 where amount = 150.00")
    with pytest.raises(
        StorageError, match=r"invoice '4183280' of acme: .* are 999500\.00, 500\.00 is payable, .* 999000\.00"
    ):
        export.run()
    assert file.read_bytes() == before


def test_a_total_that_differs_stops_the_month_until_a_person_accepts_it(ledger, make, export):
    ledger.store(make.month(make.invoice("10.00", "5.00", total="17.00"), make.invoice("1.00", invoice_id="I-2")))
    with pytest.raises(
        ExportStopped, match=r"acme 'I-1': lines 15\.00, payable 17\.00, difference 2\.00 USD\. A control"
    ):
        export.run()
    assert not export.folder.exists()
    ledger.rows(
        "insert into billing.explanation (vendor, account, month, control_id, subject, finding_sha256, reason, text, "
        "explained_by, explained_at) select vendor, account, month, control_id, subject, finding_sha256, 'accepted', "
        "'a fee', 'ann', now() from billing.current_finding"
    )
    assert [(row["ChargeCategory"], row["BilledCost"], row["ChargeDescription"]) for row in export.rows()] == [
        ("Usage", Decimal("10.00"), "line 1"),
        ("Usage", Decimal("5.00"), "line 2"),
        ("Adjustment", Decimal("2.00"), "Not itemised: a difference that ann has accepted"),
        ("Usage", Decimal("1.00"), "line 1"),
    ]


def test_what_a_control_accepts_is_one_row_of_its_own(ledger, make, export):
    ledger.store(make.month(make.invoice("10.00", "5.00", total="15.01")))
    *_, last = export.rows()
    assert (last["ChargeCategory"], last["BilledCost"]) == ("Adjustment", Decimal("0.01"))
    assert last["ChargeDescription"].startswith("Not itemised: the total of 2 lines against the header")


def test_accruals_estimates_and_withdrawn_invoices_are_not_billed(ledger, make, export):
    ledger.store(make.month(make.invoice("10.00"), make.invoice("5.00", invoice_id="I-2")))
    before = [path.read_bytes() for path in export.run()]
    ledger.rows(
        "insert into billing.accrual (vendor, account, month, state, basis, currency, amount, as_of, extrapolated, "
        "cut_off, explanation, inputs_sha256, dag_run, recorded_at) values ('initech', 'acme', '2026-10-01', "
        "'PROPOSED', 'said by the test', 'USD', 77, now(), false, now(), '', sha256(''), 'run', now())"
    )
    ledger.rows(
        "insert into billing.month_to_date (vendor, account, month, invoice_id, total, currency, attributes, taken_at, "
        "payload_id, dag_run) select 'initech', 'acme', '2026-10-01', 'MTD', 88, 'USD', '{}', now(), payload_id, 'run' "
        "from billing.payload limit 1"
    )
    assert [path.read_bytes() for path in export.run()] == before
    ledger.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    assert [(row["InvoiceId"], row["BilledCost"]) for row in export.rows()] == [("I-2", Decimal("5.00"))]
    ledger.store(make.month(), "none")
    assert export.rows() == []


def test_lines_that_the_vendor_changed_after_issue_are_corrections(ledger, make, export):
    ledger.store(make.month(make.invoice("10.00", "5.00")))
    ledger.store(make.month(make.invoice("10.00", "7.00")), "restated")
    assert [(row["BilledCost"], row["ChargeClass"], row["x_Version"]) for row in export.rows()] == [
        (Decimal("10.00"), None, 2),
        (Decimal("7.00"), "Correction", 2),
    ]


def test_a_credit_memo_for_an_earlier_period_is_a_correction(ledger, make, export):
    served = {"service_start": date(2026, 8, 1), "service_end": date(2026, 9, 1)}
    memo = replace(make.invoice("-3.00"), kind="credit_memo", lines=(make.line(1, "-3.00", **served),))
    ledger.store(make.month(memo))
    (row,) = export.rows()
    assert (row["ChargeClass"], row["ChargeCategory"]) == ("Correction", "Credit")
    assert (row["ChargePeriodStart"].date(), row["ChargePeriodEnd"].date()) == tuple(served.values())
    assert row["BillingPeriodStart"].date() == OCTOBER.first_day


def test_a_vendors_text_is_ascii_and_no_formula(ledger, make, export):
    formula = make.line(1, "1.00", product="=1+1", product_group="São Paulo 東京", description="@SUM(A1)")
    ledger.store(make.month(replace(make.invoice("1.00"), lines=(formula,))))
    (row,) = export.rows()
    assert (row["ServiceName"], row["x_ServiceName"]) == ("Sao Paulo \\u6771\\u4eac", "São Paulo 東京")
    _, csv_file, *_ = export.run()
    assert "'@SUM(A1)" in csv_file.read_text(encoding="utf-8")
    assert ",'=1+1," in csv_file.read_text(encoding="utf-8")


def test_an_amount_that_no_column_holds_is_an_error(ledger, make, export):
    ledger.store(make.month(make.invoice("0.0000000000001")))
    with pytest.raises(PayloadError, match="BilledCost 1E-13 has more digits than 12 after"):
        export.run()


def test_a_login_that_only_reads_is_enough(ledger, make, export, person_url, tmp_path):
    ledger.store(make.month(make.invoice("10.00")))
    with engine_from_url(person_url).begin() as connection:
        assert len(export_focus(connection, INITECH, OCTOBER, tmp_path / "own")) == 8
        places, unmapped = export_journal(connection, {"initech": Terms()}, ACCOUNTS, OCTOBER, tmp_path / "own")
    assert (places, unmapped) == (["journal/2026-10.csv", "journal/2026-10-unmapped.csv"], 0)


def test_a_month_that_is_not_stored_gives_no_file(ledger, export):
    assert export.run() == []
    assert not export.folder.exists()


def test_what_changes_after_closing_is_a_correction_in_the_month_that_saw_it(ledger, make, export):
    """The files of the closed month stay; over both months each invoice sums to what is payable now."""
    later = Month.of(datetime.now(UTC))
    ledger.store(make.month(make.invoice("10.00", "5.00"), make.invoice("3.00", invoice_id="I-2")))
    ledger.store(make.month(make.invoice("1.00", invoice_id="I-9", month=later), month=later), "later")
    close(ledger, "closed")
    before = [path.read_bytes() for path in export.run()]
    ledger.store(make.month(make.invoice("10.00", "7.00"), make.invoice("4.00", invoice_id="I-3")), "restated")

    assert [path.read_bytes() for path in export.run()] == before
    rows = export.rows(later)
    assert [(row["InvoiceId"], row["BilledCost"], row["ChargeClass"]) for row in rows] == [
        ("I-9", 1, None),
        ("I-1", -5, "Correction"),
        ("I-1", 7, "Correction"),
        ("I-2", -3, "Correction"),
        ("I-3", 4, "Correction"),
    ]
    assert {row["BillingPeriodStart"].date() for row in rows} == {later.first_day}
    assert {row["ChargePeriodStart"].date() for row in rows[1:]} == {OCTOBER.first_day}
    both = duckdb.sql(SUMS.format(export.folder / "focus-1.2/cost-and-usage/initech/*.parquet")).fetchall()
    assert {key: Decimal(total) for key, total in both} == {"I-1": 17, "I-2": 0, "I-3": 4, "I-9": 1}
    detail = pq.read_table(export.folder / f"focus-1.4/invoice-detail/initech/{later}.parquet")["InvoiceDetailId"]
    assert len(set(detail.to_pylist())) == len(rows)

    close(ledger, "reopened")
    assert [(row["InvoiceId"], row["BilledCost"]) for row in export.rows(later)] == [("I-9", 1)]
    assert [(row["InvoiceId"], row["BilledCost"]) for row in export.rows()] == [("I-1", 10), ("I-1", 7), ("I-3", 4)]


def test_a_correction_has_every_digit(ledger, make, export):
    """Python's own minus keeps 28 of them."""
    long, later = "12345678901234567890123456.123456789", Month.of(datetime.now(UTC))
    ledger.store(make.month(make.invoice(long)))
    ledger.store(make.month(make.invoice("1.00", invoice_id="I-9", month=later), month=later), "later")
    close(ledger, "closed")
    ledger.store(make.month(make.invoice("4.00", invoice_id="I-3")), "withdrawn")
    assert {row["InvoiceId"]: row["BilledCost"] for row in export.rows(later)}["I-1"] == Decimal(f"-{long}")


def close(ledger, event):
    """Close October, or open it again."""
    ledger.rows(
        "insert into billing.month_close (vendor, month, number, event, prepared_by, approved_by, note, "
        "certificate_sha256, explanations_sha256, dag_run, recorded_at) select 'initech', '2026-10-01', count(*) + 1, "
        "%s, 'ann', 'bob', 'said by the test', sha256(''), sha256(''), 'run', now() from billing.month_close",
        event,
    )
