"""Which rows a list has, and how its pages end."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import SILENT, question
from vendor_simulator.readings import Reading

LISTS: tuple[Reading, ...] = (
    question(
        "invoice_filter",
        "invoiced invoiced_before_end begins overlaps within none",
        "Which invoices a list with dates has. invoiced: dated from dateStart to dateEnd; invoiced_before_end: dated "
        "before dateEnd; begins, overlaps and within: whose service begins within the dates, overlaps them or lies "
        "within them; none: all.",
        "Unknown: which date the list filters use",
    ),
    question(
        "contract_filter",
        "none begins overlaps within",
        "Which contracts a list with dates has. none: all; begins, overlaps and within: those that begin within the "
        "dates, overlap them or lie within them.",
        "Unknown: which date the list filters use",
    ),
    question(
        "last_page",
        "missing null empty no_cursor endless",
        "nextUri of the last page. missing: left out; null: null; empty: an empty text; no_cursor: an address whose "
        "after is empty; endless: the address of a further page, which is empty, and so on for ever.",
        "Seen in official clients, which accept all of these",
    ),
    question(
        "next_uri",
        "relative absolute cursor_alone",
        "nextUri. relative: a path with the other parameters; absolute: with the host too; cursor_alone: a path with "
        "no other parameter than the cursor.",
        "Inferred: relative, repeats the other parameters",
    ),
    question(
        "empty_list",
        "empty null",
        "entities of a page without rows. empty: an empty list; null: null. A page without the member is an error.",
        "Seen in official clients, which accept all of these",
    ),
    question(
        "doubled_row",
        "never invoice line contract",
        "A row that is in a list twice, with the same id. never: none; invoice, line and contract: one row of each "
        "list of invoices, of lines, or of contracts.",
        SILENT,
    ),
    question(
        "row_order",
        "as_made reversed",
        "Order of contracts, invoices, lines, periods, charges and items. as_made: invoices and periods from the "
        "newest; reversed: the other way round.",
        SILENT,
    ),
)
