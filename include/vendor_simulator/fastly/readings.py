"""
What Fastly's contract leaves open, and which of it holds for each account.

A word that begins with ``v2_`` or ``v3_`` has an effect on that API generation alone. Checked 2026-11-22.
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
        "How a billing period ends. included: on the last second of the month; excluded: on the first instant of the "
        "next; last_day: at 00:00 of the last day; milliseconds: at 23:59:59.999; own: included for most accounts, "
        "excluded for some.",
        "Not documented.",
    ),
    _reading(
        "zone",
        "utc east west",
        "When a billing period begins. utc: at midnight UTC; east: 9 hours before; west: 8 hours after.",
        "The guide says calendar months in UTC; the instants are not documented.",
    ),
    _reading(
        "posted_time",
        "second midnight milliseconds",
        "The moment of posting. second: a date and a time; midnight: 00:00 of its day; milliseconds: with them.",
        "Documented as a date-time, no more.",
    ),
    _reading(
        "date_times",
        "z offset",
        "How a date-time ends. z: on Z; offset: on +00:00.",
        "Documented as ISO 8601; every sample has Z.",
    ),
    _reading(
        "v2_period",
        "given null",
        "Whether a bill says its period. given: it has start_time and end_time; null: both are null.",
        "Documented as nullable.",
        {"null": ("F4", "F8")},
        "The bill does not state its period, nor when it ended.",
    ),
)

_LISTS = (
    _reading(
        "v3_list_filter",
        "overlap within start none",
        "Which invoices a list with dates has. overlap: those whose period overlaps the dates; within: those whose "
        "period lies within them; start: those whose period begins within them; none: all.",
        "Not documented.",
    ),
    _reading(
        "v3_list_end",
        "empty missing null empty_page",
        "What next_cursor is on the last page. empty: an empty text; missing: not there; null: null; empty_page: the "
        "page with the last rows still has a cursor, and a page without rows follows.",
        "Not documented.",
    ),
    _reading(
        "empty_list",
        "list null",
        "What a list without rows is. list: an empty list; null: null.",
        "No member is declared as required.",
    ),
    _reading(
        "v3_list_total",
        "rows distinct",
        "What meta.total counts where an invoice is listed twice. rows: every row; distinct: every invoice once.",
        "Documented as all records.",
    ),
    _reading(
        "v3_counts",
        "number text decimal",
        "How counts are written. number: 7; text: in quotes; decimal: 7.0.",
        "Documented as integers; the official client takes 7.0.",
    ),
    _reading(
        "line_order",
        "same reversed",
        "In which order the document by its id has its lines. same: as the list has them; reversed: backwards.",
        "Not documented.",
    ),
    _reading(
        "v2_month",
        "padded lenient",
        "Which text is May in a request. padded: 05 alone; lenient: 5 as well.",
        "Not documented; third-party clients send both.",
    ),
    _reading(
        "v2_no_bill",
        "not_found empty",
        "What there is of a month without a bill. not_found: a 404; empty: a bill of 0 without lines.",
        "Not documented; 404 is inferred.",
    ),
    _reading(
        "v2_unposted",
        "pending not_found",
        "What there is of a month whose bill is not posted yet. pending: a bill of status Pending; not_found: a 404.",
        "Not documented.",
    ),
)

_NAMES_AND_NUMBERS = (
    _reading(
        "v3_invoice_id",
        "text number decimal",
        "How invoice_id is written. text: digits in quotes; number: 4100259; decimal: 4100259.0.",
        "Documented as a text, and as an integer in a request.",
    ),
    _reading(
        "v2_invoice_id",
        "number text decimal",
        "How invoice_id is written. number: 4100259; text: digits in quotes; decimal: 4100259.0.",
        "A text until client 5.6.0, an integer since.",
    ),
    _reading(
        "v3_statement_number",
        "text missing number",
        "How statement_number is written. text: letters and digits; missing: not there; number: digits.",
        "Documented as a text; no member is declared as required.",
    ),
    _reading(
        "numbers",
        "own shortest fraction text",
        "How amounts, rates and units are written. own: with or without trailing zeros; shortest: without any; "
        "fraction: with at least one decimal; text: in quotes.",
        "Documented as numbers; one consumer expects texts.",
    ),
    _reading(
        "v3_estimate_total",
        "text number",
        "How a month-to-date total is written. text: in quotes; number: as a number.",
        "Documented as a text, and as a number for posted invoices.",
    ),
    _reading(
        "v3_currency_code",
        "upper lower",
        "How currency_code is written. upper: in capitals; lower: in small letters.",
        "Documented as three letters.",
    ),
    _reading(
        "v3_field_names",
        "snake camel",
        "What members of lines are called. snake: product_name and so on; camel: ProductName and so on.",
        "In camel case in the first documentation, in snake case since 2024-08.",
    ),
    _reading(
        "v3_blanks",
        "empty missing null",
        "What region and usage_type of a line without them are. empty: an empty text; missing: not there; null: null.",
        "Not documented.",
    ),
    _reading(
        "v3_product_line",
        "given missing",
        "Whether lines have product_line. given: yes; missing: no.",
        "In the documentation since client 5.4.0; no member is declared as required.",
    ),
    _reading(
        "v3_coupon",
        "own empty missing null",
        "What credit_coupon_code of a line without a coupon is. empty: an empty text; missing: not there; null: null; "
        "own: empty or missing by invoice.",
        "Not documented; the official client refuses null.",
    ),
    _reading(
        "v3_metric_names",
        "same decomposed upper invisible spaces fullwidth",
        "How usage metrics write names. same: as the invoice does; decomposed: with combining characters; upper: in "
        "capitals; invisible: with a zero-width space; spaces: with no-break spaces and hyphens; fullwidth: in "
        "fullwidth letters.",
        "Nothing documented says that the two texts are the same.",
    ),
)

_QUANTITIES = (
    _reading(
        "line_quantity",
        "priced raw raw_rate mixed",
        "What units and rate of a line count. priced: priced units; raw: requests and bytes, and the rate of a priced "
        "unit; raw_rate: requests and bytes, and the rate of one; mixed: requests raw, traffic priced.",
        "Not documented; requests are priced per 10,000 in the guide.",
    ),
    _reading(
        "request_unit",
        "10000 1 1000 1000000",
        "How many requests the priced unit has.",
        "10,000 in the guide to delivery; not documented for other products.",
    ),
    _reading(
        "bandwidth_unit",
        "1000000000 1 1000 1000000 1000000000000",
        "How many bytes the priced unit has.",
        "10^9 in the guide to delivery; not documented for other products.",
    ),
    _reading(
        "v3_metric_quantity",
        "priced raw rounded",
        "What quantity of the usage metrics counts. priced: priced units; raw: the same as raw_quantity; rounded: "
        "priced units to two decimals.",
        "Documented as a number, no more.",
        {"raw": ("F13",)},
        "The metrics have no priced quantity to convert.",
    ),
    _reading(
        "v3_metric_rows",
        "usage fees zeros",
        "What usage metrics have rows for. usage: what was used; fees: also flat fees, with a quantity of 1; zeros: "
        "also what was not used, with 0.",
        "Not documented.",
    ),
    _reading(
        "v3_metric_unit",
        "own words missing",
        "What unit of the usage metrics is. own: gb or unit; words: GB, requests and so on; missing: not there.",
        "Documented as a text.",
    ),
    _reading(
        "v3_metric_usage_type",
        "name word",
        "What usage_type of the usage metrics is. name: the name again; word: that of the invoice, such as requests.",
        "Documented as a text.",
    ),
    _reading(
        "v3_usage_metrics",
        "given empty",
        "Whether accounts with invoices have usage metrics. given: yes; empty: without rows.",
        "Documented as meant for accounts without invoices only.",
        {"empty": ("F9:other_month", "F9:usage", "F12", "F13")},
        "Nothing says what was used.",
    ),
    _reading(
        "v3_end_month",
        "included excluded",
        "What end_month of the usage metrics is. included: the last month; excluded: the one after it.",
        "Not documented.",
    ),
    _reading(
        "v3_service_usage",
        "object list null",
        "What data of the use by service is where no product was asked for. object: the sums of all; list: a list with "
        "that object; null: null.",
        "Not documented.",
    ),
    _reading(
        "accepted",
        "own object text empty",
        "The body of a 202. own: {} for v2, title and status for v3; object: an object whose status is no text; text: "
        "plain text; empty: none.",
        "Not documented.",
    ),
)

_MONEY = (
    _reading(
        "rounding",
        "line total shown",
        "What is rounded. line: each line, and the total is their sum; total: the total alone, lines have all their "
        "decimals; shown: each line for itself, and the total from the unrounded amounts.",
        "Not documented.",
    ),
    _reading(
        "credit",
        "own coupon no_coupon positive",
        "What a credit is. coupon: a negative line with a coupon; no_coupon: a negative line without; positive: a line "
        "with a coupon whose amount is positive and taken off; own: negative, with a coupon for most accounts.",
        "Not documented: neither the sign nor the place of a credit.",
    ),
    _reading(
        "tax",
        "none line percent bare",
        "How tax is billed. none: not at all; line: as one unit at its amount; percent: as the net amount times the "
        "rate of tax; bare: as a line without rate and units.",
        "There is no member for tax, although it may be collected; one consumer expects lines named so.",
    ),
    _reading(
        "v3_correction",
        "own credit",
        "Which months have a second invoice of credits alone. own: some months of some accounts; credit: every second "
        "month of every account.",
        "Not documented; one consumer expects two invoices for a month.",
    ),
    _reading(
        "discount",
        "line rates",
        "Where a discount is. line: in a negative line; rates: in the rate of every line.",
        "Not documented; the total is said to be less the discount.",
    ),
    _reading(
        "v2_discount",
        "fraction percent",
        "What total.discount is for ten percent. fraction: 0.1; percent: 10.",
        "Documented as a rate.",
    ),
    _reading(
        "shortfall_name",
        "shortfall minimum",
        "What the line up to the minimum is called. shortfall: Commit shortfall; minimum: Monthly minimum adjustment.",
        "Not documented.",
    ),
    _reading(
        "shortfall_base",
        "charges net",
        "What the minimum is compared with. charges: the charges before credits; net: after credits.",
        "Not documented.",
    ),
    _reading(
        "v2_shortfall",
        "both line total",
        "Where a shortfall is. line: among the lines; total: in total.commit_shortfall; both: in both.",
        "Not documented; a third party has seen the member.",
    ),
    _reading(
        "v2_minimum",
        "number text null",
        "How total.plan_minimum is written. number: as a number; text: in quotes; null: null.",
        "A text in an older client; no member is declared as required.",
    ),
    _reading(
        "v2_other_usage",
        "extras incurred nowhere",
        "Where usage counts that is neither bandwidth nor requests. extras: in total.extras; incurred: in "
        "total.incurred_cost; nowhere: in the cost alone.",
        "incurred_cost is documented as bandwidth and requests.",
    ),
    _reading(
        "v2_percentile",
        "missing number null",
        "What total.percentile, percentile_cost and discount_amount are. missing: not there; number: numbers; "
        "null: null.",
        "Not documented; a third party has seen them.",
    ),
    _reading(
        "v2_requests",
        "raw priced",
        "What total.requests counts. raw: requests; priced: 10,000s of them.",
        "Documented as a count.",
    ),
    _reading(
        "v2_status",
        "known null unknown",
        "The status of a posted bill. known: one of the documented words; null: null; unknown: another word.",
        "Documented as one of four words.",
    ),
    _reading(
        "v2_vendor_state",
        "up null unknown",
        "What vendor_state is while the vendor's back end is reachable. up: the documented word; null: null; unknown: "
        "another word.",
        "Documented with the words up and down, not as an enumeration.",
    ),
    _reading(
        "v2_lines",
        "filled sparse",
        "What lines say. filled: all members; sparse: null for rate, units and usage type.",
        "Documented as nullable.",
        {"sparse": ("F2", "F14")},
        "Lines have neither rate nor units.",
    ),
    _reading(
        "v2_voided",
        "none kept nulled",
        "Which voided lines a bill has. none: none; kept: one with deleted_at and its amount, which the total leaves "
        "out; nulled: one with deleted_at and without an amount.",
        "Not documented; deleted_at presumably voids a line.",
    ),
)

READINGS: tuple[Reading, ...] = (*_PERIODS, *_LISTS, *_NAMES_AND_NUMBERS, *_QUANTITIES, *_MONEY)
DEFAULTS: Values = {reading.key.partition(".")[2]: reading.default for reading in READINGS}
