"""Retelling: what was found is told word for word, with what is not known said as such."""

from itertools import pairwise
from typing import Any

import pytest

from assistant.answer import Match, Recommendation, Replacement
from assistant.compose import plain
from assistant.retell import Retelling
from knowledge.case import Action, ActionResult, Case, Outcome
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from prompts import read_phrases

RETELLING = Retelling(read_taxonomy(), read_places(), read_phrases())
FULL = Case(
    external_id="YZ-1",
    title="凤台立交桥下积水",
    situation="暴雨后桥下积水半米。",
    category="flood.underpass",
    district="wangjiang",
    place="凤台立交桥",
    severity=3,
    actions=(
        Action(text="封闭道路。", action_type="traffic_control", result=ActionResult.WORKED, note="十分钟内完成"),
        Action(text="只摆锥桶。", action_type="warn_public", result=ActionResult.FAILED, note="车照样冲进去"),
        Action(text="排水。", action_type="pump_drain"),
    ),
    outcome=Outcome(resolved=True, days=0.5, satisfaction=4, recurred=True, summary="当日通车"),
    lessons="雨前设卡。",
)
BARE = Case(situation="停电")


def _match(case: Case, number: int = 1, replaced_by: Replacement | None = None) -> Match:
    return Match(
        case_id=number, external_id=case.external_id, score=0.5, parts={}, why=(), case=case, age_days=None,
        replaced_by=replaced_by,
    )  # fmt: skip


@pytest.fixture(scope="module")
def answer(desk: Any) -> Recommendation:
    found: Recommendation = desk.ask("凤台立交桥下积水半米，两辆车被困")
    return found


def test_a_case_is_told_in_full() -> None:
    text = RETELLING.open(_match(FULL), "zh")
    for said in (*FULL.texts(), "YZ-1", "望江区", "下穿通道积水", "较大", "见效：十分钟内完成", "未见效：车照样冲进去",
                 "效果未记录", "已解决", "用时 0.5 天", "满意度 4/5", "后来复发"):  # fmt: skip
        assert said in text


def test_a_case_of_which_little_is_known_says_so() -> None:
    assert "not recorded" in RETELLING.open(_match(BARE), "en")
    assert RETELLING.open(_match(BARE), "zh").startswith("**停电** [1]")


def test_an_opened_case_names_what_replaced_it() -> None:
    newer = Replacement(case_id=9, external_id="YZ-9", title="新办法")
    assert "[YZ-1] 已被 [YZ-9]《新办法》取代" in RETELLING.open(_match(FULL, replaced_by=newer), "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_demo_case_can_be_told_and_compared(desk: Any, demo_cases: tuple[Case, ...], language: str) -> None:
    matches = [_match(case, number) for number, case in enumerate(demo_cases, 1)]
    for match in matches:
        text = RETELLING.open(match, language)
        assert all(plain(said) in text for said in match.case.texts())
    for one, other in pairwise(matches):
        rows = RETELLING.compare(one, other, language).splitlines()
        assert all(row.count("|") - row.count("\\|") == 4 for row in rows[2:])


def test_two_cases_are_set_side_by_side() -> None:
    text = RETELLING.compare(_match(FULL), _match(BARE, 2), "zh")
    rows = {row.split("|")[1].strip(): row for row in text.splitlines() if row.startswith("|")}
    assert "封闭道路" in rows["见效的做法"]
    assert "只摆锥桶" in rows["未见效的做法"]
    assert rows["事由"].endswith("| 下穿通道积水 | 未记录 |")
    assert rows["见效的做法"].endswith("| 无 |")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_why_gives_the_record_and_the_quotes_of_every_action(answer: Recommendation, language: str) -> None:
    for number, action in enumerate(answer.actions, 1):
        text = RETELLING.why(answer, number, language)
        assert all(plain(e.quote) in text for e in action.evidence)
        if action.track_record.tried:
            assert f"{round(100 * action.track_record.rate)}%" in text
        assert all(plain(before) in text for before, _ in action.adapted)
        ids = {m.case_id: m.external_id for m in answer.matches}
        assert all(f"[{ids[e.case_id]}]" in text for e in action.evidence)


def test_what_failed_is_told_with_its_case(answer: Recommendation) -> None:
    text = RETELLING.failed(answer, "zh")
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert 1 <= len(lines) <= 8
    failed = {
        (plain(f"{a.text} {a.note or ''}".strip()), m.external_id)
        for m in answer.matches
        for a in m.case.actions
        if a.result is ActionResult.FAILED
    }
    for line in lines:
        said, _, cited = line.removeprefix("- ").rpartition(" [")
        assert (said, cited.rstrip("]")) in failed


def test_where_nothing_failed_it_says_so(answer: Recommendation) -> None:
    none = answer.model_copy(update={"matches": (_match(BARE),)})
    assert RETELLING.failed(none, "en") == "No failed measure is recorded in the similar cases."
