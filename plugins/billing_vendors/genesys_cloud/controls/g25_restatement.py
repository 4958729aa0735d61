"""G25: an issued invoice keeps its content."""

from billing.controls.checks.restatement import invoices_are_not_restated
from billing.controls.control import Control

G25 = Control(
    "G25",
    "An issued invoice is not restated",
    "existence",
    "exception",
    invoices_are_not_restated,
    operands="content of the current version, content before the vendor changed it",
)
