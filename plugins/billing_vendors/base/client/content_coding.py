"""
Decode a response's body by the content codings that its header names.

Source: IANA's HTTP Content Coding Registry, checked 2026-11-28. The HTTP library knows fewer names, and passes on a
body whose coding it does not know as if it had none.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import zstandard

from billing.errors import BrokenResponse, PayloadError

_MAX_CODINGS = 3
_MAX_MEMBERS = 16  # of a gzip file; servers send one
_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's names of the formats
_ZSTD_PIECE_BYTES = 256  # at most 85 blocks of 128 KiB each come out of a piece


def decode(body: bytes, header: str, most_bytes: int, where: str) -> bytes:
    """
    Return a body as it was before the codings in a ``Content-Encoding`` header, the last one applied first.

        "", "identity" -> the body;  "gzip", "x-gzip", "deflate", "zstd" -> decompressed

    :param most_bytes: of the result, and of every step on the way.
    :param where: the request, for messages.
    :raises PayloadError: a coding that is not known here, or a larger result.
    :raises BrokenResponse: the body is not in that coding, or was cut short.
    """
    codings = [coding for name in header.split(",") if (coding := name.strip().lower()) not in {"", "identity"}]
    if len(codings) > _MAX_CODINGS:
        raise PayloadError(f"{where} answered with {len(codings)} content codings")
    for coding in reversed(codings):
        if coding not in _DECODERS:
            raise PayloadError(f"{where} answered with the content coding {ascii(coding)[:40]}, which is not known")
        try:
            body = _DECODERS[coding](body, most_bytes) if body else body
        except _TooLarge:
            raise PayloadError(f"{where} answered with more than {most_bytes} bytes") from None
        except (zlib.error, zstandard.ZstdError, EOFError):
            raise BrokenResponse(f"{where} answered with a body that cannot be decompressed as {coding}") from None
    return body


class _TooLarge(Exception):
    pass


def _gunzip(body: bytes, most_bytes: int) -> bytes:
    """Decompress the members of a gzip file; zero bytes may follow."""
    found = b""
    for _ in range(_MAX_MEMBERS):
        found, body = _inflate(body, _GZIP, most_bytes, found)
        if not body.strip(b"\0"):
            return found
    raise EOFError


def _deflate(body: bytes, most_bytes: int) -> bytes:
    """Decompress zlib's format, which is the registered one, or its bare stream, which some servers send."""
    is_zlib = body[0] & 0x0F == zlib.DEFLATED
    return _inflate(body, _ZLIB if is_zlib else _RAW, most_bytes)[0]


def _inflate(body: bytes, window: int, most_bytes: int, before: bytes = b"") -> tuple[bytes, bytes]:
    """Return what was found before with one stream's content after it, and the bytes that follow the stream."""
    stream = zlib.decompressobj(window)
    found = before + stream.decompress(body, most_bytes - len(before) + 1)
    _check_size(found, most_bytes)
    if not stream.eof:
        raise EOFError
    return found, stream.unused_data


def _unzstd(body: bytes, most_bytes: int) -> bytes:
    found = bytearray()
    while body:
        frame = zstandard.ZstdDecompressor().decompressobj()
        for start in range(0, len(body), _ZSTD_PIECE_BYTES):
            found += frame.decompress(body[start : start + _ZSTD_PIECE_BYTES])
            _check_size(found, most_bytes)
            if frame.eof:
                break
        if not frame.eof:
            raise EOFError
        body = frame.unused_data + body[start + _ZSTD_PIECE_BYTES :]
    return bytes(found)


def _check_size(found: bytes | bytearray, most_bytes: int) -> None:
    if len(found) > most_bytes:
        raise _TooLarge


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "zstd": _unzstd,
}
