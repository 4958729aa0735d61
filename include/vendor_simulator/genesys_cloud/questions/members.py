"""How members of contracts, periods, invoices and lines are written: these change no amount."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import NOTHING_REQUIRED, SILENT, question
from vendor_simulator.readings import Reading

_ENDS = "inclusive: its last day; exclusive: the day after"
_NONE = "null and missing: there is none"
_OF_A_PERIOD = ("G3", "G4", "G5", "G6", "G7", "G8", "G10", "G12", "G16", "G17", "G23", "G24", "G29")

MEMBERS: tuple[Reading, ...] = (
    question(
        "line_quantity",
        "raw thousands ten_thousands millions priced_thousands priced_millions charged_thousands per_product",
        "What quantities of products count that are used in large numbers. raw: single units everywhere; thousands, "
        "ten_thousands and millions: lines count that many units as one, prices and charges do not; priced_thousands "
        "and priced_millions: prices and rates are for that many units too; charged_thousands: the charges' quantities "
        "count thousands too; per_product: another one of these for each product.",
        f"{SILENT}: a line's quantity is an integer, and MillionCharacters is a unit",
    ),
    question(
        "whole_quantity",
        "truncated rounded fraction",
        "A line's quantity that is not whole. truncated: cut to an integer; rounded: rounded to one; fraction: written "
        "as it is.",
        f"{SILENT}; declared as an integer",
    ),
    question(
        "line_unit",
        "product each null missing",
        f"unitOfMeasure of a line. product: its product's; each: Each; {_NONE}.",
        SILENT,
    ),
    question(
        "units",
        "known unknown lower null",
        "unitOfMeasure everywhere. known: a documented word; unknown: a word that is not documented; lower: in small "
        "letters; null: null.",
        "Documented as a list of words, which has grown",
    ),
    question(
        "unused_quantity",
        "zero null missing",
        "prepaidQuantity of a charge without prepayment, and fairuseQuantity of one without an allowance. zero: 0; "
        f"{_NONE}.",
        NOTHING_REQUIRED,
        dict.fromkeys(("null", "missing"), ("G3",)),
        "A charge that states neither does not say beyond which quantity its overage begins.",
    ),
    question(
        "zeros",
        "zero null missing",
        f"Overage and wallet members that are zero. zero: 0; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "overage_rate",
        "present null missing",
        f"overageRate of a charge that has an overageCharge. present: it is there; {_NONE}.",
        NOTHING_REQUIRED,
        dict.fromkeys(("null", "missing"), ("G4",)),
        "Without a rate nothing can be multiplied.",
    ),
    question(
        "charge_names",
        "plain get_prefixed",
        "Names of a charge's quantities. plain: prepaidQuantity and so on; get_prefixed: getprepaidQuantity and so on, "
        "as in the SDK before release 242.",
        "Unknown: whether the server ever sent the older names",
    ),
    question(
        "numbers",
        "plain fraction text",
        "JSON numbers. plain: with or without decimals; fraction: always with, as in 5.0; text: as JSON texts.",
        "Documented as numbers; the SDK takes texts too",
    ),
    question(
        "item_words",
        "overage fair_use apart upper null missing",
        "type and function of items. overage: an item with an allowance is a Usage item with the function Overage; "
        "fair_use: its function is FairUse; apart: an item for the allowance stands beside one for the overage; upper: "
        f"all words in capitals; {_NONE}.",
        f"{SILENT}: texts",
        dict.fromkeys(("null", "missing"), ("G29:one_time",)),
        "Nothing says which items are billed once.",
    ),
    question(
        "item_price",
        "period bill",
        "price of an item that is prepaid for several periods. period: for one of them; bill: for all together.",
        SILENT,
    ),
    question(
        "charged_through",
        "paid_end day_after null missing",
        f"dateChargedThrough. paid_end: the last day that is billed; day_after: the day after; {_NONE}.",
        SILENT,
    ),
    question("period_end", "inclusive exclusive", f"dateEnd of a billing period. {_ENDS}.", "Inferred: the last day"),
    question(
        "contract_end",
        "inclusive exclusive null missing",
        f"dateEnd of a contract. {_ENDS}; {_NONE}.",
        SILENT,
    ),
    question(
        "item_end",
        "inclusive exclusive null missing",
        f"dateEffectiveEnd of an item. {_ENDS}; null and missing: the newest item of a plan has none.",
        SILENT,
    ),
    question("line_end", "inclusive exclusive", f"dateEnd of a line's service. {_ENDS}.", SILENT),
    question(
        "line_dates",
        "utc day_early day_late",
        "dateStart and dateEnd of a line. utc: the dates in UTC; day_early and day_late: both a day earlier or later, "
        "as another zone has them.",
        f"{SILENT}: dates without a zone",
    ),
    question(
        "line_product",
        "present null missing",
        f"product of a line. present: it is there; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "line_description",
        "present null missing",
        f"description of a line. present: it is there; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "credit_dates",
        "present null missing",
        f"dateStart and dateEnd of lines for credits and tax. present: those of the period; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "parties",
        "present null missing",
        "Addresses, ship-to, sold-to and end customer, and payment link. present: they are there; null and missing: "
        "there are none.",
        NOTHING_REQUIRED,
    ),
    question(
        "organizations",
        "present null missing",
        "The organizations of lines, charges, wallets and plans. present: they are named; null and missing: they are "
        "not.",
        NOTHING_REQUIRED,
    ),
    question(
        "purchase_order",
        "own shared null missing not_in_contract",
        "Purchase orders. own: an invoice has one of its contract's; shared: all contracts have the same; null and "
        "missing: invoices have none; not_in_contract: contracts have none.",
        NOTHING_REQUIRED,
        {"shared": ("G29",)} | dict.fromkeys(("null", "missing", "not_in_contract"), ("G9", "G29")),
        "Without an order of its own a bill may be another contract's of the same product: G5 reports the difference, "
        "G29 is BLOCKED.",
    ),
    question(
        "contract_periods",
        "all no_open recent",
        "billingPeriods of a contract. all: every period that has begun; no_open: only closed ones; recent: the newest "
        "14.",
        SILENT,
        {"recent": _OF_A_PERIOD},
        "A period that is not listed cannot be read: neither its charges, nor its wallets, nor its days are known.",
    ),
    question(
        "contract_status",
        "known lower unknown null missing",
        "status of a contract. known: Active or Inactive; lower: in small letters; unknown: a word that is not "
        f"documented; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "period_status",
        "known lower unknown null missing",
        "status of a billing period. known: Open or Closed; lower: in small letters; unknown: a word that is not "
        f"documented; {_NONE}.",
        NOTHING_REQUIRED,
    ),
    question(
        "payment_status",
        "Unpaid UnPaid upper unknown null missing",
        "paymentStatus of an invoice that is not paid. Unpaid: as documented for answers; UnPaid: as documented for "
        f"the filter; upper: in capitals, paid ones too; unknown: a word that is not documented; {_NONE}.",
        "Documented in two spellings",
    ),
    question(
        "payment_terms",
        "net_30 sentence null missing",
        f"paymentTerms. net_30: Net 30; sentence: a sentence; {_NONE}.",
        "Documented as free text",
    ),
    question(
        "names",
        "same capitals no_break_space decomposed",
        "Product names of lines and usage compared with those of contracts. same: the same; capitals: in capitals; "
        "no_break_space: with no-break spaces; decomposed: letters and their accents as two characters.",
        f"{SILENT}: texts",
    ),
    question(
        "usage_names",
        "product sku plan other",
        "name of a row of the usage report. product: the product's name; sku: its SKU; plan: the plan's name; other: a "
        "word that no other document has.",
        SILENT,
        {"other": ("G6",)},
        "No document says which product the report's word is.",
    ),
    question(
        "usage_status",
        "known lower missing",
        "status of a usage report. known: InProgress or Complete; lower: complete in small letters; missing: there is "
        "none and the report is complete, as before release 61.",
        "Inferred: a missing status means complete",
    ),
    question(
        "text_numbers",
        "shortest padded",
        "Numbers in texts of usage report and overview. shortest: 12; padded: 12.0000.",
        f"{SILENT}: decimals in texts",
    ),
    question(
        "moments",
        "mixed seconds milliseconds",
        "Date-times. mixed: with and without milliseconds in one answer; seconds: all without; milliseconds: all with.",
        "Documented as optional",
    ),
    question(
        "overview_rows",
        "plain with_rollups without_voice",
        "Rows of the trustee overview. plain: one for each product and each allowance; with_rollups: sums of other "
        "rows and rows of other vendors too; without_voice: none for minutes, which are billed elsewhere.",
        "Documented as possible",
    ),
)
