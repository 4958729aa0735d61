"""What controls look at."""

import pytest

from billing.controls.control import Evidence


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
