"""Billing errors of Genesys Cloud by kind: each changes a correct period so that one control finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vendor_simulator.genesys_cloud import planted_documents as documents
from vendor_simulator.genesys_cloud import planted_figures as figures
from vendor_simulator.genesys_cloud.edits import Corrupted
from vendor_simulator.genesys_cloud.month import GenesysMonth

ROTATION = ("G1", "G3", "G15", "G2", "G8", "G6", "G10", "G4", "G7", "G5", "G9", "G24", "G21")
KINDS: Mapping[str, Callable[[GenesysMonth, bool], Corrupted | None]] = {
    "G1": figures.header_off,
    "G1:line_dropped": documents.line_dropped,
    "G1:line_sign": documents.line_sign_off,
    "G1:page_lost": documents.page_lost,
    "G2": figures.price_off,
    "G2:old_price": figures.old_price,
    "G3": figures.quantity_off,
    "G4": figures.rate_off,
    "G5": figures.line_off,
    "G5:not_billed": documents.overage_not_billed,
    "G6": figures.report_off,
    "G7": figures.wallet_off,
    "G7:gap": figures.wallet_gap,
    "G8": figures.currency_off,
    "G9": figures.order_off,
    "G10": figures.service_dates_off,
    "G15": documents.billed_twice,
    "G16": documents.period_missing,
    "G19": documents.credit_as_invoice,
    "G21": documents.printed_total_off,
    "G21:sign": documents.printed_sign_off,
    "G21:zero": documents.printed_zero,
    "G21:number": documents.printed_number_off,
    "G21:other_invoice": documents.printed_other_invoice,
    "G22": documents.other_customer,
    "G23": figures.prepaid_off,
    "G24": figures.overview_off,
    "G25:withdrawn": documents.withdrawn,
    "G25:restated": documents.restated,
    "G25:reissued": documents.reissued,
    "G29:prepayment": documents.prepayment_missing,
    "G29:arrears": documents.arrears_missing,
    "G29:one_time": documents.one_time_missing,
}


def corrupt(kind: str, clean: GenesysMonth, slight: bool = False) -> Corrupted | None:
    """
    Return the period with the error, or None if the error does not fit it.

    :param slight: as little wrong as the demo's errors are; else enough for any scale and currency.
    """
    return KINDS[kind](clean, slight) if clean.invoices else None
