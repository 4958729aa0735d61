"""Read the text of a file that a vendor issued."""

from __future__ import annotations

import io


def text_of(body: bytes, file_format: str) -> str | None:
    """
    Return a file's text: all pages of a PDF, one after the other, or a CSV as it is.

    None if it cannot be read: a broken PDF, one that needs a password, a CSV that is not UTF-8, or another format.
    """
    if file_format == "csv":
        return _decoded(body)
    return _pdf_text(body) if file_format == "pdf" else None


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _pdf_text(body: bytes) -> str | None:
    from pypdf import PdfReader  # noqa: PLC0415 (0.2 s that most months do not need)

    try:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    except Exception:  # noqa: BLE001 (whatever a broken file makes the library raise: it cannot be read)
        return None
