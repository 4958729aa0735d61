"""Values that tests talk about, and controls run over them."""

import pytest
from tests.ledger import make

from billing.controls.evidence import Evidence

__all__ = ["make"]


@pytest.fixture(scope="session")
def judge(make):
    """Run one control over invoices (or a whole month) and give its findings."""

    def run(control, *invoices, month=None, currency="USD", **evidence):
        month = month or make.month(*invoices)
        return list(control.check(Evidence(make.account(currency=currency), month, **evidence)))

    return run


@pytest.fixture(scope="session")
def state_of(judge):
    """Run one control that gives one finding; give its state as text."""

    def run(*arguments, **named):
        (finding,) = judge(*arguments, **named)
        return finding.state.value

    return run
