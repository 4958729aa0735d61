#!/bin/bash
# Run once by the postgres image, on an empty volume: two databases, the roles of roles.sql and their logins.
#
#   airflow         owns database airflow: Airflow's metadata
#   billing_owner   owns schema billing: runs the migrations, nothing else
#   billing         what tasks use, in role billing_writer
#   billing_pages   what the pages in Airflow's UI use, in role billing_reviewer
#   billing_closing what the tasks that close months use, in role billing_closer
#
# People and reports get logins of their own: create role ann login password '…' in role billing_reader
set -euo pipefail

# the passwords are read by psql itself: arguments are seen by every process of the machine
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv owner_password BILLING_OWNER_PASSWORD
\getenv billing_password BILLING_DB_PASSWORD
\getenv pages_password BILLING_PAGES_PASSWORD
\getenv closing_password BILLING_CLOSING_PASSWORD
set password_encryption = 'scram-sha-256';

create role airflow login password :'airflow_password';
create database airflow owner airflow;
create database billing;
revoke all on database airflow, postgres from public;

\connect billing
\ir ${TIEOUT_ROLES_SQL:-/opt/tieout/roles.sql}
set password_encryption = 'scram-sha-256';
alter role billing_owner login password :'owner_password';
create role billing login password :'billing_password' in role billing_writer;
create role billing_pages login password :'pages_password' in role billing_reviewer;
create role billing_closing login password :'closing_password' in role billing_closer;
SQL
