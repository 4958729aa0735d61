"""Which controls are run for which vendor, in the order in which they are reported."""

from billing.controls.checks.complete_listing import F10, G14
from billing.controls.checks.duplicate_documents import F7
from billing.controls.checks.footing import F1, G1
from billing.controls.checks.restatement import F20, G25
from billing_vendors.fastly.controls.f02_line_amounts import F2
from billing_vendors.fastly.controls.f03_currency import F3
from billing_vendors.fastly.controls.f04_calendar_month import F4
from billing_vendors.fastly.controls.f05_month_coverage import F5
from billing_vendors.fastly.controls.f06_single_invoice import F6
from billing_vendors.fastly.controls.f08_posted_after_period import F8
from billing_vendors.fastly.controls.f09_posted_on_time import F9
from billing_vendors.fastly.controls.f11_list_vs_detail import F11
from billing_vendors.fastly.controls.f12_metered_quantity import F12
from billing_vendors.fastly.controls.f13_unit_conversion import F13
from billing_vendors.fastly.controls.f14_rates import F14
from billing_vendors.fastly.controls.f15_commit_shortfall import F15
from billing_vendors.fastly.controls.f16_credits import F16
from billing_vendors.fastly.controls.f17_unallocated_amount import F17
from billing_vendors.fastly.controls.f18_estimate_monotonic import F18
from billing_vendors.fastly.controls.f19_estimate_vs_invoice import F19
from billing_vendors.fastly.controls.f21_month_on_month import F21
from billing_vendors.fastly.controls.f22_new_dimensions import F22
from billing_vendors.fastly.controls.f23_customer_id import F23
from billing_vendors.fastly.controls.f24_cross_footing import F24
from billing_vendors.genesys_cloud.controls.g02_line_prices import G2
from billing_vendors.genesys_cloud.controls.g03_overage_quantity import G3
from billing_vendors.genesys_cloud.controls.g04_overage_charge import G4
from billing_vendors.genesys_cloud.controls.g05_three_way_match import G5
from billing_vendors.genesys_cloud.controls.g06_usage_vs_charge import G6
from billing_vendors.genesys_cloud.controls.g07_wallet_rollforward import G7
from billing_vendors.genesys_cloud.controls.g08_currency import G8
from billing_vendors.genesys_cloud.controls.g09_purchase_orders import G9
from billing_vendors.genesys_cloud.controls.g10_service_dates import G10
from billing_vendors.genesys_cloud.controls.g11_advance_and_arrears import G11
from billing_vendors.genesys_cloud.controls.g12_period_closed import G12
from billing_vendors.genesys_cloud.controls.g13_usage_report_complete import G13
from billing_vendors.genesys_cloud.controls.g15_duplicate_documents import G15
from billing_vendors.genesys_cloud.controls.g16_contract_continuity import G16
from billing_vendors.genesys_cloud.controls.g17_charged_through_date import G17
from billing_vendors.genesys_cloud.controls.g18_price_effective_dates import G18
from billing_vendors.genesys_cloud.controls.g19_credit_memos import G19
from billing_vendors.genesys_cloud.controls.g20_payment_status import G20
from billing_vendors.genesys_cloud.controls.g21_pdf_vs_api import G21
from billing_vendors.genesys_cloud.controls.g22_bill_to_party import G22
from billing_vendors.genesys_cloud.controls.g23_prepaid_quantity import G23
from billing_vendors.genesys_cloud.controls.g24_trustee_overview import G24
from billing_vendors.genesys_cloud.controls.g26_unknown_fields import G26
from billing_vendors.genesys_cloud.controls.g27_due_date import G27
from billing_vendors.genesys_cloud.controls.g28_sku_analysis import G28

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
