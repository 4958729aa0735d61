"""Files to look at or to take away: a vendor's document, and the certificate of a bill."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text

from billing.certificate.sources import Subject
from billing.certificate.verify import make_certificate, write_json
from billing.month import Month
from billing_ui.pages.page import Database, first, render, rows
from billing_ui.queries import bill as bills
from billing_ui.rights import Readable
from billing_vendors.base.tasks.database import documents_folder

html, api = APIRouter(), APIRouter()

_DOCUMENT = text("""
    select document_id, vendor, account, invoice_id, file_format, size, location, encode(sha256, 'hex') as sha256,
           first_seen_at
    from billing.document where document_id = :id and vendor = any(:vendors)
""")

# the file's own page may run nothing, and is shown by the browser's reader
_SANDBOX = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"}


def _document(database: Database, readable: Readable, document_id: int) -> dict[str, Any]:
    found = first(rows(database, _DOCUMENT, id=document_id, vendors=list(readable)))
    if found is None:
        raise HTTPException(404, f"There is no document {document_id}.")
    return found


@html.get("/documents/{document_id}")
def document_page(request: Request, database: Database, readable: Readable, document_id: int) -> HTMLResponse:
    """Show a vendor's document in the page."""
    return render(request, "document.html", {"document": _document(database, readable, document_id)})


@html.get("/documents/{document_id}/file")
def document_file(database: Database, readable: Readable, document_id: int) -> Response:
    """Return the file as the vendor sent it: a PDF to be shown, anything else to be saved."""
    found = _document(database, readable, document_id)
    folder = documents_folder()
    for name in found["location"].split("/"):
        folder = folder / name
    try:
        body = folder.read_bytes()
    except OSError as error:
        raise HTTPException(404, "The file is not in this Airflow's document folder (TIEOUT_DOCUMENTS).") from error
    if hashlib.sha256(body).hexdigest() != found["sha256"]:
        raise HTTPException(409, "The file is not the one that was stored: its hash is another.")
    is_pdf = found["file_format"] == "pdf"
    name = f"{found['sha256'][:16]}.{'pdf' if is_pdf else 'csv'}"
    headers = _SANDBOX | {"Content-Disposition": f'{"inline" if is_pdf else "attachment"}; filename="{name}"'}
    return Response(body, media_type="application/pdf" if is_pdf else "application/octet-stream", headers=headers)


@html.get("/bills/{key}/certificate")
def certificate(database: Database, readable: Readable, key: int) -> Response:
    """Return the certificate of a bill's current version, to be verified by ``python -m billing.certificate``."""
    bill = bills.header(database, key, None, readable)
    if bill is None:
        raise HTTPException(404, f"There is no bill {key}.")
    month = Month(bill["month"].year, bill["month"].month)
    body = write_json(make_certificate(database, Subject(bill["vendor"], bill["account"], month, bill["invoice_id"])))
    digest = hashlib.sha256(bill["invoice_id"].encode()).hexdigest()[:16]  # no vendor text in a file name
    name = f"{bill['vendor']}-{bill['account']}-{month}-{digest}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="application/json", headers=headers)
