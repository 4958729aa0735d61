"""From a list's stored pages to rows, however long the list is: in a stream, and unread where the bytes are known."""

from __future__ import annotations

from sqlalchemy import Connection

from billing.listed import InvoiceList
from billing.storage.payloads import FetchInfo, each_answer
from billing.storage.records import Found, Records
from billing.storage.versions import Change


def save_listed(
    connection: Connection, records: Records, fetch: FetchInfo, invoice_list: InvoiceList | None
) -> list[Change]:
    """
    Store the invoices that lie whole in a vendor's list; returns the versions that were added.

    :param invoice_list: None if the vendor has no such list, and then nothing is done.
    :raises PayloadError: a response has another shape; the caller's transaction is not to be committed.
    """
    if invoice_list is None:
        return []
    pages = each_answer(connection, fetch.fetch_id, invoice_list.operation)
    found = invoice_list.find(fetch.month, pages)
    return records.save(Found(("invoice", each.invoice_id), each.read, each.source) for each in found)
