"""The world depends on its seed alone, and on nothing of the product it is the counterparty of."""

import json
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from vendor_simulator import exact
from vendor_simulator.months import Month
from vendor_simulator.world import World

FIRST, LAST = Month(2023, 1), Month(2026, 10)


def everything(world: World, months: list[Month]) -> list[object]:
    names = [(each["vendor"], each["name"]) for each in world.accounts()]
    return [world.truth(vendor, name, month) for month in months for vendor, name in names]


def test_two_worlds_of_one_seed_are_the_same_whatever_is_asked_first():
    months = list(Month(2025, 10).until(LAST))
    backwards = everything(World(7), months[::-1])
    assert sorted(map(repr, everything(World(7), months))) == sorted(map(repr, backwards))
    assert World(7).planted(FIRST, LAST) == World(7).planted(FIRST, LAST)


def test_another_seed_has_the_same_accounts_and_other_amounts():
    first, second = World(7), World(8)
    assert [each["name"] for each in first.accounts()] == [each["name"] for each in second.accounts()]
    assert first.accounts() != second.accounts()
    month = [Month(2026, 9)]
    assert {t.total for each in everything(first, month) for t in each} != {
        t.total for each in everything(second, month) for t in each
    }


def test_a_server_thread_counts_as_exactly_as_the_main_thread():
    """Decimal contexts are a thread's own: 28 digits would not do for the largest account."""
    month, seen = Month(2026, 10), []
    thread = threading.Thread(target=lambda: seen.append(everything(World(7), [month])))
    thread.start()
    thread.join()
    assert seen == [everything(World(7), [month])]


def test_history_goes_on_for_ever():
    world = World(7)
    assert all(everything(world, [Month(2034, 12)]))
    assert world.planted(Month(2034, 1), Month(2034, 12))


def test_accounts_cover_generations_currencies_and_cycles():
    accounts = World(7).accounts()
    assert {each["currency"] for each in accounts} == {"USD", "EUR", "JPY", "KWD", "GBP"}
    assert len([each for each in accounts if each["vendor"] == "fastly"]) == 9
    assert [each["name"] for each in accounts if each.get("api") == "v2"] == ["legacy-press", "legacy-child"]
    assert [each["name"] for each in accounts if each.get("parent_pay")] == ["legacy-child"]
    assert len({each["conn_id"] for each in accounts}) == len(accounts) == 13


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("4000.00"), "4000.00"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000000001"), "0.000000001"),
        (Decimal("123456789012345.67"), "123456789012345.67"),
        ({"é": [None, True, 1, "\n"]}, '{"é":[null,true,1,"\\n"]}'),
    ],
)
def test_json_prints_every_digit(value, text):
    assert exact.json_text(value) == text
    assert json.loads(text, parse_float=Decimal) == value


def test_json_knows_no_float():
    with pytest.raises(TypeError, match="float"):
        exact.json_text({"amount": 0.1})


@pytest.mark.parametrize(
    ("amount", "currency", "payable"),
    [("2.345", "USD", "2.35"), ("-2.345", "USD", "-2.35"), ("2.5", "JPY", "3"), ("0.0005", "KWD", "0.001")],
)
def test_money_is_rounded_half_up_to_the_minor_unit(amount, currency, payable):
    assert exact.money(Decimal(amount), currency) == Decimal(payable)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "2026-00", "2026-01-01", ""])
def test_what_is_no_month(text):
    with pytest.raises(ValueError, match="YYYY-MM"):
        Month.parse(text)


def test_the_counterparty_shares_no_code_with_the_product():
    code = (
        "import sys, vendor_simulator.__main__, vendor_simulator.testing\n"
        "vendor_simulator.testing.Simulator()\n"  # loads the vendors
        "shared = [name for name in sys.modules if name.split('.')[0] in ('airflow', 'billing', 'billing_vendors')]\n"
        "sys.exit(' '.join(shared) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
