"""Usage metrics as JSON values, and the use by service. Source: contracts of the API, sections 4.4 and 4.5."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly import quantities
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.documents import instant
from vendor_simulator.fastly.forms import number, with_offsets
from vendor_simulator.fastly.model import UsageRow
from vendor_simulator.fastly.readings import Values
from vendor_simulator.months import Month

_ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"
_FULLWIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_OTHER_SPACES = {ord(" "): "\N{NO-BREAK SPACE}", ord("-"): "\N{NON-BREAKING HYPHEN}"}


def usage_rows(
    account: FastlyAccount, rows: Iterable[UsageRow], month: Month, at: datetime, values: Values
) -> list[dict[str, Any]]:
    """Write one month of usage metrics as of a moment."""
    updated = instant(min(at, month.end + timedelta(hours=3, minutes=12)))
    documents = []
    for position, row in enumerate(rows):
        name = metric_name(row.meter.name, values["v3_metric_names"])
        quantity = exact.vary_format(quantities.shown_quantity(row, values), account.number, month.index, position)
        document = {
            "month": str(month),
            "usage_type": name if values["v3_metric_usage_type"] == "name" else row.meter.usage_type,
            "name": name,
            "region": metric_name(row.meter.region, values["v3_metric_names"]),
            "unit": quantities.unit_of(row.meter, values),
            "quantity": number(quantity, values["numbers"]),
            "raw_quantity": Decimal(exact.plain(row.raw_quantity)),
            "product_id": row.meter.product_id,
            "last_updated_at": updated,
        }
        if document["unit"] is None:
            del document["unit"]
        documents.append(document)
    return with_offsets(documents) if values["date_times"] == "offset" else documents


def metric_name(name: str, form: str) -> str:
    """Write a name as the usage metrics do: what a person reads is the same."""
    match form:
        case "decomposed":
            return unicodedata.normalize("NFD", name)
        case "upper":
            return name.upper()
        case "invisible":
            return name[:3] + _ZERO_WIDTH_SPACE + name[3:] if name else name
        case "spaces":
            return name.translate(_OTHER_SPACES)
        case "fullwidth":
            return name.translate(_FULLWIDTH)
    return name


def service_rows(
    seed: int, account: FastlyAccount, rows: Iterable[UsageRow], only: str | None, values: Values
) -> list[dict[str, Any]]:
    """Split each row over the customer's services, and list those above zero."""
    services = _services_of(seed, account)
    sums = dict.fromkeys(services, Decimal(0))
    for row in rows:
        quantity = quantities.shown_quantity(row, values)
        places = max(row.meter.places, len(exact.plain(quantity).partition(".")[2]))
        parts = split(quantity, len(services), places)
        for service, part in zip(services, parts, strict=True):
            sums[service] = exact.total((sums[service], part))
    return [
        {"customer_id": account.customer_id, "service_id": number, "service_name": name, "usage_units": units}
        for (number, name), units in sums.items()
        if units > 0 and only in {None, number}
    ]


def split(quantity: Decimal, parts: int, places: int) -> list[Decimal]:
    """Split a quantity into decreasing parts whose sum is exactly the whole."""
    rest = int(exact.EXACT.scaleb(quantity, places))
    shares = []
    for left in range(parts, 0, -1):
        share = rest if left == 1 else rest * 3 // 5
        rest -= share
        shares.append(Decimal(share).scaleb(-places))
    return shares


def _services_of(seed: int, account: FastlyAccount) -> list[tuple[str, str]]:
    """Return the ids and names of a customer's services, largest first."""
    names = (f"www.{account.name}.example.com", f"api.{account.name}.example.com", f"img.{account.name}.example.com")
    return [(seeded_random.text(22, seed, "service", name), name) for name in names]
