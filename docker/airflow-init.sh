#!/bin/bash
# Make the stack ready to run: both schemas, the administrator, a pool for each vendor. Running it again is harmless.
set -euo pipefail

airflow db migrate
python -m billing.storage.migrate # as the owner, by TIEOUT_BILLING_URL

# a user of this name keeps its password, which may have been changed in the UI
airflow users create --role Admin --firstname Tieout --lastname Administrator \
    --username "$ADMIN_USER" --email "$ADMIN_EMAIL" --password "$ADMIN_PASSWORD" >/dev/null

# how many tasks may talk to a vendor at once; an existing pool keeps its slots
pools=$(airflow pools list --output plain | cut -d ' ' -f 1)
for vendor in $(python -c 'from billing_vendors.registry import vendors; print(*(v.name for v in vendors()))'); do
    grep -qx "$vendor" <<<"$pools" || airflow pools set "$vendor" 4 "requests to $vendor at once"
done
