"""The sums by product are those of the lines that count, whatever was stored, in whatever order, by however many."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import psycopg2
import pytest

from billing.month import Month

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
STORED = "select vendor, month, currency, product, lines, amount from billing.product_month where lines <> 0"
COUNTED = """
    select r.vendor, i.month, coalesce(i.currency, ''), coalesce(l.product, ''), count(*), sum(l.amount)
    from billing.record r
    join billing.invoice i on i.record_key = r.record_key and i.version = r.current_version
    join billing.invoice_line l on l.record_key = r.record_key and l.version = r.current_version
    where not r.withdrawn
    group by 1, 2, 3, 4
"""


@pytest.fixture
def bill(make):
    """Make an invoice whose lines are named by their products."""

    def made(lines, **changed):
        rows = enumerate(lines, start=1)
        lines = tuple(make.line(position, amount, product=product) for position, (product, amount) in rows)
        return replace(make.invoice(**changed), lines=lines, total=sum((line.amount for line in lines), Decimal(0)))

    return made


@pytest.fixture
def agree(ledger):
    """Compare the sums that are kept with the lines, and give what they come to."""

    def compared():
        assert sorted(ledger.rows(STORED)) == sorted(ledger.rows(COUNTED))
        return {row[3]: row[5] for row in ledger.rows(STORED)}

    return compared


def test_sums_follow_every_version(ledger, make, bill, agree):
    ledger.store(make.month(bill([("CDN", "1.10"), ("CDN", "2.20"), ("TLS", "5"), (None, "0.1")])))
    assert agree() == {"CDN": Decimal("3.30"), "TLS": Decimal(5), "": Decimal("0.1")}
    ledger.store(make.month(bill([("CDN", "1.10"), ("WAF", "7")])), "restated")
    assert agree() == {"CDN": Decimal("1.10"), "WAF": Decimal(7)}
    ledger.store(make.month(bill([("CDN", "1.10"), ("WAF", "7")])), "the same again")
    assert agree() == {"CDN": Decimal("1.10"), "WAF": Decimal(7)}


def test_a_withdrawn_invoice_leaves_the_sums_until_it_is_listed_again(ledger, make, bill, agree):
    first, second = bill([("CDN", "3")]), bill([("CDN", "5"), ("TLS", "1")], invoice_id="I-2")
    ledger.store(make.month(first))
    ledger.store(make.month(second), "billed under another number")
    assert agree() == {"CDN": Decimal(5), "TLS": Decimal(1)}
    ledger.store(make.month(bill([("CDN", "4")]), second), "listed again, with another amount")
    assert agree() == {"CDN": Decimal(9), "TLS": Decimal(1)}
    ledger.store(make.month(), "nothing listed")
    assert agree() == {}


def test_an_invoice_that_moves_takes_its_sums_along(ledger, make, bill, agree):
    ledger.store(make.month(bill([("CDN", "3")])))
    ledger.store(make.month(bill([("CDN", "3")], month=NOVEMBER, currency=None), month=NOVEMBER), "moved")
    assert agree() == {"CDN": Decimal(3)}
    assert ledger.one("select month::text || currency from billing.product_month where lines <> 0") == "2026-11-01"


def test_accounts_and_orders_come_to_the_same(ledger, make, bill, agree):
    months = [("acme", "A", "1"), ("acme", "B", "2"), ("globex", "A", "4")]
    listed = {"acme": [], "globex": []}
    for number, order in enumerate(permutations(months), start=1):
        for account, invoice, amount in order:
            listed[account].append(bill([("CDN", amount)], invoice_id=f"{invoice}-{number}"))
            ledger.store(make.month(*listed[account], account=account), f"{account}-{invoice}-{number}")
        assert agree() == {"CDN": Decimal(7 * number)}


def test_spellings_that_read_alike_are_one_product(ledger, make, bill):
    """Written as on the newest bill, in whatever order the bills were stored."""
    newer, older = datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    bills = [
        bill([("São Paulo  CDN", "4")], invoice_id="B", issued_at=newer, currency="USD"),
        bill(
            [("sa\u0303o paulo cdn", "2"), ("SÃO PAULO CDN\u200b", "1")],
            invoice_id="A",
            issued_at=older,
            currency="usd",
        ),
    ]
    for one in bills:
        ledger.store(make.month(one, account=one.invoice_id.lower()), one.invoice_id)
    assert ledger.rows(STORED) == [("initech", OCTOBER.first_day, "USD", "São Paulo  CDN", 3, Decimal(7))]
    ledger.store(make.month(replace(bills[0], lines=bills[0].lines[:0], total=Decimal(0)), account="b"), "taken back")
    assert ledger.rows(STORED)[0][4:] == (2, Decimal(3))


def test_a_product_of_any_length_has_its_sum(ledger, make, bill, agree):
    long = "".join(chr(0x4E00 + number) for number in range(6000))
    ledger.store(make.month(bill([(long, "1"), (long[:-1], "2")], currency=long)))
    assert agree() == {long: Decimal(1), long[:-1]: Decimal(2)}


def test_tasks_at_once_neither_lose_nor_block_one_another(ledger, make, bill, agree):
    """Accounts whose lines name the same products in opposite orders."""
    products = [f"P{number:02d}" for number in range(30)]

    def store(number):
        named = products if number % 2 else products[::-1]
        made = bill([(product, "0.01") for product in named], invoice_id=f"I-{number}")
        ledger.store(make.month(made, account=f"account-{number}"), f"r{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store, range(12)))
    assert agree() == dict.fromkeys(products, Decimal("0.12"))


@pytest.mark.parametrize(
    "statement",
    ["delete from billing.product_month", "update billing.product_month set item_key = 'other'"],
)
def test_sums_are_neither_removed_nor_renamed(ledger, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="is evidence"):
        ledger.rows(statement)
