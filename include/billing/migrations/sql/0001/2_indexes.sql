-- What primary keys and unique constraints do not already find.

-- one row for each response to a request; its hash, because a cursor can be longer than an index entry may be
create unique index payload_address_key on billing.payload (vendor, account, sha256, md5(request));

-- one record for each identifier, one row for the same file of an invoice; a vendor's text by its hash, as above
create unique index record_identity_key on billing.record (vendor, account, record_type, md5(record_id));
create unique index document_address_key on billing.document (vendor, account, file_format, sha256, md5(invoice_id));

-- the last fetch of a month, its responses and documents
create index fetch_latest_idx on billing.fetch (vendor, account, month, purpose, fetch_id);
create index payload_sighting_payload_id_idx on billing.payload_sighting (payload_id);
create index document_sighting_document_id_idx on billing.document_sighting (document_id);

-- what a fetch changed
create index withdrawal_record_key_idx on billing.withdrawal (record_key);
create index record_version_fetch_id_idx on billing.record_version (fetch_id);
create index reconciliation_fetch_id_idx on billing.reconciliation (fetch_id);

-- the records, estimates, accruals and reconciliations of a month
create index invoice_month_idx on billing.invoice (month);
create index billing_period_month_idx on billing.billing_period (month);
create index usage_report_month_idx on billing.usage_report (month);
create index month_to_date_series_idx on billing.month_to_date (vendor, account, month, taken_at);
create index accrual_month_idx on billing.accrual (vendor, account, month, accrual_id);
create index true_up_accrual_id_idx on billing.true_up (accrual_id);
create index reconciliation_month_idx on billing.reconciliation (vendor, account, month);

-- what a month's results come to, without reading them
create index control_result_outcome_idx on billing.control_result (reconciliation_id) include (state, severity);

-- the results that a person has to look at
create index control_result_open_idx on billing.control_result (reconciliation_id)
    where state in ('EXCEPTION', 'BLOCKED');
