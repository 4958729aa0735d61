"""The controls of every Fastly month, in the order of the report."""

from billing_vendors.fastly.controls.f01_footing import F1
from billing_vendors.fastly.controls.f02_line_amounts import F2
from billing_vendors.fastly.controls.f03_currency import F3
from billing_vendors.fastly.controls.f04_calendar_month import F4
from billing_vendors.fastly.controls.f05_month_coverage import F5
from billing_vendors.fastly.controls.f06_single_invoice import F6
from billing_vendors.fastly.controls.f07_duplicate_documents import F7
from billing_vendors.fastly.controls.f08_posted_after_period import F8
from billing_vendors.fastly.controls.f09_posted_on_time import F9
from billing_vendors.fastly.controls.f10_complete_listings import F10
from billing_vendors.fastly.controls.f11_list_vs_detail import F11
from billing_vendors.fastly.controls.f12_metered_quantity import F12
from billing_vendors.fastly.controls.f13_unit_conversion import F13
from billing_vendors.fastly.controls.f14_rates import F14
from billing_vendors.fastly.controls.f15_commit_shortfall import F15
from billing_vendors.fastly.controls.f16_credits import F16
from billing_vendors.fastly.controls.f17_unallocated_amount import F17
from billing_vendors.fastly.controls.f18_estimate_monotonic import F18
from billing_vendors.fastly.controls.f19_estimate_vs_invoice import F19
from billing_vendors.fastly.controls.f20_restatement import F20
from billing_vendors.fastly.controls.f21_month_on_month import F21
from billing_vendors.fastly.controls.f22_new_dimensions import F22
from billing_vendors.fastly.controls.f23_customer_id import F23
from billing_vendors.fastly.controls.f24_cross_footing import F24

CONTROLS = (
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
    F12,
    F13,
    F14,
    F15,
    F16,
    F17,
    F18,
    F19,
    F20,
    F21,
    F22,
    F23,
    F24,
)
