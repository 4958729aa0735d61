"""G1: lines foot to the header."""

from billing.controls.checks.footing import lines_foot_to_header
from billing.controls.control import Control

G1 = Control(
    "G1",
    "Lines foot to the header",
    "accuracy",
    "exception",
    lines_foot_to_header,
    operands="sum of the lines, total of the header",
)
