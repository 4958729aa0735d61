-- Numbers are unconstrained numeric, times are in UTC, a vendor's identifiers are text, hashes are SHA-256 (32 bytes).
-- The names and types of the columns are those of billing/storage/tables.py; a test compares the two.


-- Responses as received --------------------------------------------------------------------------------------------

create table billing.payload (
    payload_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    operation text not null,
    request text not null,
    status smallint not null,
    media_type text not null,
    headers jsonb not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    size bigint not null,
    body bytea not null,
    first_seen_at timestamptz not null,
    first_dag_run text not null
);
comment on column billing.payload.size is 'bytes before compression';
comment on column billing.payload.body is 'zstd frame of the bytes as received';

create table billing.fetch (
    fetch_id bigint generated always as identity primary key,
    purpose text not null check (purpose in ('month', 'month_to_date')),
    vendor text not null,
    account text not null,
    month date not null,
    dag_run text not null,
    started_at timestamptz not null,
    completed_at timestamptz not null
);
comment on column billing.fetch.month is 'first day of the month asked for';

create table billing.payload_sighting (
    fetch_id bigint not null references billing.fetch,
    position integer not null,
    payload_id bigint not null references billing.payload,
    seen_at timestamptz not null,
    primary key (fetch_id, position)
);

create table billing.document (
    document_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    invoice_id text not null,
    file_format text not null,
    media_type text not null,
    sha256 bytea not null check (octet_length(sha256) = 32),
    size bigint not null,
    location text not null,
    request text not null,
    first_seen_at timestamptz not null,
    first_dag_run text not null
);
comment on column billing.document.location is 'path below the document root';

create table billing.document_sighting (
    fetch_id bigint not null references billing.fetch,
    document_id bigint not null references billing.document,
    seen_at timestamptz not null,
    primary key (fetch_id, document_id)
);

create table billing.missing_document (
    fetch_id bigint not null references billing.fetch,
    position integer not null,
    invoice_id text not null,
    file_format text not null,
    reason text not null,
    primary key (fetch_id, position)
);
comment on column billing.missing_document.reason is 'why the fetch could not get the file';

create table billing.unknown_field (
    vendor text not null,
    record_type text not null,
    name text not null,
    first_seen_at timestamptz not null,
    first_fetch_id bigint not null references billing.fetch,
    primary key (vendor, record_type, name)
);


-- Records and their versions ---------------------------------------------------------------------------------------

-- A record refers to its current version and the reference is not null: there is exactly one. Record and first version
-- refer to each other, so the reference is checked at commit.
create table billing.record (
    record_key bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    record_type text not null,
    record_id text not null,
    current_version integer not null,
    withdrawn boolean not null default false
);
comment on column billing.record.withdrawn is 'an invoice that the vendor no longer lists: outside all totals';

create table billing.record_version (
    record_key bigint not null references billing.record,
    version integer not null check (version >= 1),
    cause text not null check (cause in ('new', 'vendor', 'parser')),
    content_sha256 bytea not null check (octet_length(content_sha256) = 32),
    fetch_id bigint not null references billing.fetch,
    dag_run text not null,
    recorded_at timestamptz not null,
    code_sha256 bytea check (octet_length(code_sha256) = 32),
    primary key (record_key, version)
);
comment on column billing.record_version.code_sha256 is
    'hash of the code and configuration that derived it; null if not known';

alter table billing.record
    add constraint record_current_version_fkey foreign key (record_key, current_version)
    references billing.record_version (record_key, version) deferrable initially deferred;

-- A table with `position` has many rows for each version. A trigger (4_triggers.sql) checks that their version exists.

create table billing.invoice (
    record_key bigint not null,
    version integer not null,
    invoice_id text not null,
    month date not null,
    period_evidence text not null,
    kind text not null check (kind in ('invoice', 'credit_memo')),
    currency text,
    total numeric not null,
    issued_at timestamptz,
    service_start timestamptz,
    service_end timestamptz,
    statement_number text,
    attributes jsonb not null,
    primary key (record_key, version),
    foreign key (record_key, version) references billing.record_version
);

create table billing.invoice_line (
    record_key bigint not null,
    version integer not null,
    position integer not null,
    line_id text,
    description text not null,
    amount numeric not null,
    product text,
    product_group text,
    region text,
    usage_type text,
    quantity numeric,
    unit text,
    rate numeric,
    service_start date,
    service_end date,
    credit_coupon text,
    attributes jsonb not null,
    primary key (record_key, version, position)
);

create table billing.payment_status (
    record_key bigint not null references billing.record,
    fetch_id bigint not null references billing.fetch,
    payment_status text not null,
    recorded_at timestamptz not null,
    primary key (record_key, fetch_id)
);

-- Which version of an invoice the same code, with the same configuration, reads again in the same text.
create table billing.reading (
    vendor text not null,
    account text not null,
    text_sha256 bytea not null,
    code_sha256 bytea not null,
    record_key bigint not null,
    version integer not null,
    period_evidence text not null,
    payment_status text,
    unknown_fields jsonb not null,
    primary key (vendor, account, text_sha256, code_sha256),
    foreign key (record_key, version) references billing.record_version
);

-- Each time that an invoice left its vendor's list, or came back.
create table billing.withdrawal (
    withdrawal_id bigint generated always as identity primary key,
    record_key bigint not null,
    version integer not null,
    withdrawn boolean not null,
    fetch_id bigint not null references billing.fetch,
    dag_run text not null,
    recorded_at timestamptz not null,
    foreign key (record_key, version) references billing.record_version
);
comment on column billing.withdrawal.version is 'the current one, before the fetch''s own changes';
comment on column billing.withdrawal.withdrawn is 'false: it is listed again';

create table billing.contract (
    record_key bigint not null,
    version integer not null,
    contract_id text not null,
    external_number text,
    status text,
    commercial_model text,
    purchase_order_numbers text[] not null,
    bill_to_number text,
    sold_to_number text,
    starts_on date,
    ends_on date,
    ramp_starts_on date,
    ramp_ends_on date,
    attributes jsonb not null,
    primary key (record_key, version),
    foreign key (record_key, version) references billing.record_version
);

create table billing.contract_item (
    record_key bigint not null,
    version integer not null,
    position integer not null,
    plan_id text not null,
    plan_name text,
    item_number text,
    name text,
    function text,
    item_type text,
    sku text,
    product_name text,
    unit text,
    currency text,
    quantity numeric,
    price numeric,
    overage_price numeric,
    discount_amount numeric,
    effective_start date,
    effective_end date,
    charged_through date,
    attributes jsonb not null,
    primary key (record_key, version, position)
);

create table billing.billing_period (
    record_key bigint not null,
    version integer not null,
    billing_period_id text not null,
    contract_id text not null,
    month date not null,
    starts_on date not null,
    ends_on date not null,
    status text,
    attributes jsonb not null,
    primary key (record_key, version),
    foreign key (record_key, version) references billing.record_version
);

create table billing.charge (
    record_key bigint not null,
    version integer not null,
    position integer not null,
    charge_id text,
    name text,
    sku text,
    product_name text,
    unit text,
    prepaid_quantity numeric,
    fair_use_quantity numeric,
    actual_quantity numeric,
    overage_quantity numeric,
    overage_rate numeric,
    overage_charge numeric,
    currency text,
    converted_token_count numeric,
    token_conversion_rate numeric,
    attributes jsonb not null,
    primary key (record_key, version, position)
);

create table billing.wallet (
    record_key bigint not null,
    version integer not null,
    position integer not null,
    wallet_id text,
    name text,
    sku text,
    unit text,
    starting_balance numeric,
    balance_increase numeric,
    balance_decrease numeric,
    balance_consumption numeric,
    ending_balance numeric,
    overage_quantity numeric,
    overage_rate numeric,
    overage_charge numeric,
    currency text,
    attributes jsonb not null,
    primary key (record_key, version, position)
);

create table billing.usage_report (
    record_key bigint not null,
    version integer not null,
    report_id text not null,
    kind text not null,
    month date not null,
    starts_at timestamptz,
    ends_at timestamptz,
    currency text,
    attributes jsonb not null,
    primary key (record_key, version),
    foreign key (record_key, version) references billing.record_version
);

create table billing.usage_line (
    record_key bigint not null,
    version integer not null,
    position integer not null,
    name text not null,
    quantity numeric not null,
    product text,
    region text,
    usage_type text,
    unit text,
    raw_quantity numeric,
    rate numeric,
    attributes jsonb not null,
    primary key (record_key, version, position)
);


-- Estimates of the running month: never added to invoices ----------------------------------------------------------

create table billing.month_to_date (
    snapshot_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    month date not null,
    invoice_id text not null,
    total numeric not null,
    currency text,
    starts_at timestamptz,
    as_of timestamptz,
    attributes jsonb not null,
    taken_at timestamptz not null,
    payload_id bigint not null unique references billing.payload,
    dag_run text not null
);

create table billing.month_to_date_line (
    snapshot_id bigint not null references billing.month_to_date,
    position integer not null,
    description text not null,
    amount numeric not null,
    product text,
    product_group text,
    region text,
    usage_type text,
    quantity numeric,
    unit text,
    rate numeric,
    attributes jsonb not null,
    primary key (snapshot_id, position)
);


-- Accruals: estimates of whole months, their reversals and their differences from the bill --------------------------

create table billing.accrual (
    accrual_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    month date not null,
    state text not null check (state in ('PROPOSED', 'BLOCKED')),
    basis text not null,
    currency text not null,
    amount numeric,
    as_of timestamptz,
    extrapolated boolean not null,
    cut_off timestamptz not null,
    explanation text not null,
    inputs_sha256 bytea not null check (octet_length(inputs_sha256) = 32),
    dag_run text not null,
    recorded_at timestamptz not null,
    constraint accrual_amount_check check ((state = 'PROPOSED') = (amount is not null and as_of is not null))
);
comment on column billing.accrual.as_of is 'when the basis was read';

create table billing.accrual_part (
    accrual_id bigint not null references billing.accrual,
    position integer not null,
    kind text not null,
    name text not null,
    snapshot_id bigint references billing.month_to_date,
    record_key bigint,
    version integer,
    source_amount numeric not null,
    amount numeric not null,
    primary key (accrual_id, position),
    foreign key (record_key, version) references billing.record_version,
    constraint accrual_part_source_check
        check (num_nonnulls(snapshot_id, record_key) = 1 and num_nonnulls(record_key, version) <> 1)
);
comment on column billing.accrual_part.source_amount is 'the amount as the source has it';
comment on column billing.accrual_part.amount is 'the month''s part, in whole minor units';

create table billing.accrual_reversal (
    accrual_id bigint primary key references billing.accrual,
    cause text not null check (cause in ('billed', 'superseded')),
    reversed_on date not null,
    amount numeric not null,
    dag_run text not null,
    recorded_at timestamptz not null
);
comment on column billing.accrual_reversal.amount is 'the accrual''s, with the opposite sign';

create table billing.true_up (
    true_up_id bigint generated always as identity primary key,
    accrual_id bigint not null references billing.accrual,
    currency text not null,
    actual numeric,
    amount numeric,
    percent numeric,
    days integer,
    explanation text not null,
    dag_run text not null,
    recorded_at timestamptz not null,
    constraint true_up_amount_check check (num_nonnulls(actual, amount) <> 1)
);
comment on column billing.true_up.days is 'from the cut-off to the day of the last document';

create table billing.true_up_document (
    true_up_id bigint not null references billing.true_up,
    record_key bigint not null,
    version integer not null,
    primary key (true_up_id, record_key),
    foreign key (record_key, version) references billing.record_version
);


-- Reconciliations --------------------------------------------------------------------------------------------------

create table billing.reconciliation (
    reconciliation_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    month date not null,
    inputs_sha256 bytea not null check (octet_length(inputs_sha256) = 32),
    results_sha256 bytea not null check (octet_length(results_sha256) = 32),
    code_version text not null,
    fetch_id bigint not null references billing.fetch,
    dag_run text not null,
    recorded_at timestamptz not null
);

create table billing.control_result (
    reconciliation_id bigint not null references billing.reconciliation,
    position integer not null,
    control_id text not null,
    subject text not null,
    state text not null check (
        state in ('PASS', 'PASS_WITHIN_ROUNDING', 'VARIANCE_TOLERATED', 'EXCEPTION', 'BLOCKED', 'NOT_APPLICABLE')
    ),
    expected numeric,
    actual numeric,
    difference numeric,
    bound numeric,
    currency text,
    operands jsonb not null,
    explanation text not null,
    severity text not null,
    rule_sha256 bytea not null check (octet_length(rule_sha256) = 32),
    primary key (reconciliation_id, position)
);
comment on column billing.control_result.subject is 'the invoice id, the billing period id, or the month';

create table billing.account_month (
    vendor text not null,
    account text not null,
    month date not null,
    reconciliation_id bigint not null references billing.reconciliation,
    fetch_id bigint not null references billing.fetch,
    currency text not null,
    first_stored_at timestamptz not null,
    last_seen_at timestamptz not null,
    inputs_sha256 bytea check (octet_length(inputs_sha256) = 32),
    primary key (vendor, account, month)
);
comment on column billing.account_month.currency is 'the currency the account is expected to be billed in';
comment on column billing.account_month.inputs_sha256 is 'of all that the results rest on; null: reconcile again';

create table billing.product_month (
    vendor text not null,
    month date not null,
    item_key bytea not null,
    currency text not null,
    product text not null,
    named_at timestamptz,
    lines bigint not null,
    amount numeric not null,
    primary key (vendor, month, item_key)
);
comment on column billing.product_month.item_key is 'SHA-256 of the currency and of what a person reads of the product';
comment on column billing.product_month.currency is 'empty where the invoice names none';
comment on column billing.product_month.product is 'as the newest bill writes it; empty where the line names none';
comment on column billing.product_month.named_at is 'when that bill was issued';
