"""The answer in words: Markdown without anyone's markup in it, every citation a case that is shown, both languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Label, Verdict
from assistant.compose import ago, cite, plain
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Action, ActionResult, Case, Outcome
from prompts import read_phrases

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))`|*_#&amp;"
CITED = re.compile(r"\[((?:[^\]\\]|\\.)+)\]")
QUESTIONS = (
    "凤台立交桥下积水半米，两辆车被困",
    "包工头跑了，二十多个工人讨薪",
    "共享单车堵住地铁口",
    "今天天气不错",
    "Gas smell in an apartment block, 30 households",
    "Bikes block the metro exit; trucks clear them and they come back",
    "A prepaid gym closed overnight",
)


def _hostile_cases() -> list[Case]:
    results = (ActionResult.WORKED, ActionResult.FAILED)
    return [
        Case(
            external_id=f"{HOSTILE}{number}",
            title=f"积水{HOSTILE}",
            situation=f"凤台立交桥下积水半米{HOSTILE}",
            category=HOSTILE,
            district=HOSTILE,
            place=HOSTILE,
            departments=(HOSTILE,),
            severity=3,
            actions=tuple(
                Action(text=f"抽水{HOSTILE}", action_type=f"{HOSTILE}{r}", department=HOSTILE, result=r, note=HOSTILE)
                for r in results
            ),
            outcome=Outcome(resolved=bool(number % 2), summary=HOSTILE, satisfaction=5 if number % 2 else 1),
            lessons=HOSTILE,
            superseded_by=f"{HOSTILE}{(number + 1) % 4}",
        )
        for number in range(4)
    ]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    workplace = open_workplace(tmp_path_factory.mktemp("hostile"))
    workplace.records.write(_hostile_cases())
    return workplace


def _is_harmless(markdown: str) -> bool:
    """No tag can open, and no link or image of theirs: brackets are escaped before a parenthesis."""
    return not re.search(r"<|(?<!\\)\]\(|(?<!\\)`", markdown)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_markup_of_a_question_or_a_case_is_never_rendered(hostile: Workplace, language: str) -> None:
    answer = hostile.desk.ask(f"凤台立交桥下积水半米，两辆车被困{HOSTILE}", language=language)
    assert answer.actions
    assert answer.cautions
    assert _is_harmless(answer.answer_markdown)


@pytest.mark.parametrize("said", ["打开第1个", "比较1和2", "为什么推荐第1条", "以前哪些做法没用", "只看望江区的"])
def test_markup_is_not_rendered_in_a_conversation(hostile: Workplace, said: str) -> None:
    first = hostile.desk.turn(f"凤台立交桥下积水半米{HOSTILE}", owner="a")
    turn = hostile.desk.turn(said, owner="a", conversation_id=first.conversation_id)
    assert turn.intent in ("open", "compare", "why", "failed", "narrow")
    assert _is_harmless(turn.answer_markdown)


@given(st.text(st.one_of(st.characters(), st.sampled_from("<>&`*_[]|#\\\n()!"))))
def test_plain_text_is_harmless_and_on_one_line(text: str) -> None:
    said = plain(text)
    assert _is_harmless(said)
    assert "\n" not in said
    unescaped = re.sub(r"\\([\\`*_\[\]|#])", r"\1", said)
    unescaped = unescaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescaped == " ".join(text.split())


@given(st.from_regex(r"\A[A-Za-z0-9_.#/-]{1,20}\Z"))
def test_an_ordinary_id_is_cited_as_it_is(external_id: str) -> None:
    assert cite(external_id, 7) == external_id


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_citation_is_a_case_that_is_shown(desk: Any, question: str, language: str) -> None:
    answer = desk.ask(question, language=language)
    known = {m.external_id for m in answer.matches} | {
        m.replaced_by.external_id for m in answer.matches if m.replaced_by
    }
    cited = set(CITED.findall(answer.answer_markdown))
    assert cited
    assert cited <= known
    assert all(desk.copies.records.find(name) for name in cited)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_speaks_the_askers_language(desk: Any, question: str) -> None:
    zh, en = (desk.ask(question, language=language).answer_markdown for language in ("zh", "en"))
    phrases = read_phrases().texts
    for text, own, other in ((zh, "zh", "en"), (en, "en", "zh")):
        for key in ("heading_actions", "heading_cautions", "heading_contrast", "heading_unknowns"):
            assert phrases[other][key] not in text
        assert phrases[own]["heading_unknowns"] in text or "heading_unknowns" not in text
    assert "{" not in zh + en


def test_the_first_words_are_the_verdict(desk: Any) -> None:
    answer = desk.ask("包工头跑了，二十多个工人围在项目部讨薪")
    assert answer.answer_markdown.startswith("**有先例可循**")
    assert f"{round(100 * answer.verdict.probability)}%" in answer.answer_markdown.splitlines()[0]


def test_danger_to_life_is_said_before_the_actions(desk: Any) -> None:
    text = desk.ask("凤台立交桥下积水半米，两辆车被困").answer_markdown
    assert text.index("涉及人身安全") < text.index("先做什么")


def test_an_empty_case_base_is_said(tmp_path: Path) -> None:
    desk = open_workplace(tmp_path / "empty").desk
    assert "没有可以比较的案例" in desk.ask("积水").answer_markdown
    assert "no case to compare" in desk.ask("flooding").answer_markdown


def test_a_superseded_case_is_never_shown_without_its_successor(desk: Any, demo_cases: tuple[Case, ...]) -> None:
    old = next(case for case in demo_cases if case.superseded_by)
    text = desk.ask(old.situation[:60]).answer_markdown
    assert f"[{old.external_id}] 已被 [{old.superseded_by}]" in text


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [(0, "0 天前", "0 days ago"), (59, "59 天前", "59 days ago"), (60, "2 个月前", "2 months ago"),
     (729, "24 个月前", "24 months ago"), (1_461, "4.0 年前", "4.0 years ago")],
)  # fmt: skip
def test_ages_in_words(days: int, zh: str, en: str) -> None:
    phrases = read_phrases()
    assert (ago(days, phrases.speaker("zh")), ago(days, phrases.speaker("en"))) == (zh, en)


@pytest.mark.parametrize(
    ("chance", "said"), [(0.8, "没有找到先例**（把握 80%）"), (0.35, "可能有先例，但把握不足**（65%）")]
)
def test_no_precedent_is_said_with_the_chance_that_belongs_to_it(desk: Any, chance: float, said: str) -> None:
    situation, _, matches = desk.match("今天天气不错", language="zh")
    verdict = Verdict(
        label=Label.NEW, probability=chance, probabilities={"new": chance, "similar": 1 - chance, "same": 0.0}
    )
    composed = desk.composer(situation, verdict, matches, {"": 0.6})
    assert said in desk.prose(situation, verdict, matches, composed)


@given(st.floats(0, 1))
def test_a_doubtful_verdict_is_new_and_less_likely_than_not(chance: float) -> None:
    for label in Label:
        verdict = Verdict(label=label, probability=chance, probabilities={})
        assert verdict.doubtful == (label is Label.NEW and chance < 0.5)


def test_doubt_is_said_in_english_and_no_precedent_is_not(desk: Any) -> None:
    situation, _, matches = desk.match("A prepaid gym closed overnight", language="en")
    verdict = Verdict(label=Label.NEW, probability=0.2, probabilities={"new": 0.2, "similar": 0.7, "same": 0.1})
    text = desk.prose(situation, verdict, matches, desk.composer(situation, verdict, matches, {"": 0.6}))
    assert "**Possibly a precedent, not surely** (80%)" in text
    assert "No precedent was found" not in text
    assert "do not copy" not in text
