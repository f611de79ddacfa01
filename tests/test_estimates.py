"""Estimates of an order from the log: right where the log can tell, and a refusal where it cannot."""

from dataclasses import replace

import pytest

from assistant.learning.estimates import challengers, estimate, labelled
from assistant.learning.events import Event, Proposed
from assistant.learning.order import orders
from eval.duels import DUELS, Duel, events_of
from knowledge.errors import BadInput


def duel(name: str) -> Duel:
    return next(one for one in DUELS if one.name == name)


def events_with(name: str, seed: int, interactions: int) -> list[Event]:
    return [event for events in events_of(duel(name), seed, interactions=interactions) for event in events]


def test_labels_are_the_newest_word_of_each_person() -> None:
    events = events_with("equally good", 1, 40)
    found = labelled(events)
    assert len(found) == 40
    assert labelled(events, after=30) == found[30:]
    said = {(e.interaction_id, e.slot): e.kind for e in events if hasattr(e, "kind")}
    worth = {"adopt": 1.0, "edit": 0.7, "reject": -1.0}
    assert {(o.interaction_id, slot): label for o, labels in found for slot, label in labels.items()} == {
        where: worth[kind] for where, kind in said.items()
    }


def test_the_first_place_is_told_without_bias() -> None:
    """Half of the slates show the challenger's first in the first place: the weighted mean is that of the others."""
    inside = 0
    for seed in range(12):
        used = labelled(events_with("better by .08", seed, 1_200))
        found = estimate(used, places=1)
        alone = [(one, labels) for one, labels in used if one.slate.order[0] == challengers(one)[0]]
        truth = _weighted(alone)
        assert found.item_position.value == pytest.approx(sum(_weight(o) * lab.get(0, 0.0) for o, lab in alone) / 1_200)
        assert found.self_normalised.value == pytest.approx(truth)
        assert found.item_position.evaluable
        inside += found.cascade.low <= truth <= found.cascade.high
    assert inside >= 11


def _weight(one: Proposed) -> float:
    return 1 / one.slate.propensities[0]


def _weighted(used: list) -> float:
    return sum(_weight(one) * labels.get(0, 0.0) for one, labels in used) / sum(_weight(one) for one, _ in used)


def test_what_was_shown_is_told_exactly() -> None:
    used = labelled(events_with("equally good", 3, 300))
    calm = [
        (
            replace(one, slate=replace(one.slate, mode="champion", propensities=(1.0,) * 8, challenger_scores=None)),
            labels,
        )
        for one, labels in used
    ]
    shown = estimate(calm, lambda one: one.slate.order)
    for found in (shown.item_position, shown.self_normalised):
        assert found.value == pytest.approx(shown.shown)
        assert found.unsupported == 0.0
    assert shown.cascade.value == pytest.approx(shown.shown, abs=0.02)


def test_what_the_log_could_never_show_is_unsupported() -> None:
    used = labelled(events_with("equally good", 3, 1_100))
    found = estimate(used, lambda one: tuple(reversed(orders(one)[0])))
    assert found.item_position.unsupported > 0.5
    assert not found.item_position.evaluable
    assert estimate(used, places=1).item_position.unsupported == 0.0


def test_two_interactions_at_least() -> None:
    with pytest.raises(BadInput, match="two are needed"):
        estimate(labelled(events_with("equally good", 3, 1)))
