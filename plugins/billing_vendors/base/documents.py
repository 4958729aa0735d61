"""Get the files that a vendor issues with an invoice: an unusable one does not keep the month from being stored."""

from __future__ import annotations

import logging
from collections.abc import Callable

from billing.errors import PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.vendor import Document, MissingDocument

log = logging.getLogger(__name__)


def document_or_reason(invoice_id: str, file_format: str, get: Callable[[], Document]) -> Document | MissingDocument:
    """
    Return a file, or why it could not be had; the next run of the month asks for it again.

    :param get: requests it.
    """
    try:
        return get()
    except (PayloadError, VendorRejected, VendorUnavailable) as error:
        log.warning("no %s of invoice %s, the month is stored without: %s", file_format, ascii(invoice_id)[:80], error)
        return MissingDocument(invoice_id, file_format, str(error))
