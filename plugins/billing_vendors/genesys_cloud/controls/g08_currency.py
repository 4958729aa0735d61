"""G8: invoice, contract items and charges are in one currency."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.money import currency_code
from billing_vendors.genesys_cloud.settings import GenesysSettings


def currencies_agree(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare each invoice's currency with those of the contracts' items and of the period's charges and wallets.

        EUR, contract EUR, charges EUR  -> PASS
        USD, contract EUR               -> EXCEPTION
        the invoice names none          -> BLOCKED
        no contract item names one      -> BLOCKED
    """
    account_month = evidence.account_month
    items = (item for contract in account_month.contracts for item in contract.items)
    agreed = sorted({currency_code(item.currency) for item in items if item.currency})
    charges = (charge.currency for period in account_month.billing_periods for charge in period.charges)
    wallets = (wallet.currency for period in account_month.billing_periods for wallet in period.wallets)
    charged = sorted({currency_code(currency) for currency in (*charges, *wallets) if currency})
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    for invoice in account_month.invoices:
        if invoice.currency is None:
            yield blocked(invoice.invoice_id, "the invoice states no currency")
            continue
        if not agreed:
            yield blocked(invoice.invoice_id, "no contract item names a currency")
            continue
        strange = sorted({currency_code(invoice.currency), *charged} - set(agreed))
        yield Finding(
            invoice.invoice_id,
            State.EXCEPTION if strange else State.PASS,
            f"{', '.join(strange)} is not a currency of the contracts ({', '.join(agreed)})"
            if strange
            else f"invoice in {invoice.currency}, charges in {', '.join(charged) or 'none'}: all are the contracts'",
            operands={"invoice": invoice.currency, "contracts": agreed, "charges": charged},
        )


G8 = Control("G8", "Currencies agree", "valuation", "exception", currencies_agree)
