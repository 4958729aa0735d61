"""What every vendor's waits have in common."""

import dataclasses
import json
from datetime import UTC, datetime
from importlib import import_module

import pytest

from billing_vendors.base.polling import PollSchedule, Probe
from billing_vendors.base.triggers import xcom_payload
from billing_vendors.registry import vendors

# a vendor that waits for nothing has no sensor, and no probes
WAITING = [vendor for vendor in vendors() if vendor.make_sensors(account="any", month="2026-01")]
for vendor in WAITING:
    import_module(f"billing_vendors.{vendor.name}.probes")


def attempts(kind: type[Probe] = Probe) -> list[type[Probe]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *attempts(sub))]


CONCRETE = [probe for probe in attempts() if hasattr(probe, "thing")]


def test_every_vendor_that_waits_has_probes():
    packages = {probe.__module__.split(".")[1] for probe in CONCRETE}
    assert packages == {vendor.name for vendor in WAITING}


@pytest.mark.parametrize("probe", CONCRETE, ids=lambda probe: probe.__qualname__)
def test_its_fields_are_plain(probe):
    """They are stored as JSON while a task waits: a Decimal would lose digits there, a secret would be readable."""
    assert {field.type for field in dataclasses.fields(probe)} <= {"str", "int", "bool"}


@pytest.mark.parametrize("probe", CONCRETE, ids=lambda probe: probe.__qualname__)
def test_it_is_built_again_from_what_is_stored(probe):
    made = probe(**{field.name: "2026-10" for field in dataclasses.fields(probe)})
    assert Probe.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_what_a_wait_hands_on_is_plain():
    assert json.loads(json.dumps(xcom_payload("ready", "acme", "2026-10", 3))) == {
        "state": "ready",
        "account": "acme",
        "month": "2026-10",
        "attempts": 3,
    }


def test_patience_holds_no_number_that_json_changes():
    poll_schedule = PollSchedule(datetime.now(UTC), datetime.now(UTC), None, 0.1, 1e9)
    assert PollSchedule.from_json(json.loads(json.dumps(poll_schedule.to_json()))) == poll_schedule
