#!/bin/bash
# Run once by the postgres image, on an empty volume: two databases and four roles.
#
#   airflow         owns database airflow: Airflow's metadata
#   billing_owner   owns database billing: runs the migrations, nothing else
#   billing         what tasks use: reads and writes rows of schema billing, changes no table
#   billing_reader  no login; grant it to people and reports: create role ann login password '…' in role billing_reader
set -euo pipefail

# the passwords are read by psql itself: arguments are seen by every process of the machine
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv owner_password BILLING_OWNER_PASSWORD
\getenv billing_password BILLING_DB_PASSWORD
set password_encryption = 'scram-sha-256';

create role airflow login password :'airflow_password';
create role billing_owner login password :'owner_password';
create role billing login password :'billing_password';
create role billing_reader nologin;

create database airflow owner airflow;
create database billing owner billing_owner;
revoke all on database airflow, billing, postgres from public;
grant connect on database billing to billing, billing_reader;

\connect billing
create schema billing authorization billing_owner;
grant usage on schema billing to billing, billing_reader;
-- for the tables and views that migrations will make; no DELETE: what is stored is evidence
alter default privileges for role billing_owner in schema billing grant select, insert, update on tables to billing;
alter default privileges for role billing_owner in schema billing grant select on tables to billing_reader;
SQL
