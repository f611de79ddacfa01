"""Reasons: what is alike, said in the asker's words and language."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Match, Reading, SeverityReading, Situation
from assistant.match import read_ranker
from assistant.reasons import Reasons
from knowledge.case import Case
from knowledge.casetext import case_text
from knowledge.kinds import SharedKind
from knowledge.meaning import Kind
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from prompts import read_phrases

PART_NAMES = tuple(read_ranker().weights)
REASONS = Reasons(read_taxonomy(), read_places(), read_phrases())
CASE = Case(
    title="凤台立交桥下积水，车辆被困",
    situation="暴雨后凤台立交桥下积水半米，两辆车被困，泵车排水。",
    category="flood.underpass",
    district="wangjiang",
    place="凤台立交桥",
    severity=3,
)


def _situation(text: str, *, language: str = "zh", category: str | None = None, level: int = 4) -> Situation:
    return Situation(
        text=text,
        language="zh" if language == "zh" else "en",
        category=Reading(value=category, confidence=0.9) if category else None,
        district=None,
        place=None,
        occurred_at=None,
        severity=SeverityReading(level=level, reasons=(), danger_to_life=False),
    )


def _match(case: Case = CASE, **parts: float) -> Match:
    return Match(
        case_id=1, external_id=None, score=0.5, parts={**dict.fromkeys(PART_NAMES, 0.0), **parts}, why=(), case=case,
        age_days=None,
    )  # fmt: skip


def test_shared_words_are_the_askers_and_stand_in_the_case() -> None:
    (said,) = REASONS(_situation("大雨积水，两辆车被困，怎么办"), _match())
    words = said.removeprefix("都提到：").split("、")
    assert "积水" in words
    assert "怎么办" not in words
    assert all(word in case_text(CASE).matter() for word in words)
    assert not any(one != other and one in other for one in words for other in words)


def test_the_same_kind_and_a_related_kind_are_told_apart() -> None:
    same = REASONS(_situation("x", category="flood.underpass"), _match(category=1.0))
    near = REASONS(_situation("x", category="flood.street"), _match(category=0.4))
    assert same[0] == "同属“下穿通道积水”"
    assert near[0] == "相关类别“下穿通道积水”"


@pytest.mark.parametrize(
    ("parts", "language", "said"),
    [
        ({"place": 1.0}, "zh", "同一地点：凤台立交桥"),
        ({"place": 0.5}, "zh", "同在望江区"),
        ({"place": 0.5}, "en", "same district: Wangjiang District"),
        ({"handling": 0.5}, "en", "what was done then touches what you ask"),
        ({"vector": 0.5, "whole": 0.1}, "zh", "总体表述相近"),
        ({"vector": 0.1, "whole": 0.5}, "zh", "部分表述相近"),
    ],
)
def test_each_part_has_its_sentence(parts: dict[str, float], language: str, said: str) -> None:
    assert REASONS(_situation("zz", language=language), _match(**parts)) == (said,)


def test_an_ordinary_severity_is_no_reason() -> None:
    assert REASONS(_situation("zz", level=3), _match(severity=1.0)) == ("级别同为较大",)
    ordinary = CASE.model_copy(update={"severity": 4})
    assert REASONS(_situation("zz", level=4), _match(ordinary, severity=1.0)) == ("部分表述相近",)


def _with_kind(asked: float, theirs: float, leaf: str = "flood.underpass") -> Reasons:
    kind = SharedKind(Kind("k", leaf, "立交桥下积水", "water under a flyover"), asked, theirs)
    return replace(REASONS, shared_kind=lambda text, case_id: kind)


def test_the_kind_of_matter_that_carries_a_match_is_named_in_the_askers_language() -> None:
    reasons = _with_kind(0.5, 0.4)
    assert reasons(_situation("zz"), _match()) == ("说的是同一类事：立交桥下积水",)
    assert reasons(_situation("zz", language="en"), _match()) == ("the same kind of matter: water under a flyover",)
    said = reasons(
        _situation("车辆", category="flood.underpass", level=3), _match(category=1.0, place=1.0, severity=1.0)
    )
    assert said == ("同属“下穿通道积水”", "说的是同一类事：立交桥下积水", "都提到：车辆", "同一地点：凤台立交桥")


@pytest.mark.parametrize(
    ("asked", "theirs", "leaf"),
    [(0.9, 0.1, "flood.underpass"), (0.1, 0.95, "flood.underpass"), (0.25, 0.3, "flood.underpass"), (1.0, 1.0, "chat")],
)
def test_a_kind_that_is_only_a_side_of_either_is_not_named(asked: float, theirs: float, leaf: str) -> None:
    assert _with_kind(asked, theirs, leaf)(_situation("zz"), _match()) == ("部分表述相近",)


def test_where_many_words_are_shared_they_say_enough() -> None:
    said = _with_kind(0.9, 0.9)(_situation("暴雨积水，两辆车被困，泵车排水"), _match())
    assert len(said) == 1
    assert said[0].count("、") >= 2


def test_a_category_that_is_not_clear_is_only_a_related_one() -> None:
    unclear = _situation("x", category="flood.underpass").model_copy(update={"unclear": True})
    assert REASONS(unclear, _match(category=1.0))[0] == "相关类别“下穿通道积水”"


PARTS = st.fixed_dictionaries({name: st.floats(0, 1) for name in PART_NAMES})


@given(
    st.text(max_size=60), PARTS, st.sampled_from(["zh", "en"]), st.sampled_from([None, "flood.street", "labour.wages"])
)
def test_any_match_gives_one_to_four_reasons(
    text: str, parts: dict[str, float], language: str, category: str | None
) -> None:
    said = _with_kind(0.9, 0.9)(_situation(text, language=language, category=category), _match(**parts))
    assert 1 <= len(said) <= 4
    assert all(said)
    assert len(set(said)) == len(said)


def test_a_case_that_knows_nothing_but_its_situation_still_gets_a_reason() -> None:
    bare = Case(situation="停电")
    parts = dict.fromkeys(PART_NAMES, 1.0) | {"place": 0.0}
    assert REASONS(_situation("停电了"), _match(bare, **parts))
