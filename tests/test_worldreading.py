"""Foreign worlds: every shape that is promised is read, and what cannot be understood is named."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.events import CHAMPION, Offer, Slate
from eval.worldparts import TurnedOut, part, read_offers, read_outcome, read_severity
from eval.worldreading import Heard, Moment, ReadWorld, find_world, make_world
from eval.worlds import World
from knowledge.errors import BadInput

SLATE = Slate((2, 0, 1), (CHAMPION,) * 3, (1.0,) * 3)


class Small:
    """A world whose answers are given."""

    def __init__(self, **given: Any) -> None:
        self.given = {"situation": {}, "candidates": ["a", "b", "c"], "reactions": [], "outcome": None, **given}

    def situations(self) -> Any:
        while True:
            yield self.given["situation"]

    def candidates(self, s: Any) -> Any:
        return self.given["candidates"]

    def react(self, s: Any, slate: Any) -> Any:
        return self.given["reactions"]

    def outcome(self, s: Any, action: Any) -> Any:
        return self.given["outcome"]

    def value(self, s: Any, order: Any) -> float:
        return 1.0 if next(iter(order)) == 0 else 0.5


def first(world: Any) -> tuple[ReadWorld, Moment]:
    read = ReadWorld(world)
    return read, next(read.moments())


def heard(*reactions: Any, whole: Any = None, **given: Any) -> tuple[Heard, ...]:
    read, moment = first(Small(reactions=whole if whole is not None else list(reactions), **given))
    return read.react(moment, SLATE)


# Situations


@pytest.mark.parametrize("shape", [dict, lambda **parts: SimpleNamespace(**parts)])
def test_situations_are_read_from_objects_and_mappings(shape: Any) -> None:
    raw = shape(
        severity="较大", danger_to_life=True, kind="flood", area="east", season="summer", person="li", office="x"
    )
    _, moment = first(Small(situation=raw))
    context = moment.context
    assert (context.severity, context.danger, context.category, context.district) == (3, True, "flood", "east")
    assert (context.season, context.department, moment.actor) == ("summer", "x", "li")


def test_our_own_world_passes_unchanged() -> None:
    world = World(0)
    _, moment = first(world)
    assert moment.offers == moment.raw.offers
    assert (moment.actor, moment.context.department) == (moment.raw.actor, moment.raw.department)
    assert (moment.context.severity, moment.context.season) == (moment.raw.severity, moment.raw.season)


def test_where_nobody_is_named_stand_ins_ask_in_turn() -> None:
    read = ReadWorld(Small())
    stream = read.moments()
    moments = [next(stream) for _ in range(80)]
    assert len({moment.actor for moment in moments}) == 40
    assert len({(moment.actor, moment.context.department) for moment in moments}) == 40


@pytest.mark.parametrize(
    ("said", "means"), [(1, 1), ("4", 4), ("特别重大", 1), (0, None), (7, None), (None, None), ("much", None)]
)
def test_severities(said: Any, means: int | None) -> None:
    assert read_severity(said) == means


def test_part_takes_the_first_name_that_has_a_value() -> None:
    assert part({"base": None, "score": 0.2}, "base", "score") == 0.2
    assert part(SimpleNamespace(score=0.3), "base", "score") == 0.3
    assert part("text", "upper") is None


# Candidates


class Bare(NamedTuple):
    name: str
    score: float


@pytest.mark.parametrize(
    "given",
    [
        Offer("pump", 0.4, 0.7, 0.25, 0.5, "supply"),
        {"action_type": "pump", "base": 0.4, "rate": 0.7, "support": 0.25, "same_district": 0.5, "family": "supply"},
        {
            "id": "pump",
            "score": 0.4,
            "track_record": {"rate": 0.7},
            "n": 1,
            "local": 0.5,
            "group": "supply",
            "tried": 1,
        },
        ("pump", 0.4, 0.7, 0.25, 0.5, "supply"),
        SimpleNamespace(
            type="pump", base_score=0.4, track_record=0.7, evidence=0.25, same_district_share=0.5, family="supply"
        ),
    ],
)
def test_candidates_of_any_shape(given: Any) -> None:
    (offer,) = read_offers([given])
    assert (offer.action_type, offer.base, offer.rate, offer.same_district) == ("pump", 0.4, 0.7, 0.5)
    assert offer.family == "supply"
    assert 0 < offer.support <= 1


def test_a_named_tuple_is_an_object() -> None:
    assert read_offers([Bare("pump", 0.3)]) == (Offer("pump", 0.3),)


def test_without_scores_the_given_order_counts() -> None:
    offers = read_offers(["a", "b", "c"])
    assert [offer.action_type for offer in offers] == ["a", "b", "c"]
    assert [offer.base for offer in offers] == sorted((offer.base for offer in offers), reverse=True)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_scores_outside_of_0_to_1_keep_their_order(scores: list[float]) -> None:
    offers = read_offers([(f"a{at}", score) for at, score in enumerate(scores)])
    bases = [offer.base for offer in offers]
    assert all(0 <= base <= 1 for base in bases)
    for one, other in zip(range(len(scores)), range(1, len(scores)), strict=False):
        assert (bases[one] - bases[other]) * (scores[one] - scores[other]) >= 0


def test_evidence_in_numbers_of_cases_is_squeezed() -> None:
    few, many = read_offers([{"id": "a", "base": 0.5, "tried": 2}, {"id": "b", "base": 0.5, "tried": 40}])
    assert 0 < few.support < many.support < 1


@pytest.mark.parametrize("bad", [{"base": 0.4}, {"id": "a", "base": "high"}, {"id": "a", "base": float("nan")}])
def test_candidates_that_cannot_be_read_are_named(bad: Any) -> None:
    with pytest.raises(BadInput):
        read_offers([bad])


def test_a_situation_without_candidates_is_refused() -> None:
    with pytest.raises(BadInput, match="no candidates"):
        first(Small(candidates=[]))


# Reactions


def test_reactions_of_any_shape() -> None:
    ours = SimpleNamespace(slot=0, kind="adopt", actor="wu", department="water")
    mapping = {"place": 1, "reaction": "rejected"}
    assert heard(ours, mapping, (2, "edited")) == (
        Heard(0, "adopt", "wu", "water"),
        Heard(1, "reject", "person-00", "department-0"),
        Heard(2, "edit", "person-00", "department-0"),
    )


def test_reactions_by_slot_as_one_mapping() -> None:
    assert [(one.slot, one.kind) for one in heard(whole={0: "adopt", 2: False})] == [(0, "adopt"), (2, "reject")]


def test_a_reaction_may_name_the_action_instead_of_the_place() -> None:
    """The slate shows c, a, b."""
    found = heard({"action": "c", "kind": "adopt"}, {"index": 1, "kind": "reject"})
    assert [(one.slot, one.kind) for one in found] == [(0, "adopt"), (2, "reject")]


def test_numbers_of_numpy_and_labels_are_reactions() -> None:
    found = heard((np.int64(0), np.float64(1.0)), (1, 0.7), (np.int64(2), 0))
    assert [(one.slot, one.kind) for one in found] == [(0, "adopt"), (1, "edit"), (2, "reject")]


def test_what_was_ignored_or_never_shown_says_nothing() -> None:
    assert heard((0, None), (1, "ignored"), (7, "adopt"), (-1, "adopt")) == ()
    assert heard(whole=()) == ()
    read, moment = first(Small(reactions=None))
    assert read.react(moment, SLATE) == ()


def test_the_last_word_for_a_place_counts() -> None:
    assert [one.kind for one in heard((0, "reject"), (0, "adopt"))] == ["adopt"]


@pytest.mark.parametrize("bad", [(0, "perhaps"), {"kind": "adopt"}, ("first", "adopt"), (0, float("nan"))])
def test_reactions_that_cannot_be_read_are_named(bad: Any) -> None:
    with pytest.raises(BadInput, match="not understood"):
        heard(bad)


# Outcomes


@dataclass(frozen=True)
class Result:
    worked: bool
    in_time: bool
    delay: int


@pytest.mark.parametrize(
    ("raw", "means"),
    [
        (None, None),
        ((None, 3), None),
        ({}, None),
        (True, TurnedOut(True, None, None, 0)),
        (np.bool_(False), TurnedOut(False, None, None, 0)),
        (0.75, TurnedOut(True, 4.0, None, 0)),
        (np.float64(0.25), TurnedOut(False, 2.0, None, 0)),
        ((1.0, 12), TurnedOut(True, 5.0, None, 12)),
        ({"value": 0.5, "delay": 4}, TurnedOut(True, 3.0, None, 4)),
        ({"resolved": True, "satisfaction": 2, "on_time": False}, TurnedOut(True, 2.0, False, 0)),
        ({"satisfaction": 0.5}, TurnedOut(None, 3.0, None, 0)),
        (Result(False, True, 9), TurnedOut(False, None, True, 9)),
    ],
)
def test_outcomes_of_any_shape(raw: Any, means: TurnedOut | None) -> None:
    assert read_outcome(raw) == means


def test_an_outcome_that_is_no_number_is_named() -> None:
    with pytest.raises(BadInput, match="no number"):
        read_outcome({"satisfaction": "good"})


# Which form a method takes


@pytest.mark.parametrize("form", ["candidate", "index", "action type"])
def test_outcome_is_asked_in_the_form_that_it_takes(form: str) -> None:
    takes = {"candidate": dict, "index": int, "action type": str}[form]

    class Choosy(Small):
        def outcome(self, s: Any, action: Any) -> bool:
            if not isinstance(action, takes):
                raise TypeError(f"not {type(action)}")
            return True

    read, moment = first(Choosy(candidates=[{"id": "a"}, {"id": "b"}]))
    assert [read.outcome(moment, index) for index in (0, 1, 1)] == [TurnedOut(True, None, None, 0)] * 3


def test_a_world_that_reads_action_types_is_shown_them() -> None:
    class ByType(Small):
        def value(self, s: Any, order: Any) -> float:
            return {"a": 1.0, "b": 0.5, "c": 0.0}[order[0]]

        def react(self, s: Any, slate: Any) -> Any:
            places = {"a": 0, "b": 1, "c": 2}
            return [(places[name], "adopt") for name in slate.order if slate.version == "base"]

    read, moment = first(ByType(candidates=[{"id": name} for name in "abc"]))
    assert read.value(moment, (2, 0, 1)) == 0.0
    assert len(read.react(moment, SLATE)) == 3


def test_what_takes_no_form_at_all_is_named() -> None:
    class Broken(Small):
        def value(self, s: Any, order: Any) -> float:
            raise KeyError("secret")

    read, moment = first(Broken())
    with pytest.raises(BadInput, match="secret"):
        read.value(moment, (0,))


def test_reactions_that_come_bit_by_bit_are_asked_in_the_form_that_they_take() -> None:
    class Lazy(Small):
        def react(self, s: Any, slate: Any) -> Any:
            for place, action in enumerate(slate.order):
                yield place, "adopt" if action["id"] == "b" else "ignored"

    read, moment = first(Lazy(candidates=[{"id": name} for name in "abc"]))
    assert [(one.slot, one.kind) for one in read.react(moment, SLATE)] == [(2, "adopt")]


def test_a_world_that_ends_begins_again() -> None:
    class Short(Small):
        def situations(self) -> Any:
            return [{"severity": 1}, {"severity": 4}]

    stream = ReadWorld(Short()).moments()
    assert [next(stream).context.severity for _ in range(5)] == [1, 4, 1, 4, 1]

    class Empty(Small):
        def situations(self) -> Any:
            return []

    with pytest.raises(BadInput, match="no situations"):
        next(ReadWorld(Empty()).moments())


def test_a_missing_method_is_named() -> None:
    with pytest.raises(BadInput, match="situations"):
        ReadWorld(SimpleNamespace())


# Finding and making


def test_worlds_are_made_with_a_seed_or_without() -> None:
    assert make_world(find_world("eval.worlds:World"), 7).seed == 7
    assert make_world(lambda number: number, 5) == 5
    assert isinstance(make_world(Small, 3), Small)
    with pytest.raises(BadInput, match="seed"):
        make_world(lambda one, two: None, 3)
