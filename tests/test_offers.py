"""Offers: what of a situation reaches the learner, and that a danger to life is served first in any order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Reading, SeverityReading, Situation
from assistant.learning.events import Context, Offer, Slate
from assistant.learning.offers import context_of, danger_first, fixed_slate, group_of, moves, season
from assistant.learning.policy import BASE, arrange
from assistant.moment import CITY_ZONE

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)


def _situation(**fields: object) -> Situation:
    given = {
        "text": "积水",
        "language": "zh",
        "category": Reading(value="flood.underpass", confidence=0.9),
        "district": Reading(value="wangjiang", confidence=0.9),
        "place": None,
        "occurred_at": None,
        "severity": SeverityReading(level=3, reasons=(), danger_to_life=False),
    }
    return Situation.model_validate(given | fields)


def test_a_situation_as_the_learner_sees_it() -> None:
    assert context_of(_situation(), AT, department="water") == Context(
        severity=3, danger=False, category="flood", district="wangjiang", season="summer", department="water"
    )
    bare = _situation(category=None, district=None)
    assert context_of(bare, AT) == Context(severity=3, season="summer")


def test_a_category_that_is_only_the_nearest_is_unknown() -> None:
    assert group_of(_situation(unclear=True)) is None
    assert context_of(_situation(unclear=True), AT).category is None


def test_danger_and_high_severity_are_emergencies() -> None:
    for level, danger in ((3, True), (2, False), (1, False)):
        severity = SeverityReading(level=level, reasons=(), danger_to_life=danger)
        assert context_of(_situation(severity=severity), AT).emergency
    assert not context_of(_situation(), AT).emergency


@pytest.mark.parametrize(
    ("month", "name"), [(12, "winter"), (2, "winter"), (3, "spring"), (5, "spring"), (6, "summer"), (9, "autumn")]
)
def test_seasons_begin_with_a_month(month: int, name: str) -> None:
    assert season(datetime(2026, month, 15, tzinfo=UTC)) == name


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_a_year_later_it_is_the_same_season(at: datetime) -> None:
    at = at.replace(tzinfo=CITY_ZONE)
    if (at.month, at.day) != (2, 29):
        assert season(at) == season(at.replace(year=at.year + 1))


KINDS = st.sampled_from(["rescue", "evacuate", "pump", "talk", "repair"])
OFFERS = st.lists(
    st.builds(Offer, action_type=KINDS, base=st.floats(0, 1), first=st.booleans()), max_size=12
).map(tuple)  # fmt: skip


@given(OFFERS, st.integers(1, 10))
def test_the_fixed_order_is_the_given_one(offers: tuple[Offer, ...], shown: int) -> None:
    slate = fixed_slate(offers, shown=shown)
    assert slate.order == tuple(range(len(offers)))
    assert len(slate.teams) == len(slate.propensities) == min(shown, len(offers))
    assert slate.scores == tuple(offer.base for offer in offers)
    assert (slate.mode, slate.version) == ("base", "base")
    assert set(moves(slate.order)) <= {0}


@given(OFFERS, st.sets(KINDS), st.randoms(use_true_random=False))
def test_danger_comes_first_and_the_rest_stays_as_it_was(
    offers: tuple[Offer, ...], called: set[str], rng: object
) -> None:
    shuffled = list(range(len(offers)))
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    slate = danger_first(Slate(tuple(shuffled), (), ()), offers, called)
    assert sorted(slate.order) == list(range(len(offers)))

    def turn(index: int) -> int:
        return 2 - offers[index].first - (offers[index].first and offers[index].action_type in called)

    turns = [turn(index) for index in slate.order]
    assert turns == sorted(turns)
    for wanted in (0, 1, 2):
        assert [i for i in slate.order if turn(i) == wanted] == [i for i in shuffled if turn(i) == wanted]
    if not any(offer.first for offer in offers):
        assert slate.order == tuple(shuffled)


@given(OFFERS, st.sets(KINDS))
def test_with_nothing_learned_the_models_order_is_the_fixed_one(offers: tuple[Offer, ...], called: set[str]) -> None:
    """As the composer sorts: called for, other first ones, then by base and action type."""
    fixed = sorted(
        offers, key=lambda o: (not (o.first and o.action_type in called), not o.first, -o.base, o.action_type)
    )
    order = arrange(BASE, Context(), fixed)
    slate = danger_first(Slate(order, (), ()), fixed, called)
    assert [fixed[i] for i in slate.order] == fixed


@given(st.permutations(range(9)))
def test_moves_add_up_to_nothing(order: list[int]) -> None:
    assert sum(moves(order)) == 0
    assert [place + moved for place, moved in enumerate(moves(order))] == order
