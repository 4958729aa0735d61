"""Opaque cursors, valid for the same request only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from aiohttp import web


def scope_of(path: str, query: Mapping[str, str]) -> str:
    """Return the listing a cursor belongs to: the path and every parameter but the cursors themselves."""
    rest = sorted((name, value) for name, value in query.items() if name not in {"cursor", "after", "before"})
    return hashlib.sha256(json.dumps([path, rest]).encode()).hexdigest()[:12]


def write(scope: str, offset: int) -> str:
    """Create the cursor of the page that starts at ``offset``."""
    return base64.urlsafe_b64encode(json.dumps({"o": offset, "s": scope}).encode()).decode()


def read(scope: str, cursor: str) -> int:
    """
    Return the offset behind a cursor.

    :raises ValueError: not a cursor of this listing.
    """
    try:
        members = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        offset, owner = int(members["o"]), members["s"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the cursor is not one of ours") from error
    if owner != scope or offset < 0:
        raise ValueError("the cursor belongs to another request")
    return offset


def shifted(request: web.Request, rows: int) -> web.Request:
    """Return a request for a later page as one for a page that begins ``rows`` rows later; the first page as it is."""
    query = request.rel_url.query
    for name in ("cursor", "after"):
        if cursor := query.get(name):
            scope = scope_of(request.path, query)
            moved = write(scope, max(0, read(scope, cursor) + rows))
            return request.clone(rel_url=request.rel_url.update_query({name: moved}))
    return request
