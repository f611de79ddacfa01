"""What counts of what people said, and how much."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_city import START, asked, city, said

from assistant.learning.events import Context, Effect, Offer, Reacted
from assistant.learning.votes import Vote, VoteSettings, read, weigh

LATE = START + timedelta(days=1_000)
OFFERS = (Offer("pump", 0.6), Offer("warn", 0.5), Offer("notice", 0.4))
SETTINGS = VoteSettings()


def _vote(person: str, kind: str = "pump", *, days: float = 0.0, number: int = 0, **other: object) -> Vote:
    rest: dict[str, object] = {"department": None, "label": 1.0, "own": False, "context": Context(), **other}
    at = START + timedelta(days=days)
    return Vote(at, person, interaction_id=f"i{number}", slot=0, offer=Offer(kind, 0.5), **rest)  # type: ignore[arg-type]


def _weights(votes: list[Vote], *, half_life: float = 1e6, settings: VoteSettings = SETTINGS) -> list[float]:
    return weigh(votes, np.ones(len(votes)), half_life=half_life, settings=settings).tolist()


def test_adopt_edit_and_reject_are_labels_and_what_is_ignored_is_none() -> None:
    first = asked(1, OFFERS)
    accepted, effects = read([first, said(first, 0, "adopt"), said(first, 1, "edit"), said(first, 2, "reject")], LATE)
    assert [(vote.offer.action_type, vote.label) for vote in accepted] == [
        ("pump", 1.0),
        ("warn", 0.7),
        ("notice", 0.0),
    ]
    assert effects == []
    assert read([first], LATE) == ([], [])


def test_the_slot_is_a_place_in_the_order_and_not_among_the_offers() -> None:
    first = asked(1, OFFERS)
    turned = replace(first, slate=replace(first.slate, order=(2, 0, 1)))
    accepted, _ = read([turned, said(turned, 0, "reject")], LATE)
    assert accepted[0].offer.action_type == "notice"


def test_the_newest_word_holds_and_withdraw_takes_it_back() -> None:
    first = asked(1, OFFERS)
    later = replace(said(first, 0, "reject"), at=first.at + timedelta(hours=1))
    gone = replace(said(first, 0, "withdraw"), at=first.at + timedelta(hours=2))
    adopt = said(first, 0, "adopt")
    assert [vote.label for vote in read([first, later, adopt], LATE)[0]] == [0.0]
    assert read([first, adopt, later, gone], LATE)[0] == []
    assert [vote.label for vote in read([first, adopt, later, gone], later.at)[0]] == [0.0], "events after it count not"


def test_the_same_client_id_twice_is_one_event() -> None:
    first = asked(1, OFFERS)
    adopt = said(first, 0, "adopt")
    again = replace(adopt, kind="reject", at=adopt.at + timedelta(hours=1))
    assert [vote.label for vote in read([first, adopt, again], LATE)[0]] == [1.0]


def test_a_reaction_without_its_interaction_or_outside_the_list_is_left_out() -> None:
    first = asked(1, OFFERS)
    assert read([said(first, 0, "adopt")], LATE)[0] == []
    assert read([first, said(first, 3, "adopt")], LATE)[0] == []


@pytest.mark.parametrize(
    ("resolved", "satisfaction", "in_time", "label"),
    [(True, None, None, 1.0), (True, 3, None, 0.75), (False, 1, True, 1 / 3), (None, 5, None, 1.0)],
)
def test_the_outcome_is_the_mean_of_what_is_known(
    resolved: bool | None, satisfaction: float | None, in_time: bool | None, label: float
) -> None:
    first = asked(1, OFFERS)
    effect = Effect("i1", "e", 0, first.at, "record", "system", resolved, satisfaction, in_time)
    _, effects = read([first, said(first, 0, "adopt"), effect], LATE)
    assert effects[0].label == pytest.approx(label)
    assert effects[0].parts == sum(part is not None for part in (resolved, satisfaction, in_time))


def test_an_outcome_counts_only_where_an_adoption_stands_and_something_is_known() -> None:
    first = asked(1, OFFERS)
    effect = Effect("i1", "e", 0, first.at, "record", "system", resolved=True)
    assert read([first, effect], LATE)[1] == []
    assert read([first, said(first, 0, "reject"), effect], LATE)[1] == []
    assert read([first, said(first, 0, "adopt"), replace(effect, resolved=None)], LATE)[1] == []


def test_of_several_sources_the_record_counts_and_of_one_source_the_later_word() -> None:
    first = asked(1, OFFERS)
    official = Effect("i1", "a", 0, first.at, "official", "li", resolved=True)
    record = Effect("i1", "b", 0, first.at, "record", "system", resolved=False)
    changed = Effect("i1", "c", 0, first.at + timedelta(days=1), "official", "li", resolved=False)
    adopt = said(first, 0, "adopt")
    assert [vote.source for vote in read([first, adopt, official, record], LATE)[1]] == ["record"]
    assert [vote.label for vote in read([first, adopt, official, changed], LATE)[1]] == [0.0]


def test_the_order_of_the_log_does_not_matter() -> None:
    events = city(interactions=30)
    assert read(events[::-1], LATE) == read(events, LATE)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0, 300)), min_size=1, max_size=60))
def test_no_person_has_more_than_three_votes_for_an_action_type(said_when: list[tuple[int, int, float]]) -> None:
    votes = [_vote(f"p{p}", f"a{k}", days=days, number=n) for n, (p, k, days) in enumerate(said_when)]
    weights = _weights(votes)
    assert all(0 <= weight <= 1 for weight in weights)
    totals: dict[tuple[str, str], float] = {}
    for vote, weight in zip(votes, weights, strict=True):
        key = (vote.person, vote.offer.action_type)
        totals[key] = totals.get(key, 0.0) + weight
    assert max(totals.values()) <= SETTINGS.most_votes + 1e-9


def test_a_half_life_halves() -> None:
    assert _weights([_vote("a", days=0), _vote("b", days=10), _vote("c", days=20)], half_life=10) == [0.25, 0.5, 1.0]


def test_a_department_has_no_more_than_its_share() -> None:
    mine = [_vote(f"m{n}", department="flood", number=n) for n in range(40)]
    others = [_vote(f"o{n}", department=f"d{n}", number=50 + n) for n in range(12)]
    weights = _weights(mine + others)
    assert sum(weights[:40]) == pytest.approx(12)
    assert weights[40:] == [1.0] * 12
    assert sum(_weights(mine)) == pytest.approx(SETTINGS.least_share)
    unknown = [replace(vote, department=None) for vote in mine]
    assert sum(_weights(unknown)) == pytest.approx(40)


def test_a_burst_counts_less_than_the_same_votes_over_days() -> None:
    burst = [_vote("a", f"k{n}", days=n / 100_000, number=n) for n in range(60)]
    calm = [_vote("a", f"k{n}", days=float(n), number=n) for n in range(60)]
    assert sum(_weights(calm)) == pytest.approx(60, rel=1e-3)
    assert sum(_weights(burst)) < SETTINGS.burst_votes


def test_who_asks_and_adopts_the_same_again_and_again_counts_less() -> None:
    loop = [_vote("a", days=n / 10, number=n, own=True) for n in range(30)]
    asked_by_others = [replace(vote, own=False) for vote in loop]
    elsewhere = [replace(v, context=Context(district=f"d{n}")) for n, v in enumerate(loop)]
    assert sum(_weights(asked_by_others)) == pytest.approx(3)
    assert sum(_weights(elsewhere)) == pytest.approx(3)
    assert sum(_weights(loop)) < 1


def test_the_record_knows_no_cap_and_an_official_counts_less_than_a_record() -> None:
    record = [_vote("system", number=n, source="record", parts=3) for n in range(20)]
    official = [replace(vote, source="official", person=f"p{n}") for n, vote in enumerate(record)]
    assert sum(_weights(record)) == pytest.approx(20)
    assert sum(_weights(official)) == pytest.approx(20 * SETTINGS.official)
    assert sum(_weights([replace(vote, person="p") for vote in official])) == pytest.approx(3)


def test_reading_is_fast_enough_to_be_done_each_time() -> None:
    first = asked(1, OFFERS)
    many = [first, *(Reacted("i1", f"r{n}", 0, "adopt", f"p{n}", first.at) for n in range(5_000))]
    assert len(read(many, LATE)[0]) == 5_000
