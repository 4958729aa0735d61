"""One thread ends every call that takes longer than it may."""

import os
import threading

import pytest

from billing_vendors.base.client.deadline import Watch

LONG = 3600.0


@pytest.fixture
def watch():
    return Watch()


def test_what_takes_too_long_is_cut_off(watch):
    cut = threading.Event()
    with watch.within(0.01, cut.set):
        assert cut.wait(30)


def test_what_ends_in_time_is_left_alone(watch):
    ended, later = threading.Event(), threading.Event()
    with watch.within(0.05, ended.set):
        pass
    with watch.within(0.1, later.set):
        assert later.wait(30)
    assert not ended.is_set()


def test_an_earlier_deadline_that_comes_later_is_kept(watch):
    """The thread sleeps until the first deadline it was told of: it must hear of an earlier one."""
    far, near = threading.Event(), threading.Event()
    with watch.within(LONG, far.set), watch.within(0.01, near.set):
        assert near.wait(30)
    assert not far.is_set()


def test_a_deadline_is_kept_after_one_was_cut_off(watch):
    for _ in range(3):
        cut = threading.Event()
        with watch.within(0.01, cut.set):
            assert cut.wait(30)


def test_of_two_that_are_over_both_are_cut_off(watch):
    first, second = threading.Event(), threading.Event()
    with watch.within(0.01, first.set), watch.within(0.01, second.set):
        assert first.wait(30)
        assert second.wait(30)


def test_many_calls_share_one_thread(watch):
    before = set(threading.enumerate())
    for _ in range(20):
        with watch.within(LONG, lambda: None), watch.within(LONG, lambda: None):
            assert len(set(threading.enumerate()) - before) == 1


def test_a_call_that_raises_is_no_longer_watched(watch):
    cut, later = threading.Event(), threading.Event()
    with pytest.raises(KeyError), watch.within(0.05, cut.set):
        raise KeyError
    with watch.within(0.1, later.set):
        assert later.wait(30)
    assert not cut.is_set()


def test_a_fork_watches_anew():
    """A task is forked from a process that may have asked a vendor: no thread is left there to keep its deadlines."""
    from billing_vendors.base.client.deadline import WATCH

    with WATCH.within(LONG, lambda: None):
        if (pid := os.fork()) == 0:
            cut = threading.Event()
            with WATCH.within(0.01, cut.set):
                os._exit(0 if cut.wait(30) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
