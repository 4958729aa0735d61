"""What a document's text says of an amount: no printed form of another amount ever agrees."""

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.printed.agreement import Answer, compare_with
from billing.printed.totals import printed_totals

CURRENCIES = {
    "USD": (2, "$"),
    "EUR": (2, "€"),
    "INR": (2, "₹"),
    "JPY": (0, "¥"),
    "KWD": (3, "KWD "),
    "CLF": (4, "CLF "),
}
MARKS = [
    ("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), (" ", "."), ("\u00a0", ","), ("\u202f", ","), ("'", "."),
    ("’", "."), ("٬", "٫"),
]  # fmt: skip
SCRIPTS = {
    "ascii": "0123456789",
    "full width": "０１２３４５６７８９",
    "Arabic": "٠١٢٣٤٥٦٧٨٩",
    "Devanagari": "०१२३४५६७८९",
}
POSITIVE = ["{n}", "{s}{n}", "{s} {n}", "{n} {c}", "{c} {n}", "{n}{c}", "+{n}", "{n} DR"]
NEGATIVE = [
    "-{n}", "-{s}{n}", "{s}-{n}", "-{c} {n}", "{c} -{n}", "-{n} {c}", "- {n}", "−{n}", "–{n}", "－{n}", "{n}-", "{n}−",
    "{n} −", "{n}- {c}", "{n} {c}-", "({n})", "({s}{n})", "{s}({n})", "{c} ({n})", "({n}) {c}", "({n} {c})", "(-{n})",
    "{n} CR", "{n}CR", "{n} Cr.", "CR {n}",
]  # fmt: skip
LAYOUTS = [
    "Total: {a}", "Total {a}", "TOTAL   {a}", "Total\n{a}", "{a}\nTotal\nThank you", "T o t a l : {a}", "To tal: {a}",
    "Total:{a}", "Total{a}", "Grand Total ........ {a}", "| Total | {a} |", "Total\n:\n{a}",
    "Invoice total (incl. VAT): {a}",
    "Subtotal 1.00\nTax 2.00\nTotal {a}", "Subtotal 1.00 Tax 2.00 Total {a}", "Subtotal Tax Total\n1.00 2.00 {a}",
    "Subtotal\nTax\nTotal\n1.00\n2.00\n{a}", "Subtotal\n1.00\nTotal\n{a}", "1.00\nSubtotal\n{a}\nTotal",
    "Amount due: {a}", "Gesamtbetrag: {a}", "Net à payer : {a}", "Importe total: {a}", "Totale fattura {a}",
    "Valor total: {a}", "Totaal incl. btw: {a}", "Att betala: {a}", "I alt {a}", "Å betale: {a}", "Yhteensä {a}",
    "Do zapłaty: {a}", "Celkem k úhradě: {a}", "合計金額 {a}", "价税合计：{a}", "총 청구 금액: {a}",
]  # fmt: skip


def grouped(whole, mark, sizes=(3,)):
    """Part the digits from the right into groups; the last size repeats."""
    parts, sizes = [], list(sizes)
    while len(whole) > sizes[0]:
        parts.insert(0, whole[-sizes[0] :])
        whole = whole[: -sizes[0]]
        sizes = sizes[1:] or sizes
    return mark.join([whole, *parts])


@st.composite
def printed(draw):
    """An amount, its currency, and a text that prints it."""
    currency = draw(st.sampled_from(list(CURRENCIES)))
    decimals, symbol = CURRENCIES[currency]
    units = draw(st.one_of(st.integers(0, 10**10), st.sampled_from([0, 1, 100, 1000, 1234, 10**5, 10**6, 123_450])))
    digits = str(units).rjust(decimals + 1, "0")
    whole, cents = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    group, mark = draw(st.sampled_from(MARKS))
    sizes = draw(st.sampled_from([(3,), (3,), (3, 2)])) if group == "," else (3,)
    number = grouped(whole, group, sizes) + (mark + cents if cents else "")
    if cents and not int(cents) and draw(st.booleans()):
        number = grouped(whole, group, sizes) + draw(st.sampled_from(["", ",-", ".–"]))
    number = number.translate(
        dict(zip(map(ord, "0123456789"), draw(st.sampled_from(list(SCRIPTS.values()))), strict=True))
    )
    negative = draw(st.booleans())
    form = draw(st.sampled_from(NEGATIVE if negative else POSITIVE))
    figure = form.format(n=number, s=symbol, c=currency)
    amount = Decimal(-units if negative else units).scaleb(-decimals)
    return currency, amount, draw(st.sampled_from(LAYOUTS)).format(a=figure)


def answer(text, amount, currency="USD"):
    return compare_with(printed_totals(text, currency), Decimal(amount)).answer


@settings(max_examples=1500, deadline=None)
@given(printed())
def test_a_printed_total_agrees_with_its_amount_and_with_no_other(case):
    """The next amounts of its currency, and the same with the other sign, never agree; its own never differs."""
    currency, amount, text = case
    unit = Decimal(1).scaleb(-CURRENCIES[currency][0])
    assert answer(text, amount, currency) is not Answer.DIFFERS
    for other in {amount + unit, amount - unit, -amount} - {amount}:
        assert answer(text, other, currency) is not Answer.AGREES


def test_most_printed_totals_are_read_for_sure():
    """Unclear is the exception: a dash that may be a minus, three digits behind a mark in dinars, and the like."""
    answers = Counter(
        answer(layout.format(a=form.format(n=number, s="$", c="USD")), "1234.50" if form in POSITIVE else "-1234.50")
        for layout in LAYOUTS
        for form in [*POSITIVE, *NEGATIVE]
        for number in ("1,234.50", "1.234,50", "1 234,50", "1'234.50", "1234,5", "١٢٣٤٫٥٠", "１２３４．５０")
    )
    assert answers[Answer.DIFFERS] == 0
    assert answers[Answer.AGREES] > 0.96 * answers.total()
