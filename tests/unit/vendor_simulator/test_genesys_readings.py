"""Each value of a Genesys Cloud reading changes the documents as it says, and nothing else."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud import documents
from vendor_simulator.genesys_cloud.contract_documents import contract_document
from vendor_simulator.genesys_cloud.periods import first_month, period_of
from vendor_simulator.genesys_cloud.printed import invoice_file, printed_amount
from vendor_simulator.genesys_cloud.questions.bills import BILLS
from vendor_simulator.genesys_cloud.questions.members import MEMBERS
from vendor_simulator.genesys_cloud.questions.printed import PRINTED
from vendor_simulator.genesys_cloud.readings import DEFAULTS, READINGS
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.genesys_cloud.usage_documents import overview_document, usages
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month
from vendor_simulator.web.state import State
from vendor_simulator.world import World

NOW = datetime(2025, 3, 20, 12, tzinfo=UTC)
ACCOUNTS = ("nord-contact", "pacific-care", *(f"drawn-genesys-{number}" for number in range(1, 8)))
MONTHS = list(Month(2025, 1).until(Month(2025, 2)))

MEMBERS_OF = {
    "line_quantity": "quantity price overagePrice overageRate prepayPrice prepaidQuantity fairuseQuantity "
    "actualQuantity overageQuantity",
    "whole_quantity": "quantity",
    "line_unit": "unitOfMeasure",
    "units": "unitOfMeasure",
    "unused_quantity": "prepaidQuantity fairuseQuantity",
    "zeros": "overageQuantity overageRate overageCharge balanceIncrease balanceDecrease balanceConsumption "
    "balanceOverage balanceOverageRate balanceOverageCharge",
    "overage_rate": "overageRate",
    "charge_names": "prepaidQuantity fairuseQuantity actualQuantity overageQuantity getprepaidQuantity "
    "getfairuseQuantity getactualQuantity getoverageQuantity",
    "item_words": "type function items",
    "item_price": "price",
    "charged_through": "dateChargedThrough",
    "period_end": "dateEnd",
    "contract_end": "dateEnd",
    "item_end": "dateEffectiveEnd",
    "line_end": "dateEnd",
    "line_dates": "dateStart dateEnd",
    "line_product": "product",
    "line_description": "description",
    "credit_dates": "dateStart dateEnd",
    "parties": "shipToCustomer soldToCustomer endCustomer billToAddress shipToAddress paymentLink",
    "organizations": "organization organizations",
    "purchase_order": "customerPoNumber purchaseOrderNumbers",
    "contract_periods": "billingPeriods",
    "contract_status": "status",
    "period_status": "status",
    "payment_status": "paymentStatus",
    "payment_terms": "paymentTerms",
    "names": "name",
    "usage_names": "usage",
    "text_numbers": "totalUsage usageQuantity overagePrice prepayQuantity prepayPrice",
    "moments": "billingPeriodStartDate billingPeriodEndDate contractEffectiveDate contractEndDate date",
    "overview_rows": "usages",
}
NEEDED = {"item_price": {"prepay_frequency": "quarterly"}, "credit_dates": {"tax": "line"}}
NEED_OTHERS = {"short_month", "short_period", "amended_quantity", "credit_sign"}
OF_THE_HANDLER = {"usage_status"}


def values(readings, but=()) -> list[tuple[str, str]]:
    """Every value that is not the default, with its word."""
    words = [(each.key.partition(".")[2], each) for each in readings]
    return [(word, value) for word, each in words if word not in but for value in each.values if value != each.default]


def snapshot(readings: dict[str, str]) -> dict[tuple[str | int, ...], Any]:
    """Everything that some accounts' documents say in some months, one entry for each path to a value."""
    given = {f"genesys_cloud.{word}": value for word, value in readings.items()}
    context = GenesysContext(State(World(7, given, 7, errors=False), fixed_now=NOW))
    return {path: value for name in ACCOUNTS for path, value in flat(answers(context, name), (name,))}


def answers(context: GenesysContext, name: str) -> dict[str, Any]:
    owner = owner_of(context.world, name)
    periods = [each for contract in owner.contracts for each in context.periods(contract) if each.month in MONTHS]
    contents = [context.content(period, NOW) for period in periods]
    invoices = [invoice for content in contents for invoice in content.invoices]
    return {
        "contracts": {c.number: contract_document(owner, c, context.periods(c), NOW) for c in owner.contracts},
        "periods": {each.period.id: documents.period_document(owner, each, NOW) for each in contents},
        "invoices": {each.invoice_id: documents.invoice_document(owner, each, NOW) for each in invoices},
        "lines": {
            each.invoice_id: [documents.line_document(owner, each, line, 1) for line in each.lines] for each in invoices
        },
        "usage": usages(owner, contents, NOW),
        "overview": overview_document(owner, periods[0], contents, "") if periods else {},
    }


def owner_of(world: GenesysWorld, name: str):
    return world.as_billed(next(each for each in world.organisations if each.name == name))


def flat(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        yield path, type(value)
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(member, (*path, key))
    else:
        yield path, value


def changed(before: dict, after: dict) -> list[tuple[str | int, ...]]:
    return [path for path in before.keys() | after.keys() if before.get(path, path) != after.get(path, path)]


@pytest.fixture(scope="module")
def plain() -> dict[tuple[str | int, ...], Any]:
    return snapshot({})


def test_defaults_are_what_no_reading_is(plain):
    assert snapshot(dict(DEFAULTS)) == plain


@pytest.mark.parametrize(("word", "value"), values(MEMBERS, {"numbers", *OF_THE_HANDLER}))
def test_a_value_changes_the_members_it_speaks_of(plain, word, value):
    others = NEEDED.get(word, {})
    found = changed(snapshot(others) if others else plain, snapshot({word: value, **others}))
    allowed = set(MEMBERS_OF[word].split())
    assert found
    assert [path for path in found if allowed.isdisjoint(path)] == []


@pytest.mark.parametrize("value", ["fraction", "text"])
def test_numbers_in_another_form_have_the_same_value(plain, value):
    after = snapshot({"numbers": value})
    for path in changed(plain, after):
        assert Decimal(after[path]) == plain[path]
        assert path[-1] != "id"


@pytest.mark.parametrize("value", ["number", "fraction"])
def test_ids_are_numbers_that_stay_the_same(value):
    once, again = snapshot({"ids": value}), snapshot({"ids": value})
    assert once == again
    ids = [
        found for path, found in once.items() if path[-1] == "id" and not {"organization", "organizations"} & {*path}
    ]
    own = [found for found in ids if not isinstance(found, str)]
    assert own
    assert all(isinstance(found, int if value == "number" else Decimal) for found in own)


@pytest.mark.parametrize(("word", "value"), values(BILLS, NEED_OTHERS))
def test_a_value_changes_some_account_s_bills(plain, word, value):
    assert changed(plain, snapshot({word: value})) or DEFAULTS[word] == "contract"


@pytest.mark.parametrize("seed", range(12))
def test_any_combination_can_be_written(seed):
    chosen = {each.key: seeded_random.between(0, len(each.values) - 1, seed, each.key) for each in READINGS}
    answered = snapshot({each.key.partition(".")[2]: each.values[chosen[each.key]] for each in READINGS})
    exact.json_text([value for value in answered.values() if not isinstance(value, type)])


def test_truth_adds_up_whatever_is_read():
    """The header is the sum of the lines, but for tax without a line and amounts that are rounded once."""
    for word, value in values(BILLS):
        world = World(7, {f"genesys_cloud.{word}": value}, 7, errors=False)
        for name in ACCOUNTS:
            for month in MONTHS:
                for each in world.truth("genesys_cloud", name, month):
                    bound = Decimal(each.lines + 1) / 2 if word == "rounding" else 0
                    tax = Decimal("0.19") * each.lines_total if (word, value) == ("tax", "header") else 0
                    assert abs(each.total - each.lines_total - tax) <= max(bound, abs(tax) and 1)


def bills(readings: dict[str, str], name: str, month: str) -> list:
    """Return the invoices of one month."""
    world = World(7, {f"genesys_cloud.{word}": value for word, value in readings.items()}, errors=False)
    of_vendor = world.of(GenesysWorld)
    contents = [of_vendor.month(each, Month.parse(month)) for each in owner_of(of_vendor, name).contracts]
    return [invoice for content in contents for invoice in content.invoices]


def lines_of(readings: dict[str, str], name: str, month: str, kind: str) -> list:
    return [line for invoice in bills(readings, name, month) for line in invoice.lines if line.kind == kind]


@pytest.mark.parametrize(
    ("frequency", "timing", "month", "expected"),
    [
        ("monthly", "arrears", "2024-03", ("2024-03-01", "2024-03-31", 1)),
        ("monthly", "advance", "2024-03", ("2024-04-01", "2024-04-30", 1)),
        ("quarterly", "arrears", "2024-03", ("2024-01-01", "2024-03-31", 3)),
        ("quarterly", "advance", "2024-03", ("2024-04-01", "2024-06-30", 3)),
        ("quarterly", "advance", "2024-04", None),
        ("yearly", "arrears", "2024-12", ("2024-01-01", "2024-12-31", 12)),
        ("yearly", "advance", "2023-12", ("2024-01-01", "2024-12-31", 12)),
    ],
)
def test_a_prepayment_is_for_its_periods_and_on_one_invoice(frequency, timing, month, expected):
    lines = lines_of({"prepay_frequency": frequency, "prepay_timing": timing}, "nord-contact", month, "prepay")
    found = [(str(line.start), str(line.end), line.amount / 32500) for line in lines]
    assert found == ([expected] if expected else [])


def test_what_is_paid_is_charged_through():
    context = GenesysContext(State(World(7, {"genesys_cloud.prepay_frequency": "quarterly"}), fixed_now=NOW))
    (contract,) = owner_of(context.world, "nord-contact").contracts
    document = contract_document(owner_of(context.world, "nord-contact"), contract, context.periods(contract), NOW)
    assert document["plans"][0]["items"][0]["dateChargedThrough"] == "2024-12-31"


@pytest.mark.parametrize(
    ("day", "rule", "month", "expected"),
    [
        ("31", "last_day", "2024-02", ("2024-01-31", "2024-02-28")),
        ("31", "last_day", "2024-03", ("2024-02-29", "2024-03-30")),
        ("31", "next_month", "2024-02", ("2024-01-31", "2024-02-29")),
        ("31", "next_month", "2024-03", ("2024-03-01", "2024-03-30")),
        ("29", "last_day", "2023-03", ("2023-02-28", "2023-03-28")),
        ("29", "next_month", "2023-03", ("2023-03-01", "2023-03-28")),
        ("30", "last_day", "2024-05", ("2024-04-30", "2024-05-29")),
    ],
)
def test_a_cycle_of_a_day_that_some_months_lack(day, rule, month, expected):
    (line,) = lines_of({"cycle_day": day, "short_month": rule}, "nord-contact", month, "prepay")
    assert (str(line.start), str(line.end)) == expected


@pytest.mark.parametrize("rule", ["by_days", "whole"])
def test_a_contract_that_begins_within_a_cycle_has_a_short_period(rule):
    world = World(7, {"genesys_cloud.short_period": rule}, 40, errors=False).of(GenesysWorld)
    contracts = [each for owner in world.organisations for each in world.as_billed(owner).contracts if each.begins]
    periods = [period_of(each, first_month(each)) for each in contracts]
    short = [each for each in periods if each.days < each.whole_days]
    assert len(short) > 10
    for period in short:
        assert period.start == period.contract.begins
        assert (period.share(period.days) == 1) == (rule == "whole")


def test_a_price_that_changes_within_a_period():
    """From 1 January 2025 a user costs 135 instead of 130; the period is that of 15 December to 14 January."""
    readings = {"cycle_day": "15"}
    assert [line.amount for line in lines_of(readings, "nord-contact", "2025-01", "prepay")] == [Decimal(32500)]
    split = lines_of(readings | {"amendment": "by_days"}, "nord-contact", "2025-01", "prepay")
    assert [(str(line.start), str(line.end)) for line in split] == [
        ("2024-12-15", "2024-12-31"),
        ("2025-01-01", "2025-01-14"),
    ]
    assert [line.amount for line in split] == [Decimal("17822.58"), Decimal("15241.94")]


@pytest.mark.parametrize("rule", ["per_unit", "per_item", "percent", "included"])
def test_a_discount_comes_off_as_the_rule_says(rule):
    (line,) = lines_of({"discount": rule}, "nord-contact", "2024-03", "prepay")
    context = GenesysContext(State(World(7, {"genesys_cloud.discount": rule}), fixed_now=NOW))
    owner = owner_of(context.world, "nord-contact")
    document = contract_document(owner, owner.contracts[0], context.periods(owner.contracts[0]), NOW)
    item = document["plans"][0]["items"][0]
    off, price, quantity = item["discountAmount"], item["price"], item["quantity"]
    assert off > 0
    assert (
        line.amount
        == {
            "per_unit": (price - off) * quantity,
            "per_item": price * quantity - off,
            "percent": price * quantity * (100 - off) / 100,
            "included": price * quantity,
        }[rule]
    )


def test_one_time_tokens_are_in_the_wallet_and_billed_once_and_in_no_charge():
    readings = {"token_grant": "one_time"}
    assert [line.quantity for line in lines_of(readings, "nord-contact", "2024-01", "one_time")] == [20_000]
    assert lines_of(readings, "nord-contact", "2024-02", "one_time") == []
    world = World(7, {"genesys_cloud.token_grant": "one_time"}, errors=False).of(GenesysWorld)
    content = world.month(owner_of(world, "nord-contact").contracts[0], Month(2024, 1))
    assert [wallet.increase for wallet in content.wallets] == [20_000]
    assert [charge.prepaid for charge in content.charges if charge.tokens is not None] == [0]


def test_overage_of_a_wallet_is_billed_once_wherever_it_is_charged():
    amounts = {}
    for place in ("wallet", "charge"):
        world = World(7, {"genesys_cloud.wallet_overage": place}, errors=False).of(GenesysWorld)
        contract = owner_of(world, "nord-contact").contracts[0]
        contents = [world.month(contract, month) for month in Month(2023, 1).until(Month(2024, 12))]
        amounts[place] = [invoice.amount for content in contents for invoice in content.invoices]
        charged = [each.amount for content in contents for each in content.charges if each.tokens is not None]
        assert any(charged) == (place == "charge")
        assert any(each.amount for content in contents for each in content.wallets) == (place == "wallet")
    assert amounts["wallet"] == amounts["charge"]


def test_a_credit_memo_of_positive_amounts_says_so_by_its_type():
    memo = {"credit_form": "memo", "credit_sign": "positive"}
    (positive,) = [each for each in bills(memo, "nord-contact", "2024-05") if each.type == "Credit Memo"]
    assert positive.amount == positive.lines_total > 0
    (negative,) = [
        each for each in bills(memo | {"invoice_type": "null"}, "nord-contact", "2024-05") if each.type == "Credit Memo"
    ]
    assert negative.amount == -positive.amount


def test_a_date_of_another_zone_is_a_day_off():
    utc, early = (bills({"invoice_date": zone}, "nord-contact", "2024-03")[0] for zone in ("utc", "day_early"))
    assert early.invoiced_on == utc.invoiced_on - timedelta(days=1)
    assert early.lines == utc.lines


def test_quantities_are_counted_in_the_units_that_are_priced():
    raw = snapshot({})
    priced = snapshot({"line_quantity": "priced_thousands"})
    path = next(path for path in raw if path[:2] == ("nord-contact", "contracts") and raw[path] == Decimal("0.0004"))
    assert priced[path] == Decimal("0.4")
    assert raw[*path[:-1], "quantity"] == priced[*path[:-1], "quantity"] == 10_000_000


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ({}, "-1234.50 USD"),
        ({"pdf_marks": "comma", "pdf_sign": "trailing"}, "1,234.50- USD"),
        ({"pdf_marks": "point", "pdf_currency": "code_before"}, "USD -1.234,50"),
        ({"pdf_sign": "outside", "pdf_currency": "symbol"}, "-$1234.50"),
        ({"pdf_sign": "brackets", "pdf_currency": "symbol"}, "($1234.50)"),
        ({"pdf_sign": "credit", "pdf_marks": "space"}, "1 234,50 USD CR"),
        ({"pdf_marks": "apostrophe"}, "-1'234.50 USD"),
    ],
)
def test_an_amount_as_it_is_printed(readings, expected):
    assert printed_amount(Decimal("-1234.50"), "USD", {**DEFAULTS, **readings}) == expected


@pytest.mark.parametrize(("word", "value"), values(PRINTED, {"document_link"}))
def test_a_pdf_has_number_and_total_whatever_it_looks_like(word, value):
    world = World(7, {f"genesys_cloud.{word}": value}, errors=False).of(GenesysWorld)
    owner = owner_of(world, "nord-contact")
    (invoice,) = world.month(owner.contracts[0], Month(2024, 3)).invoices
    text = pypdf.PdfReader(io.BytesIO(invoice_file(owner, invoice))).pages[0].extract_text()
    assert invoice.invoice_id in text
    assert printed_amount(invoice.amount, "EUR", owner.read) in text


def test_contracts_with_a_day_in_the_history_begin_on_it():
    world = World(7, drawn=12).of(GenesysWorld)
    for owner in world.organisations[4:]:
        for contract in owner.contracts:
            assert contract.begins is not None
            assert date(2023, 1, 1) < contract.begins < contract.ends
