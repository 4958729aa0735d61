"""What is billed, when, on which document, and how it adds up: these change amounts."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import question
from vendor_simulator.readings import Reading

BILLS: tuple[Reading, ...] = (
    question(
        "cycle_day",
        "contract 15 29 30 31",
        "The first day of a billing period: as each contract has it, or this day for all contracts.",
        "4.2 silent: a period is two dates",
    ),
    question(
        "short_month",
        "last_day next_month",
        "A cycle of day 29 to 31 begins on the last day of a shorter month, or on the first day of the next one.",
        "4.2 silent",
    ),
    question(
        "short_period",
        "by_days whole",
        "The first or last period of a contract, if it is only a part of a cycle, costs its share of days, or as much "
        "as a whole one.",
        "4.2 silent",
    ),
    question(
        "amendment",
        "next_period by_days",
        "A price or quantity that changes within a period counts from the next period, or from its own day, with a "
        "line for the days before and one for the days after.",
        "4.2 silent: dateEffectiveStart is a date",
    ),
    question(
        "amended_quantity",
        "first last",
        "Quantity and overage rate of a charge whose item changed within the period: those at its beginning or end.",
        "4.3 silent",
    ),
    question(
        "prepay_frequency",
        "contract monthly quarterly yearly",
        "How many periods a prepayment is for: as each plan has it, or 1, 3 or 12.",
        "4.2 silent: no member says it",
    ),
    question(
        "prepay_timing",
        "contract arrears advance",
        "Prepayments are on the invoice of their last period, or on that of the period before the first.",
        "4.2 silent; 4.3 INF",
    ),
    question(
        "prepaid_units",
        "units units_times_periods",
        "Quantity of a prepaid line for several periods: the units, or the units times the periods.",
        "4.5 silent",
    ),
    question(
        "discount",
        "none per_unit per_item percent included",
        "discountAmount comes off the price of each unit, or off the item's amount, or is a percentage; included: "
        "price is what it is after the discount. None: no item has one.",
        "4.2 silent: a number (money) without a rule",
    ),
    question(
        "documents",
        "contract one apart",
        "Prepayments and usage are on one invoice, or prepayments have one of their own.",
        "4.4 silent",
    ),
    question(
        "token_grant",
        "contract yearly monthly one_time top_up",
        "A wallet gets its tokens each January, each period, by one-time items (billed once, no charge has them), or "
        "every third month with no item behind it.",
        "4.2, 4.3 silent: balanceIncrease",
    ),
    question(
        "wallet_overage",
        "wallet charge",
        "Tokens used beyond the balance are charged in the wallet, or as overage of the charges that used them.",
        "4.3 INF",
    ),
    question(
        "credit_form",
        "contract line memo",
        "A credit is as each contract has it, or a negative line, or a credit memo.",
        "4.4 INF; 11.5",
    ),
    question(
        "credit_sign",
        "negative positive",
        "Amounts of a credit memo are negative, or positive with a type that says what it is; always negative where "
        "invoice_type is not words.",
        "4.4 INF; 11.5",
        {"positive": ("G19",)},
        "a credit memo that calls itself an invoice looks like one",
    ),
    question(
        "tax",
        "none line header",
        "Amounts are before tax; or a line has the tax; or only the header's amount includes it.",
        "4.4 UNK; 11.5",
        {"header": ("G1",)},
        "no member has the tax or its rate, so that any difference of header and lines may be tax",
    ),
    question(
        "rounding",
        "per_line total exact_lines",
        "Each line is rounded; or the total is rounded once from exact amounts, and each line for itself; or only the "
        "total is rounded, and lines have all their decimals.",
        "11.5",
    ),
    question(
        "invoice_date",
        "utc day_early day_late",
        "dateInvoiced in UTC, or a day earlier or later, as another zone has it.",
        "4.4 silent",
    ),
    question(
        "invoice_type",
        "words null missing free_text",
        "customerInvoiceType is Invoice or Credit Memo, or there is none, or it is another text.",
        "4.4: free text",
        dict.fromkeys(("null", "missing", "free_text"), ("G19",)),
        "nothing says which document is a credit memo",
    ),
    question(
        "ids",
        "text number fraction",
        "Ids of invoices, lines, contracts, periods and products are texts, or JSON numbers, or numbers such as "
        "4100259.0.",
        "4.4 UNK; 11.1",
    ),
    question(
        "line_words",
        "contract words item product code generic german",
        "How lines are described: as each contract has it, with the words Prepay and overage, like the item, by the "
        "product's name or SKU alone, without any product, or in German.",
        "4.5: text",
    ),
)
