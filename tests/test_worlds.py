"""Simulated worlds: calibrated to the figures they stand for, the same by seed, and each variant does what it says."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import islice, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.officials import SHOWN, Reaction
from eval.worldapart import Drifting, Inverted, Poisoned, WorldApart
from eval.worldreading import ReadWorld
from eval.worlds import KINDS, Situation, World, ndcg_of_values

MANY = 200


@dataclass(frozen=True)
class Shown:
    """The least of a slate that a world looks at."""

    order: tuple[int, ...]


@cache
def drawn(kind: str, seed: int, many: int = MANY) -> tuple[World, tuple[Situation, ...]]:
    world = World(seed, kind)  # type: ignore[arg-type]
    return world, tuple(islice(world.situations(), many))


def by_base(s: Situation) -> tuple[int, ...]:
    return tuple(sorted(range(len(s.offers)), key=lambda index: -s.offers[index].base))


def by_value(s: Situation) -> tuple[int, ...]:
    return tuple(sorted(range(len(s.offers)), key=lambda index: -s.values[index]))


# The measure


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_the_best_order_has_one_and_none_more(values: list[float]) -> None:
    found = [ndcg_of_values(values, order) for order in permutations(range(len(values)))]
    assert max(found) == pytest.approx(1.0)
    assert min(found) >= 0


# Calibration


@pytest.mark.parametrize("kind", ["clean", "null"])
def test_fixed_ranker_and_random_order_have_the_figures_of_the_issue(kind: str) -> None:
    rng = np.random.default_rng(5)
    fixed, chance = [], []
    for seed in range(16):
        world, situations = drawn(kind, seed, 40)
        for s in situations:
            fixed.append(world.value(s, by_base(s)))
            chance += [world.value(s, rng.permutation(len(s.offers)).tolist()) for _ in range(2)]
    assert np.mean(fixed) == pytest.approx(0.64, abs=0.01)
    assert np.mean(chance) == pytest.approx(0.51, abs=0.01)


def test_the_world_apart_is_about_as_hard() -> None:
    rng = np.random.default_rng(5)
    fixed, chance = [], []
    for seed in range(16):
        world = ReadWorld(WorldApart(seed))
        for moment in islice(world.moments(), 40):
            many = len(moment.offers)
            fixed.append(world.value(moment, sorted(range(many), key=lambda index: -moment.offers[index].base)))
            chance += [world.value(moment, rng.permutation(many).tolist()) for _ in range(2)]
    assert np.mean(fixed) == pytest.approx(0.64, abs=0.02)
    assert np.mean(chance) == pytest.approx(0.51, abs=0.02)


def test_a_city_has_the_size_of_the_issue() -> None:
    world, situations = drawn("clean", 0)
    assert world.city.cases == 2_000
    types = {offer.action_type for s in situations for offer in s.offers}
    assert 120 <= len(types) <= world.city.types == 184
    assert len({offer.family for s in situations for offer in s.offers}) == 12
    assert len({s.district for s in situations}) == 10
    assert len({s.season for s in situations}) == 4
    assert {s.severity for s in situations} == {1, 2, 3, 4}
    assert {s.actor for s in situations} <= {f"person-{number:02}" for number in range(40)}
    assert len({s.department for s in situations}) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_everything_stays_in_its_bounds(kind: str) -> None:
    world, situations = drawn(kind, 1)
    for s in situations:
        assert 8 <= len(s.offers) <= 30
        assert len({offer.action_type for offer in s.offers}) == len(s.offers)
        for offer in s.offers:
            assert all(0 <= part <= 1 for part in (offer.base, offer.rate, offer.support, offer.same_district))
        assert all(0 < value < 1 for value in s.values)
        assert world.value(s, by_value(s)) == pytest.approx(1.0)
        assert 0 < world.value(s, by_base(s)) <= 1
        for reaction in world.react(s, Shown(by_base(s))):
            assert 0 <= reaction.slot < min(SHOWN, len(s.offers))
            result = world.outcome(s, s.offers[by_base(s)[reaction.slot]])
            assert result is None or (result.satisfaction or 1) in (1, 2, 3, 4, 5)
            assert result is None or 5 <= result.delay <= 90


# The same by seed


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_is_the_same_world(kind: str) -> None:
    def life(seed: int) -> list[object]:
        world = World(seed, kind)  # type: ignore[arg-type]
        found: list[object] = []
        for s in islice(world.situations(), 30):
            reactions = world.react(s, Shown(by_base(s)))
            outcomes = [world.outcome(s, s.offers[by_base(s)[one.slot]]) for one in reactions]
            found.append((s.offers, s.values, s.actor, s.category, s.district, reactions, outcomes))
        return found

    assert life(3) == life(3)
    assert life(3) != life(4)


def test_several_iterators_never_give_the_same_situation() -> None:
    world = World(2)
    first, second = world.situations(), world.situations()
    numbers = [next(stream).number for _ in range(20) for stream in (first, second)]
    assert len(set(numbers)) == 40


# People


def said(kind: str, seed: int = 0, order=by_base) -> list[tuple[Situation, Reaction]]:  # type: ignore[no-untyped-def]
    world, situations = drawn(kind, seed, 400)
    return [(s, reaction) for s in situations for reaction in world.react(s, Shown(order(s)))]


def test_first_places_are_looked_at_more() -> None:
    slots = Counter(reaction.slot for _, reaction in said("clean"))
    assert slots[0] > 1.3 * slots[2] > 1.3 * slots[7]


def test_better_actions_are_adopted_and_worse_ones_rejected() -> None:
    found = said("clean")
    worth = {
        adopted: np.mean([s.values[by_base(s)[r.slot]] for s, r in found if (r.kind != "reject") is adopted])
        for adopted in (True, False)
    }
    assert worth[True] > worth[False] + 0.15
    assert {reaction.kind for _, reaction in found} == {"adopt", "edit", "reject"}


def test_outcomes_follow_the_truth_and_are_not_all_known() -> None:
    world, situations = drawn("clean", 0)
    pairs = [(s.values[at], world.outcome(s, offer)) for s in situations for at, offer in enumerate(s.offers)]
    known = [(value, result) for value, result in pairs if result is not None]
    assert 0.65 < len(known) / len(pairs) < 0.75
    resolved = np.corrcoef([value for value, _ in known], [float(bool(result.resolved)) for _, result in known])[0, 1]
    assert resolved > 0.3


# Variants


def test_a_fifth_of_the_reactions_is_inverted() -> None:
    plain, turned = said("clean"), said("inverted")
    assert [(s.number, r.slot) for s, r in plain] == [(s.number, r.slot) for s, r in turned]
    pairs = zip(plain, turned, strict=True)
    changed = np.mean([(one.kind == "reject") != (other.kind == "reject") for (_, one), (_, other) in pairs])
    assert changed == pytest.approx(0.2, abs=0.03)


def test_a_group_pushes_one_poor_action() -> None:
    world, situations = drawn("poisoned", 0, 400)
    found = said("poisoned")
    pushing = [(s, r) for s, r in found if not world.honest(s)]
    assert 0.15 < len(pushing) / len(found) < 0.27
    assert len({s.actor for s, _ in pushing}) == 5
    kinds = {s.offers[by_base(s)[r.slot]].action_type == world.favoured: r.kind for s, r in pushing}
    assert kinds == {True: "adopt", False: "reject"}
    worth = [s.values[at] for s in situations for at, o in enumerate(s.offers) if o.action_type == world.favoured]
    assert np.mean(worth) < np.mean([value for s in situations for value in s.values])
    assert World(0).favoured is None


def test_the_truth_changes_at_half_time_and_the_records_do_not() -> None:
    world, same = World(0, "drift", drift_at=10), World(0, "drift", drift_at=10)
    before = next(same.situations())
    for s in islice(world.situations(), 10):
        assert not world.drifted
        world.react(s, Shown(by_base(s)))
    assert world.drifted
    after = world._situation(before.number)
    assert [o.action_type for o in after.offers] == [o.action_type for o in before.offers]
    assert [(o.rate, o.support) for o in after.offers] == [(o.rate, o.support) for o in before.offers]
    moved = [abs(one - other) > 0.02 for one, other in zip(after.values, before.values, strict=True)]
    assert 0.3 < np.mean(moved) <= 1


def test_the_popular_is_not_the_effective() -> None:
    def liking(kind: str) -> float:
        """How much better what was adopted is than what was rejected."""
        found = said(kind)
        adopted = [s.values[by_base(s)[r.slot]] for s, r in found if r.kind != "reject"]
        rejected = [s.values[by_base(s)[r.slot]] for s, r in found if r.kind == "reject"]
        return float(np.mean(adopted) - np.mean(rejected))

    assert liking("popular") < 0.5 * liking("clean")


def test_a_sparse_world_says_a_fifth() -> None:
    assert len(said("sparse")) / len(said("clean")) == pytest.approx(0.2, abs=0.04)


def test_where_there_is_nothing_to_learn_only_the_base_score_tells() -> None:
    """Within offers of about the same base score, neither rate nor type nor family says anything of the value."""
    left: list[float] = []
    rate: list[float] = []
    same: list[float] = []
    by_type: dict[tuple[int, str], list[float]] = {}
    for seed in range(4):
        world, situations = drawn("null", seed)
        for s in situations:
            base, values = np.array([o.base for o in s.offers]), np.log(np.array(s.values) / (1 - np.array(s.values)))
            rest = values - world.city.null_slope * (base - base.mean())
            left += rest.tolist()
            rate += [o.rate for o in s.offers]
            same += [o.same_district for o in s.offers]
            for offer, one in zip(s.offers, rest, strict=True):
                by_type.setdefault((seed, offer.action_type), []).append(one)
    assert abs(np.corrcoef(left, rate)[0, 1]) < 0.03
    assert abs(np.corrcoef(left, same)[0, 1]) < 0.03
    often = [np.array(found) for found in by_type.values() if len(found) >= 30]
    strange = [
        abs(found.mean() - world.city.level) / (found.std(ddof=1) / np.sqrt(len(found))) > 1.96 for found in often
    ]
    assert np.mean(strange) < 0.1


# The world apart


def test_the_world_apart_is_the_same_by_seed_and_its_variants_do_what_they_say() -> None:
    def life(world: WorldApart) -> list[tuple[str, ...]]:
        read = ReadWorld(world)
        found = []
        for moment in islice(read.moments(), 150):
            order = tuple(sorted(range(len(moment.offers)), key=lambda index: -moment.offers[index].base))
            found.append(tuple(kind for _, kind, *_ in world.react(moment.raw, Shown(order))))
        return found

    assert life(WorldApart(1)) == life(WorldApart(1)) != life(WorldApart(2))
    pairs = [
        (one, other)
        for plain, turned in zip(life(WorldApart(1)), life(Inverted(1)), strict=True)
        for one, other in zip(plain, turned, strict=True)
    ]
    changed = np.mean([(one == "rejected") != (other == "rejected") for one, other in pairs])
    assert changed == pytest.approx(0.2, abs=0.06)
    drifting = Drifting(1)
    drifting._interactions = 1_499
    assert drifting._truth is drifting._truths[0]
    drifting._interactions = 1_500
    assert drifting._truth is drifting._truths[1]
    poisoned = Poisoned(1)
    situations = list(islice(poisoned.situations(), 400))
    asked = [s for s in situations if not poisoned.honest(s)]
    assert 0.14 < len(asked) / 400 < 0.26
    assert all(poisoned.favoured in [c["type"] for c in s["candidates"]] for s in asked)
