-- Rights (billing/storage/rights.py) keep tasks and people from changing evidence; these triggers keep its owner from it.
-- A function of a trigger looks names up in pg_catalog alone, and no other role may create triggers with it.

create function billing.refuse_change() returns trigger language plpgsql set search_path to pg_catalog, pg_temp as $$
begin
    raise exception 'billing.% is evidence: % is refused, add a new version instead', tg_table_name, tg_op
        using errcode = 'insufficient_privilege';
end $$;
revoke execute on function billing.refuse_change() from public;

do $$
declare
    name text;
begin
    foreach name in array array[
        'payload', 'fetch', 'payload_sighting', 'document', 'document_sighting', 'missing_document',
        'unknown_field',
        'record_version', 'invoice', 'invoice_line', 'payment_status', 'reading', 'withdrawal', 'contract', 'contract_item', 'billing_period',
        'charge', 'wallet', 'usage_report', 'usage_line', 'month_to_date', 'month_to_date_line',
        'accrual', 'accrual_part', 'accrual_reversal', 'true_up', 'true_up_document',
        'reconciliation', 'control_result'
    ] loop
        execute format(
            'create trigger append_only before update or delete or truncate on billing.%I '
            'for each statement execute function billing.refuse_change()', name
        );
    end loop;
end $$;

-- Of a record the current version may change, of a month its reconciliation and when it was last seen, of a product's
-- month the sums and how the product is written. Which record or month a row is about, and that it exists, is evidence.
create trigger identity before update of record_key, vendor, account, record_type, record_id or delete or truncate
    on billing.record for each statement execute function billing.refuse_change();
create trigger identity before update of vendor, account, month, first_stored_at or delete or truncate
    on billing.account_month for each statement execute function billing.refuse_change();
create trigger identity before update of vendor, month, item_key, currency or delete or truncate
    on billing.product_month for each statement execute function billing.refuse_change();

-- Rows by position refer to a version, checked once for each statement: a foreign key looks at each row, and for an
-- invoice's lines that took longer than to write them. Versions are never removed, so one check is enough.
create function billing.check_versions() returns trigger language plpgsql set search_path to pg_catalog, pg_temp as $$
begin
    if exists (
        select from (select distinct record_key, version from new_rows) n
        where not exists (
            select from billing.record_version v where (v.record_key, v.version) = (n.record_key, n.version)
        )
    ) then
        raise exception 'billing.%: rows of a version that is not there', tg_table_name
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
revoke execute on function billing.check_versions() from public;

do $$
declare
    name text;
begin
    foreach name in array array['invoice_line', 'contract_item', 'charge', 'wallet', 'usage_line'] loop
        execute format(
            'create trigger versions after insert on billing.%I referencing new table as new_rows '
            'for each statement execute function billing.check_versions()', name
        );
    end loop;
end $$;
