"""G14: a paged listing was read to its end, each row once."""

from billing.controls.checks.complete_listing import listings_are_whole
from billing.controls.control import Control

G14 = Control(
    "G14",
    "Paged listings are complete",
    "completeness",
    "blocked",
    listings_are_whole,
    operands="rows read, their identifiers, the total that the vendor declares, the last cursor",
)
