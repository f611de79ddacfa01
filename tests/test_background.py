"""Work in the background: one at a time, none lost, and nobody waits."""

import logging
import threading
import time

import pytest

from assistant.learning.background import Background
from knowledge.errors import Fault

LONG_S = 20.0


class Work:
    """Counts how often it was done and how many did it at once; each waits for `gate`."""

    def __init__(self) -> None:
        self.gate, self.began = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self.done = self.now = self.most = 0

    def __call__(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.began.set()
        assert self.gate.wait(LONG_S)
        with self.lock:
            self.now -= 1
            self.done += 1


def test_a_tick_returns_while_the_work_goes_on() -> None:
    work = Work()
    background = Background(work)
    started = time.perf_counter()
    background.tick()
    assert time.perf_counter() - started < 1
    assert work.began.wait(LONG_S)
    assert not background.wait(0.01)
    work.gate.set()
    assert background.wait(LONG_S)
    assert work.done == 1


def test_what_comes_in_meanwhile_is_done_once_more_by_one_thread() -> None:
    work = Work()
    background = Background(work)
    background.tick()
    assert work.began.wait(LONG_S)
    threads = [threading.Thread(target=background.tick) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    work.gate.set()
    assert background.wait(LONG_S)
    assert (work.done, work.most) == (2, 1)


def test_it_works_every_so_many_ticks() -> None:
    work = Work()
    work.gate.set()
    background = Background(work, every=3)
    for expected in (0, 0, 1, 1, 1, 2):
        background.tick()
        assert background.wait(LONG_S)
        assert work.done == expected


def test_a_fault_is_logged_and_the_next_tick_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise Fault("the disk is full: free some space")

    background = Background(work)
    with caplog.at_level(logging.WARNING):
        for expected in (1, 2):
            background.tick()
            assert background.wait(LONG_S)
            assert len(calls) == expected
    assert caplog.messages == ["learning was left for the next time: the disk is full: free some space"] * 2


def test_waiting_where_nothing_was_begun() -> None:
    assert Background(lambda: None).wait(0)
