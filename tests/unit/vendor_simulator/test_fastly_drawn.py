"""Customers drawn at random: right by the contract in every month, and wide enough to hold what a real customer has."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from vendor_simulator import exact
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.drawn import drawn_accounts
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.fastly.model import FastlyMonth, Line
from vendor_simulator.fastly.rate_card import item_of
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.months import Month
from vendor_simulator.world import World

DRAWN = 40
MONTHS = list(Month(2024, 1).until(Month(2026, 10)))


@pytest.fixture(scope="module")
def vendor() -> FastlyWorld:
    return World(7, drawn=DRAWN, errors=False).of(FastlyWorld)


@pytest.fixture(scope="module")
def drawn(vendor) -> list[FastlyAccount]:
    return [account for account in vendor.accounts if account.agreement is not None]


@pytest.fixture(scope="module")
def months(vendor, drawn) -> list[FastlyMonth]:
    return [vendor.month(account, month) for account in drawn for month in MONTHS if month >= account.first_month]


def charged(content: FastlyMonth) -> Iterator[Line]:
    for invoice in content.invoices:
        yield from (line for line in invoice.lines if line.kind in {"usage", "fee"})


def test_a_seed_draws_the_same_customers_whatever_their_number():
    few, many = World(7, drawn=3).accounts(), World(7, drawn=9).accounts()
    assert [entry for entry in many if entry in few] == few
    assert {entry["name"] for entry in few} < {entry["name"] for entry in many}
    assert World(8, drawn=3).accounts() != few


def test_names_numbers_and_credentials_are_the_customer_s_own(vendor):
    for field in ("name", "number", "customer_id", "token", "conn_id"):
        assert len({getattr(account, field) for account in vendor.accounts}) == DRAWN + 9


def test_no_two_things_have_the_same_name_on_the_lines(drawn):
    """So that a line says which rate it has, in either API generation."""
    for seed in range(1, 4):
        for account in drawn_accounts(seed, 130):
            items = [item_of(account.api, offer.meter) for offer in account.agreement.offers]
            assert len(set(items)) == len(items), account.name


def test_each_line_is_rate_times_units_and_each_total_the_sum_of_its_lines(months):
    for content in months:
        for invoice in content.invoices:
            assert invoice.total == invoice.lines_total
            for line in invoice.lines:
                assert line.amount == exact.money(exact.times(line.rate, line.units), invoice.currency), line


def test_what_is_billed_was_metered(months):
    for content in months:
        billed: dict[Any, Decimal] = defaultdict(Decimal)
        for line in charged(content):
            if line.kind == "usage":
                billed[line.meter] += line.units
        assert billed == {row.meter: row.quantity for row in content.usage}
        assert all(row.raw_quantity == row.quantity * row.meter.raw_per_unit for row in content.usage)


def test_a_shortfall_lifts_the_charges_to_the_minimum_in_force(months):
    seen = set()
    for content in months:
        minimum = content.account.minimum_in(content.month)
        lines = content.invoices[0].lines if content.invoices else ()
        before = sum(line.amount for line in lines if line.kind in {"usage", "fee", "discount"})
        shortfall = sum(line.amount for line in lines if line.kind == "shortfall")
        assert shortfall == max(0, minimum - before)
        seen.add((bool(minimum), bool(shortfall)))
    assert seen == {(False, False), (True, False), (True, True)}


def test_a_month_without_use_and_minimum_has_no_bill_and_any_other_has_one(months):
    empty = [content for content in months if not content.invoices]
    assert empty
    assert all(not content.usage and not content.account.minimum_in(content.month) for content in empty)


def test_every_rate_is_on_the_card_or_that_of_the_whole_history(vendor, drawn, months):
    """A rate that no card names never changes: its first is its only one."""
    entries = {entry["name"]: entry.get("rate_card", []) for entry in vendor.account_entries()}
    rates = defaultdict(set)
    for content in months:
        for line in charged(content):
            rates[content.account, line.meter].add((content.month, line.rate))
    for (account, meter), seen in rates.items():
        card = [entry for entry in entries[account.name] if is_for(entry, account, meter)]
        if card:
            allowed = {(month, Decimal(e["rate"])) for month, _ in seen for e in card if is_in_force(e, month)}
            assert {(month, rate) for month, rate in seen} <= allowed
        else:
            assert len({rate for _, rate in seen}) == 1


def is_for(entry: dict[str, Any], account: FastlyAccount, meter: Meter) -> bool:
    """Tell by the texts that a line has, v2's being those of ``legacy.py``."""
    said = {key: entry[key] for key in ("product", "region", "usage_type") if key in entry}
    return said == dict(item_of(account.api, meter))


def is_in_force(entry: dict[str, Any], month: Month) -> bool:
    first, last = entry["from"], entry.get("to", "9999-12")
    return first <= f"{month}-31" and last >= str(month)


def test_prices_change_within_a_month_and_have_tiers(months):
    several = [
        content for content in months if len({line.meter for line in charged(content)}) < len([*charged(content)])
    ]
    assert len(several) > 20
    changes = [
        price.since for content in months for offer in content.account.agreement.offers for price in offer.prices[1:]
    ]
    assert any(day.day == 1 for day in changes)
    assert any(day.day > 1 for day in changes)
    assert min(changes) > date(2023, 1, 1)


def test_customers_are_drawn_widely(drawn, months):
    agreements = [account.agreement for account in drawn]
    lines = [line for content in months for invoice in content.invoices for line in invoice.lines]
    assert {exact.EXPONENTS[account.currency] for account in drawn} == {0, 2, 3}
    assert {account.api for account in drawn} == {"v2", "v3"}
    assert {line.kind for line in lines} == {"usage", "fee", "discount", "shortfall", "credit"}
    assert {bool(line.coupon) for line in lines if line.kind == "credit"} == {True, False}
    assert {bool(agreement.idle) for agreement in agreements} == {True, False}
    assert any(offer.last for agreement in agreements for offer in agreement.offers)
    assert any(line.meter.once for line in lines)
    assert any(not line.meter.name.isascii() for line in lines)
    assert max(len(line.meter.name) for line in lines) > 200
    amounts = sorted(line.amount for line in lines if line.kind == "usage")
    assert amounts[0] < 1 < 10**6 < amounts[-1]
    assert any(len(content.invoices) == 2 for content in months)


def test_the_demo_s_errors_do_not_reach_drawn_customers():
    world = World(7, drawn=5)
    assert not [error for error in world.planted(MONTHS[0], MONTHS[-1]) if "drawn" in error.account]
    assert world.planted(MONTHS[0], MONTHS[-1]) == World(7).planted(MONTHS[0], MONTHS[-1])


@pytest.mark.parametrize(
    ("rounding", "shown"), [("total", "lines have all decimals"), ("shown", "lines and total are rounded")]
)
def test_rounding_once_differs_from_rounding_lines_by_less_than_half_a_unit_each(months, rounding, shown):
    vendor = World(7, {"fastly.rounding": rounding}, drawn=DRAWN, errors=False).of(FastlyWorld)
    for content in months:
        for before, after in zip(content.invoices, vendor.month(content.account, content.month).invoices, strict=True):
            unit = Decimal(1).scaleb(-exact.EXPONENTS[before.currency])
            assert abs(after.total - after.lines_total) <= unit * (len(after.lines) + 1) / 2, shown
            assert after.total == exact.money(after.total, after.currency)


def test_a_positive_credit_is_taken_off(months):
    vendor = World(7, {"fastly.credit": "positive"}, drawn=DRAWN, errors=False).of(FastlyWorld)
    for content in months:
        for before, after in zip(content.invoices, vendor.month(content.account, content.month).invoices, strict=True):
            taken_off = sum(line.amount for line in after.lines if line.kind == "credit")
            assert after.total == before.total == after.lines_total - 2 * taken_off
