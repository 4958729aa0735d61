-- The roles of the billing database, and the schema they share. An administrator of the server (a superuser, or who may
-- create roles and owns the database) runs it in the billing database, which is Tieout's alone:
--
--     psql --set ON_ERROR_STOP=1 --file roles.sql billing          or: python -m billing.storage.roles
--
-- It may run again at any time. Each run of the migrations grants what a role may do with each table (rights.py).
--
--   billing_owner    owns the schema and all in it: migrations act as this role
--   billing_writer   tasks: adds rows, updates the columns named in rights.py, removes nothing
--   billing_reader   analysts: reads everything but the vendors' responses as received
--   billing_reviewer the pages in Airflow's UI: a reader who adds what people say of exceptions
--   billing_closer   the tasks that close a month: an auditor who adds the events of closing
--   billing_auditor  a reader who may read the responses, too, to verify certificates
--
-- None of them has a login. Make one for each person and process:
--
--     create role tieout_tasks login password '…' in role billing_writer;

do $$
declare
    role text;
begin
    foreach role in array array['billing_owner', 'billing_writer', 'billing_reader', 'billing_reviewer', 'billing_closer', 'billing_auditor'] loop
        if to_regrole(role) is null then
            execute format('create role %I nologin', role);
        end if;
        execute format('grant connect on database %I to %I', current_database(), role);
    end loop;
    -- without a role, only the server's administrator connects or creates temporary tables and schemas
    execute format('revoke all on database %I from public', current_database());
    if not pg_has_role('billing_owner', 'usage') then
        execute format('grant billing_owner to %I', current_user);
    end if;
end $$;

grant billing_reader to billing_auditor;
revoke all on schema public from public;

-- An existing schema of another role is transferred to the owner with all that is in it.
do $$
declare
    made record;
begin
    if to_regnamespace('billing') is null then
        create schema billing authorization billing_owner;
        return;
    end if;
    if (select nspowner from pg_namespace where nspname = 'billing') <> 'billing_owner'::regrole then
        alter schema billing owner to billing_owner;
    end if;
    for made in
        select oid::regclass::text as name, 'table' as kind from pg_class
        where relnamespace = 'billing'::regnamespace and relkind in ('r', 'v') and relowner <> 'billing_owner'::regrole
        union all
        select oid::regprocedure::text, 'function' from pg_proc
        where pronamespace = 'billing'::regnamespace and proowner <> 'billing_owner'::regrole
    loop
        execute format('alter %s %s owner to billing_owner', made.kind, made.name);
    end loop;
end $$;
