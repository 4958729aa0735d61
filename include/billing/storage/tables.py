"""
The tables of schema ``billing``.

Columns carry the names of the fields of ``billing.models`` that they hold. Numbers are unconstrained ``numeric``,
times ``timestamptz`` in UTC, identifiers of a vendor text. All but ``MUTABLE_TABLES`` are append-only: the database
refuses UPDATE, DELETE and TRUNCATE on them (``migrations/sql``, where the views are, too).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "billing"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)


def _required(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False)


def _sha256(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


# -- responses as received ----------------------------------------------------------------------------------------

payload = Table(
    "payload",
    metadata,
    Column("payload_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    _required("operation"),
    _required("request"),
    Column("status", SmallInteger, nullable=False),
    _required("media_type"),
    Column("headers", JSONB, nullable=False),
    _sha256("sha256"),
    Column("size", BigInteger, nullable=False, comment="bytes before compression"),
    Column("body", LargeBinary, nullable=False, comment="zstd frame of the bytes as received"),
    _moment("first_seen_at"),
    _required("first_dag_run"),
)
# The request by its hash: a cursor can be longer than an index entry may be.
Index("payload_address_key", *payload.c["vendor", "account", "sha256"], text("md5(request)"), unique=True)

fetch = Table(
    "fetch",
    metadata,
    Column("fetch_id", BigInteger, Identity(always=True), primary_key=True),
    _required("purpose"),
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False, comment="first day of the month asked for"),
    _required("dag_run"),
    _moment("started_at"),
    _moment("completed_at"),
    CheckConstraint("purpose in ('month', 'month_to_date')", name="purpose"),
    Index("fetch_latest_idx", "vendor", "account", "month", "purpose", "fetch_id"),
)

payload_sighting = Table(
    "payload_sighting",
    metadata,
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    Column("position", Integer, nullable=False),
    Column("payload_id", BigInteger, ForeignKey(payload.c.payload_id), nullable=False, index=True),
    _moment("seen_at"),
    PrimaryKeyConstraint("fetch_id", "position"),
)

document = Table(
    "document",
    metadata,
    Column("document_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    _required("invoice_id"),
    _required("file_format"),
    _required("media_type"),
    _sha256("sha256"),
    Column("size", BigInteger, nullable=False),
    Column("location", Text, nullable=False, comment="path below the document root"),
    _required("request"),
    _moment("first_seen_at"),
    _required("first_dag_run"),
)
Index(
    "document_address_key",
    *document.c["vendor", "account", "file_format", "sha256"],
    text("md5(invoice_id)"),
    unique=True,
)

document_sighting = Table(
    "document_sighting",
    metadata,
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    Column("document_id", BigInteger, ForeignKey(document.c.document_id), nullable=False, index=True),
    _moment("seen_at"),
    PrimaryKeyConstraint("fetch_id", "document_id"),
)

missing_document = Table(
    "missing_document",
    metadata,
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    Column("position", Integer, nullable=False),
    _required("invoice_id"),
    _required("file_format"),
    Column("reason", Text, nullable=False, comment="why the fetch could not get the file"),
    PrimaryKeyConstraint("fetch_id", "position"),
)

unknown_field = Table(
    "unknown_field",
    metadata,
    _required("vendor"),
    _required("record_type"),
    _required("name"),
    _moment("first_seen_at"),
    Column("first_fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    PrimaryKeyConstraint("vendor", "record_type", "name"),
)

# -- records and their versions -----------------------------------------------------------------------------------

_WITHDRAWN = "an invoice that the vendor no longer lists: outside all totals"

# A record refers to its current version and the reference is NOT NULL: there is exactly one.
record = Table(
    "record",
    metadata,
    Column("record_key", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    _required("record_type"),
    _required("record_id"),
    Column("current_version", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False, server_default=text("false"), comment=_WITHDRAWN),
    ForeignKeyConstraint(
        ["record_key", "current_version"],
        ["billing.record_version.record_key", "billing.record_version.version"],
        name="record_current_version_fkey",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
)

# An identifier by its hash: a vendor's text can be longer than an index entry may be.
Index("record_identity_key", *record.c["vendor", "account", "record_type"], text("md5(record_id)"), unique=True)

record_version = Table(
    "record_version",
    metadata,
    Column("record_key", BigInteger, ForeignKey(record.c.record_key), nullable=False),
    Column("version", Integer, nullable=False),
    _required("cause"),
    _sha256("content_sha256"),
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False, index=True),
    _required("dag_run"),
    _moment("recorded_at"),
    Column("code_sha256", LargeBinary, comment="hash of the code and configuration that derived it; null if not known"),
    PrimaryKeyConstraint("record_key", "version"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("cause in ('new', 'vendor', 'parser')", name="cause"),
)


def _record_table(name: str, *columns: Column[object], many: bool = False) -> Table:
    """
    Create the table of one record type: one row per version of a record, or ``many`` rows by position.

    A trigger checks once per statement that the version of many rows exists (``4_triggers.sql``): a foreign key checks
    each row, and for an invoice's lines that took longer than writing them.
    """
    key: list[Column[object]] = [
        Column("record_key", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
    ]
    if many:
        key.append(Column("position", Integer, nullable=False))
    return Table(
        name,
        metadata,
        *key,
        *columns,
        Column("attributes", JSONB, nullable=False),
        PrimaryKeyConstraint(*(column.name for column in key)),
        *([] if many else [_of_version()]),
    )


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["record_key", "version"], ["billing.record_version.record_key", "billing.record_version.version"]
    )


def _text(name: str) -> Column[object]:
    return Column(name, Text)


def _number(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, Numeric, nullable=nullable)


def _day(name: str) -> Column[object]:
    return Column(name, Date)


def _instant(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


invoice = _record_table(
    "invoice",
    Column("invoice_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("period_evidence", Text, nullable=False),
    Column("kind", Text, nullable=False),
    _text("currency"),
    _number("total", nullable=False),
    _instant("issued_at"),
    _instant("service_start"),
    _instant("service_end"),
    _text("statement_number"),
)
Index("invoice_month_idx", invoice.c.month)

invoice_line = _record_table(
    "invoice_line",
    _text("line_id"),
    Column("description", Text, nullable=False),
    _number("amount", nullable=False),
    _text("product"),
    _text("product_group"),
    _text("region"),
    _text("usage_type"),
    _number("quantity"),
    _text("unit"),
    _number("rate"),
    _day("service_start"),
    _day("service_end"),
    _text("credit_coupon"),
    many=True,
)

payment_status = Table(
    "payment_status",
    metadata,
    Column("record_key", BigInteger, ForeignKey(record.c.record_key), nullable=False),
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    _required("payment_status"),
    _moment("recorded_at"),
    PrimaryKeyConstraint("record_key", "fetch_id"),
)

# Which version of an invoice the same code, with the same configuration, reads again in the same text.
reading = Table(
    "reading",
    metadata,
    _required("vendor"),
    _required("account"),
    _sha256("text_sha256"),
    _sha256("code_sha256"),
    Column("record_key", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    _required("period_evidence"),
    Column("payment_status", Text),
    Column("unknown_fields", JSONB, nullable=False),
    PrimaryKeyConstraint("vendor", "account", "text_sha256", "code_sha256"),
    _of_version(),
)

# Each time that an invoice left its vendor's list, or came back.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("withdrawal_id", BigInteger, Identity(always=True), primary_key=True),
    Column("record_key", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, comment="the current one, before the fetch's own changes"),
    Column("withdrawn", Boolean, nullable=False, comment="false: it is listed again"),
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    _required("dag_run"),
    _moment("recorded_at"),
    _of_version(),
    Index("withdrawal_record_key_idx", "record_key"),
)

contract = _record_table(
    "contract",
    Column("contract_id", Text, nullable=False),
    _text("external_number"),
    _text("status"),
    _text("commercial_model"),
    Column("purchase_order_numbers", ARRAY(Text), nullable=False),
    _text("bill_to_number"),
    _text("sold_to_number"),
    _day("starts_on"),
    _day("ends_on"),
    _day("ramp_starts_on"),
    _day("ramp_ends_on"),
)

contract_item = _record_table(
    "contract_item",
    Column("plan_id", Text, nullable=False),
    _text("plan_name"),
    _text("item_number"),
    _text("name"),
    _text("function"),
    _text("item_type"),
    _text("sku"),
    _text("product_name"),
    _text("unit"),
    _text("currency"),
    _number("quantity"),
    _number("price"),
    _number("overage_price"),
    _number("discount_amount"),
    _day("effective_start"),
    _day("effective_end"),
    _day("charged_through"),
    many=True,
)

billing_period = _record_table(
    "billing_period",
    Column("billing_period_id", Text, nullable=False),
    Column("contract_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    _text("status"),
)
Index("billing_period_month_idx", billing_period.c.month)

charge = _record_table(
    "charge",
    _text("charge_id"),
    _text("name"),
    _text("sku"),
    _text("product_name"),
    _text("unit"),
    _number("prepaid_quantity"),
    _number("fair_use_quantity"),
    _number("actual_quantity"),
    _number("overage_quantity"),
    _number("overage_rate"),
    _number("overage_charge"),
    _text("currency"),
    _number("converted_token_count"),
    _number("token_conversion_rate"),
    many=True,
)

wallet = _record_table(
    "wallet",
    _text("wallet_id"),
    _text("name"),
    _text("sku"),
    _text("unit"),
    _number("starting_balance"),
    _number("balance_increase"),
    _number("balance_decrease"),
    _number("balance_consumption"),
    _number("ending_balance"),
    _number("overage_quantity"),
    _number("overage_rate"),
    _number("overage_charge"),
    _text("currency"),
    many=True,
)

usage_report = _record_table(
    "usage_report",
    Column("report_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("month", Date, nullable=False),
    _instant("starts_at"),
    _instant("ends_at"),
    _text("currency"),
)
Index("usage_report_month_idx", usage_report.c.month)

usage_line = _record_table(
    "usage_line",
    Column("name", Text, nullable=False),
    _number("quantity", nullable=False),
    _text("product"),
    _text("region"),
    _text("usage_type"),
    _text("unit"),
    _number("raw_quantity"),
    _number("rate"),
    many=True,
)

# -- estimates of the running month: never added to invoices ------------------------------------------------------

month_to_date = Table(
    "month_to_date",
    metadata,
    Column("snapshot_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False),
    _required("invoice_id"),
    _number("total", nullable=False),
    _text("currency"),
    _instant("starts_at"),
    _instant("as_of"),
    Column("attributes", JSONB, nullable=False),
    _moment("taken_at"),
    Column("payload_id", BigInteger, ForeignKey(payload.c.payload_id), nullable=False, unique=True),
    _required("dag_run"),
    Index("month_to_date_series_idx", "vendor", "account", "month", "taken_at"),
)

month_to_date_line = Table(
    "month_to_date_line",
    metadata,
    Column("snapshot_id", BigInteger, ForeignKey(month_to_date.c.snapshot_id), nullable=False),
    Column("position", Integer, nullable=False),
    Column("description", Text, nullable=False),
    _number("amount", nullable=False),
    _text("product"),
    _text("product_group"),
    _text("region"),
    _text("usage_type"),
    _number("quantity"),
    _text("unit"),
    _number("rate"),
    Column("attributes", JSONB, nullable=False),
    PrimaryKeyConstraint("snapshot_id", "position"),
)

# -- accruals: estimates of whole months, their reversals and their differences from the bill ---------------------

accrual = Table(
    "accrual",
    metadata,
    Column("accrual_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False),
    _required("state"),
    _required("basis"),
    _required("currency"),
    _number("amount"),
    Column("as_of", DateTime(timezone=True), comment="when the basis was read"),
    Column("extrapolated", Boolean, nullable=False),
    _moment("cut_off"),
    _required("explanation"),
    _sha256("inputs_sha256"),
    _required("dag_run"),
    _moment("recorded_at"),
    CheckConstraint("state in ('PROPOSED', 'BLOCKED')", name="state"),
    CheckConstraint("(state = 'PROPOSED') = (amount is not null and as_of is not null)", name="amount"),
    CheckConstraint("octet_length(inputs_sha256) = 32", name="inputs_sha256"),
    Index("accrual_month_idx", "vendor", "account", "month", "accrual_id"),
)

accrual_part = Table(
    "accrual_part",
    metadata,
    Column("accrual_id", BigInteger, ForeignKey(accrual.c.accrual_id), nullable=False),
    Column("position", Integer, nullable=False),
    _required("kind"),
    _required("name"),
    Column("snapshot_id", BigInteger, ForeignKey(month_to_date.c.snapshot_id)),
    Column("record_key", BigInteger),
    Column("version", Integer),
    Column("source_amount", Numeric, nullable=False, comment="the amount as the source has it"),
    Column("amount", Numeric, nullable=False, comment="the month's part, in whole minor units"),
    PrimaryKeyConstraint("accrual_id", "position"),
    ForeignKeyConstraint(
        ["record_key", "version"], ["billing.record_version.record_key", "billing.record_version.version"]
    ),
    CheckConstraint(
        "num_nonnulls(snapshot_id, record_key) = 1 and num_nonnulls(record_key, version) <> 1", name="source"
    ),
)

accrual_reversal = Table(
    "accrual_reversal",
    metadata,
    Column("accrual_id", BigInteger, ForeignKey(accrual.c.accrual_id), primary_key=True, autoincrement=False),
    _required("cause"),
    Column("reversed_on", Date, nullable=False),
    Column("amount", Numeric, nullable=False, comment="the accrual's, with the opposite sign"),
    _required("dag_run"),
    _moment("recorded_at"),
    CheckConstraint("cause in ('billed', 'superseded')", name="cause"),
)

true_up = Table(
    "true_up",
    metadata,
    Column("true_up_id", BigInteger, Identity(always=True), primary_key=True),
    Column("accrual_id", BigInteger, ForeignKey(accrual.c.accrual_id), nullable=False, index=True),
    _required("currency"),
    _number("actual"),
    _number("amount"),
    _number("percent"),
    Column("days", Integer, comment="from the cut-off to the day of the last document"),
    _required("explanation"),
    _required("dag_run"),
    _moment("recorded_at"),
    CheckConstraint("num_nonnulls(actual, amount) <> 1", name="amount"),
)

true_up_document = Table(
    "true_up_document",
    metadata,
    Column("true_up_id", BigInteger, ForeignKey(true_up.c.true_up_id), nullable=False),
    Column("record_key", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("true_up_id", "record_key"),
    ForeignKeyConstraint(
        ["record_key", "version"], ["billing.record_version.record_key", "billing.record_version.version"]
    ),
)

# -- reconciliations ----------------------------------------------------------------------------------------------

reconciliation = Table(
    "reconciliation",
    metadata,
    Column("reconciliation_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False),
    _sha256("inputs_sha256"),
    _sha256("results_sha256"),
    _required("code_version"),
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False, index=True),
    _required("dag_run"),
    _moment("recorded_at"),
    Index("reconciliation_month_idx", "vendor", "account", "month"),
)

control_result = Table(
    "control_result",
    metadata,
    Column("reconciliation_id", BigInteger, ForeignKey(reconciliation.c.reconciliation_id), nullable=False),
    Column("position", Integer, nullable=False),
    _required("control_id"),
    Column("subject", Text, nullable=False, comment="the invoice id, the billing period id, or the month"),
    _required("state"),
    _number("expected"),
    _number("actual"),
    _number("difference"),
    _number("bound"),
    _text("currency"),
    Column("operands", JSONB, nullable=False),
    _required("explanation"),
    _required("severity"),
    _sha256("rule_sha256"),
    PrimaryKeyConstraint("reconciliation_id", "position"),
    CheckConstraint(
        "state in ('PASS', 'PASS_WITHIN_ROUNDING', 'VARIANCE_TOLERATED', 'EXCEPTION', 'BLOCKED', 'NOT_APPLICABLE')",
        name="state",
    ),
    Index("control_result_outcome_idx", "reconciliation_id", postgresql_include=["state", "severity"]),
    Index("control_result_open_idx", "reconciliation_id", postgresql_where=text("state in ('EXCEPTION', 'BLOCKED')")),
)

explanation = Table(
    "explanation",
    metadata,
    Column("explanation_id", BigInteger, Identity(always=True), primary_key=True),
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False),
    _required("control_id"),
    _required("subject"),
    Column(
        "finding_sha256",
        LargeBinary,
        nullable=False,
        comment="that of the finding it explains (current_finding)",
    ),
    _required("reason"),
    _required("text"),
    Column("ticket", Text, comment="address of an issue, a message or a document"),
    Column("explained_by", Text, nullable=False, comment="the user of Airflow"),
    _moment("explained_at"),
    Index("explanation_month_idx", "vendor", "account", "month", "explanation_id"),
)

month_close = Table(
    "month_close",
    metadata,
    _required("vendor"),
    Column("month", Date, nullable=False),
    Column("number", Integer, nullable=False),
    Column("previous", Integer, Computed("nullif(number - 1, 0)", persisted=True)),
    _required("event"),
    Column("prepared_by", Text, nullable=False, comment="the user of Airflow who started the run"),
    Column("approved_by", Text, nullable=False, comment="the user of Airflow who approved"),
    _required("note"),
    Column(
        "certificate_sha256",
        LargeBinary,
        nullable=False,
        comment="of the vendor's month: over the certificates of its accounts",
    ),
    Column("explanations_sha256", LargeBinary, nullable=False, comment="of the explanations that held"),
    _required("dag_run"),
    _moment("recorded_at"),
    PrimaryKeyConstraint("vendor", "month", "number"),
    ForeignKeyConstraint(
        ["vendor", "month", "previous"],
        ["billing.month_close.vendor", "billing.month_close.month", "billing.month_close.number"],
    ),
)

month_close_figure = Table(
    "month_close_figure",
    metadata,
    _required("vendor"),
    Column("month", Date, nullable=False),
    Column("number", Integer, nullable=False),
    _required("account"),
    _required("currency"),
    Column("invoices", BigInteger, nullable=False),
    Column("total", Numeric, nullable=False),
    Column(
        "content_sha256",
        LargeBinary,
        nullable=False,
        comment="of the account's bills and open findings (account_month_content)",
    ),
    PrimaryKeyConstraint("vendor", "month", "number", "account", "currency"),
    ForeignKeyConstraint(["vendor", "month", "number"], list(month_close.primary_key)),
)

task_failure = Table(
    "task_failure",
    metadata,
    Column("task_failure_id", BigInteger, Identity(always=True), primary_key=True),
    _required("dag_id"),
    _required("dag_run"),
    _required("task_id"),
    Column("account", Text, comment="of a mapped task"),
    Column("error", Text, nullable=False, comment="class of the exception"),
    _required("sentence"),
    _moment("failed_at"),
)

alert = Table(
    "alert",
    metadata,
    _required("kind"),
    Column("key", Text, nullable=False, comment="identity of what was told, within its kind"),
    _required("dag_run"),
    _moment("told_at"),
    PrimaryKeyConstraint("kind", "key"),
)

account_month = Table(
    "account_month",
    metadata,
    _required("vendor"),
    _required("account"),
    Column("month", Date, nullable=False),
    Column("reconciliation_id", BigInteger, ForeignKey(reconciliation.c.reconciliation_id), nullable=False),
    Column("fetch_id", BigInteger, ForeignKey(fetch.c.fetch_id), nullable=False),
    Column("currency", Text, nullable=False, comment="the currency the account is expected to be billed in"),
    _moment("first_stored_at"),
    _moment("last_seen_at"),
    Column("inputs_sha256", LargeBinary, comment="of all that the results rest on; null: reconcile again"),
    PrimaryKeyConstraint("vendor", "account", "month"),
)

_ITEM_KEY = "SHA-256 of the currency and of what a person reads of the product"

product_month = Table(
    "product_month",
    metadata,
    _required("vendor"),
    Column("month", Date, nullable=False),
    Column("item_key", LargeBinary, nullable=False, comment=_ITEM_KEY),
    Column("currency", Text, nullable=False, comment="empty where the invoice names none"),
    Column("product", Text, nullable=False, comment="as the newest bill writes it; empty where the line names none"),
    Column("named_at", DateTime(timezone=True), comment="when that bill was issued"),
    Column("lines", BigInteger, nullable=False),
    Column("amount", Numeric, nullable=False),
    PrimaryKeyConstraint("vendor", "month", "item_key"),
)

MUTABLE_TABLES = frozenset({"record", "account_month", "product_month"})
"""The tables with columns that change: current versions, a month's last reconciliation, sums of current versions."""
