"""The Genesys Cloud organisations of the demo, and their special cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud.accounts import Contract, Customer, Organisation, Plan, Price, Product

_Item = tuple[str, str, str, str, int, int, int, tuple[tuple[str, str, str], ...]]
"""Product name, SKU part, unit, kind, quantity, low, high, and (start, price, overage price) each."""

_OLD = "2022-12-01"
_MEASURES = {"User": "seat", "Each": "each", "GB": "gigabyte", "Token": "token", "Minute": "minute"}
_GROUPINGS = {
    "User": "user-license",
    "Each": "resource",
    "GB": "storage",
    "Token": "rollup-usage",
    "Minute": "resource",
}


def demo_organisations(seed: int) -> tuple[Organisation, ...]:
    """Return the organisations of every world; ids and secrets depend on the seed, names do not."""
    return (_nord(seed), _pacific(seed), _sakura(seed), _aurora(seed))


def _nord(seed: int) -> Organisation:
    """EUR, calendar months: prepaid users with overage, tokens from a wallet, fair use, storage."""
    base = _organisation(seed, 1, "nord-contact", "Nord Contact Größe GmbH", "EUR", "A-00000077")
    steps = ((_OLD, "130.00", "143.00"), ("2025-01-01", "135.00", "148.5"))
    items: tuple[_Item, ...] = (
        ("Genesys Cloud CX 3", "CX3", "User", "prepay", 250, 238, 274, steps),
        ("AI Experience tokens", "AITC", "Token", "token", 20_000, 2400, 4300, ((_OLD, "0", "1.0"),)),
        ("API requests", "APIREQ", "Each", "fair_use", 10_000_000, 9_400_000, 10_900_000, ((_OLD, "0", "0.0004"),)),
        ("Data storage", "STORAGE", "GB", "fair_use", 2_000, 1_200, 1_990, ((_OLD, "0", "0.024"),)),
    )
    contract = _contract(seed, base, 1, items, ("PO-2023-0042", "PO-2025-0042"))
    return replace(
        base,
        country=("DE", "Germany", "Frankfurt am Main", "60311"),
        contracts=(replace(contract, credited="line"),),
    )


def _pacific(seed: int) -> Organisation:
    """USD, from the 21st to the 20th, two contracts with their own purchase orders."""
    base = _organisation(seed, 2, "pacific-care", "Pacific Care Inc.", "USD", "A-00004410")
    first: tuple[_Item, ...] = (
        ("Genesys Cloud CX 2", "CX2", "User", "prepay", 480, 455, 520, ((_OLD, "115.00", "126.5"),)),
        ("AI Agent tokens", "AGTC", "Token", "token", 60_000, 5_000, 9_000, ((_OLD, "0", "0.9"),)),
    )
    second: tuple[_Item, ...] = (
        ("Genesys Cloud CX 1 Digital", "CX1D", "User", "prepay", 90, 84, 99, ((_OLD, "55.25", "60.78"),)),
        ("Voice transcription", "VTRX", "Minute", "metered", 0, 52_000, 88_000, ((_OLD, "0", "0.00375"),)),
    )
    contracts = (
        _contract(seed, base, 1, first, ("US-77-0001",)),
        _contract(seed, base, 2, second, ("US-77-0002",)),
    )
    return replace(
        base,
        country=("US", "United States", "Portland", "97204"),
        contracts=tuple(replace(contract, cycle_day=21) for contract in contracts),
    )


def _sakura(seed: int) -> Organisation:
    """JPY, twelve contracts: one in advance with credit memos, one with an invoice of 5,000 lines each June."""
    base = _organisation(seed, 3, "sakura-support", "桜サポート株式会社", "JPY", "A-00009001")
    head: tuple[_Item, ...] = (
        ("Genesys Cloud CX 4", "CX4", "User", "prepay", 320, 300, 345, ((_OLD, "24000", "26400"),)),
        ("Recording minutes", "RECM", "Minute", "fair_use", 100_000, 90_000, 115_000, ((_OLD, "0", "0.55"),)),
    )
    branches = ("大阪", "京都", "札幌", "福岡", "仙台", "広島", "那覇", "金沢", "神戸", "新潟", "高松")
    contracts = [replace(_contract(seed, base, 1, head, ("JP-0001",)), advance=True, credited="memo")]
    for number, branch in enumerate(branches, start=2):
        item: _Item = (
            f"Voice pack {branch}",
            f"VP{number:02d}",
            "Minute",
            "metered",
            0,
            6_000 + number,
            19_000,
            ((_OLD, "0", str(number + 1)),),
        )
        contracts.append(_contract(seed, base, number, (item,), (f"JP-{number:04d}",)))
    contracts[1] = replace(contracts[1], long=True)
    return replace(base, country=("JP", "Japan", "東京", "100-0001"), contracts=tuple(contracts))


def _aurora(seed: int) -> Organisation:
    """GBP, pay as you go; some months without any use and hence without an invoice."""
    base = _organisation(seed, 4, "aurora-help", "Aurora Help Ltd", "GBP", "A-00012002")
    items: tuple[_Item, ...] = (
        ("Interactions", "INTX", "Each", "metered", 0, 4_100, 9_800, ((_OLD, "0", "0.135"),)),
        ("Social listening", "SOCL", "Each", "metered", 0, 900, 2_300, ((_OLD, "0", "0.0725"),)),
    )
    contract = replace(_contract(seed, base, 1, items, ("GB-5150",)), quiet=True)
    return replace(base, country=("GB", "United Kingdom", "Leeds", "LS1 4AP"), contracts=(contract,))


def _organisation(seed: int, number: int, name: str, title: str, currency: str, bill_to: str) -> Organisation:
    key = (seed, "genesys", name)
    sold_to = Customer(seeded_random.identifier(*key, "sold"), f"A-{20000 + number:08d}", title)
    payer = Customer(seeded_random.identifier(*key, "bill"), bill_to, f"{title} (accounts payable)")
    return Organisation(
        number,
        name,
        title,
        seeded_random.identifier(*key, "organisation"),
        seeded_random.identifier(*key, "client"),
        seeded_random.text(43, *key, "secret"),
        currency,
        payer,
        sold_to,
        ("", "", "", ""),
    )


def _contract(
    seed: int, owner: Organisation, number: int, items: tuple[_Item, ...], orders: tuple[str, ...]
) -> Contract:
    key = (seed, owner.name, number)
    return Contract(
        number,
        seeded_random.identifier(*key, "contract"),
        f"Q-{owner.number:03d}{number:05d}",
        orders,
        owner.name,
        owner.number,
        owner.currency,
        tuple(_plan(key, item) for item in items),
    )


def _plan(key: tuple[int, str, int], item: _Item) -> Plan:
    name, sku, unit, kind, quantity, low, high, steps = item
    product = Product(
        seeded_random.identifier(*key, "product", sku),
        f"GC-170-NV-{sku}",
        name,
        unit,
        _GROUPINGS[unit],
        _MEASURES[unit],
    )
    prices = tuple(Price(date.fromisoformat(start), Decimal(price), Decimal(over)) for start, price, over in steps)
    title = f"{name} plan" if kind != "token" else "Agent Copilot"
    return Plan(seeded_random.identifier(*key, "plan", sku), title, product, kind, quantity, low, high, prices)
