"""Dated rates and commitments: which hold in a month, and how the accounts file says them."""

from datetime import date
from decimal import Decimal

import pytest

from billing.config.rate_card import CardRate, Commitment, in_force, parse_commitments, parse_rate_card
from billing.errors import ConfigurationError
from billing.month import Month

CDN = {"product": "CDN", "rate": "0.08", "from": "2025-01"}


def months(*keys):
    return [Month.parse(key) for key in keys]


def test_a_card_is_read():
    full = CDN | {"region": "Europe", "usage_type": "bandwidth", "to": "2025-12"}
    first, last = months("2025-01", "2025-12")
    assert parse_rate_card([full, CDN]) == (
        CardRate(first, last, "CDN", "Europe", "bandwidth", Decimal("0.08")),
        CardRate(first, None, "CDN", None, None, Decimal("0.08")),
    )


def test_commitments_are_read():
    first, last = months("2025-01", "2025-12")
    rows = [{"amount": "3500.000", "from": "2025-01", "to": "2025-12"}, {"amount": "4000", "from": "2026-01"}]
    assert parse_commitments(rows) == (
        Commitment(first, last, Decimal("3500.000")),
        Commitment(Month(2026, 1), None, Decimal(4000)),
    )


def test_the_first_and_the_last_month_are_included():
    card = parse_rate_card([CDN | {"to": "2025-03"}, CDN | {"rate": "0.09", "from": "2025-04"}])
    rates = [in_force(card, month)[0].rate for month in months("2025-01", "2025-03", "2025-04", "2031-01")]
    assert rates == [Decimal("0.08"), Decimal("0.08"), Decimal("0.09"), Decimal("0.09")]
    assert in_force(card, Month(2024, 12)) == []


def test_a_rate_may_change_within_a_month_and_by_tiers():
    card = parse_rate_card(
        [
            CDN | {"to": date(2025, 6, 14)},
            CDN | {"from": "2025-06-15", "rate": "0.09"},
            CDN | {"from": "2025-06", "rate": "0.07", "above": "1000"},
        ]
    )
    in_june = [(entry.rate, entry.above) for entry in in_force(card, Month(2025, 6))]
    assert in_june == [(Decimal("0.08"), 0), (Decimal("0.09"), 0), (Decimal("0.07"), 1000)]
    assert [entry.rate for entry in in_force(card, Month(2025, 7))] == [Decimal("0.09"), Decimal("0.07")]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, r"rate_card should be a list, but is dict"),
        (["CDN"], r"rate_card, entry 1: expected keys and values, found str"),
        ([CDN, CDN | {"price": "1"}], r"rate_card, entry 2: unknown key 'price'"),
        ([CDN | {"product": ""}], r"rate_card, entry 1: product '' should be a string"),
        ([CDN | {"region": None}], r"rate_card, entry 1: region None should be a string"),
        ([CDN | {"rate": 0.08}], r"rate_card, entry 1: rate 0.08 should be a number in quotes"),
        ([{"product": "CDN", "from": "2025-01"}], r"rate_card, entry 1: rate None should be a number in quotes"),
        ([CDN | {"from": "2025-1"}], r"rate_card, entry 1: from: month '2025-1' is not of the form"),
        ([CDN | {"from": 2025}], r"rate_card, entry 1: from: .*from 2025 should be a string"),
        ([CDN | {"to": "2024-12"}], r"rate_card, entry 1: to 2024-12 is before from 2025-01"),
        ([CDN, CDN | {"from": "2026-01"}], r"rate_card, entry 2: 'CDN' has two rates on one day"),
        ([CDN | {"from": "2025-02-30"}], r"rate_card, entry 1: from: month '2025-02-30' is not of the form"),
        ([CDN | {"from": "2025-06-15", "to": "2025-06-14"}], r"entry 1: to 2025-06-14 is before from 2025-06-15"),
        ([CDN | {"to": "2025-06-15"}, CDN | {"from": "2025-06-15"}], r"entry 2: 'CDN' has two rates on one day"),
        ([CDN | {"above": "10"}, CDN | {"above": "10.0"}], r"entry 2: 'CDN' has two rates on one day"),
        ([CDN | {"above": 10}], r"rate_card, entry 1: above 10 should be a number in quotes"),
        ([CDN | {"from": "2026-01"}, CDN | {"to": "2026-01"}], r"entry 2: 'CDN' has two rates on one day"),
        ([CDN, CDN | {"product": "ＣＤＮ\u200b"}], r"rate_card, entry 2: .* has two rates on one day"),
        ([CDN | {"region": "\u00a0"}], r"rate_card, entry 1: region '\\xa0' should be a string"),
    ],
)
def test_every_mistake_in_a_card_is_named(value, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_rate_card(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([{"amount": 50, "from": "2025-01"}], r"commitments, entry 1: amount 50 should be a number in quotes"),
        ([{"amount": "50"}], r"commitments, entry 1: from: .*from None should be a string"),
        ([{"amount": "1", "from": "2025-01"}] * 2, r"commitments, entry 2: two commitments apply in one month"),
    ],
)
def test_every_mistake_in_commitments_is_named(value, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_commitments(value)
