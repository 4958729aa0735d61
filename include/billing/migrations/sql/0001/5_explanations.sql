-- What people say of an exception -----------------------------------------------------------------------------------

-- The identity of what a control found. An explanation holds for it alone: another figure is another finding.
create function billing.finding_sha256(result billing.control_result) returns bytea
language sql stable parallel safe set search_path to pg_catalog, pg_temp as $$
    select sha256(convert_to(jsonb_build_array(
        (result).control_id, (result).subject, (result).state, (result).expected, (result).actual, (result).difference,
        (result).currency, (result).explanation
    )::text, 'UTF8'))
$$;

create table billing.explanation (
    explanation_id bigint generated always as identity primary key,
    vendor text not null,
    account text not null,
    month date not null,
    control_id text not null,
    subject text not null,
    finding_sha256 bytea not null check (octet_length(finding_sha256) = 32),
    reason text not null check (reason in ('accepted', 'disputed', 'timing', 'our data')),
    text text not null check (text <> '' and length(text) <= 4000),
    ticket text check (length(ticket) <= 2000),
    explained_by text not null check (explained_by <> ''),
    explained_at timestamptz not null
);
comment on column billing.explanation.finding_sha256 is 'billing.finding_sha256 of the result that it explains';
comment on column billing.explanation.ticket is 'address of an issue, a message or a document';
comment on column billing.explanation.explained_by is 'the user of Airflow';
create index explanation_month_idx on billing.explanation (vendor, account, month, explanation_id);

create trigger append_only before update or delete or truncate on billing.explanation
    for each statement execute function billing.refuse_change();

-- Of each exception of a month's current results the newest explanation, if it was said of just this finding.
create view billing.explained_exception as
select m.vendor, m.account, m.month, c.reconciliation_id, c.position, c.control_id, c.subject,
       e.explanation_id, e.reason, e.text, e.ticket, e.explained_by, e.explained_at
from billing.account_month m
join billing.control_result c using (reconciliation_id)
join lateral (
    select x.* from billing.explanation x
    where (x.vendor, x.account, x.month, x.control_id, x.subject)
        = (m.vendor, m.account, m.month, c.control_id, c.subject)
      and x.finding_sha256 = billing.finding_sha256(c)
    order by x.explanation_id desc limit 1
) e on true
where c.state = 'EXCEPTION';
