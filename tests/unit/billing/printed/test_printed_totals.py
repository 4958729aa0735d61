"""What a document's text says of amounts: which figure is a label's, which label is the total's, and the sign."""

from decimal import Decimal

import pytest

from billing.printed.agreement import Answer, compare_with
from billing.printed.totals import printed_totals

AGREES, DIFFERS, UNCLEAR = Answer.AGREES, Answer.DIFFERS, Answer.UNCLEAR


def answer(text, amount, currency="USD"):
    return compare_with(printed_totals(text, currency), Decimal(amount)).answer


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        # which figure is the label's
        ("Subtotal 100.00\nTotal 119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Subtotal\n100.00\nTax\n19.00\nTotal\n119.00", {"119.00": AGREES, "19.00": DIFFERS}),
        ("100.00\nSubtotal\n19.00\nTax\n119.00\nTotal", {"119.00": AGREES, "19.00": DIFFERS}),
        ("Subtotal\nTax\nTotal\n100.00\n19.00\n119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("100.00\n19.00\n119.00\nSubtotal\nTax\nTotal", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Subtotal\nSome fee\nTotal\n100.00\n19.00\n119.00", {"119.00": UNCLEAR, "100.00": UNCLEAR, "1.00": DIFFERS}),
        ("119.00\nTotal\n0.00\nAmount paid", {"119.00": AGREES, "0.00": DIFFERS}),
        ("119.00 Total 0.00 Paid", {"119.00": AGREES, "0.00": DIFFERS}),
        ("20.00\nTotal\n119.00", {"119.00": UNCLEAR, "20.00": UNCLEAR, "21.00": DIFFERS}),
        ("5\n20.00\n100.00\nTotal\n100.00\nThank you", {"100.00": AGREES, "20.00": DIFFERS}),
        ("Total\nPage 3\n119.00", {"119.00": UNCLEAR}),
        ("Description Qty Total\nCX 3 5 100.00\nTotal 119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Description Qty Total\n5 100.00\nTotal 119.00", {"119.00": AGREES, "100.00": UNCLEAR}),
        ("Total 100.00 19.00 119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Total 100.00 19.00 120.00", {"120.00": UNCLEAR, "100.00": UNCLEAR, "119.00": DIFFERS}),
        ("20.00 Total 119.00", {"119.00": UNCLEAR, "20.00": UNCLEAR}),
        ("Total 5 100.00", {"100.00": UNCLEAR, "5": UNCLEAR, "6": DIFFERS}),
        ("Total 1 00.00", {"100.00": UNCLEAR, "1": UNCLEAR}),
        ("Total 100.00 EUR 117.00 USD", {"117.00": AGREES, "100.00": DIFFERS}),
        ("Total EUR 100.00 USD 117.00", {"117.00": AGREES, "100.00": DIFFERS}),
        ("Total 100.00 117.00", {"117.00": UNCLEAR, "100.00": UNCLEAR}),
        # which label is the invoice's total
        ("Total tax 0.00\nTotal 10.00", {"10.00": AGREES, "0.00": DIFFERS}),
        ("Total hours: 100\nTotal: 90.00", {"90.00": AGREES, "100": DIFFERS}),
        ("Total pages 3", {"3": UNCLEAR}),
        ("Total 3 users", {"3": UNCLEAR}),
        ("Total 19.00 VAT", {"19.00": UNCLEAR}),
        ("Total excl. VAT 100.00\nTotal incl. 19 % VAT 119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Total (excl. VAT) 100.00\nAmount due 119.00", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Total 100.00 plus VAT", {"100.00": UNCLEAR}),
        ("Total 100.00 (incl. 19.00 VAT)", {"100.00": AGREES, "19.00": DIFFERS}),
        ("Total 100.00\nVAT 19.00\nAmount due 119.00", {"100.00": UNCLEAR, "119.00": UNCLEAR, "119.01": DIFFERS}),
        ("Total 119.00\nAmount paid 119.00\nBalance due 0.00", {"119.00": AGREES, "0.00": UNCLEAR}),
        ("Total 100.00\nPrevious balance 50.00\nAmount due 150.00", {"100.00": AGREES, "150.00": UNCLEAR}),
        ("Total CX 3 Users 50.00\nTotal 100.00", {"100.00": AGREES, "50.00": UNCLEAR}),
        ("Total 100.00\nTotal to be transferred 119.00", {"100.00": UNCLEAR, "119.00": UNCLEAR}),
        ("Total 60.00\nTotal 40.00\nTotal 100.00", {"100.00": AGREES, "60.00": UNCLEAR, "50.00": DIFFERS}),
        ("Total 60.00\nTotal 50.00\nTotal 100.00", {"100.00": UNCLEAR}),
        ("Total - 60.00\nTotal 40.00\nTotal 60.00\nTotal 100.00", {"100.00": UNCLEAR}),
        ("Total for October 2026 100.00", {"100.00": UNCLEAR}),
        ("Total due by 30/11/2026: 100.00", {"100.00": UNCLEAR}),
        ("Total 1.2 million", {"1.2": UNCLEAR}),
        ("Total 100.00 per user", {"100.00": UNCLEAR}),
        # the same in other languages
        ("Netto 100,00\nUSt. 19 % 19,00\nGesamtbetrag 119,00 EUR", {"119.00": AGREES, "100.00": DIFFERS}),
        ("Total HT 100,00\nTVA 20,00\nTotal TTC 120,00", {"120.00": AGREES, "100.00": DIFFERS}),
        ("Base imponible 100,00\nTotal IVA 21,00\nTotal factura 121,00 €", {"121.00": AGREES, "21.00": DIFFERS}),
        ("Totale imponibile 100,00\nTotale fattura 122,00", {"122.00": AGREES, "100.00": DIFFERS}),
        ("Total sem IVA 100,00\nTotal a pagar 123,00", {"123.00": AGREES, "100.00": DIFFERS}),
        ("Totaal excl. btw 100,00\nTotaal incl. btw € 121,00", {"121.00": AGREES, "100.00": DIFFERS}),
        ("Summa exkl. moms 100,00\nAtt betala 125,00 kr", {"125.00": AGREES, "100.00": DIFFERS}),
        ("Subtotal 100,00\nMoms i alt 25,00\nI alt DKK 125,00", {"125.00": AGREES, "25.00": DIFFERS}),
        ("Sum eks. mva 100,00\nÅ betale 125,00", {"125.00": AGREES, "100.00": DIFFERS}),
        ("Veroton yhteensä 100,00\nYhteensä 124,00 €", {"124.00": AGREES, "100.00": DIFFERS}),
        ("Razem netto 100,00\nRazem brutto 123,00 zł", {"123.00": AGREES, "100.00": DIFFERS}),
        ("Celkem bez DPH 100,00\nCelkem s DPH 121,00 Kč", {"121.00": AGREES, "100.00": DIFFERS}),
        ("合計(税抜) 100\n合計(税込) 110円", {"110": AGREES, "100": DIFFERS}),
        ("小计：100\n价税合计：106", {"106": AGREES, "100": DIFFERS}),
        ("소계 100\n합계 110원", {"110": AGREES, "100": DIFFERS}),
        # the sign
        ("Total: -$100.00", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total: ($100.00)", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total: 100.00-", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total: 100.00 CR", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total: 100,00 −", {"-100.00": AGREES, "100.00": UNCLEAR}),
        ("Total: 0.00-", {"0": AGREES}),
        ("Subtotal  Tax  Total\n1.00 2.00 CR 3.00", {"3.00": UNCLEAR, "-3.00": UNCLEAR}),
        ("Total - 100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR, "90.00": DIFFERS}),
        ("Total-100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total: \u00ad100.00", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total 100.00 - Net 30", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total 100,--", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total: (100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total: -100.00 CR", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total: -(100.00)", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total 100.00 H", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total <100.00>", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total \ufffd100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total minus 100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total\n100.00\nCR", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Total -\n100.00", {"100.00": UNCLEAR, "-100.00": UNCLEAR}),
        ("Credit memo\nTotal: 100.00", {"-100.00": DIFFERS, "100.00": AGREES}),
        ("Gutschriftsbetrag: 100,00", {"-100.00": UNCLEAR, "100.00": UNCLEAR, "90.00": DIFFERS}),
        ("Gutschriftsbetrag: -100,00", {"-100.00": AGREES, "100.00": DIFFERS}),
        ("Total: 100.00 credit", {"-100.00": UNCLEAR, "100.00": UNCLEAR}),
        # the number
        ("Total: 100.00-120.00", {"100.00": UNCLEAR, "120.00": UNCLEAR}),
        ("Total: 1.2.3", {"1.2": UNCLEAR, "123": UNCLEAR}),
        ("Total: 1.234.56", {"1234.56": UNCLEAR}),
        ("Total: CX3", {"3": UNCLEAR}),
        ("Total: 007", {"7": UNCLEAR}),
        ("Total: " + "9" * 5000, {"9": UNCLEAR}),
        ("Total: 100.00 " * 500, {"100.00": UNCLEAR}),
        ("", {"0": UNCLEAR}),
        ("Total", {"0": UNCLEAR}),
    ],
)
def test_what_a_text_says_of_an_amount(text, answers):
    assert {amount: answer(text, amount) for amount in answers} == answers


@pytest.mark.parametrize(
    ("currency", "text", "answers"),
    [
        ("USD", "Total 1,234", {"1234": AGREES, "1.234": UNCLEAR, "12.34": DIFFERS}),
        ("JPY", "Total 1.234", {"1234": AGREES, "1.234": UNCLEAR}),
        ("KWD", "Total 1,234", {"1.234": AGREES, "1234": UNCLEAR, "12.34": DIFFERS}),
        ("KWD", "Total 1.234,500", {"1234.5": AGREES, "1.2345": DIFFERS}),
        ("CLF", "Total 1,2345", {"1.2345": AGREES, "12345": UNCLEAR}),
        ("USD", "Total KWD 1,234", {"1.234": AGREES}),
        ("BGN", "Total 1,234 BGN", {"1234": AGREES}),
        (None, "Total 1,234", {"1234": UNCLEAR, "1.234": UNCLEAR, "1": DIFFERS}),
        (None, "Total 1,234.00", {"1234": AGREES}),
    ],
)
def test_a_currency_decides_how_many_decimals_are_printed(currency, text, answers):
    assert {amount: answer(text, amount, currency) for amount in answers} == answers
