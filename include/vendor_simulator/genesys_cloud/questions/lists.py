"""Which rows a list has, and how its pages end."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.questions.question import question
from vendor_simulator.readings import Reading

LISTS: tuple[Reading, ...] = (
    question(
        "invoice_filter",
        "invoiced invoiced_before_end begins overlaps within none",
        "Which invoices lie within dateStart and dateEnd: by dateInvoiced, both included or without the end; by their "
        "service beginning within, overlapping, or lying within them; none: all invoices.",
        "3 UNK; 11.2",
    ),
    question(
        "contract_filter",
        "none begins overlaps within",
        "Which contracts a list with dates has: all, or those that begin within, overlap, or lie within them.",
        "3 UNK; 11.2",
    ),
    question(
        "last_page",
        "missing null empty no_cursor endless",
        "nextUri of the last page: left out, null, an empty text, without a cursor's value, or leading on to empty "
        "pages for ever.",
        "5",
    ),
    question(
        "next_uri",
        "relative absolute cursor_alone",
        "nextUri is a path with the other parameters, or begins with the host, or has the cursor alone.",
        "5 INF",
    ),
    question("empty_list", "empty null missing", "entities of a page without rows: [], null, or left out.", "5"),
    question(
        "doubled_row",
        "never invoice line contract",
        "One row of the list of invoices, of lines or of contracts is there twice, with the same id.",
        "5 silent",
    ),
    question(
        "row_order",
        "as_made reversed",
        "The order of contracts, invoices, lines, periods, charges and items; none is documented.",
        "4 silent",
    ),
)
