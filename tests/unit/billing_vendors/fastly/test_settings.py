"""Fastly's own keys of an account."""

import pytest

from billing.config.accounts import load_accounts
from billing.errors import ConfigurationError
from billing_vendors.fastly.settings import FastlySettings

ACME = {
    "vendor": "fastly",
    "name": "acme",
    "conn_id": "c",
    "customer_id": "abc123",
    "currency": "USD",
    "first_month": "2026-01",
    "posting_day": 5,
}


def test_v3_and_no_parent_are_the_defaults(accounts_file):
    accounts_file(ACME)
    (account,) = load_accounts("fastly", FastlySettings)
    assert account.settings == FastlySettings("abc123", api="v3", parent_pay=False)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("customer_id", 123),
        ("customer_id", ""),
        ("customer_id", "a/b"),
        ("api", "v1"),
        ("api", 3),
        ("parent_pay", "yes"),
        ("parent_pay", 1),
        ("region", "eu"),
    ],
)
def test_a_wrong_value_or_key_is_named(accounts_file, key, value):
    accounts_file({**ACME, key: value})
    with pytest.raises(ConfigurationError, match=key):
        load_accounts("fastly", FastlySettings)
