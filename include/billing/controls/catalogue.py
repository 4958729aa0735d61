"""Which controls are run for which vendor, in the order in which they are reported."""

from billing.controls.advance_arrears import G11
from billing.controls.bill_to import G22
from billing.controls.charge_and_line import G5
from billing.controls.charged_through import G17
from billing.controls.closed_period import G12
from billing.controls.complete_report import G13
from billing.controls.contract_continuity import G16
from billing.controls.contract_duplicates import G15
from billing.controls.credit_documents import G19
from billing.controls.credits import F16
from billing.controls.cross_footing import F24
from billing.controls.currencies import G8
from billing.controls.customer import F23
from billing.controls.dimensions import F22
from billing.controls.due_date import G27
from billing.controls.duplicates import F7
from billing.controls.footing import F1, G1
from billing.controls.last_estimate import F19
from billing.controls.line_amounts import F2
from billing.controls.line_prices import G2
from billing.controls.metered_quantity import F12
from billing.controls.month_coverage import F5
from billing.controls.month_on_month import F21
from billing.controls.one_invoice import F6
from billing.controls.overage_charge import G4
from billing.controls.overage_quantity import G3
from billing.controls.payment_status import G20
from billing.controls.posted_after_period import F8
from billing.controls.posted_in_time import F9
from billing.controls.prepaid_quantity import G23
from billing.controls.price_windows import G18
from billing.controls.printed_document import G21
from billing.controls.purchase_orders import G9
from billing.controls.rates import F14
from billing.controls.residual import F17
from billing.controls.restatement import F20, G25
from billing.controls.running_estimate import F18
from billing.controls.same_currency import F3
from billing.controls.second_reading import F11
from billing.controls.service_dates import G10
from billing.controls.shortfall import F15
from billing.controls.sku_analysis import G28
from billing.controls.trustee_overview import G24
from billing.controls.unit_conversion import F13
from billing.controls.unknown_fields import G26
from billing.controls.usage_and_charge import G6
from billing.controls.wallets import G7
from billing.controls.whole_listing import F10, G14
from billing.controls.whole_month import F4

FASTLY = (F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, F13, F14, F15, F16, F17, F18, F19, F20, F21, F22, F23, F24)
GENESYS_CLOUD = (
    G1,
    G2,
    G3,
    G4,
    G5,
    G6,
    G7,
    G8,
    G9,
    G10,
    G11,
    G12,
    G13,
    G14,
    G15,
    G16,
    G17,
    G18,
    G19,
    G20,
    G21,
    G22,
    G23,
    G24,
    G25,
    G26,
    G27,
    G28,
)
