"""The controls of every Genesys Cloud month, in the order of the report."""

from billing_vendors.genesys_cloud.controls.g01_footing import G1
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
from billing_vendors.genesys_cloud.controls.g14_complete_listings import G14
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
from billing_vendors.genesys_cloud.controls.g25_restatement import G25
from billing_vendors.genesys_cloud.controls.g26_unknown_fields import G26
from billing_vendors.genesys_cloud.controls.g27_due_date import G27
from billing_vendors.genesys_cloud.controls.g28_sku_analysis import G28
from billing_vendors.genesys_cloud.controls.g29_expected_documents import G29

CONTROLS = (
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
    G29,
)
