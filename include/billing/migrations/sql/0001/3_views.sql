-- The current version of each record ------------------------------------------------------------------------------

-- Only what the vendor lists: see withdrawn_invoice for the others.
create view billing.current_invoice as
select r.vendor, r.account, n.*
from billing.record r
join billing.invoice n on n.record_key = r.record_key and n.version = r.current_version
where not r.withdrawn;

create view billing.current_invoice_line as
select r.vendor, r.account, n.*
from billing.record r
join billing.invoice_line n on n.record_key = r.record_key and n.version = r.current_version
where not r.withdrawn;

create view billing.withdrawn_invoice as
select r.vendor, r.account, n.*, w.fetch_id as withdrawn_by_fetch, w.recorded_at as withdrawn_at
from billing.record r
join billing.invoice n on n.record_key = r.record_key and n.version = r.current_version
cross join lateral (
    select x.fetch_id, x.recorded_at from billing.withdrawal x
    where x.record_key = r.record_key
    order by x.withdrawal_id desc
    limit 1
) w
where r.withdrawn;

create view billing.current_contract as
select r.vendor, r.account, n.*
from billing.record r
join billing.contract n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_contract_item as
select r.vendor, r.account, n.*
from billing.record r
join billing.contract_item n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_billing_period as
select r.vendor, r.account, n.*
from billing.record r
join billing.billing_period n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_charge as
select r.vendor, r.account, n.*
from billing.record r
join billing.charge n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_wallet as
select r.vendor, r.account, n.*
from billing.record r
join billing.wallet n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_usage_report as
select r.vendor, r.account, n.*
from billing.record r
join billing.usage_report n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_usage_line as
select r.vendor, r.account, n.*
from billing.record r
join billing.usage_line n on n.record_key = r.record_key and n.version = r.current_version;

create view billing.current_payment_status as
select distinct on (s.record_key) r.vendor, r.account, r.record_id as invoice_id, s.*
from billing.payment_status s
join billing.record r using (record_key)
where not r.withdrawn
order by s.record_key, s.fetch_id desc;


-- Months and their controls ----------------------------------------------------------------------------------------

-- What a result means to a person: an EXCEPTION is one only where the severity says that the amount may be wrong.
create view billing.current_control_result as
select m.vendor, m.account, m.month, c.*,
       case when c.state = 'NOT_APPLICABLE' then 'not_applicable'
            when c.state = 'BLOCKED' or (c.state = 'EXCEPTION' and c.severity = 'blocked') then 'blocked'
            when c.state = 'EXCEPTION' and c.severity in ('exception', 'hold') then 'exception'
            when c.state = 'EXCEPTION' then 'warning'
            else 'passed' end as outcome
from billing.account_month m
join billing.control_result c using (reconciliation_id);

-- The worst result of each month. Only what a person has to look at is counted, of which there is an index: an outcome
-- as above of BLOCKED and EXCEPTION.
create view billing.account_month_status as
select m.*, c.exceptions, c.warnings, c.blocked,
       case when c.exceptions > 0 then 'exceptions'
            when c.blocked > 0
                 or not exists (select from billing.control_result x where x.reconciliation_id = m.reconciliation_id)
                 then 'blocked'
            when c.warnings > 0 then 'warnings'
            else 'reconciled' end as status
from billing.account_month m
cross join lateral (
    select count(*) filter (where state = 'EXCEPTION' and severity in ('exception', 'hold')) as exceptions,
           count(*) filter (where state = 'EXCEPTION' and severity not in ('exception', 'hold', 'blocked')) as warnings,
           count(*) filter (where state = 'BLOCKED' or severity = 'blocked') as blocked
    from billing.control_result x
    where x.reconciliation_id = m.reconciliation_id and x.state in ('EXCEPTION', 'BLOCKED')
) c;

-- One row for each account, month and currency: amounts of two currencies are never added. Invoices are read once for
-- all months. What is a subquery is not computed for a query that does not ask for it.
create view billing.account_month_summary as
select m.vendor, m.account, m.month, i.currency, i.invoices, i.lines, i.total,
       (select count(*) from billing.control_result x
        where x.reconciliation_id = m.reconciliation_id and x.state not in ('EXCEPTION', 'BLOCKED', 'NOT_APPLICABLE')
       ) as passed,
       m.exceptions, m.warnings, m.blocked,
       (select count(*) from billing.control_result x
        where x.reconciliation_id = m.reconciliation_id and x.state = 'NOT_APPLICABLE') as not_applicable,
       m.status, m.first_stored_at, m.last_seen_at
from billing.account_month_status m
join (
    select a.vendor, a.account, a.month, coalesce(v.currency, a.currency) as currency,
           count(v.record_key) as invoices, coalesce(sum(v.lines), 0)::bigint as lines,
           coalesce(sum(v.total), 0) as total
    from billing.account_month a
    left join (
        select r.vendor, r.account, n.month, n.currency, n.total, n.record_key,
               (select count(*) from billing.invoice_line l
                where l.record_key = n.record_key and l.version = n.version) as lines
        from billing.record r
        join billing.invoice n on n.record_key = r.record_key and n.version = r.current_version
        where not r.withdrawn
    ) v on (v.vendor, v.account, v.month) = (a.vendor, a.account, a.month)
    group by a.vendor, a.account, a.month, coalesce(v.currency, a.currency)
) i on (i.vendor, i.account, i.month) = (m.vendor, m.account, m.month);


-- Accruals ---------------------------------------------------------------------------------------------------------

-- The newest proposal of a month is the current one, blocked or not.
create view billing.current_accrual as
select distinct on (vendor, account, month) a.*, a.cut_off - a.as_of as age
from billing.accrual a
order by vendor, account, month, accrual_id desc;

-- What is booked, by the month it is about. The sum of `amount` is the accrual until the month is billed and the bill
-- afterwards. A true-up is no entry of its own: it is the difference between reversal and bills, in a column of its
-- own. A version of an invoice books what it changes: the first its total, a later one the difference to the one before.
-- An invoice that its vendor withdraws books its total with the opposite sign, one that is listed again its total.
create view billing.accrual_ledger as
with version as (
    select r.vendor, r.account, r.record_id, v.record_key, v.version, v.recorded_at,
           i.month, i.currency, i.total, i.issued_at
    from billing.record r
    join billing.record_version v using (record_key)
    join billing.invoice i using (record_key, version)
    where r.record_type = 'invoice'
), posting as (
    select vendor, account, month, currency, record_id, record_key, version,
           case when version = 1 then coalesce(issued_at, recorded_at) else recorded_at end as posted_at, total
    from version
    union all
    select n.vendor, n.account, o.month, o.currency, n.record_id, n.record_key, n.version, n.recorded_at, -o.total
    from version n
    join version o on o.record_key = n.record_key and o.version = n.version - 1
)
select vendor, account, month, currency, 'accrual' as entry,
       (month + interval '1 month' - interval '1 day')::date as booked_on,
       amount, null::numeric as true_up, accrual_id, null as invoice_id, null::integer as version,
       null::bigint as true_up_id
from billing.accrual
where state = 'PROPOSED'
union all
select a.vendor, a.account, a.month, a.currency, 'reversal', r.reversed_on, r.amount, null, accrual_id, null, null,
       null
from billing.accrual_reversal r
join billing.accrual a using (accrual_id)
union all
select p.vendor, p.account, p.month, coalesce(p.currency, m.currency), 'actual',
       (max(p.posted_at) at time zone 'UTC')::date, sum(p.total), null, null, p.record_id, p.version, null
from posting p
left join billing.account_month m using (vendor, account, month)
group by p.vendor, p.account, p.month, coalesce(p.currency, m.currency), p.record_id, p.record_key, p.version
having p.version = 1 or sum(p.total) <> 0
union all
select r.vendor, r.account, i.month, coalesce(i.currency, m.currency), 'actual', (w.recorded_at at time zone 'UTC')::date,
       case when w.withdrawn then -i.total else i.total end, null, null, r.record_id, w.version, null
from billing.withdrawal w
join billing.record r using (record_key)
join billing.invoice i using (record_key, version)
left join billing.account_month m on (m.vendor, m.account, m.month) = (r.vendor, r.account, i.month)
union all
select a.vendor, a.account, a.month, t.currency, 'true_up',
       (coalesce((select max(p.posted_at) from billing.true_up_document d join posting p using (record_key, version)
                  where d.true_up_id = t.true_up_id), t.recorded_at) at time zone 'UTC')::date,
       null, t.amount, accrual_id, null, null, t.true_up_id
from billing.true_up t
join billing.accrual a using (accrual_id);

-- Of each month the current accrual and its newest true-up. Averages are statistics: they are not booked.
create view billing.accrual_quality as
select vendor, account, currency, count(*) as months,
       avg(abs(amount)) as mean_absolute_error, avg(abs(percent)) as mean_absolute_percent,
       avg(amount) as bias, avg(percent) as bias_percent,
       max(abs(amount)) as worst_error, (array_agg(month order by abs(amount) desc, month))[1] as worst_month
from (
    select a.vendor, a.account, a.month, t.currency, t.amount, t.percent,
           row_number() over (partition by t.accrual_id order by t.true_up_id desc) as newest
    from billing.current_accrual a
    join billing.true_up t using (accrual_id)
) of_month
where newest = 1 and amount is not null
group by vendor, account, currency;
