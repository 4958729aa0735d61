"""Which controls are run for which vendor, in the order in which they are reported."""

from billing.controls.currencies import G8
from billing.controls.footing import F1, G1
from billing.controls.line_amounts import F2
from billing.controls.one_invoice import F6
from billing.controls.restatement import F20, G25
from billing.controls.second_reading import F11
from billing.controls.service_dates import G10
from billing.controls.whole_listing import F10, G14
from billing.controls.whole_month import F4

FASTLY = (F1, F2, F4, F6, F10, F11, F20)
GENESYS_CLOUD = (G1, G8, G10, G14, G25)
