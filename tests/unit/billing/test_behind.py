"""One thing in a thread while the next is prepared."""

import threading

import pytest

from billing.behind import Behind


def test_things_are_done_one_after_the_other_beside_the_caller():
    done, may_end = [], threading.Event()

    def slowly(name):
        assert may_end.wait(10)
        done.append((name, threading.current_thread()))

    with Behind() as behind:
        behind.start(slowly, "first")
        assert done == []  # the caller goes on
        may_end.set()
        behind.start(slowly, "second")
        assert [name for name, _ in done][:1] == ["first"]
    assert [name for name, _ in done] == ["first", "second"]
    assert {thread for _, thread in done}.isdisjoint({threading.current_thread()})


def fail(word):
    raise ValueError(word)


def test_a_failure_is_raised_where_the_next_is_started_or_waited_for_or_the_block_ends():
    with Behind() as behind:
        behind.start(fail, "one")
        with pytest.raises(ValueError, match="one"):
            behind.start(fail, "two")
        behind.start(fail, "three")
        with pytest.raises(ValueError, match="three"):
            behind.wait()
        behind.wait()
    with pytest.raises(ValueError, match="four"), Behind() as behind:
        behind.start(fail, "four")


def test_a_block_that_is_left_by_an_exception_waits_and_raises_only_that():
    ended = threading.Event()

    def slowly():
        ended.wait(0.05)
        ended.set()
        fail("unseen")

    with pytest.raises(KeyError, match="ours"), Behind() as behind:  # noqa: PT012 (the block is what is tested)
        behind.start(slowly)
        raise KeyError("ours")
    assert ended.is_set()
    with Behind():
        pass


def test_nothing_starts_outside_the_block():
    with pytest.raises(RuntimeError, match="outside"):
        Behind().start(print)
