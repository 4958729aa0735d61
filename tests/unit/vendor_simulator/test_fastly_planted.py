"""Errors planted by request: one month of one account is wrong, in the way that is told, and nothing else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from vendor_simulator.fastly.planted import KINDS
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.months import Month
from vendor_simulator.world import World

DRAWN, MONTH = 20, Month(2026, 5)
INVOICES = "/billing/v3/invoices"


def world(**options) -> World:
    return World(7, drawn=DRAWN, errors=False, **options)


def target(kind: str, *, drawn: bool) -> str | None:
    """Return an account on which a kind can be planted."""
    one = world()
    names = [name for name in one.of(FastlyWorld).account_names() if name.startswith("drawn") == drawn]
    return next((name for name in names if one.plant(kind, name, MONTH) is not None), None)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_fits_some_drawn_and_some_demo_account(kind):
    assert target(kind, drawn=True)
    assert target(kind, drawn=False)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_changes_its_month_of_its_account_alone(kind):
    name = target(kind, drawn=True)
    clean, wrong = world(), world()
    error = wrong.plant(kind, name, MONTH)
    assert error is not None
    assert (error.account, error.month, error.control, error.kind) == (name, MONTH, kind.partition(":")[0], kind)
    before, after = clean.of(FastlyWorld), wrong.of(FastlyWorld)
    for account in before.accounts:
        for month in (MONTH, MONTH.shift(1)):
            differs = before.month(account, month) != after.month(account, month)
            assert differs == ((account.name, month) == (name, MONTH))
    assert wrong.planted(MONTH, MONTH) == [error]
    assert clean.planted(MONTH, MONTH) == []


def test_what_does_not_fit_changes_nothing():
    one = world()
    assert one.plant("F3", "legacy-press", MONTH) is None
    assert one.plant("F9:commitment", "acme-media", MONTH) is None
    assert one.planted(MONTH, MONTH) == []
    assert one.truth("fastly", "legacy-press", MONTH) == world().truth("fastly", "legacy-press", MONTH)


def test_an_unknown_kind_or_account_is_named():
    with pytest.raises(KeyError, match="there is no kind 'F99'; there are F1, "):
        world().plant("F99", "acme-media", MONTH)
    with pytest.raises(KeyError, match="nobody"):
        world().plant("F1", "nobody", MONTH)


def test_two_errors_of_one_month_are_both_there():
    one = world()
    one.plant("F1", "acme-media", MONTH)
    one.plant("F23", "acme-media", MONTH)
    assert [error.control for error in one.planted(MONTH, MONTH)] == ["F1", "F23"]
    (invoice,) = one.truth("fastly", "acme-media", MONTH)
    assert invoice.total != invoice.lines_total


def rows(client, **query) -> dict:
    dates = {"billing_start_date": str(MONTH.start.date()), "billing_end_date": str(MONTH.last_day)}
    return client.get("acme-media", INVOICES, **dates, **query).json


@pytest.mark.parametrize(("total", "says"), [("rows", 2), ("distinct", 1)])
def test_a_row_may_come_twice_and_the_total_counts_either(reading_client, total, says):
    client = reading_client({"fastly.v3_list_total": total}, errors=False)
    client.sim.world.plant("F7:row", "acme-media", MONTH)
    listing = rows(client)
    assert [row["invoice_id"] for row in listing["data"]] == [listing["data"][0]["invoice_id"]] * 2
    assert listing["meta"]["total"] == says


def test_a_row_may_be_counted_and_not_listed(reading_client):
    client = reading_client(errors=False)
    client.sim.world.plant("F10", "acme-media", MONTH)
    assert (len(rows(client)["data"]), rows(client)["meta"]["total"]) == (1, 2)


@pytest.mark.parametrize(("kind", "field"), [("F11", "description"), ("F11:amount", "amount"), ("F11:line", "lines")])
def test_the_list_differs_from_the_document_by_its_id(reading_client, kind, field):
    client = reading_client(errors=False)
    error = client.sim.world.plant(kind, "acme-media", MONTH)
    (listed,) = rows(client)["data"]
    by_id = client.get("acme-media", f"{INVOICES}/{error.document}").json
    lines, others = listed["transaction_line_items"], by_id["transaction_line_items"]
    if field == "lines":
        assert others == lines[:-1]
    else:
        assert {name for name in lines[0] if lines[0][name] != others[0][name]} == {field}
        assert others[1:] == lines[1:]


def test_an_invoice_is_withdrawn_ten_days_after_its_posting(reading_client):
    client = reading_client(errors=False)
    error = client.sim.world.plant("F20:withdrawn", "acme-media", MONTH)
    (true,) = client.sim.world.truth("fastly", "acme-media", MONTH)
    seen = []
    for days in (9, 11):
        client.sim.set_now(MONTH.end + timedelta(days=true.posted_on.day + days))
        seen.append((len(rows(client)["data"]), client.get("acme-media", f"{INVOICES}/{error.document}").status))
    assert seen == [(1, 200), (0, 404)]


def test_an_invoice_is_restated_ten_days_after_its_posting(reading_client):
    client = reading_client(errors=False)
    client.sim.world.plant("F20", "acme-media", MONTH)
    totals = []
    for days in (7, 20):
        client.sim.set_now(MONTH.end + timedelta(days=days))
        totals.append([row["monthly_transaction_amount"] for row in rows(client)["data"]])
    assert len(totals[0]) == len(totals[1]) == 1
    assert totals[0] < totals[1]


def test_an_invoice_with_the_period_of_another_month_is_listed_there(reading_client):
    client = reading_client(errors=False)
    client.sim.world.plant("F9:other_month", "acme-media", MONTH)
    starts = [row["billing_start_date"] for row in rows(client, limit=200)["data"]]
    assert starts == []


def test_the_rate_of_one_month_alone_is_raised():
    one = world()
    one.plant("F14", "acme-media", MONTH)
    vendor = one.of(FastlyWorld)
    account = next(account for account in vendor.accounts if account.name == "acme-media")
    before, during, after = (
        vendor.month(account, month).invoices[0].lines[0].rate for month in MONTH.shift(-1).until(MONTH.shift(1))
    )
    assert before == after
    assert during == before * Decimal("1.1")
