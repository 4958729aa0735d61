"""
What Fastly's contract leaves open, and which of it each account is answered.

The sources are sections of the vendor's contract with their marks: INF inferred, UNK unknown, silent where it says
nothing. Checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping

from vendor_simulator.readings import Reading, Readings

VENDOR = "fastly"
Values = dict[str, str]
"""For one account, the value of each reading by its word, which is the key without the vendor."""


def values_of(readings: Readings, account: str) -> Values:
    """Return how one account's documents answer what the contract leaves open."""
    return {word: readings.of(account, f"{VENDOR}.{word}") for word in DEFAULTS}


def _reading(
    word: str, values: str, what: str, source: str, hides: Mapping[str, tuple[str, ...]] | None = None, why: str = ""
) -> Reading:
    """Create a reading; the first value is the default."""
    names = tuple(values.split())
    return Reading(f"{VENDOR}.{word}", VENDOR, names, names[0], what, source, hides or {}, why)


_PERIODS = (
    _reading(
        "period_end",
        "own included excluded last_day milliseconds",
        "A period ends on its last second, on the first instant of the next, at 00:00 of its last day, or at "
        "23:59:59.999; own: the last second for most accounts, the next instant for some.",
        "2.1, 9.5 UNK",
    ),
    _reading(
        "zone",
        "utc east west",
        "Periods begin at midnight UTC, 9 hours before it, or 8 hours after it.",
        "2.1: calendar months in UTC by the guide; 9.5 UNK for the instants",
    ),
    _reading(
        "posted_time",
        "second midnight milliseconds",
        "A posting has a time to the second, is at midnight of its day, or has milliseconds.",
        "4.2 silent: a date-time",
    ),
    _reading(
        "date_times",
        "z offset",
        "Date-times end on Z, or on +00:00.",
        "2.1: ISO 8601, Z in every sample",
    ),
    _reading(
        "v2_period",
        "given null",
        "A v2 bill has start_time and end_time, or both are null.",
        "3.1: start_time can be null",
        {"null": ("F4",)},
        "the bill states no period",
    ),
)

_LISTS = (
    _reading(
        "list_filter",
        "overlap within start none",
        "Which invoices a v3 list with dates holds: those whose period overlaps them, lies within them, or begins "
        "within them; none: all.",
        "4.1, 9.4 UNK",
    ),
    _reading(
        "list_end",
        "empty missing null empty_page",
        "After the last page next_cursor is empty, missing or null; empty_page: a page without rows comes last.",
        "4.1, 9.4 UNK",
    ),
    _reading(
        "empty_list",
        "list null",
        "A list without rows is an empty list, or null.",
        "silent: no member is declared required",
    ),
    _reading(
        "list_total",
        "rows distinct",
        "meta.total counts rows, or different invoices.",
        "4.1: all records",
    ),
    _reading(
        "counts",
        "number text decimal",
        "Counts in meta are whole numbers, texts, or numbers such as 7.0.",
        "4.1: declared as integers; 5: a trailing .0 must be accepted",
    ),
    _reading(
        "line_order",
        "same reversed",
        "The by-id document has its lines in the list's order, or in another.",
        "4.2 silent: lines have no identifier and no order",
    ),
    _reading("v2_month", "padded lenient", "v2 refuses 5 for May, or takes it.", "3.1 UNK"),
    _reading(
        "v2_no_bill",
        "not_found empty",
        "A month without a bill is answered 404, or with a bill of 0 that has no lines.",
        "3.1: 404 INF",
    ),
    _reading(
        "v2_unposted",
        "pending not_found",
        "A bill that is not posted yet is there with the status Pending, or not there.",
        "3.1, 3.4 silent",
    ),
)

_NAMES_AND_NUMBERS = (
    _reading(
        "v3_invoice_id",
        "text number decimal",
        "invoice_id of v3 is a text of digits, a number, or a number such as 4100259.0.",
        "1, 4.2: text; 5: a trailing .0 must be accepted",
    ),
    _reading(
        "v2_invoice_id",
        "number text decimal",
        "invoice_id of v2 is a number, a text of digits, or a number such as 4100259.0.",
        "1: text until 5.6.0, a number since",
    ),
    _reading(
        "statement_number",
        "text missing number",
        "statement_number is a text, is missing, or is a number.",
        "4.2: text; 2.1: no member is required",
    ),
    _reading(
        "numbers",
        "own shortest fraction text",
        "Amounts, rates and units are numbers: with or without trailing zeros as they come (own), with none, always "
        "with a fraction; or texts.",
        "2.1: numbers; 4.2: one consumer tolerates text amounts; 5: a trailing .0 must be accepted",
    ),
    _reading(
        "estimate_total",
        "text number",
        "The total of a v3 month-to-date invoice is a text, or a number.",
        "2.1, 4.3",
    ),
    _reading("currency_code", "upper lower", "currency_code is in capital or small letters.", "4.2: three letters"),
    _reading(
        "field_names",
        "snake camel",
        "Members of v3 lines are product_name and so on, or ProductName and so on.",
        "1, 4.2: camel case until 5.5, snake case since",
    ),
    _reading(
        "blanks",
        "empty missing null",
        "region and usage_type of a v3 line without them are empty, missing or null.",
        "4.2 INF",
    ),
    _reading(
        "product_line",
        "given missing",
        "v3 lines have a product_line, or not.",
        "1: since 5.4.0; no member is required",
    ),
    _reading(
        "coupon",
        "own empty missing null",
        "credit_coupon_code of a v3 line without a coupon is empty, missing or null; own: empty or missing by invoice.",
        "4.2 OBS: the SDK refuses null",
    ),
    _reading(
        "metric_names",
        "same decomposed upper invisible spaces fullwidth",
        "Usage metrics write names like the invoice, in decomposed Unicode, in capitals, with a zero-width space, "
        "with other spaces and hyphens, or in fullwidth letters.",
        "4.4 silent: nothing says that the two texts are the same",
    ),
)

_QUANTITIES = (
    _reading(
        "line_quantity",
        "priced raw raw_rate mixed",
        "Units of a line are priced units; or raw requests and bytes, with the rate of a priced unit (raw) or of one "
        "request and byte (raw_rate); mixed: raw requests, priced traffic.",
        "2.1 INF: the invoice line quantity may be raw or divided",
    ),
    _reading(
        "request_unit",
        "10000 1 1000 1000000",
        "Requests in one priced unit.",
        "2.1: 10,000 by the guide; nothing for other products",
    ),
    _reading(
        "bandwidth_unit",
        "1000000000 1 1000 1000000 1000000000000",
        "Bytes in one priced unit.",
        "2.1: 10^9 by the guide; nothing for other products",
    ),
    _reading(
        "metric_quantity",
        "priced raw rounded",
        "quantity of the usage metrics is in priced units, is the same as raw_quantity, or is in priced units with two "
        "decimals.",
        "4.4 silent",
        {"raw": ("F13",)},
        "the metrics have no priced quantity to convert",
    ),
    _reading(
        "metric_rows",
        "usage fees zeros",
        "Usage metrics have what was used; also flat fees, with a quantity of 1; or also what was not used, with 0.",
        "4.4 silent",
    ),
    _reading(
        "metric_unit",
        "own words missing",
        "unit of the usage metrics is gb or unit; words such as GB and requests; or missing.",
        "4.4: text",
    ),
    _reading(
        "metric_usage_type",
        "name word",
        "usage_type of the usage metrics is the name again, or the invoice line's word, such as requests.",
        "4.4: text",
    ),
    _reading(
        "usage_metrics",
        "given empty",
        "Usage metrics tell the use of every account, or have no rows for an account that gets invoices.",
        "4.4: meant only for accounts that get no invoices",
        {"empty": ("F9:usage", "F12", "F13")},
        "nothing says what was used",
    ),
    _reading(
        "end_month",
        "included excluded",
        "end_month of the usage metrics is the last month, or the one after it.",
        "4.4, 9.6 UNK",
    ),
    _reading(
        "service_usage",
        "object list null",
        "data of the use by service is an object, a list with that object, or null where no product was asked for.",
        "4.5, 9.6 UNK",
    ),
    _reading(
        "accepted",
        "own object text empty",
        "The body of a 202: own is {} for v2, title and status for v3; an object with a status that is no text; plain "
        "text; none.",
        "3.3, 4.3, 9.2 UNK",
    ),
)

_MONEY = (
    _reading(
        "rounding",
        "line total shown",
        "Each line is rounded; or lines have all decimals and the total is rounded once; or both are rounded from the "
        "unrounded amounts, each for itself.",
        "3.4, 9.5 UNK",
    ),
    _reading(
        "credit",
        "own coupon no_coupon positive",
        "A credit is a negative line with a coupon, one without; or has a coupon and the amount that is taken off as a "
        "positive number. own: negative; with a coupon for most accounts.",
        "3.5 INF: the sign is not stated; 6, 9.5",
    ),
    _reading(
        "tax",
        "none line percent bare",
        "Tax is not billed, or is a line among the items: of one unit at the whole amount, of the net amount at the "
        "rate of tax, or without rate and units.",
        "2.1 INF: a tax line among the items is possible; 6",
    ),
    _reading(
        "correction",
        "own credit",
        "Some months have a second invoice of credits alone: those of one account (own), or every second month of "
        "every v3 account.",
        "6 INF: two posted invoices for one month",
    ),
    _reading(
        "discount",
        "line rates",
        "A discount is a negative line of its own, or lowers the rate of every line.",
        "3.4: cost is less discount; where it is among the lines is silent",
    ),
    _reading(
        "v2_discount",
        "fraction percent",
        "total.discount is 0.1 or 10 for ten percent.",
        "3.4, 9.5 UNK",
    ),
    _reading(
        "shortfall_name",
        "shortfall minimum",
        "The line that lifts a month to its minimum is called Commit shortfall, or Monthly minimum adjustment.",
        "2.1: a commit-shortfall amount",
    ),
    _reading(
        "shortfall_base",
        "charges net",
        "A shortfall is measured before credits, or after them.",
        "3.4 INF",
    ),
    _reading(
        "v2_shortfall",
        "both line total",
        "A v2 shortfall is a line and total.commit_shortfall, only a line, or only total.commit_shortfall.",
        "2.1, 3.4: seen by a third party",
    ),
    _reading(
        "v2_minimum",
        "number text null",
        "total.plan_minimum is a number, a text or null.",
        "3.4: text in an older client; no member is required",
    ),
    _reading(
        "v2_other_usage",
        "extras incurred nowhere",
        "What is neither bandwidth nor requests counts in total.extras, in total.incurred_cost, or in no subtotal.",
        "3.4: incurred_cost is bandwidth plus request cost",
    ),
    _reading(
        "v2_percentile",
        "missing number null",
        "total.percentile, percentile_cost and discount_amount are missing, numbers, or null.",
        "3.4: seen by a third party",
    ),
    _reading(
        "v2_requests",
        "raw priced",
        "total.requests and those of the regions count requests, or priced units.",
        "3.4: count; 2.1 INF",
    ),
    _reading(
        "v2_status",
        "known null unknown",
        "The status of a posted v2 bill is one of the documented words, null, or another word.",
        "3.4: the SDK raises on others",
    ),
    _reading(
        "vendor_state",
        "up down null unknown",
        "vendor_state is up, down, null, or another word.",
        "3.4: not an enforced enumeration",
    ),
    _reading(
        "v2_lines",
        "filled sparse",
        "Lines have their members, or null for rate, units and usage type.",
        "3.5: all nullable except id",
        {"sparse": ("F2", "F14")},
        "no line has a rate or units",
    ),
    _reading(
        "voided",
        "none kept nulled",
        "A v2 bill has no voided line; one with deleted_at and its amount, which the total leaves out; or one without "
        "amount.",
        "3.5 INF",
    ),
)

READINGS: tuple[Reading, ...] = (*_PERIODS, *_LISTS, *_NAMES_AND_NUMBERS, *_QUANTITIES, *_MONEY)
DEFAULTS: Values = {reading.key.partition(".")[2]: reading.default for reading in READINGS}
