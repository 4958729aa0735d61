"""
Create the billing schema.

Revision: 0001
Revises: None
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Which version is current and when a month was last seen may change; everything else is evidence.
APPEND_ONLY = [
    "payload",
    "fetch",
    "payload_sighting",
    "document",
    "document_sighting",
    "unknown_field",
    "record_version",
    "invoice",
    "invoice_line",
    "payment_status",
    "contract",
    "contract_item",
    "billing_period",
    "charge",
    "wallet",
    "usage_report",
    "usage_line",
    "month_to_date",
    "month_to_date_line",
    "reconciliation",
    "control_result",
]

HASHES = (
    ("payload", "sha256"),
    ("document", "sha256"),
    ("record_version", "content_sha256"),
    ("reconciliation", "inputs_sha256"),
    ("reconciliation", "results_sha256"),
    ("control_result", "rule_sha256"),
)

REFUSE_CHANGE = """
create function billing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'billing.% is evidence: % is refused, add a new version instead', tg_table_name, tg_op
        using errcode = 'insufficient_privilege';
end $$
"""

# Of a record the pointer to its current version may move; whose it is and what it is called is evidence.
KEEP_IDENTITY = """
create trigger identity before update of record_key, vendor, account, kind, record_id or delete or truncate
on billing.record for each statement execute function billing.refuse_change()
"""

# What a reader wants is the current version; each noun that has versions gets a view of it.
CURRENT_VIEWS = {
    "current_invoice": "invoice",
    "current_invoice_line": "invoice_line",
    "current_contract": "contract",
    "current_contract_item": "contract_item",
    "current_billing_period": "billing_period",
    "current_charge": "charge",
    "current_wallet": "wallet",
    "current_usage_report": "usage_report",
    "current_usage_line": "usage_line",
}

CURRENT_PAYMENT_STATUS = """
create view billing.current_payment_status as
select distinct on (s.record_key) r.vendor, r.account, r.record_id as invoice_id, s.*
from billing.payment_status s
join billing.record r using (record_key)
order by s.record_key, s.fetch_id desc
"""

CURRENT_CONTROL_RESULT = """
create view billing.current_control_result as
select m.vendor, m.account, m.month, c.*
from billing.account_month m
join billing.control_result c using (reconciliation_id)
"""

# One row per account, month and currency: amounts of two currencies are never added.
ACCOUNT_MONTH_SUMMARY = """
create view billing.account_month_summary as
select m.vendor, m.account, m.month, i.currency, i.invoices, i.lines, i.total,
       c.passed, c.exceptions, c.blocked, c.not_applicable,
       case when c.exceptions > 0 then 'exceptions'
            when c.blocked > 0 or c.passed + c.not_applicable = 0 then 'blocked'
            else 'proved' end as status,
       m.first_stored_at, m.last_seen_at
from billing.account_month m
cross join lateral (
    select coalesce(currency, m.currency) as currency, count(*) as invoices, sum(lines)::bigint as lines,
           sum(total) as total
    from (
        select v.currency, v.total,
               (select count(*) from billing.invoice_line l
                where l.record_key = v.record_key and l.version = v.version) as lines
        from billing.record r
        join billing.invoice v on v.record_key = r.record_key and v.version = r.current_version
        where r.vendor = m.vendor and r.account = m.account and r.kind = 'invoice' and v.month = m.month
    ) of_month
    group by coalesce(currency, m.currency)
    union all
    select m.currency, 0, 0, 0
    where not exists (
        select from billing.record r
        join billing.invoice v on v.record_key = r.record_key and v.version = r.current_version
        where r.vendor = m.vendor and r.account = m.account and r.kind = 'invoice' and v.month = m.month
    )
) i
cross join lateral (
    select count(*) filter (where state in ('PASS', 'PASS_WITHIN_ROUNDING', 'VARIANCE_TOLERATED')) as passed,
           count(*) filter (where state = 'EXCEPTION') as exceptions,
           count(*) filter (where state = 'BLOCKED') as blocked,
           count(*) filter (where state = 'NOT_APPLICABLE') as not_applicable
    from billing.control_result x
    where x.reconciliation_id = m.reconciliation_id
) c
"""


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("document_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False, comment="path below the document root"),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_dag_run", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("document_pkey")),
        sa.UniqueConstraint(
            "vendor",
            "account",
            "invoice_id",
            "form",
            "sha256",
            name=op.f("document_vendor_account_invoice_id_form_sha256_key"),
        ),
        schema="billing",
    )
    op.create_table(
        "fetch",
        sa.Column("fetch_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="first day of the month asked for"),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose in ('month', 'month_to_date')", name=op.f("fetch_purpose_check")),
        sa.PrimaryKeyConstraint("fetch_id", name=op.f("fetch_pkey")),
        schema="billing",
    )
    op.create_index(
        "fetch_latest_idx",
        "fetch",
        ["vendor", "account", "month", "purpose", "fetch_id"],
        unique=False,
        schema="billing",
    )
    op.create_table(
        "payload",
        sa.Column("payload_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes before compression"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="zstd frame of the bytes as received"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_dag_run", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payload_id", name=op.f("payload_pkey")),
        schema="billing",
    )
    op.create_index(
        "payload_address_key",
        "payload",
        ["vendor", "account", "sha256", sa.literal_column("md5(request)")],
        unique=True,
        schema="billing",
    )
    op.create_table(
        "record",
        sa.Column("record_key", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_key", name=op.f("record_pkey")),
        sa.UniqueConstraint(
            "vendor", "account", "kind", "record_id", name=op.f("record_vendor_account_kind_record_id_key")
        ),
        schema="billing",
    )
    op.create_table(
        "document_sighting",
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["billing.document.document_id"], name=op.f("document_sighting_document_id_fkey")
        ),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("document_sighting_fetch_id_fkey")),
        sa.PrimaryKeyConstraint("fetch_id", "document_id", name=op.f("document_sighting_pkey")),
        schema="billing",
    )
    op.create_index(
        op.f("document_sighting_document_id_idx"), "document_sighting", ["document_id"], unique=False, schema="billing"
    )
    op.create_table(
        "month_to_date",
        sa.Column("snapshot_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload_id", sa.BigInteger(), nullable=False),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payload_id"], ["billing.payload.payload_id"], name=op.f("month_to_date_payload_id_fkey")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("month_to_date_pkey")),
        sa.UniqueConstraint("payload_id", name=op.f("month_to_date_payload_id_key")),
        schema="billing",
    )
    op.create_index(
        "month_to_date_series_idx",
        "month_to_date",
        ["vendor", "account", "month", "taken_at"],
        unique=False,
        schema="billing",
    )
    op.create_table(
        "payload_sighting",
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("payload_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("payload_sighting_fetch_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payload_id"], ["billing.payload.payload_id"], name=op.f("payload_sighting_payload_id_fkey")
        ),
        sa.PrimaryKeyConstraint("fetch_id", "position", name=op.f("payload_sighting_pkey")),
        schema="billing",
    )
    op.create_index(
        op.f("payload_sighting_payload_id_idx"), "payload_sighting", ["payload_id"], unique=False, schema="billing"
    )
    op.create_table(
        "payment_status",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("payment_status_fetch_id_fkey")),
        sa.ForeignKeyConstraint(
            ["record_key"], ["billing.record.record_key"], name=op.f("payment_status_record_key_fkey")
        ),
        sa.PrimaryKeyConstraint("record_key", "fetch_id", name=op.f("payment_status_pkey")),
        schema="billing",
    )
    op.create_table(
        "reconciliation",
        sa.Column("reconciliation_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("inputs_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("results_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("reconciliation_fetch_id_fkey")),
        sa.PrimaryKeyConstraint("reconciliation_id", name=op.f("reconciliation_pkey")),
        schema="billing",
    )
    op.create_index(op.f("reconciliation_fetch_id_idx"), "reconciliation", ["fetch_id"], unique=False, schema="billing")
    op.create_index(
        "reconciliation_month_idx", "reconciliation", ["vendor", "account", "month"], unique=False, schema="billing"
    )
    op.create_table(
        "record_version",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause in ('first', 'vendor', 'derivation')", name=op.f("record_version_cause_check")),
        sa.CheckConstraint("version >= 1", name=op.f("record_version_version_check")),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("record_version_fetch_id_fkey")),
        sa.ForeignKeyConstraint(
            ["record_key"], ["billing.record.record_key"], name=op.f("record_version_record_key_fkey")
        ),
        sa.PrimaryKeyConstraint("record_key", "version", name=op.f("record_version_pkey")),
        schema="billing",
    )
    op.create_index(op.f("record_version_fetch_id_idx"), "record_version", ["fetch_id"], unique=False, schema="billing")
    op.create_table(
        "unknown_field",
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_fetch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_fetch_id"], ["billing.fetch.fetch_id"], name=op.f("unknown_field_first_fetch_id_fkey")
        ),
        sa.PrimaryKeyConstraint("vendor", "record_type", "name", name=op.f("unknown_field_pkey")),
        schema="billing",
    )
    op.create_table(
        "account_month",
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "currency", sa.Text(), nullable=False, comment="the currency the account is expected to be billed in"
        ),
        sa.Column("first_stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fetch_id"], ["billing.fetch.fetch_id"], name=op.f("account_month_fetch_id_fkey")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["billing.reconciliation.reconciliation_id"],
            name=op.f("account_month_reconciliation_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("vendor", "account", "month", name=op.f("account_month_pkey")),
        schema="billing",
    )
    op.create_table(
        "billing_period",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("billing_period_id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("billing_period_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", name=op.f("billing_period_pkey")),
        schema="billing",
    )
    op.create_index("billing_period_period_idx", "billing_period", ["month"], unique=False, schema="billing")
    op.create_table(
        "charge",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_name", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("prepaid_quantity", sa.Numeric(), nullable=True),
        sa.Column("fair_use_quantity", sa.Numeric(), nullable=True),
        sa.Column("actual_quantity", sa.Numeric(), nullable=True),
        sa.Column("overage_quantity", sa.Numeric(), nullable=True),
        sa.Column("overage_rate", sa.Numeric(), nullable=True),
        sa.Column("overage_charge", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("converted_token_count", sa.Numeric(), nullable=True),
        sa.Column("token_conversion_rate", sa.Numeric(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("charge_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", "position", name=op.f("charge_pkey")),
        schema="billing",
    )
    op.create_table(
        "contract",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("external_number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("commercial_model", sa.Text(), nullable=True),
        sa.Column("purchase_order_numbers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("bill_to_number", sa.Text(), nullable=True),
        sa.Column("sold_to_number", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ramp_starts_on", sa.Date(), nullable=True),
        sa.Column("ramp_ends_on", sa.Date(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("contract_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", name=op.f("contract_pkey")),
        schema="billing",
    )
    op.create_table(
        "contract_item",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=True),
        sa.Column("item_number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("function", sa.Text(), nullable=True),
        sa.Column("item_type", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_name", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("price", sa.Numeric(), nullable=True),
        sa.Column("overage_price", sa.Numeric(), nullable=True),
        sa.Column("discount_amount", sa.Numeric(), nullable=True),
        sa.Column("effective_start", sa.Date(), nullable=True),
        sa.Column("effective_end", sa.Date(), nullable=True),
        sa.Column("charged_through", sa.Date(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("contract_item_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", "position", name=op.f("contract_item_pkey")),
        schema="billing",
    )
    op.create_table(
        "control_result",
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="the invoice id, the billing period id, or the month"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("expected", sa.Numeric(), nullable=True),
        sa.Column("actual", sa.Numeric(), nullable=True),
        sa.Column("difference", sa.Numeric(), nullable=True),
        sa.Column("bound", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("operands", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("rule_sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "state in ('PASS', 'PASS_WITHIN_ROUNDING', 'VARIANCE_TOLERATED', 'EXCEPTION', 'BLOCKED', 'NOT_APPLICABLE')",
            name=op.f("control_result_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["billing.reconciliation.reconciliation_id"],
            name=op.f("control_result_reconciliation_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("reconciliation_id", "position", name=op.f("control_result_pkey")),
        schema="billing",
    )
    op.create_table(
        "invoice",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("period_evidence", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement_number", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("invoice_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", name=op.f("invoice_pkey")),
        schema="billing",
    )
    op.create_index("invoice_month_idx", "invoice", ["month"], unique=False, schema="billing")
    op.create_table(
        "invoice_line",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("product_group", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("usage_type", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("service_start", sa.Date(), nullable=True),
        sa.Column("service_end", sa.Date(), nullable=True),
        sa.Column("credit_coupon", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("invoice_line_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", "position", name=op.f("invoice_line_pkey")),
        schema="billing",
    )
    op.create_table(
        "month_to_date_line",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("product_group", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("usage_type", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["billing.month_to_date.snapshot_id"], name=op.f("month_to_date_line_snapshot_id_fkey")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "position", name=op.f("month_to_date_line_pkey")),
        schema="billing",
    )
    op.create_table(
        "usage_line",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("usage_type", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("raw_quantity", sa.Numeric(), nullable=True),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("usage_line_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", "position", name=op.f("usage_line_pkey")),
        schema="billing",
    )
    op.create_table(
        "usage_report",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("usage_report_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", name=op.f("usage_report_pkey")),
        schema="billing",
    )
    op.create_index("usage_report_month_idx", "usage_report", ["month"], unique=False, schema="billing")
    op.create_table(
        "wallet",
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("wallet_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("starting_balance", sa.Numeric(), nullable=True),
        sa.Column("balance_increase", sa.Numeric(), nullable=True),
        sa.Column("balance_decrease", sa.Numeric(), nullable=True),
        sa.Column("balance_consumption", sa.Numeric(), nullable=True),
        sa.Column("ending_balance", sa.Numeric(), nullable=True),
        sa.Column("overage_quantity", sa.Numeric(), nullable=True),
        sa.Column("overage_rate", sa.Numeric(), nullable=True),
        sa.Column("overage_charge", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("wallet_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("record_key", "version", "position", name=op.f("wallet_pkey")),
        schema="billing",
    )
    op.create_foreign_key(
        "record_current_version_fkey",
        "record",
        "record_version",
        ["record_key", "current_version"],
        ["record_key", "version"],
        source_schema="billing",
        referent_schema="billing",
        deferrable=True,
        initially="DEFERRED",
    )
    for table, column in HASHES:
        op.create_check_constraint(f"{table}_{column}_check", table, f"octet_length({column}) = 32", schema="billing")
    op.create_check_constraint("invoice_kind_check", "invoice", "kind in ('invoice', 'credit_memo')", schema="billing")
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on billing.{table} "
            "for each statement execute function billing.refuse_change()"
        )
    op.execute(KEEP_IDENTITY)
    for view, table in CURRENT_VIEWS.items():
        op.execute(
            f"create view billing.{view} as select r.vendor, r.account, n.* from billing.record r "
            f"join billing.{table} n on n.record_key = r.record_key and n.version = r.current_version"
        )
    op.execute(CURRENT_PAYMENT_STATUS)
    op.execute(CURRENT_CONTROL_RESULT)
    op.execute(ACCOUNT_MONTH_SUMMARY)


def downgrade() -> None:
    for view in ("account_month_summary", "current_control_result", "current_payment_status", *CURRENT_VIEWS):
        op.execute(f"drop view billing.{view}")
    op.drop_constraint("record_current_version_fkey", "record", schema="billing", type_="foreignkey")
    op.drop_table("wallet", schema="billing")
    op.drop_index("usage_report_month_idx", table_name="usage_report", schema="billing")
    op.drop_table("usage_report", schema="billing")
    op.drop_table("usage_line", schema="billing")
    op.drop_table("month_to_date_line", schema="billing")
    op.drop_table("invoice_line", schema="billing")
    op.drop_index("invoice_month_idx", table_name="invoice", schema="billing")
    op.drop_table("invoice", schema="billing")
    op.drop_table("control_result", schema="billing")
    op.drop_table("contract_item", schema="billing")
    op.drop_table("contract", schema="billing")
    op.drop_table("charge", schema="billing")
    op.drop_index("billing_period_period_idx", table_name="billing_period", schema="billing")
    op.drop_table("billing_period", schema="billing")
    op.drop_table("account_month", schema="billing")
    op.drop_table("unknown_field", schema="billing")
    op.drop_index(op.f("record_version_fetch_id_idx"), table_name="record_version", schema="billing")
    op.drop_table("record_version", schema="billing")
    op.drop_index("reconciliation_month_idx", table_name="reconciliation", schema="billing")
    op.drop_index(op.f("reconciliation_fetch_id_idx"), table_name="reconciliation", schema="billing")
    op.drop_table("reconciliation", schema="billing")
    op.drop_table("payment_status", schema="billing")
    op.drop_index(op.f("payload_sighting_payload_id_idx"), table_name="payload_sighting", schema="billing")
    op.drop_table("payload_sighting", schema="billing")
    op.drop_index("month_to_date_series_idx", table_name="month_to_date", schema="billing")
    op.drop_table("month_to_date", schema="billing")
    op.drop_index(op.f("document_sighting_document_id_idx"), table_name="document_sighting", schema="billing")
    op.drop_table("document_sighting", schema="billing")
    op.drop_table("record", schema="billing")
    op.drop_index("payload_address_key", table_name="payload", schema="billing")
    op.drop_table("payload", schema="billing")
    op.drop_index("fetch_latest_idx", table_name="fetch", schema="billing")
    op.drop_table("fetch", schema="billing")
    op.drop_table("document", schema="billing")
    op.execute("drop function billing.refuse_change()")
