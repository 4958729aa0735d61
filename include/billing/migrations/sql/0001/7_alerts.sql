-- What people were told ------------------------------------------------------------------------------------------------

-- Tasks that failed for good, so that a message can say why.
create table billing.task_failure (
    task_failure_id bigint generated always as identity primary key,
    dag_id text not null,
    dag_run text not null,
    task_id text not null,
    account text,
    error text not null,
    sentence text not null check (length(sentence) <= 2001),
    failed_at timestamptz not null
);
comment on column billing.task_failure.account is 'of a mapped task';
comment on column billing.task_failure.error is 'class of the exception';

-- What a delivered message said: each thing once.
create table billing.alert (
    kind text not null check (kind in (
        'failed', 'missing', 'exception', 'restated', 'withdrawn', 'changed', 'field', 'ready'
    )),
    key text not null,
    dag_run text not null,
    told_at timestamptz not null,
    primary key (kind, key)
);
comment on column billing.alert.key is 'identity of what was told, within its kind';

create trigger append_only before update or delete or truncate on billing.task_failure
    for each statement execute function billing.refuse_change();
create trigger append_only before update or delete or truncate on billing.alert
    for each statement execute function billing.refuse_change();
