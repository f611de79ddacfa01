"""The measurement of the gate: its duels are what they are called, and it can tell a good from a bad gate."""

import json

import numpy as np
import pytest

from assistant.learning.events import Effect, Proposed, Reacted
from assistant.learning.interleave import label
from assistant.learning.promotion import Limits, judge
from assistant.learning.trial import Trial
from eval import promotions
from eval.duels import DUELS, Duel, Truth, events_of, truth_of
from eval.promotions import Run, run, summed_up, wilson


@pytest.mark.parametrize("duel", DUELS, ids=lambda duel: duel.name)
def test_duels_are_what_they_are_called(duel: Duel) -> None:
    truth = truth_of(duel, situations=40_000)
    if duel.name.startswith("better by"):
        assert truth.gain == pytest.approx(float(duel.name.split()[-1]), abs=0.006)
    elif duel.name == "equally good":
        assert abs(truth.gain) < 0.002
    else:
        assert -0.08 < truth.gain < 0.0
    if duel.misled:
        assert truth.top_one > 0 > truth.gain


def test_the_truth_at_the_first_place_is_what_officials_say() -> None:
    """The expected label against the mean of labels that events give, outcomes included once they are known."""
    duel = DUELS[-1]
    told: dict[tuple[str, int], float] = {}
    kinds: dict[tuple[str, int], str] = {}
    firsts: dict[str, list[float]] = {"challenger": [], "champion": []}
    shown: dict[str, str] = {}
    for seed in range(12):
        for events in events_of(duel, seed, interactions=1_500):
            for event in events:
                key = (f"{seed}-{event.interaction_id}", getattr(event, "slot", 0))  # type: ignore[union-attr]
                if isinstance(event, Proposed) and event.slate.teams[0] != "both":
                    shown[key[0]] = event.slate.teams[0]
                elif isinstance(event, Reacted):
                    kinds[key] = event.kind
                elif isinstance(event, Effect):
                    told[key] = float(bool(event.resolved))
    for key, team in shown.items():
        kind = kinds.get((key, 0))
        firsts[team].append(0.0 if kind is None else label(kind, told.get((key, 0))) or 0.0)
    share = len(shown) / (12 * 1_500)
    found = share * (np.mean(firsts["challenger"]) - np.mean(firsts["champion"]))
    assert found == pytest.approx(truth_of(duel).top_one, abs=0.03)  # two standard errors


def test_the_same_seed_is_the_same_trial() -> None:
    assert run(0, 3, interactions=200) == run(0, 3, interactions=200)


def test_a_better_challenger_is_promoted_and_a_worse_one_is_not() -> None:
    better, worse = len(DUELS) - 1, next(at for at, duel in enumerate(DUELS) if duel.name == "worse")
    assert any(run(better, seed, interactions=700).promoted for seed in range(3))
    assert not any(run(worse, seed, interactions=700).promoted for seed in range(3))


def test_a_gate_without_conditions_is_seen_to_err() -> None:
    """The measurement finds the false promotions of a gate that asks for nothing but a little evidence."""
    lax = Limits(
        evidence=1.5, level=0.5, worse_outcomes=1.0, outcomes=2, interactions=20, people=1, share=1.0, version=1
    )
    promoted = 0
    for seed in range(12):
        trial, ready = Trial("base", "challenger"), False
        for events in events_of(DUELS[0], seed, interactions=150):
            for event in events:
                trial.take(event)
            ready = ready or judge(trial, lax).ready
        promoted += ready
    assert promoted >= 3


def test_summing_up() -> None:
    runs = [Run(0, 400, None, ((-0.1, 0.1), (0.1, 0.2))), Run(0, None, 900, ((-0.1, 0.1), (-0.2, 0.2)))]
    row = summed_up(0, Truth(0.0, 0.0), runs)
    assert (row.runs, row.promoted[0], row.promoted_in_time[0], row.suspended[0]) == (2, 0.5, 0.5, 0.5)
    assert row.median is None
    assert [share for share, _, _ in row.covered] == [1.0, 0.5]


@pytest.mark.parametrize(("count", "runs"), [(0, 10), (10, 10), (3, 500)])
def test_wilson_holds_the_share(count: int, runs: int) -> None:
    share, low, high = wilson(count, runs)
    assert 0 <= low <= share <= high <= 1


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(promotions, "DUELS", DUELS[:1])
    assert promotions.main(["--runs", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    assert promotions.main(["--runs", "1", "--jobs", "1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["duel"], row["runs"]) == ("equally good", 1)
    assert promotions.main(["--runs", "1", "--jobs", "1"]) == 0
    assert "False promotions" in capsys.readouterr().out
