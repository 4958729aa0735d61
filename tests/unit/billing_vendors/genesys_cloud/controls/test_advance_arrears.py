"""G11: lines are split to calendar months."""

from datetime import date
from decimal import Decimal

import pytest

from billing_vendors.genesys_cloud.controls.g11_advance_and_arrears import G11

D = date.fromisoformat


def split_of(g, found, *lines, **rest):
    (finding,) = found(G11, g.clean(*lines, **rest))
    return finding, {month: str(amount) for month, amount in finding.operands["by_month"].items()}


def test_an_anniversary_cycle_is_split_by_days(g, found):
    line = g.line("31.00", service_start=D("2024-12-21"), service_end=D("2025-01-21"))
    finding, months = split_of(g, found, line)
    assert (finding.state.value, months) == ("PASS", {"2024-12": "11.00", "2025-01": "20.00"})


def test_advance_is_what_begins_after_the_period(g, found):
    ahead = g.prepay(service_start=D("2025-02-01"), service_end=D("2025-03-01"))
    behind = g.line("10.00", service_start=D("2025-01-31"), service_end=D("2025-02-01"))
    finding, months = split_of(g, found, ahead, behind)
    assert months == {"2025-01": "10.00", "2025-02": "33750.00"}
    assert finding.operands["advance"] == Decimal("33750.00")


def test_each_line_is_split_by_itself(g, found):
    """Three lines of 0.01 over a month's end: each goes where its own half cent is rounded to."""
    line = g.line("0.01", service_start=D("2025-01-16"), service_end=D("2025-02-16"))
    finding, months = split_of(g, found, line, line, line)
    assert months == {"2025-01": "0.03", "2025-02": "0.00"}
    assert (finding.expected, finding.actual) == (Decimal("0.03"), Decimal("0.03"))


def test_voice_is_cut_at_seven(g, found):
    voice = g.line("7.44", description="Genesys Cloud Voice - usage")
    assert split_of(g, found, voice)[1] == {"2025-01": "7.37", "2025-02": "0.07"}
    named = g.line("7.44", attributes={"product": {"name": "GENESYS CLOUD VOICE minutes"}})
    assert split_of(g, found, named)[1] == {"2025-01": "7.37", "2025-02": "0.07"}
    assert split_of(g, found, g.line("7.44"))[1] == {"2025-01": "7.44"}


def test_yen_are_not_split_into_fractions(g, found):
    line = g.line("100", service_start=D("2024-12-21"), service_end=D("2025-01-21"))
    invoice = g.invoice(line, currency="JPY")
    (finding,) = found(G11, g.month(invoice))
    assert list(map(str, finding.operands["by_month"].values())) == ["35", "65"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"service_start": None},
        {"service_end": None},
        {"service_start": D("2025-01-02"), "service_end": D("2025-01-01")},
    ],
)
def test_a_line_without_usable_dates_blocks(g, found, spoil):
    (finding,) = found(G11, g.clean(g.prepay(), g.line(**spoil)))
    assert finding.state.value == "BLOCKED"
    assert "line 2" in finding.explanation


def test_no_currency_no_lines_no_invoice(g, states):
    assert states(G11, g.month(g.invoice(g.line(), currency=None))) == ["BLOCKED"]
    assert states(G11, g.month(g.invoice(g.line(), currency="XXQ"))) == ["BLOCKED"]
    assert states(G11, g.month(g.invoice())) == ["NOT_APPLICABLE"]
    assert states(G11, g.month()) == ["NOT_APPLICABLE"]
