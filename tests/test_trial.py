"""A trial's figures: the same whenever and in whatever pieces its events come."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import prod
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.learning.events import Context, Effect, Event, Offer, Proposed, Reacted, Slate
from assistant.learning.interleave import credit, draft, label
from assistant.learning.trial import Trial, quality
from assistant.learning.wager import BETS
from knowledge.errors import BadInput

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFERS = tuple(Offer(f"action-{index}", 0.5) for index in range(6))


def proposed(
    key: str, seed: int, *, challenger: str = "new", mode: str = "interleave", district: str = "east"
) -> Proposed:
    rng = random.Random(seed)
    ours, theirs = rng.sample(range(6), 6), rng.sample(range(6), 6)
    scores = tuple(1 - theirs.index(index) / 10 for index in range(6))
    slate = draft(ours, theirs, rng, places=4)
    slate = replace(slate, mode=mode, challenger=challenger, challenger_scores=scores)
    return Proposed(key, START, "li", Context(3, district=district, department="water"), OFFERS, slate, seed, 4)


def reacted(key: str, slot: int, kind: str, *, actor: str = "li", minute: float = 1) -> Reacted:
    return Reacted(key, f"{actor}-{slot}-{minute}", slot, kind, actor, START + timedelta(minutes=minute))


def effect(key: str, slot: int, resolved: bool | None, source: str = "official", minute: float = 9) -> Effect:
    return Effect(key, f"{source}-{slot}", slot, START + timedelta(minutes=minute), source, "li", resolved)


def by_hand(events: Sequence[Event]) -> tuple[list[float], list[float]]:
    """The credit of each interaction and the label of its first place, from everything that is known at the end: the
    slow and obvious version."""
    credits, firsts = [], []
    for one in (e for e in events if isinstance(e, Proposed)):
        here = [e for e in events if not isinstance(e, Proposed) and e.interaction_id == one.interaction_id]
        labels = {}
        for slot in range(4):
            told = {e.source: quality(e) for e in here if isinstance(e, Effect) and e.slot == slot}
            known = next((told[s] for s in ("record", "official", "citizen") if told.get(s) is not None), None)
            newest = {e.actor: e.kind for e in here if isinstance(e, Reacted) and e.slot == slot}
            said = [worth for kind in newest.values() if (worth := label(kind, known)) is not None]
            if said:
                labels[slot] = fmean(said)
        credits.append(credit(one.slate, labels))
        firsts.append(labels.get(0, 0.0))
    return credits, firsts


SAID = st.lists(
    st.one_of(
        st.tuples(
            st.just("reaction"), st.integers(0, 4), st.integers(0, 3), st.sampled_from(["li", "wu"]),
            st.sampled_from(["adopt", "edit", "reject", "withdraw"]),
        ),
        st.tuples(
            st.just("effect"), st.integers(0, 4), st.integers(0, 3), st.sampled_from(["record", "official", "citizen"]),
            st.sampled_from([True, False, None]),
        ),
    ),
    max_size=40,
)  # fmt: skip


@given(SAID, st.integers(0, 50))
@settings(max_examples=150)
def test_figures_are_those_of_all_events_together(said: list[tuple], seed: int) -> None:
    events: list[Event] = [proposed(f"i{index}", seed + index) for index in range(5)]
    for minute, (what, interaction, slot, who, value) in enumerate(said):
        key = f"i{interaction}"
        if what == "reaction":
            events.append(reacted(key, slot, value, actor=who, minute=minute))
        else:
            events.append(effect(key, slot, value, who, minute))
    trial = Trial.of("base", ["new"], events)
    credits, firsts = by_hand(events)
    assert trial.interactions == trial.credit.count == trial.top_one.interactions == 5
    assert trial.credit.mean == pytest.approx(fmean(credits), abs=1e-9)
    assert trial.gain.wealth == pytest.approx(fmean(prod(1 + b * c for c in credits) for b in BETS))
    assert trial.harm.wealth == pytest.approx(fmean(prod(1 - b * c for c in credits) for b in BETS))
    assert trial.harms["severity", "3"].wealth == pytest.approx(trial.harm.wealth)
    weights = [_top(e.slate) for e in events if isinstance(e, Proposed)]
    assert trial.top_one.wr == pytest.approx(sum(w * r for w, r in zip(weights, firsts, strict=True)), abs=1e-9)
    assert trial.top_one.wwrr == pytest.approx(
        sum((w * r) ** 2 for w, r in zip(weights, firsts, strict=True)), abs=1e-9
    )


def _top(slate: Slate) -> float:
    return {"both": 0.0, "challenger": 2.0, "champion": -2.0}[slate.teams[0]]


def one_pair(teams: tuple[str, str], *, claims: tuple[float, float] | None = None) -> Slate:
    """Two offers of which 0 is the champion's and 1 the challenger's; `claims` are how much higher each scores its
    own."""
    order = (1, 0) if teams[0] == "challenger" else (0, 1)
    slate = Slate(order, teams, (0.5, 0.5))
    if claims is None:
        return slate
    return replace(slate, scores=(0.1 + claims[0], 0.1), challenger_scores=(0.1, 0.1 + claims[1]))


def test_credit_is_the_challengers_less_the_champions() -> None:
    above, below = one_pair(("challenger", "champion")), one_pair(("champion", "challenger"))
    assert credit(above, {0: 1.0}) == credit(below, {1: 1.0}) == 0.5
    assert credit(above, {1: 1.0}) == credit(below, {0: 1.0}) == -0.5
    assert credit(above, {0: -1.0}) == -0.5
    assert credit(above, {0: 2.0, 1: -1.0}) == 1.0
    assert credit(above, {}) == 0.0


@pytest.mark.parametrize(
    ("claims", "share"),
    [((0.2, 0.2), 1.0), ((0.9, 0.9), 1.0), ((0.0, 0.25), 1.0), ((0.0, 0.125), 0.5), ((0.2, 0.0), 0.2), ((0, 0), 0)],
)
def test_a_pair_counts_as_much_as_both_claim(claims: tuple[float, float], share: float) -> None:
    for teams in (("challenger", "champion"), ("champion", "challenger")):
        slate = one_pair(teams, claims=claims)
        assert credit(slate, {teams.index("challenger"): 1.0}) == pytest.approx(0.5 * share)
        assert credit(slate, {teams.index("champion"): 1.0}) == pytest.approx(-0.5 * share)


def test_what_both_put_or_half_a_pair_shows_gives_no_credit() -> None:
    slate = Slate((0, 1, 2), ("both", "challenger"), (1.0, 0.5))
    assert credit(slate, {0: 1.0, 1: 1.0}) == 0.0


def test_labels_of_places_that_were_not_shown_are_refused() -> None:
    with pytest.raises(BadInput, match="shown slots"):
        credit(one_pair(("challenger", "champion")), {2: 1.0})


@given(st.permutations(range(5)), st.permutations(range(5)), st.floats(-1, 2), st.integers(0, 10**6))
def test_equal_labels_everywhere_give_nobody_credit(
    ours: list[int], theirs: list[int], worth: float, seed: int
) -> None:
    slate = draft(ours, theirs, random.Random(seed), places=4)
    assert credit(slate, dict.fromkeys(range(4), worth)) == pytest.approx(0.0)


def test_what_does_not_belong_is_left_out() -> None:
    trial = Trial("base", "new")
    assert trial.take(proposed("i1", 1))
    assert not trial.take(proposed("i1", 2))
    assert not trial.take(proposed("i2", 1, challenger="other"))
    assert not trial.take(proposed("i3", 1, mode="champion"))
    assert not trial.take(replace(proposed("i4", 1), slate=replace(proposed("i4", 1).slate, version="p0001-00000000")))
    assert not trial.take(reacted("i2", 0, "adopt"))
    assert trial.take(reacted("i1", 0, "adopt"))
    assert trial.interactions == 1


def test_outcomes_are_of_adopted_actions_of_one_team() -> None:
    shown = proposed("i1", 3)
    slot = shown.slate.teams.index("challenger")
    trial = Trial.of("base", ["new"], [shown, effect("i1", slot, True)])
    assert trial.challenger_outcomes.count == 0
    trial.take(reacted("i1", slot, "adopt"))
    assert (trial.challenger_outcomes.count, trial.challenger_outcomes.mean) == (1, 1.0)
    trial.take(effect("i1", slot, False, "record"))  # a system of record counts before an official
    assert trial.challenger_outcomes.mean == 0.0
    trial.take(reacted("i1", slot, "withdraw", minute=2))
    assert trial.challenger_outcomes.count == 0
    assert trial.champion_outcomes.count == 0


def test_an_adopted_action_that_failed_is_an_outcome_too() -> None:
    shown = proposed("i1", 3)
    slot = shown.slate.teams.index("champion")
    for kind in ("adopt", "edit"):
        trial = Trial.of("base", ["new"], [shown, reacted("i1", slot, kind), effect("i1", slot, False)])
        assert (trial.champion_outcomes.count, trial.champion_outcomes.mean) == (1, 0.0)
    rejected = Trial.of("base", ["new"], [shown, reacted("i1", slot, "reject"), effect("i1", slot, False)])
    assert rejected.champion_outcomes.count == 0


def test_outcomes_below_the_third_place_of_both_are_left_out() -> None:
    ours, theirs = (0.9, 0.8, 0.7, 0.4, 0.3), (0.9, 0.8, 0.7, 0.3, 0.4)
    orders = [sorted(range(5), key=lambda index: -scores[index]) for scores in (ours, theirs)]
    slate = replace(draft(*orders, random.Random(1), places=5), challenger="new")
    shown = replace(proposed("i1", 1), offers=OFFERS[:5])
    below = slate.teams.index("challenger")
    said = [reacted("i1", below, "adopt"), effect("i1", below, True)]
    blind = Trial.of("base", ["new"], [replace(shown, slate=slate), *said])
    assert blind.challenger_outcomes.count == 1  # without scores it is not known where it stood
    scored = replace(slate, scores=ours, challenger_scores=theirs)
    trial = Trial.of("base", ["new"], [replace(shown, slate=scored), *said])
    assert (trial.challenger_outcomes.count, trial.credit.mean) == (0, 0.0)


def test_who_gave_the_credit_is_kept() -> None:
    shown = proposed("i1", 3)
    slot = shown.slate.teams.index("challenger")
    trial = Trial.of("base", ["new"], [shown, reacted("i1", slot, "adopt"), reacted("i1", slot, "edit", actor="wu")])
    assert trial.credits.keys() == {"li", "wu"}
    assert trial.credits["wu"] == pytest.approx(0.7 * trial.credits["li"])
    trial.take(reacted("i1", slot, "withdraw", actor="wu", minute=3))
    assert trial.credits["wu"] == pytest.approx(0.0)


def test_slices_are_the_known_parts_of_the_context() -> None:
    trial = Trial.of("base", ["new"], [proposed("i1", 1), proposed("i2", 2, district="west")])
    assert set(trial.harms) == {("severity", "3"), ("district", "east"), ("district", "west"), ("department", "water")}
    bare = replace(proposed("i3", 3), context=Context())
    assert Trial.of("base", ["new"], [bare]).harms == {}
