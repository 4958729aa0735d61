"""Without any reading the demo's organisations answer the same bytes as ever: a change here changes every user's demo."""

import hashlib

import pytest

BILLING = "/api/v2/billing"
DIGESTS = {
    "nord-contact": "",
    "pacific-care": "",
    "sakura-support": "",
    "aurora-help": "",
}


def answers(reader, name: str):
    """Yield the body of every kind of answer: all contracts and invoices, the periods and lines of the newest."""
    listing = reader.get(name, BILLING + "/contracts", pageSize=10)
    yield listing.body
    for contract in listing.json["entities"][:3]:
        yield reader.get(name, f"{BILLING}/contracts/{contract['id']}").body
        for period in contract["billingPeriods"][:40]:
            yield reader.get(name, f"{BILLING}/contracts/{contract['id']}/billingperiods/{period['id']}").body
    invoices = reader.get(name, BILLING + "/contracts/invoices", pageSize=200)
    yield invoices.body
    for invoice in invoices.json["entities"][:120]:
        yield reader.get(name, f"{BILLING}/contracts/invoices/{invoice['id']}/lines", pageSize=200).body
    for month in range(2, 11):
        dates = {"startDate": f"2026-{month - 1:02d}-01T00:00:00Z", "endDate": f"2026-{month:02d}-01T00:00:00.000Z"}
        yield reader.get(name, BILLING + "/reports/billableusage", **dates).body
    organisation = next(each for each in reader.sim.world.accounts() if each["name"] == name)["organization_id"]
    for index in range(6):
        yield reader.get(name, f"{BILLING}/trusteebillingoverview/{organisation}", billingPeriodIndex=index).body


@pytest.mark.parametrize("name", DIGESTS)
def test_the_demo_answers_what_it_always_did(reader, name):
    digest = hashlib.sha256()
    for body in answers(reader, name):
        digest.update(body)
    assert digest.hexdigest() == DIGESTS[name]
