"""In which unit a quantity is shown, and the rate that goes with it; every conversion is exact."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.fastly.model import Line, UsageRow
from vendor_simulator.fastly.readings import Values

_WORDS = {1: "byte", 1000: "kb", 10**6: "mb", 10**9: "gb", 10**12: "tb"}


def priced_unit(meter: Meter, values: Values) -> int:
    """Return how many requests, bytes or other things the unit has that a rate is for."""
    word = {"requests": "request_unit", "bandwidth": "bandwidth_unit"}.get(meter.usage_type)
    return meter.raw_per_unit if word is None else int(values[word])


def shown_rate(meter: Meter, rate: Decimal, values: Values) -> Decimal:
    """Return a rate of the meter as invoices show it."""
    one = 1 if values["line_quantity"] == "raw_rate" else priced_unit(meter, values)
    return _converted(rate, one, meter.raw_per_unit)


def shown_units(meter: Meter, units: Decimal, values: Values) -> Decimal:
    """Return units of the meter as invoices show them."""
    return _converted(units, meter.raw_per_unit, 1 if _is_raw(meter, values) else priced_unit(meter, values))


def shown_line(line: Line, values: Values) -> Line:
    """Return a line of usage with units and rates as invoices show them; its amount is the same."""
    meter = line.meter
    if line.kind != "usage":
        return line
    return replace(
        line,
        units=shown_units(meter, line.units, values),
        rate=shown_rate(meter, line.rate, values),
        list_rate=None if line.list_rate is None else shown_rate(meter, line.list_rate, values),
    )


def shown_quantity(row: UsageRow, values: Values) -> Decimal:
    """Return the quantity of a usage metric."""
    if values["v3_metric_quantity"] == "raw":
        return row.raw_quantity
    quantity = _converted(row.quantity, row.meter.raw_per_unit, priced_unit(row.meter, values))
    return exact.rounded(quantity, 2) if values["v3_metric_quantity"] == "rounded" else quantity


def unit_of(meter: Meter, values: Values) -> str | None:
    """Return the unit as the usage metrics call it; None if they do not."""
    unit = _WORDS[priced_unit(meter, values)] if meter.usage_type == "bandwidth" else meter.unit
    match values["v3_metric_unit"]:
        case "words":
            return unit.upper() if meter.usage_type == "bandwidth" else meter.usage_type or "month"
        case "missing":
            return None
    return unit


def _is_raw(meter: Meter, values: Values) -> bool:
    mode = values["line_quantity"]
    return mode in {"raw", "raw_rate"} or (mode == "mixed" and meter.usage_type == "requests")


def _converted(number: Decimal, unit: int, wanted: int) -> Decimal:
    """Convert from things counted by ``unit`` to things counted by ``wanted``."""
    return number if unit == wanted else exact.EXACT.divide(exact.times(number, unit), Decimal(wanted))
