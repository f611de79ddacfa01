"""The trials that there were, from the steps of the gate."""

from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.learning.events import GateEvent
from assistant.learning.pasttrials import past_trials

START = datetime(2026, 9, 1, tzinfo=UTC)


def _steps(*steps: tuple[Any, str, str | None]) -> list[GateEvent]:
    return [
        GateEvent(START + timedelta(days=day), kind, champion, challenger, "system")
        for day, (kind, champion, challenger) in enumerate(steps)
    ]


def test_without_steps_there_are_none() -> None:
    assert past_trials([]) == ()
    assert past_trials(_steps(("fitted", "base", "p1"))) == ()


def test_versions_that_follow_one_another_are_one_trial() -> None:
    (trial,) = past_trials(_steps(("trial", "base", "p1"), ("trial", "base", "p2"), ("ready", "base", "p2")))
    assert (trial.number, trial.champion, trial.line) == (1, "base", ("p1", "p2"))
    assert trial.began == START
    assert trial.end is None


def test_each_end_begins_anew() -> None:
    history = _steps(
        ("trial", "base", "p1"),
        ("suspended", "base", "p1"),
        ("trial", "base", "p2"),
        ("promoted", "base", "p2"),
        ("trial", "p2", "p3"),
        ("rolled_back", "base", "p2"),
        ("trial", "base", "p4"),
    )
    trials = past_trials(history)
    assert [(trial.champion, trial.line) for trial in trials] == [
        ("base", ("p1",)),
        ("base", ("p2",)),
        ("p2", ("p3",)),
        ("base", ("p4",)),
    ]
    assert [trial.end.kind if trial.end else None for trial in trials] == ["suspended", "promoted", "rolled_back", None]


def test_a_pause_ends_nothing() -> None:
    (trial,) = past_trials(_steps(("trial", "base", "p1"), ("paused", "base", "p1"), ("trial", "base", "p1")))
    assert trial.line == ("p1",)
    assert trial.end is None
