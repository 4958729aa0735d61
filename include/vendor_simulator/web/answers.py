"""A response before it is sent, so that a fault can still change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vendor_simulator import exact


@dataclass(slots=True)
class Answer:
    """
    Status, body and headers of one response.

    :param payload: a JSON value, or the bytes of the body as they are.
    """

    payload: Any
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the bytes to send."""
        return self.payload if isinstance(self.payload, bytes) else exact.json_text(self.payload).encode()


class Refused(Exception):
    """Ends a request with this response."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer
