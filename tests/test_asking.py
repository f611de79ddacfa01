"""What is shown: the fixed order where nothing was learned, an order that its seed draws again where a challenger is on
trial, and nothing but the champion's where life is in danger."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assistant.answer import Evidence, RankedAction, Reading, SeverityReading, Situation, TrackRecord
from assistant.asking import SHOWN, Arranging, cited, with_cited
from assistant.learning.advisor import Advisor
from assistant.learning.events import CHAMPION, GateEvent, Offer
from assistant.learning.memory import MemoryLog, MemoryShelf
from assistant.learning.policy import FIXED, Policy
from assistant.recommend import Composed
from knowledge.action_counts import Counts
from knowledge.taxonomy import read_taxonomy
from prompts import read_phrases

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
BACKWARDS = replace(FIXED, slopes=(-1.0, 0.0, 0.0, 0.0), counted=1)
KINDS = (
    "evacuate",
    "rescue",
    "pump_drain",
    "repair",
    "inspect",
    "talk",
    "clean",
    "monitor",
    "patrol",
    "visit",
    "mediate",
)


def _situation(level: int = 4, *, danger: bool = False, first: tuple[str, ...] = (), language: str = "zh") -> Situation:
    severity = SeverityReading(level=level, reasons=(), danger_to_life=danger, first_actions=first)
    return Situation.model_validate(
        {
            "text": "积水",
            "language": language,
            "category": Reading(value="flood.underpass", confidence=0.9),
            "district": None,
            "place": None,
            "occurred_at": None,
            "severity": severity,
        }
    )


def _composed(first: int = 0) -> Composed:
    """Eleven actions in the fixed order, each with evidence of a case of its own; the first of them save lives."""
    record = TrackRecord(tried=1, worked=1, rate=0.8, low=0.5, high=0.9, median_days=None)
    actions = tuple(
        RankedAction(
            text=f"{kind}。",
            action_type=kind,
            department=None,
            when="now",
            evidence=(Evidence(case_id=100 + place, quote="x"),),
            track_record=record,
            why=("plain",) if place >= first else ("danger", "plain"),
            emergency=place < first,
        )
        for place, kind in enumerate(KINDS)
    )
    offers = tuple(
        Offer(kind, base=0.9 - place / 20, rate=0.8, support=0.5, first=place < first)
        for place, kind in enumerate(KINDS)
    )
    return Composed(actions, offers, (), None, ())


def _advisor(*steps: str) -> Advisor:
    """With a policy that turns the fixed order round, put where the steps say."""
    shelf = MemoryShelf()
    version = shelf.put(Policy(BACKWARDS, BACKWARDS).text(), watermark=0, at=AT).version
    for step in steps:
        shelf.note(GateEvent(AT, step, "base", version, "li"))  # type: ignore[arg-type]
    return Advisor(MemoryLog(), shelf)


def _arranging(advisor: Advisor | None = None, **fields: object) -> Arranging:
    return Arranging(read_taxonomy(), read_phrases(), advisor, **fields)  # type: ignore[arg-type]


def _types(actions: Sequence[RankedAction]) -> list[str]:
    return [action.action_type for action in actions]


@pytest.mark.parametrize("advisor", [None, _advisor(), _advisor("trial", "refused"), _advisor("trial", "paused")])
def test_where_nothing_was_learned_the_fixed_order_stands(advisor: Advisor | None) -> None:
    composed = _composed()
    arranged = _arranging(advisor)(_situation(), composed, AT)
    assert arranged.actions == composed.actions[:SHOWN]
    assert arranged.propensities == (1.0,) * SHOWN
    assert (arranged.slate.mode, arranged.slate.version) == ("base", "base")
    assert arranged.slate.scores == tuple(offer.base for offer in composed.offers)
    assert arranged.offers == composed.offers


def test_an_answer_without_actions_has_an_empty_order() -> None:
    empty = Composed((), (), (), None, ())
    for advisor in (None, _advisor("trial")):
        arranged = _arranging(advisor)(_situation(), empty, AT)
        assert (arranged.actions, arranged.propensities, arranged.slate.order) == ((), (), ())


def test_a_champion_orders_all_offers_and_the_best_are_shown() -> None:
    composed = _composed()
    arranged = _arranging(_advisor("trial", "promoted"))(_situation(), composed, AT)
    assert _types(arranged.actions) == list(KINDS[::-1][:SHOWN])
    assert arranged.propensities == (1.0,) * SHOWN
    assert arranged.slate.mode == "champion"


def test_on_trial_the_seed_draws_the_order_again() -> None:
    composed, situation = _composed(), _situation()
    arranging = _arranging(_advisor("trial"))
    firsts: Counter[str] = Counter()
    for _ in range(60):
        arranged = arranging(situation, composed, AT)
        assert arranged.slate.mode == "interleave"
        assert arranging.slate(arranged.context, arranged.offers, arranged.seed) == arranged.slate
        assert _types(arranged.actions) == [KINDS[i] for i in arranged.slate.order[:SHOWN]]
        assert arranged.propensities == arranged.slate.propensities
        assert all(0 < chance <= 1 for chance in arranged.propensities)
        assert KINDS[0] in _types(arranged.actions)[:2], "the champion's first is in one of the first two places"
        firsts[arranged.actions[0].action_type] += 1
    assert set(firsts) == {KINDS[0], KINDS[-1]}


def test_seeds_differ_and_fit_the_log() -> None:
    arranging = _arranging()
    seeds = [arranging(_situation(), _composed(), AT).seed for _ in range(50)]
    assert len(set(seeds)) == 50
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("situation", [_situation(1), _situation(2), _situation(4, danger=True)])
@pytest.mark.parametrize("first", [0, 3])
def test_in_an_emergency_nothing_is_tried_out(situation: Situation, first: int) -> None:
    composed = _composed(first)
    for seed in range(25):
        arranged = _arranging(_advisor("trial"), seeds=lambda seed=seed: seed)(situation, composed, AT)
        assert _types(arranged.actions) == list(KINDS[:SHOWN])
        assert arranged.slate.mode == "emergency"
        assert set(arranged.slate.teams) == {CHAMPION}
        assert set(arranged.propensities) == {1.0}


def test_what_a_danger_calls_for_stays_first_whatever_was_learned() -> None:
    situation = _situation(3, danger=True, first=("rescue",))
    arranged = _arranging(_advisor("trial", "promoted"))(situation, _composed(3), AT)
    assert _types(arranged.actions)[:3] == ["rescue", *(kind for kind in KINDS[:3] if kind != "rescue")]
    assert _types(arranged.actions)[3:] == list(KINDS[::-1][: SHOWN - 3])
    assert [action.emergency for action in arranged.actions] == [True] * 3 + [False] * (SHOWN - 3)


# Reasons


def _counts(action_types: Sequence[str], group: str) -> Mapping[str, Counts]:
    assert group == "flood"
    liked = Counts(shown=12, decided=9, adopted=7, known=7, worked=6)
    return {name: liked if name in ("mediate", "pump_drain", "evacuate") else Counts() for name in action_types}


@pytest.mark.parametrize(("language", "said"), [("zh", "上移 10 位"), ("en", "moved up 10 places")])
def test_what_was_moved_says_why_first(language: str, said: str) -> None:
    arranging = _arranging(_advisor("trial", "promoted"), counts=_counts)
    arranged = arranging(_situation(language=language), _composed(), AT)
    best, *others = arranged.actions
    assert best.action_type == "mediate"
    assert best.learned is not None
    assert (best.learned.moved, best.learned.adopted, best.learned.worked) == (10, 7, 6)
    assert best.why[0].startswith(said)
    assert best.why[1:] == ("plain",)
    assert all(action.learned is None and action.why == ("plain",) for action in others)


def test_what_saves_lives_is_not_moved_and_has_no_such_reason() -> None:
    situation = _situation(3, danger=True)
    arranged = _arranging(_advisor("trial", "promoted"), counts=_counts)(situation, _composed(3), AT)
    assert _types(arranged.actions)[:3] == list(KINDS[:3])
    assert [(action.learned, action.why) for action in arranged.actions[:3]] == [(None, ("danger", "plain"))] * 3
    assert arranged.actions[3].learned is not None, "the others are"


def test_the_fixed_order_gives_no_reason_of_that_kind() -> None:
    arranged = _arranging(_advisor(), counts=_counts)(_situation(), _composed(), AT)
    assert [action.learned for action in arranged.actions] == [None] * SHOWN


# What is cited stays on the page


def test_the_best_match_always_stands_among_those_shown(desk: object) -> None:
    _, _, matches = desk.match("凤台立交桥下积水半米，两辆车被困", top=12)  # type: ignore[attr-defined]
    composed = _composed()
    assert cited(composed, composed.actions[:2]) == {100, 101}
    for ids in (set(), {matches[9].case_id}, {m.case_id for m in matches}):
        shown = with_cited(matches, 3, ids)
        assert shown[:3] == matches[:3]
        assert [m for m in matches if m in shown] == list(shown)
        assert ids <= {m.case_id for m in shown}


def test_every_order_of_a_trial_holds_the_same_offers() -> None:
    arranging = _arranging(_advisor("trial"))
    composed = _composed()
    source = random.Random(3)
    for _ in range(20):
        order = arranging.slate(
            arranging(_situation(), composed, AT).context, composed.offers, source.randrange(2**31)
        ).order
        assert sorted(order) == list(range(len(KINDS)))
