-- Closing a month ---------------------------------------------------------------------------------------------------

-- The history of a vendor's month. Events alternate, the first closes: an odd number closes, an even one reopens. Each
-- number needs the one before, and exists once: of two runs that close a month at once, one succeeds.
create table billing.month_close (
    vendor text not null,
    month date not null,
    number integer not null check (number >= 1),
    previous integer generated always as (nullif(number - 1, 0)) stored,
    event text not null,
    prepared_by text not null check (prepared_by <> ''),
    approved_by text not null check (approved_by <> ''),
    note text not null check (length(note) <= 4000),
    certificate_sha256 bytea not null check (octet_length(certificate_sha256) = 32),
    explanations_sha256 bytea not null check (octet_length(explanations_sha256) = 32),
    dag_run text not null,
    recorded_at timestamptz not null,
    primary key (vendor, month, number),
    foreign key (vendor, month, previous) references billing.month_close (vendor, month, number),
    constraint month_close_event_check check (event = case number % 2 when 1 then 'closed' else 'reopened' end),
    constraint month_close_reason_check check (event = 'closed' or note <> ''),
    constraint month_close_two_people_check check (lower(prepared_by) <> lower(approved_by))
);
comment on column billing.month_close.prepared_by is 'the user of Airflow who started the run';
comment on column billing.month_close.approved_by is 'the user of Airflow who approved';
comment on column billing.month_close.certificate_sha256 is 'of the vendor''s month: over the certificates of its accounts';
comment on column billing.month_close.explanations_sha256 is 'of the explanations that held';

-- The figures of an event, by account and currency.
create table billing.month_close_figure (
    vendor text not null,
    month date not null,
    number integer not null,
    account text not null,
    currency text not null,
    invoices bigint not null,
    total numeric not null,
    content_sha256 bytea not null check (octet_length(content_sha256) = 32),
    primary key (vendor, month, number, account, currency),
    foreign key (vendor, month, number) references billing.month_close
);
comment on column billing.month_close_figure.content_sha256 is 'of the account''s bills and open findings (account_month_content)';

create trigger append_only before update or delete or truncate on billing.month_close
    for each statement execute function billing.refuse_change();
create trigger append_only before update or delete or truncate on billing.month_close_figure
    for each statement execute function billing.refuse_change();

-- Nobody approves what he has explained. That he has not prepared it is a check of the table.
create function billing.check_approver() returns trigger language plpgsql set search_path to pg_catalog, pg_temp as $$
begin
    if exists (
        select from billing.explanation e
        where (e.vendor, e.month, lower(e.explained_by)) = (new.vendor, new.month, lower(new.approved_by))
    ) then
        raise exception '% has explained exceptions of % %, and does not approve the month',
            new.approved_by, new.vendor, to_char(new.month, 'YYYY-MM') using errcode = 'check_violation';
    end if;
    return new;
end $$;
revoke execute on function billing.check_approver() from public;
create trigger approver before insert on billing.month_close
    for each row execute function billing.check_approver();

-- One hash over an account's bills and over what its controls found that a person has to look at. Payments, and a
-- response that says the same in another way, do not change it.
create view billing.account_month_content as
select m.vendor, m.account, m.month,
       sha256(convert_to(jsonb_build_array(
           (select jsonb_agg(jsonb_build_array(r.record_id, encode(v.content_sha256, 'hex')) order by r.record_key)
            from billing.record r
            join billing.record_version v on (v.record_key, v.version) = (r.record_key, r.current_version)
            join billing.invoice i on (i.record_key, i.version) = (v.record_key, v.version)
            where (r.vendor, r.account, i.month) = (m.vendor, m.account, m.month) and not r.withdrawn),
           (select jsonb_agg(encode(x.finding_sha256, 'hex') order by x.finding_sha256)
            from billing.current_finding x
            where (x.vendor, x.account, x.month) = (m.vendor, m.account, m.month))
       )::text, 'UTF8')) as content_sha256
from billing.account_month m;

-- Each closed month: its figures as closed and as they are now, with the difference. A month that is reopened is not in
-- it. An account with no figure as closed has been stored after closing.
create view billing.closed_month as
with last as (
    select distinct on (vendor, month) *
    from billing.month_close
    order by vendor, month, number desc
), as_closed as (
    select f.*
    from last
    join billing.month_close_figure f using (vendor, month, number)
    where event = 'closed'
), as_now as (
    select s.vendor, s.month, s.account, s.currency, s.invoices, s.total, c.content_sha256
    from last
    join billing.account_month_summary s using (vendor, month)
    join billing.account_month_content c using (vendor, account, month)
    where event = 'closed'
)
select vendor, month, account, currency,
       case when a.content_sha256 = n.content_sha256 and a.total = n.total then 'closed'
            else 'changed after closing' end as state,
       a.invoices as closed_invoices, a.total as closed_total, n.invoices, n.total,
       coalesce(n.total, 0) - coalesce(a.total, 0) as difference,
       l.number, l.prepared_by, l.approved_by, l.note, l.recorded_at as closed_at, l.certificate_sha256
from as_closed a
full join as_now n using (vendor, month, account, currency)
join last l using (vendor, month);
