-- What people say of a finding ---------------------------------------------------------------------------------------

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
comment on column billing.explanation.finding_sha256 is 'that of the finding it explains (current_finding)';
comment on column billing.explanation.ticket is 'address of an issue, a message or a document';
comment on column billing.explanation.explained_by is 'the user of Airflow';
create index explanation_month_idx on billing.explanation (vendor, account, month, explanation_id);

create trigger append_only before update or delete or truncate on billing.explanation
    for each statement execute function billing.refuse_change();

-- What of a month's current results a person has to look at: exceptions and blocked controls (`outcome`).
-- `finding_sha256` is the identity of what was found: an explanation holds for that alone, and another figure or another
-- sentence is another finding. The columns from explanation_id on are null where nobody has explained it yet.
create view billing.current_finding as
select f.*, e.explanation_id, e.reason, e.text, e.ticket, e.explained_by, e.explained_at
from (
    select c.*,
           sha256(convert_to(jsonb_build_array(
               c.control_id, c.subject, c.expected, c.actual, c.difference, c.currency, c.explanation
           )::text, 'UTF8')) as finding_sha256
    from billing.current_control_result c
    where c.outcome in ('exception', 'blocked') and c.state in ('EXCEPTION', 'BLOCKED')  -- of which there is an index
) f
left join lateral (
    select x.* from billing.explanation x
    where (x.vendor, x.account, x.month, x.control_id, x.subject, x.finding_sha256)
        = (f.vendor, f.account, f.month, f.control_id, f.subject, f.finding_sha256)
    order by x.explanation_id desc limit 1
) e on true;
