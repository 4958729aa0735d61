"""Links to invoice documents, and the documents. Source: contracts of the API, section 4.6, checked 2026-11-22."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

from aiohttp import web

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.printed import invoice_file
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.web.answers import Answer


class Downloads:
    """Signed links that expire soon, and their files."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context
        self._link_key = seeded_random.text(32, context.world.seed, "document links").encode()

    def link(self, request: web.Request, owner: Organisation) -> Answer:
        """Return a signed link to the PDF of an invoice; it needs no token and expires soon."""
        invoice = self._context.invoice(request, owner)
        ends_at = int(self._context.state.now().timestamp()) + self._context.state.settings.link_seconds
        query = urlencode({"signature": self._signature(invoice.invoice_id, ends_at), "expires": ends_at})
        host = f"{request.scheme}://{request.host}" if owner.read["document_link"] == "absolute" else ""
        return Answer({"url": f"{host}/documents/{invoice.invoice_id}.pdf?{query}"})

    def download(self, request: web.Request) -> Answer:
        """Return the PDF behind a link: 403 if the signature is wrong or expired, 400 if a token is sent with it."""
        if "Authorization" in request.headers:
            self._context.state.stats.tokens_leaked += 1
            return Answer(b"Only one auth mechanism allowed", 400, "text/plain")
        number, ends_at = request.match_info["invoice_id"], request.query.get("expires", "")
        fits = ends_at.isdecimal() and hmac.compare_digest(
            self._signature(number, int(ends_at)), request.query.get("signature", "")
        )
        if not fits or int(ends_at) < self._context.state.now().timestamp():
            return Answer(b"Request has expired", 403, "text/plain")
        owner = self._context.world.holder(number)
        invoice = None if owner is None else self._context.known(owner, number)
        if owner is None or invoice is None:
            return Answer(b"Not found", 404, "text/plain")
        return Answer(invoice_file(owner, invoice), media_type="application/pdf")

    def _signature(self, number: str, ends_at: int) -> str:
        return hmac.new(self._link_key, f"{number}\n{ends_at}".encode(), hashlib.sha256).hexdigest()
