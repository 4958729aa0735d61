"""Stop signals, sent to this very process."""

import os
import signal

import pytest

from tieout_stack.stop_signals import NUMBERS, StopRequested, StopSignals


@pytest.mark.parametrize("number", NUMBERS)
def test_each_stop_signal_becomes_one_exception(number):
    """It tells which it was."""
    with StopSignals(), pytest.raises(StopRequested) as caught:
        os.kill(os.getpid(), number)
    assert caught.value.number == number


def test_a_signal_waits_until_a_process_is_started_and_written_down():
    """The block that holds it back ends first, and so does the one around it."""
    steps = []
    with StopSignals() as signals, pytest.raises(StopRequested):  # noqa: PT012 (the order of steps is the point)
        with signals.delayed():
            with signals.delayed():
                os.kill(os.getpid(), signal.SIGTERM)
                steps.append("inner")
            steps.append("outer")
        steps.append("never")
    assert steps == ["inner", "outer"]


def test_stopping_is_not_stopped():
    """An impatient second Ctrl-C does not leave half of the processes behind."""
    with StopSignals() as signals:
        signals.ignore()
        os.kill(os.getpid(), signal.SIGINT)


def test_afterwards_the_signals_are_what_they_were():
    """A program that uses the stack keeps its own handlers."""
    before = [signal.getsignal(number) for number in NUMBERS]
    with StopSignals():
        assert [signal.getsignal(number) for number in NUMBERS] != before
    assert [signal.getsignal(number) for number in NUMBERS] == before
