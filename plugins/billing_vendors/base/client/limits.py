"""How long one request may take and how much it may bring: the same for workers and triggers."""

from __future__ import annotations

from dataclasses import dataclass

from billing.errors import PayloadError

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """
    Limits of one request.

    :param connect_seconds: to reach the host.
    :param read_seconds: longest silence between two pieces of the response.
    :param total_seconds: from sending to the last byte, however steadily the bytes drip.
    :param body_bytes: largest body, counted after decompression.
    :param attempts: how often a GET is sent in all when the vendor responses 429, 502, 503, 504 or breaks the
        connection; 1 = leave it to the caller.
    :param longest_pause_seconds: a longer ``Retry-After`` is left to Airflow's retries.
    :param first_pause_seconds: the pause after the first failure; doubled with each further one.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 180.0
    body_bytes: int = 64 * 1024 * 1024
    attempts: int = 4
    longest_pause_seconds: float = 120.0
    first_pause_seconds: float = 1.0


def check_length(length: int, limits: Limits, request: str) -> None:
    """
    Refuse a body above the limit.

    :raises PayloadError: says how large a body may be.
    """
    if length > limits.body_bytes:
        raise PayloadError(f"{request} answered with more than {limits.body_bytes} bytes")
