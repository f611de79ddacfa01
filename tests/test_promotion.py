"""The gate: each condition can say no, alone, and says why."""

import json
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.offpolicy import TopOne
from assistant.learning.promotion import Limits, judge
from assistant.learning.trial import Sums, Trial
from assistant.learning.wager import Wager
from eval.duels import DUELS, events_of

BETTER = next(index for index, duel in enumerate(DUELS) if duel.name == "better by .08")


def good_trial() -> Trial:
    """A trial whose figures hold every condition, put together by hand."""
    trial = Trial("base", "new")
    for _ in range(40):
        trial.gain, trial.harm = trial.gain.after(0.4), trial.harm.after(-0.4)
    trial.harms = {("severity", "3"): trial.harm, ("district", "east"): Wager()}
    trial.credits = {f"person-{number}": 1.0 for number in range(8)}
    trial.credit = Sums().plus([0.1] * 200)
    rng = random.Random(1)
    for _ in range(200):
        challenger = rng.random() < 0.5
        liked = rng.random() < (0.6 if challenger else 0.3)
        trial.top_one = trial.top_one.after(2.0 if challenger else -2.0, float(liked))
    trial.challenger_outcomes = Sums().plus([1.0, 0.5] * 60)
    trial.champion_outcomes = Sums().plus([1.0, 0.5] * 60)
    trial._shown = dict.fromkeys(map(str, range(200)))  # type: ignore[arg-type]
    trial._own = {"new": (200, trial.gain)}
    return trial


def test_a_good_trial_is_ready() -> None:
    judgement = judge(good_trial(), gold=0.0)
    assert judgement.missing == ()
    assert judgement.ready
    assert not judgement.harmful
    assert [condition.name for condition in judgement.conditions] == [
        "evidence", "harm", "top_one", "outcomes", "interactions", "people", "share", "slices", "version", "gold",
    ]  # fmt: skip


def _no_evidence(trial: Trial) -> None:
    trial.gain = Wager().after(0.4)


def _harm(trial: Trial) -> None:
    trial.harm = trial.gain


def _top_one(trial: Trial) -> None:
    trial.top_one = TopOne()


def _worse_outcomes(trial: Trial) -> None:
    trial.challenger_outcomes = Sums().plus([0.5, 0.0] * 60)


def _few_outcomes(trial: Trial) -> None:
    trial.champion_outcomes = Sums().plus([1.0] * 29)


def _few_interactions(trial: Trial) -> None:
    trial._shown = dict.fromkeys(map(str, range(149)))  # type: ignore[arg-type]


def _few_people(trial: Trial) -> None:
    trial.credits = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 0.0}


def _one_person(trial: Trial) -> None:
    trial.credits["person-0"] = 2.0


def _harmed_slice(trial: Trial) -> None:
    wager = Wager()
    while wager.wealth < 40:  # 20 for each of two slices
        wager = wager.after(0.5)
    trial.harms["district", "east"] = wager


def _untried_version(trial: Trial) -> None:
    trial.follow("newer")


def _losing_version(trial: Trial) -> None:
    trial._own = {"new": (200, Wager().after(-0.5))}


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (_no_evidence, ("evidence",)),
        (_harm, ("harm",)),
        (_top_one, ("top_one",)),
        (_worse_outcomes, ("outcomes",)),
        (_few_outcomes, ("outcomes",)),
        (_few_interactions, ("interactions",)),
        (_few_people, ("people", "share")),
        (_one_person, ("share",)),
        (_harmed_slice, ("slices",)),
        (_untried_version, ("version",)),
        (_losing_version, ("version",)),
    ],
)
def test_every_condition_can_say_no(spoil: Callable[[Trial], None], names: tuple[str, ...]) -> None:
    trial = good_trial()
    spoil(trial)
    judgement = judge(trial)
    assert judgement.missing == names
    assert not judgement.ready


@pytest.mark.parametrize(("gold", "held"), [(None, None), (0.2, True), (-0.01, True), (-0.011, False)])
def test_the_gold_set_may_not_get_worse(gold: float | None, held: bool | None) -> None:
    judgement = judge(good_trial(), gold=gold)
    assert next(c.held for c in judgement.conditions if c.name == "gold") is held
    assert judgement.ready is (held is not False)


def test_harm_suspends() -> None:
    trial = good_trial()
    trial.harm = Wager()
    assert not judge(trial).harmful
    while trial.harm.wealth < 20:
        assert not judge(trial).harmful
        trial.harm = trial.harm.after(0.5)
    assert judge(trial).harmful


def test_an_empty_trial_is_judged_too() -> None:
    judgement = judge(Trial("base", "new"))
    assert not judgement.ready
    assert not judgement.harmful
    assert json.loads(json.dumps(judgement.figures()))["top_one"] == {"value": 0.0, "low": None, "high": None}


def test_figures_are_plain_values() -> None:
    figures = json.loads(json.dumps(judge(good_trial(), gold=0.005).figures()))
    assert figures["interactions"] == 200
    assert {c["name"]: c["held"] for c in figures["conditions"]}["gold"] is True


def test_a_stricter_limit_holds_for_fewer() -> None:
    assert not judge(good_trial(), replace(Limits(), interactions=201)).ready
    assert not judge(good_trial(), replace(Limits(), evidence=1e9)).ready


@pytest.mark.parametrize(
    ("worse", "known", "held"),
    [(0.0, 60, True), (0.0, 40, False), (0.04, 60, False), (0.04, 10_000, True), (0.05, 10_000, False)],
)
def test_outcomes_may_be_worse_by_less_than_the_limit(worse: float, known: int, held: bool) -> None:
    """As far as the lower 90% bound of the difference can tell."""
    trial = good_trial()
    trial.champion_outcomes = Sums().plus([1.0, 0.5] * known)
    trial.challenger_outcomes = Sums().plus([1.0 - worse, 0.5 - worse] * known)
    condition = next(c for c in judge(trial).conditions if c.name == "outcomes")
    error = (2 * trial.champion_outcomes.variance / (2 * known)) ** 0.5
    assert condition.figure == pytest.approx(-worse - 1.2815516 * error)
    assert (condition.held, condition.limit) == (held, -0.05)


def test_too_few_outcomes_are_not_known_yet() -> None:
    trial = good_trial()
    trial.challenger_outcomes = Sums().plus([1.0] * 29)
    condition = next(c for c in judge(trial).conditions if c.name == "outcomes")
    assert (condition.held, condition.figure) == (False, None)
    assert condition.note == "29 and 120 outcomes are known, 30 of each are needed"


@given(st.integers(0, 5))
def test_the_gate_never_opens_before_150_interactions(seed: int) -> None:
    trial = Trial("base", "challenger")
    for events in events_of(DUELS[BETTER], seed, interactions=149):
        for event in events:
            trial.take(event)
        assert not judge(trial).ready
