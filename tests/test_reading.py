"""What follows the log reads everything once, and everything again after a withdrawal."""

from collections.abc import Iterator
from dataclasses import replace

from learning_contract import effect, moment, proposed, reacted

from assistant.learning.events import Event, Withdrawal
from assistant.learning.memory import MemoryLog
from assistant.learning.reading import Reading

TRIED = "p0001-0a1b2c3d"  # the challenger of the contract's interactions


class CountingLog(MemoryLog):
    """Remembers how many events it gave."""

    given = 0

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        for pair in super().events(since):
            self.given += 1
            yield pair


def filled() -> CountingLog:
    log = CountingLog()
    for number in range(1, 5):
        log.append(proposed(number))
        log.append(reacted(number, "a"))
    log.append(effect(1, "b", resolved=True))
    return log


def test_every_event_is_read_once() -> None:
    log, reading = filled(), Reading(filled())
    reading = Reading(log)
    reading.catch_up("base", ())
    assert (reading.last, reading.interactions, reading.interleaved, log.given) == (9, 4, 4, 9)
    reading.catch_up("base", ())
    assert log.given == 9
    log.append(proposed(5, slate=replace(proposed(5).slate, mode="champion", challenger=None)))
    reading.catch_up("base", ())
    assert (reading.last, reading.interactions, reading.interleaved, log.given) == (10, 5, 4, 10)


def test_counts_what_no_model_has_seen() -> None:
    reading = Reading(filled())
    reading.catch_up("base", ())
    assert [reading.unseen(mark) for mark in (0, 1, 2, 8, 9)] == [5, 5, 4, 1, 0]
    assert [reading.said(mark) for mark in (0, 1, 2, 8, 9)] == [0, 0, 1, 4, 5]


def test_a_trial_is_found_in_what_was_read_already() -> None:
    log = filled()
    reading = Reading(log)
    reading.catch_up("base", ())
    assert reading.trial is None
    reading.catch_up("base", [TRIED], fitted_on=2)
    assert reading.trial is not None
    assert reading.trial.interactions == 3  # the first is older than the model
    log.append(proposed(5))
    reading.catch_up("base", [TRIED, "p0002-00000000"], fitted_on=2)
    assert reading.trial.interactions == 4
    assert reading.trial.line == (TRIED, "p0002-00000000")
    assert reading.trial.own[0] == 0
    reading.catch_up("p0002-00000000", ())
    assert reading.trial is None


def test_a_withdrawal_makes_everything_be_read_again() -> None:
    log = filled()
    log.append(proposed(6, "li"))
    reading = Reading(log)
    reading.catch_up("base", [TRIED])
    assert reading.trial is not None
    assert (reading.interactions, reading.trial.interactions) == (5, 5)
    log.append(Withdrawal("li", moment(100), "admin"))
    reading.catch_up("base", [TRIED])
    assert (reading.interactions, reading.trial.interactions) == (4, 4)
    log.append(Withdrawal("wang", moment(100), "admin"))
    reading.catch_up("base", [TRIED])
    assert (reading.interactions, reading.trial.interactions, reading.unseen(0), reading.last) == (0, 0, 0, 0)
