"""How far people are relied on: honest ones fully, those who push an action or say the opposite hardly."""

import random
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_city import GOOD, START, city, honest

from assistant.learning.trust import TrustSettings, reliability, running, shifted
from assistant.learning.votes import read

LATE = START + timedelta(days=1_000)


def _per_person(events: list[object]) -> dict[str, float]:
    accepted, effects = read(events, LATE)  # type: ignore[arg-type]
    trusted = reliability(accepted, effects, TrustSettings())
    found: dict[str, list[float]] = {}
    for vote, trust in zip(accepted, trusted.tolist(), strict=True):
        found.setdefault(vote.person, []).append(trust)
    return {person: sum(values) / len(values) for person, values in found.items()}


def _pushing(person: str, action_type: str, chance: random.Random) -> str | None:
    if person in ("person-0", "person-1"):
        return "adopt" if action_type == "notice" else "reject"
    return honest(person, action_type, chance)


def _contrary(person: str, action_type: str, chance: random.Random) -> str | None:
    kind = honest(person, action_type, chance)
    return {"adopt": "reject", "reject": "adopt"}.get(kind or "") if person == "person-3" else kind


def test_honest_people_are_relied_on() -> None:
    for seed in range(5):
        found = _per_person(list(city(seed)))
        assert np.mean(list(found.values())) > 0.95


def test_who_pushes_one_action_is_not_relied_on_and_the_others_are() -> None:
    for seed in range(5):
        found = _per_person(list(city(seed, says=_pushing)))
        assert max(found.pop("person-0"), found.pop("person-1")) < 0.2
        assert np.mean(list(found.values())) > 0.85


def test_who_says_the_opposite_is_not_relied_on() -> None:
    found = _per_person(list(city(1, says=_contrary)))
    assert found.pop("person-3") < 0.2
    assert np.mean(list(found.values())) > 0.85


def test_the_vote_at_hand_and_its_list_do_not_judge_themselves() -> None:
    """Turning all that a person said in his last list changes nothing in how he is relied on there."""
    accepted, effects = read(city(2), LATE)
    last = max(accepted, key=lambda vote: vote.at)
    mine = [n for n, vote in enumerate(accepted) if vote.interaction_id == last.interaction_id]
    turned = [
        type(vote)(**{**vars(vote), "label": 1 - vote.label}) if n in mine else vote for n, vote in enumerate(accepted)
    ]
    before = reliability(accepted, effects, TrustSettings())[mine]
    after = reliability(turned, effects, TrustSettings())[mine]
    assert before.tolist() == after.tolist()


def test_trust_is_a_share_and_nobody_is_silenced() -> None:
    for says in (_pushing, _contrary, honest):
        accepted, effects = read(city(3, says=says), LATE)
        trusted = reliability(accepted, effects, TrustSettings(least=0.05))
        assert trusted.min() >= 0.05
        assert trusted.max() <= 1
    assert reliability([], [], TrustSettings()).tolist() == []


def test_without_differences_nobody_is_doubted() -> None:
    accepted, effects = read(city(4, says=lambda *_: "adopt", outcomes=False), LATE)
    assert len({vote.offer.action_type for vote in accepted}) == len(GOOD)
    assert reliability(accepted, effects, TrustSettings()).min() > 0.9


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-10, 10)), max_size=30))
def test_running_sums_agree_with_a_loop(pairs: list[tuple[int, float]]) -> None:
    groups = np.asarray([group for group, _ in pairs], np.intp)
    values = np.asarray([value for _, value in pairs], float)
    sums: dict[int, float] = {}
    last: dict[int, float] = {}
    wanted, before = [], []
    for group, value in pairs:
        sums[group] = sums.get(group, 0.0) + value
        wanted.append(sums[group])
        before.append(last.get(group, 0.0))
        last[group] = value
    np.testing.assert_allclose(running(groups, values), wanted, atol=1e-9)
    assert shifted(groups, values).tolist() == before
