"""How members of contracts, periods, invoices and lines are written: these change no amount."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import question
from vendor_simulator.readings import Reading

MEMBERS: tuple[Reading, ...] = (
    question(
        "line_quantity",
        "raw thousands ten_thousands millions priced_thousands priced_millions charged_thousands per_product",
        "Quantities of counted products: units everywhere; or lines count thousands, ten thousands or millions while "
        "prices and charges are for single units; priced: prices and rates too are for that many units; charged: the "
        "charges' quantities too. Per_product: another one for each product.",
        "4.3, 4.5 silent: quantity is an integer, unitOfMeasure has MillionCharacters",
    ),
    question(
        "whole_quantity",
        "truncated rounded fraction",
        "A line's quantity with a fraction is cut to an integer, or rounded, or written as it is.",
        "4.5; 9",
    ),
    question(
        "line_unit",
        "product each null missing",
        "unitOfMeasure of a line is its product's, or Each, or there is none.",
        "4.5, 4.9 silent",
    ),
    question(
        "units",
        "known unknown lower null",
        "unitOfMeasure everywhere: as listed, or a word that is not listed, or in small letters, or null.",
        "4.9: treat as open; 8",
    ),
    question(
        "unused_quantity",
        "zero null missing",
        "prepaidQuantity of a charge without prepayment, and fairuseQuantity of one without allowance.",
        "4.3 silent; 11.6",
    ),
    question(
        "zeros",
        "zero null missing",
        "Members of charges and wallets that are zero: 0, or null, or left out.",
        "4 silent; 11.6",
    ),
    question(
        "overage_rate",
        "present null missing",
        "overageRate of a charge that has an overageCharge.",
        "4 silent; 11.6",
        dict.fromkeys(("null", "missing"), ("G4",)),
        "without a rate nothing can be multiplied",
    ),
    question(
        "charge_names",
        "plain get_prefixed",
        "prepaidQuantity and so on, or getprepaidQuantity as before release 242.",
        "1; 11.6",
    ),
    question(
        "numbers",
        "plain fraction text",
        "JSON numbers of any look, or always with a fraction as in 5.0, or texts.",
        "4.10; 8",
    ),
    question(
        "item_words",
        "overage fair_use apart upper null missing",
        "type and function of an item with an allowance say Overage, or FairUse; or an item for the allowance stands "
        "beside that for the overage; upper: all in capitals; null or missing: no item has them.",
        "4.2: text",
    ),
    question(
        "item_price",
        "period bill",
        "price of an item that is prepaid for several periods: for one of them, or for all together.",
        "4.2 silent",
    ),
    question(
        "charged_through",
        "paid_end day_after null missing",
        "dateChargedThrough is the last day that is billed, or the day after, or there is none.",
        "4.2 silent",
    ),
    question(
        "period_end", "inclusive exclusive", "dateEnd of a period: its last day, or the first day after.", "4.10 INF"
    ),
    question(
        "contract_end",
        "inclusive exclusive null missing",
        "dateEnd of a contract: its last day, or the day after, or there is none.",
        "4.2 silent; 11.6",
    ),
    question(
        "item_end",
        "inclusive exclusive null missing",
        "dateEffectiveEnd of an item: its last day, or the day after; null or missing: the newest one has none.",
        "4.2 silent; 11.6",
    ),
    question(
        "line_end",
        "inclusive exclusive",
        "dateEnd of a line: its last day of service, or the day after.",
        "4.5 silent",
    ),
    question(
        "line_dates",
        "utc day_early day_late",
        "dateStart and dateEnd of a line in UTC, or both a day earlier or later, as another zone has them.",
        "4.5 silent",
    ),
    question(
        "line_product",
        "present null missing",
        "Each line has its product, or none has.",
        "4 silent: nothing is required",
    ),
    question(
        "organizations",
        "present null missing",
        "Lines, charges, wallets and plans name the organizations that used them, or none does.",
        "4 silent: nothing is required",
    ),
    question(
        "purchase_order",
        "own shared null missing not_in_contract",
        "Invoices have their contract's order; or all contracts share one; or invoices have none; or contracts have "
        "none.",
        "4.2, 4.4 silent: nothing is required",
        dict.fromkeys(("null", "missing", "not_in_contract"), ("G9",)),
        "there is no order on one side",
    ),
    question(
        "contract_periods",
        "all no_open recent",
        "billingPeriods holds all that have begun, or no open one, or the newest 14.",
        "4.2 silent",
    ),
    question(
        "contract_status",
        "known lower unknown null missing",
        "status of a contract: Active, active, a word that is not listed, or none.",
        "4.2; 8",
    ),
    question(
        "period_status",
        "known lower unknown null missing",
        "status of a period: Open and Closed, or small letters, or a word that is not listed, or none.",
        "4.3; 8",
    ),
    question(
        "payment_status",
        "Unpaid UnPaid upper unknown null missing",
        "paymentStatus of an invoice: Paid or Unpaid, UnPaid as in the filter, capitals, another word, or none.",
        "1; 4.4; 8",
    ),
    question(
        "payment_terms",
        "net_30 sentence null missing",
        "paymentTerms: Net 30, or a sentence, or none.",
        "4.4: free text",
    ),
    question(
        "names",
        "same capitals no_break_space decomposed",
        "Product names of lines and usage compared with those of contracts: the same, or in capitals, or with a "
        "no-break space, or in another Unicode form.",
        "4 silent: text",
    ),
    question(
        "usage_names",
        "product sku plan other",
        "name of a row in the usage report: the product's, its SKU, the plan's, or a word that nothing else has.",
        "4.7 silent",
        {"other": ("G6",)},
        "no document says which product the report's word is",
    ),
    question(
        "usage_status",
        "known lower missing",
        "status of a usage report; missing: there is none and it is complete, as before release 61.",
        "4.7 INF",
    ),
    question(
        "text_numbers",
        "shortest padded",
        "Numbers in texts as short as can be, or with decimals: 12.0000.",
        "4.10",
    ),
    question(
        "moments",
        "mixed seconds milliseconds",
        "Date-times with and without milliseconds in one body, or all without, or all with.",
        "4.10",
    ),
    question(
        "overview_rows",
        "plain with_rollups without_voice",
        "The trustee overview has a row for each product and each allowance; or sums and rows of other vendors too; or "
        "no minutes, which are billed elsewhere.",
        "4.8",
    ),
)
