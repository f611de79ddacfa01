"""A policy: scores, order, reasons, and a text that comes back as the same policy."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.events import Context, Offer
from assistant.learning.features import GROUPS, NAMES, NUMBERS, numbers, traits
from assistant.learning.policy import BASE, FIXED, Head, Policy, arrange
from knowledge.errors import Fault

SHARE = st.floats(0, 1)
OFFERS = st.lists(
    st.builds(
        Offer,
        action_type=st.sampled_from(["pump", "warn", "notice"]),
        base=SHARE,
        rate=SHARE,
        support=SHARE,
        same_district=SHARE,
        family=st.sampled_from(["", "works"]),
        first=st.booleans(),
    ),
    max_size=8,
)
CONTEXTS = st.builds(
    Context,
    severity=st.sampled_from([None, 1, 2, 3, 4]),
    category=st.sampled_from([None, "flood"]),
    district=st.sampled_from([None, "east", "west"]),
    season=st.sampled_from([None, "summer"]),
    department=st.sampled_from([None, "water"]),
)
WEIGHTS = st.dictionaries(
    st.sampled_from(GROUPS),
    st.dictionaries(st.sampled_from(["pump", "pump|3", "warn|flood", "works|east"]), st.floats(-2, 2), max_size=3),
    max_size=4,
)
HEADS = st.builds(
    Head,
    level=st.floats(-1, 2),
    slopes=st.tuples(*(st.floats(-2, 2) for _ in NUMBERS)),
    traits=WEIGHTS,
    share=SHARE,
    votes=st.floats(0, 1e6),
    counted=st.integers(1, 1_000),
    usual=st.floats(-2, 2),
)
POLICIES = st.builds(Policy, acceptance=HEADS, outcome=HEADS, usual=WEIGHTS, settings=st.just({"half_life": 60.0}))


def _plainly(policy: Policy, context: Context, offer: Offer) -> float:
    """The score before it is squeezed, head by head."""
    score = 0.0
    keys = [(group, key) for group, key in zip(GROUPS, traits(context, offer), strict=True) if key is not None]
    usual = sum(policy.usual.get(group, {}).get(key, 0.0) for group, key in keys)
    for head in (policy.acceptance, policy.outcome):
        one = head.level + sum(s * n for s, n in zip(head.slopes, numbers(offer), strict=True)) + head.usual * usual
        score += head.share * (one + sum(head.traits.get(group, {}).get(key, 0.0) for group, key in keys))
    return score


@given(POLICIES, CONTEXTS, OFFERS)
def test_scores_are_shares_in_the_order_of_the_plain_sums(
    policy: Policy, context: Context, offers: list[Offer]
) -> None:
    scores = policy.scores(context, offers)
    assert all(0 <= score <= 1 for score in scores)
    plain = [_plainly(policy, context, offer) for offer in offers]
    for one, score in zip(plain, scores, strict=True):
        if 0.1 <= one <= 0.9:
            assert score == pytest.approx(one, abs=1e-9)
        for other, its_score in zip(plain, scores, strict=True):
            if one < other - 1e-9:
                assert score <= its_score


@given(POLICIES)
def test_the_text_comes_back_as_the_same_policy_and_the_same_text(policy: Policy) -> None:
    text = policy.text()
    back = Policy.read(text)
    assert back == policy
    assert back.text() == text
    assert hash(back) == hash(policy)


@given(POLICIES, CONTEXTS, OFFERS)
def test_why_adds_up_to_the_score(policy: Policy, context: Context, offers: list[Offer]) -> None:
    level = sum(head.share * head.level for head in (policy.acceptance, policy.outcome))
    for offer in offers:
        parts = policy.why(context, offer)
        assert level + sum(value for _, value in parts) == pytest.approx(_plainly(policy, context, offer), abs=1e-9)
        assert [abs(value) for _, value in parts] == sorted((abs(value) for _, value in parts), reverse=True)
        assert {name for name, _ in parts} <= set(NAMES.values())


@given(OFFERS, CONTEXTS)
def test_the_fixed_ranker_is_its_own_score(offers: list[Offer], context: Context) -> None:
    assert BASE.scores(context, offers) == tuple(offer.base for offer in offers)
    order = arrange(BASE, context, offers)
    assert sorted(order) == list(range(len(offers)))
    urgent = [at for at in order if offers[at].first]
    assert list(order[: len(urgent)]) == urgent == sorted(urgent), "as they were offered"
    keys = [(-offers[at].base, offers[at].action_type, at) for at in order[len(urgent) :]]
    assert keys == sorted(keys)


def test_first_ones_stand_before_all_others_whatever_was_learned() -> None:
    head = replace(FIXED, traits={"type": {"pump": 5.0, "rescue": -5.0}}, counted=9)
    offers = [Offer("pump", 0.9), Offer("rescue", 0.1, first=True)]
    assert arrange(Policy(head, head), Context(), offers) == (1, 0)
    saving = [Offer("rescue", 0.1, first=True), Offer("pump", 0.9, first=True)]
    assert arrange(Policy(head, head), Context(), saving) == (0, 1), "nothing learned moves what saves lives"


def test_changes_names_the_largest_first() -> None:
    old = replace(FIXED, traits={"type": {"pump": 0.1, "warn": 0.2}})
    new = replace(FIXED, traits={"type": {"pump": 0.4, "warn": 0.2}, "type_severity": {"pump|3": -0.5}})
    found = Policy(old, old).changes(Policy(new, new, usual={"family_season": {"works|summer": 1.0}}))
    assert found == (("action × severity: pump|3", 0.0, -0.5), ("action: pump", pytest.approx(0.1), pytest.approx(0.4)))
    assert Policy(new, new).changes(Policy(new, new)) == ()
    assert len(Policy(old, old).changes(Policy(new, new), most=1)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"format":1', '"format":99'),
        lambda text: text.replace('"level":0.5', '"level":"high"'),
        lambda text: text.replace('"level":0.5', '"level":NaN'),
        lambda text: text.replace('"usual"', '"unusual"'),
        lambda text: text.replace('"traits":{}', '"traits":[1]'),
    ],
)
def test_a_damaged_text_is_a_fault_that_says_what_to_do(damage: object) -> None:
    with pytest.raises(Fault, match="fit the model again"):
        Policy.read(damage(BASE.text()))  # type: ignore[operator]


def test_the_text_is_plain_json_with_sorted_keys_and_short_numbers() -> None:
    head = replace(FIXED, traits={"type": {"泵": 1 / 3}})
    text = Policy(head, head).text()
    whole = json.loads(text)
    assert list(whole) == sorted(whole)
    assert whole["acceptance"]["traits"]["type"] == {"泵": 0.333333}
    assert "泵" in text
