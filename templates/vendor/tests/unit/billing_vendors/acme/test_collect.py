"""A month is collected from the simulated Acme, over HTTP, and is the truth to the last digit."""

import json
from datetime import UTC, datetime

import pytest

from billing.config.accounts import load_accounts
from billing.controls.evidence import Evidence
from billing.controls.runner import run_controls
from billing.month import Month
from billing_vendors.acme.hooks import AcmeBillingHook
from billing_vendors.acme.vendor import ACME
from vendor_simulator.testing import Simulator
from vendor_simulator.world import World

OCTOBER = Month(2026, 10)


@pytest.fixture
def acme(monkeypatch):
    """The simulated Acme on 22 November 2026, with a connection to it."""
    with Simulator(World(seed=7), now=datetime(2026, 11, 22, tzinfo=UTC)) as running:
        for conn_id, connection in running.connections().items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        yield running


@pytest.fixture
def account():
    (found,) = load_accounts(ACME.name, ACME.settings_type)
    return found


def collected(account, month):
    implementation = ACME.load_implementation()
    return implementation.derive(account, month, list(implementation.collect(account, month)))


def test_a_month_is_the_truth(acme, account):
    month = collected(account, OCTOBER)
    found = {(each.invoice_id, each.total, len(each.lines)) for each in month.invoices}
    assert found == {(each.invoice_id, each.total, each.lines) for each in acme.truth("acme", account.name, "2026-10")}
    outcome = run_controls(ACME.controls(), Evidence(account, month))
    assert outcome.faults == {}
    assert outcome.states == {"PASS": 1}


def test_a_month_that_is_not_billed_yet_is_empty(acme, account):
    assert collected(account, Month(2026, 11)).invoices == ()


def test_the_sensor_sees_the_invoice(acme, account):
    (sensor,) = ACME.make_sensors(account=account.name, month="2026-10")
    probe = sensor.probe(account, OCTOBER)
    with probe.hook(account.conn_id) as hook:
        assert hook.call(probe.poke, hook).ready


def test_the_connection_can_be_tested(acme, account):
    assert AcmeBillingHook(account.conn_id).test_connection()[0]


def test_the_entry_in_accounts_yaml_is_the_simulator_s(account):
    (entry,) = World(seed=7).vendors["acme"].account_entries()
    assert (account.name, account.conn_id, account.settings.customer_id) == (
        entry["name"],
        entry["conn_id"],
        entry["customer_id"],
    )
