"""F10: the v2 API has no listing that could be whole."""

import pytest

from billing_vendors.fastly.controls.f10_complete_listings import F10


@pytest.mark.parametrize(("api", "state"), [("v3", "BLOCKED"), ("v2", "NOT_APPLICABLE")])
def test_no_listing_is_missing_where_the_api_has_some(bills, api, state):
    assert bills.states(F10, month=bills.month(), account=bills.account(api=api)) == [state]
