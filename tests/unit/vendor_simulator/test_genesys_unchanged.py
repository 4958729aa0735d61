"""Without any reading the demo answers the same bytes as ever: a change here changes every user's demo."""

import hashlib

import pytest

BILLING = "/api/v2/billing"
DIGESTS = {
    "nord-contact": "99eccc4c84be7926f7bcc5fea6714c7fef8f2962cc6d7d95aa535d9ac0ffbc82",
    "pacific-care": "87033a0120faa596424a3b2e68607374d30874845fcd206689aa30df6a4a788c",
    "sakura-support": "6395dc310ed634dc4ecec1833daca4d654312c53812b5f41c6b5f7066ff19287",
    "aurora-help": "33439df5166da3178457b692e517157cfb3946ecac27ea90861aabb6accc726d",
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
