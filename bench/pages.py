"""
How long do the pages in Airflow's UI take when there is a lot to show, and what do they cost the API server?

    python bench/pages.py                    3 years of 200 accounts, 500 lines a bill (3.6 million lines)
    python bench/pages.py --accounts 20      a quick run

A stack of its own: the API server that users have, and Postgres with rows made by SQL (the pages read what is stored,
whoever wrote it). Eight readers at once open every page, each with the bearer token of a user. Measured is what a
reader waits, at the median and at the 99th percentile, and how much the API server's memory grows from before the first
page to after the last. Exit code 1 if a page is slower than its bound, or grows beyond it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

import httpx
from sqlalchemy import text

from services import BenchStack, Services, temporary_stack
from stored_truth import open_database
from tieout_stack.airflow import ADMIN

READERS = 8
MEDIAN_SECONDS, P99_SECONDS, GROWTH_BYTES = 0.200, 0.500, 60_000_000
YEARS = 3
LINES = 500

FILL = """
set local session_replication_role = replica;  -- no trigger, no foreign key: the rows are made to fit

create temporary table bill on commit drop as
select row_number() over () as key, a as number, format('account-%s', a) as account, m::date as month,
       case when a % 2 = 0 then 'genesys_cloud' else 'fastly' end as vendor,
       (array['USD', 'EUR', 'GBP'])[1 + a % 3] as currency
from generate_series(1, :accounts) a,
     generate_series(date '2023-11-01', date '2026-10-01', interval '1 month') m;

insert into billing.fetch overriding system value
select key, 'month', vendor, account, month, 'bench', month + interval '33 days', month + interval '33 days' from bill;
insert into billing.record overriding system value
select key, vendor, account, 'invoice', format('B-%s', key), 1 from bill;
insert into billing.record_version
select key, 1, 'new', sha256(key::text::bytea), key, 'bench', month + interval '33 days' from bill;
insert into billing.invoice (record_key, version, invoice_id, month, period_evidence, kind, currency, total, issued_at,
                             attributes)
select key, 1, format('B-%s', key), month, 'made', 'invoice', currency, 0, month + interval '33 days', '{}' from bill;
insert into billing.invoice_line (record_key, version, position, description, amount, product, region, usage_type,
                                  quantity, unit, rate, attributes)
select key, 1, n, format('Product %s in region %s', n % 40, n % 8), (n * (key % 89 + 1))::numeric / 100,
       format('Product %s', n % 40), format('Region %s', n % 8), 'bandwidth', n, 'GB', (key % 89 + 1)::numeric / 100,
       '{}'
from bill, generate_series(1, :lines) n;
update billing.invoice i set total = (select sum(amount) from billing.invoice_line l where l.record_key = i.record_key);
insert into billing.reconciliation overriding system value
select key, vendor, account, month, sha256('i'), sha256('r'), 'bench', key, 'bench', month + interval '33 days'
from bill;
insert into billing.control_result (reconciliation_id, position, control_id, subject, state, expected, actual,
                                    difference, currency, operands, explanation, severity, rule_sha256)
select key, n, case vendor when 'fastly' then 'F' else 'G' end || (1 + n % 24), format('B-%s', key),
       case when n = 7 and key % 25 = 0 then 'EXCEPTION' else 'PASS' end, 100, 100 + (n % 3), n % 3, currency,
       '{"lines": 500}', 'made for a measurement', 'exception', sha256('rule')
from bill, generate_series(1, 40) n;
insert into billing.account_month (vendor, account, month, reconciliation_id, fetch_id, currency, first_stored_at,
                                   last_seen_at)
select vendor, account, month, key, key, currency, month + interval '33 days', month + interval '33 days' from bill;
insert into billing.product_month (vendor, month, item_key, currency, product, named_at, lines, amount)
select b.vendor, b.month, sha256((b.currency || l.product)::bytea), b.currency, l.product, max(i.issued_at), count(*),
       sum(l.amount)
from bill b join billing.invoice_line l on l.record_key = b.key join billing.invoice i on i.record_key = b.key
group by b.vendor, b.month, b.currency, l.product;
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20, help="how often each reader opens each page")
    options = parser.parse_args(arguments)
    with temporary_stack(BenchStack) as stack:
        services = Services(stack.state)
        pages = fill(services, options.accounts)
        before = memory(services)
        waits = read(services, pages, options.rounds)
        growth = memory(services) - before
    return report(waits, growth)


def fill(services: Services, accounts: int) -> dict[str, str]:
    """Store the bills; return the addresses of the pages by their names."""
    started = time.monotonic()
    with open_database(services.url("billing")).begin() as connection:
        for statement in FILL.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"accounts": accounts, "lines": LINES})
    with open_database(services.url("billing")).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        key = connection.scalar(text("select max(record_key) from billing.record where account = 'account-1'"))
    print(f"{accounts * 12 * YEARS * LINES:,} lines stored in {time.monotonic() - started:.0f} s")
    return {
        "months": "/?last=2026-10",
        "a month": "/months/fastly/account-1/2026-10",
        "a bill": f"/bills/{key}",
        "a bill, searched": f"/bills/{key}?words=region+3&sort=amount",
        "spend": "/spend?currency=EUR&last=2026-10&months=36",
        "chart": "/spend/chart.svg?currency=EUR&last=2026-10&months=36",
        "accruals": "/accruals?last=2026-10",
        "drift": "/drift",
        "months as JSON": "/api/v1/months?last=2026-10",
    }


def read(services: Services, pages: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Open every page by all readers at once; return what each waited, in seconds."""
    airflow = services.api.base_url
    credentials = {"username": ADMIN, "password": services.state.secrets().admin_password}
    answer = httpx.post(f"{airflow}/auth/token", json=credentials, trust_env=False)
    signed_in = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    waits: dict[str, list[float]] = {name: [] for name in pages}

    def reader(number: int) -> None:
        with httpx.Client(headers=signed_in, timeout=60, trust_env=False) as client:
            order = list(islice(cycle(pages.items()), number, number + len(pages)))
            for name, path in order * rounds:
                asked = time.monotonic()
                client.get(f"{airflow}/billing{path}").raise_for_status()
                waits[name].append(time.monotonic() - asked)

    with ThreadPoolExecutor(READERS) as pool:
        for done in [pool.submit(reader, number) for number in range(READERS)]:
            done.result()
    return waits


def memory(services: Services) -> int:
    """Return the API server's memory in bytes: what its processes hold that no other process shares."""
    found = 0
    for pid in services.components()["api-server"]:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith(("Private_Clean", "Private_Dirty")):
                found += int(line.split()[1]) * 1024
    return found


def report(waits: dict[str, list[float]], growth: int) -> int:
    """Print the table; return 1 if a bound is exceeded."""
    worse = 0
    print(f"{'page':20}{'median':>10}{'p99':>10}   {READERS} readers at once, ms")
    for name, found in waits.items():
        middle, last = median(found), quantiles(found, n=100)[98]
        late = middle > MEDIAN_SECONDS or last > P99_SECONDS
        worse += late
        print(f"{name:20}{middle * 1000:10.0f}{last * 1000:10.0f}{'   slower than its bound' if late else ''}")
    print(f"API server's memory: {growth / 1e6:+.0f} MB")
    return int(worse > 0 or growth > GROWTH_BYTES)


if __name__ == "__main__":
    sys.exit(main())
