"""What is billed, when, on which document, and how it adds up: these change amounts."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import SILENT, question
from vendor_simulator.readings import Reading

_AS_CONTRACT = "contract: as each contract of the simulated organisation has it"

BILLS: tuple[Reading, ...] = (
    question(
        "cycle_day",
        "contract 15 29 30 31",
        f"First day of the billing periods. {_AS_CONTRACT}; a number: that day of the month for all contracts.",
        f"{SILENT}: a billing period is two dates",
    ),
    question(
        "short_month",
        "last_day next_month",
        "Where a cycle of day 29 to 31 begins in a shorter month. last_day: on its last day; next_month: on the first "
        "day of the next month.",
        SILENT,
    ),
    question(
        "short_period",
        "by_days whole",
        "Price of a contract's first or last period that is a part of a cycle. by_days: its share of the cycle's days; "
        "whole: as much as a whole period.",
        SILENT,
    ),
    question(
        "amendment",
        "next_period by_days",
        "A price or quantity that changes within a billing period. next_period: counts from the next period; by_days: "
        "counts from its own day, with one line for the days before and one for the days after.",
        f"{SILENT}: dateEffectiveStart is a date",
    ),
    question(
        "amended_quantity",
        "first last",
        "Quantity and overage rate of a charge whose item changes within the period and counts from its own day. "
        "first: those at the period's beginning; last: those at its end.",
        SILENT,
    ),
    question(
        "prepay_frequency",
        "contract monthly quarterly yearly",
        f"Billing periods of one prepayment. {_AS_CONTRACT}; monthly: one; quarterly: three; yearly: twelve.",
        f"{SILENT}: no member of an item has its billing frequency",
    ),
    question(
        "prepay_timing",
        "contract arrears advance",
        f"When prepayments are billed. {_AS_CONTRACT}; arrears: with the last period they are for; advance: with the "
        "period before the first.",
        f"{SILENT}; an example shows arrears",
    ),
    question(
        "prepaid_units",
        "units units_times_periods",
        "Quantity of a prepaid line for several periods. units: the units; units_times_periods: the units times the "
        "periods.",
        SILENT,
    ),
    question(
        "discount",
        "none per_unit per_item percent included",
        "discountAmount of prepaid items. none: 0; per_unit: comes off the price of each unit; per_item: comes off the "
        "item's amount of one period; percent: is a percentage; included: price is already after the discount.",
        f"{SILENT}: a number without a rule",
    ),
    question(
        "documents",
        "contract one apart",
        f"Invoices of a period. {_AS_CONTRACT}; one: prepayments and usage on one invoice; apart: prepayments on an "
        "invoice of their own.",
        f"{SILENT}: an invoice names no period",
    ),
    question(
        "token_grant",
        "contract yearly monthly one_time top_up",
        f"When a wallet gets tokens. {_AS_CONTRACT}; yearly: each January; monthly: each period; one_time: by items of "
        "type OneTime that are billed once and are in no charge; top_up: every third month, with no item behind it.",
        f"{SILENT}: balanceIncrease has no origin",
    ),
    question(
        "wallet_overage",
        "wallet charge",
        "Tokens that are used beyond the balance. wallet: charged in the wallet; charge: charged as overage of the "
        "charge that used them, in its units.",
        "Inferred from an example",
    ),
    question(
        "credit_form",
        "contract line memo",
        f"Credits. {_AS_CONTRACT}; line: a negative line of an invoice; memo: a credit memo.",
        f"{SILENT}: form of credit notes",
    ),
    question(
        "credit_sign",
        "negative positive",
        "Amounts of a credit memo. negative: below zero; positive: above zero, with a type that says what it is "
        "(negative all the same where invoice_type is not words).",
        "Inferred: sign of credit notes",
        {"positive": ("G19",)},
        "A credit memo that calls itself an invoice looks like any invoice.",
    ),
    question(
        "tax",
        "none line header",
        "Tax. none: amounts are before tax; line: a line without a product has the tax; header: only the invoice's "
        "amount includes it.",
        "Unknown: whether amounts include tax; no member has it",
        {"header": ("G1",)},
        "No member has the tax or its rate, so any difference of header and lines may be tax.",
    ),
    question(
        "rounding",
        "per_line total exact_lines",
        "Rounding. per_line: the total is the sum of rounded lines; total: the total is rounded once from exact "
        "amounts, and each line for itself; exact_lines: lines have all decimals and only the total is rounded.",
        "Unknown: rounding of line sums",
    ),
    question(
        "invoice_date",
        "utc day_early day_late",
        "dateInvoiced. utc: the date in UTC; day_early and day_late: a day earlier or later, as another zone has it.",
        f"{SILENT}: a date without a zone",
    ),
    question(
        "invoice_type",
        "words null missing free_text",
        "customerInvoiceType. words: Invoice or Credit Memo; null and missing: there is none; free_text: another text.",
        "Documented as free text",
        dict.fromkeys(("null", "missing", "free_text"), ("G19",)),
        "Nothing says which document is a credit memo.",
    ),
    question(
        "ids",
        "text number fraction",
        "Ids of invoices, lines, contracts, periods, plans and products. text: JSON texts; number: whole JSON numbers; "
        "fraction: JSON numbers such as 4100259.0.",
        "Unknown: form of ids",
    ),
    question(
        "line_words",
        "contract words item product code generic german",
        f"Description of lines. {_AS_CONTRACT}; words: with Prepay or overage; item: like the contract's item; "
        "product: the product's name alone; code: its SKU alone; generic: without any product; german: in German.",
        f"{SILENT}: a text",
    ),
)
