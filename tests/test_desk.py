"""The desk: whatever is sent is answered or refused in a sentence, and logged as shown; nobody sees another's."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer import Reaction, Recommendation
from assistant.asking import SHOWN
from assistant.desk import Desk
from assistant.hubs import ENOUGH, Hubs
from assistant.learning.events import Effect, GateEvent, Mode, Proposed
from assistant.learning.offers import redrawn
from assistant.learning.policy import FIXED, Policy
from assistant.match import read_ranker
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Action, ActionResult, Case, CaseStatus
from knowledge.errors import BadInput, NotFound
from knowledge.filter import Wanted
from knowledge.text import MAX_QUESTION, clean

QUESTION = "凤台立交桥下积水半米，两辆车被困"


@pytest.fixture
def own(tmp_path: Path, small_cases: tuple[Case, ...]) -> Iterator[Workplace]:
    """A workplace of the test's own, with six small cases."""
    workplace = open_workplace(tmp_path / "own")
    workplace.records.write(small_cases)
    yield workplace
    workplace.engine.dispose()


# What is sent


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "\x00\x01", "？！……", "\ud800\udfff", "　"])
def test_an_empty_question_is_refused_with_what_to_write(desk: Any, text: str) -> None:
    for ask in (desk.ask, desk.match, lambda said: desk.turn(said, owner="a")):
        with pytest.raises(BadInput, match="describe what is happening"):
            ask(text)


def test_a_question_of_100_kb_is_refused_with_its_length(desk: Any) -> None:
    with pytest.raises(BadInput, match=r"100,000 characters.*import the text as a case"):
        desk.ask("积" * 100_000)


def test_the_longest_question_is_answered(desk: Any) -> None:
    text = ("凤台立交桥下积水。" * 3_000)[:MAX_QUESTION]
    assert desk.ask(text).matches


@pytest.mark.parametrize(
    "text",
    [
        "积水\x00半米\x1b[31m，两辆车\x7f被困",
        "小区 gas 泄漏了 30 households 怎么办 что делать كيف",
        "<script>alert(1)</script>凤台立交桥下积水<img src=x onerror=alert(1)>",
        "积水\ud800半米",
        "🚒🔥 着火了 🔥",
        "'; DROP TABLE cases; --",
        '积水" OR 1=1 AND (text:* NOT',
        "{question} {0} %s %n",
        "A" * 500,
        "1",
        "积水\r\n\r\n半米",
    ],
)
def test_strange_text_is_answered(desk: Any, text: str) -> None:
    answer = desk.ask(text)
    json.loads(answer.model_dump_json())
    assert answer.answer_markdown
    assert "<script" not in answer.answer_markdown
    assert not any(ord(c) < 32 and c != "\n" for c in answer.situation.text)
    assert desk.recommendation(answer.interaction_id) == answer


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), min_size=1, max_size=200))
def test_any_text_is_answered_or_refused(desk: Any, text: str) -> None:
    if not any(c.isalnum() for c in clean(text)):
        with pytest.raises(BadInput, match="describe"):
            desk.ask(text)
        return
    assert sum(desk.ask(text).verdict.probabilities.values()) == pytest.approx(1, abs=3e-4)


def test_traditional_characters_find_the_same_cases(desk: Any) -> None:
    simple, traditional = desk.ask("电梯困人，车库积水"), desk.ask("電梯困人，車庫積水")
    assert traditional.situation.text == "电梯困人，车库积水"
    assert [m.case_id for m in traditional.matches] == [m.case_id for m in simple.matches]


def test_full_width_figures_and_letters_are_read(desk: Any) -> None:
    assert [q.value for q in desk.ask("停水３０户").situation.quantities] == [30]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_language_of_the_answer_can_be_chosen(desk: Any, language: str) -> None:
    answer = desk.ask(QUESTION, language=language)
    assert answer.language == language


# What is logged


def _row(desk: Any, interaction_id: str) -> dict[str, Any]:
    (row,) = [r for r in desk.interactions.export() if r["interaction_id"] == interaction_id]
    found: dict[str, Any] = row
    return found


def test_every_answer_is_logged_with_all_that_was_compared_and_shown(own: Workplace) -> None:
    desk = own.desk
    wanted = Wanted(districts=("wangjiang",), since=datetime(2020, 1, 1, tzinfo=UTC))
    answer = desk.ask(QUESTION, wanted=wanted, actor="值班员")
    row = _row(desk, answer.interaction_id)
    assert (row["actor"], row["question"], row["language"]) == ("值班员", QUESTION, "zh")
    assert row["filters"]["districts"] == ["wangjiang"]
    assert row["filters"]["since"].startswith("2020-01-01")
    candidates = desk.matcher.candidates(desk.understanding(QUESTION, answer.asked_at), answer.asked_at, wanted)
    assert [c["case_id"] for c in row["candidates"]] == [c.case_id for c in candidates]
    assert all(set(c["parts"]) == set(read_ranker().weights) for c in row["candidates"])
    assert [(s["action_type"], s["text"], s["propensity"]) for s in row["shown"]] == [
        (a.action_type, a.text, 1.0) for a in answer.actions
    ]
    assert row["versions"] == answer.models
    assert {"precedent", "embedder", "verdict", "language_model", "change"} <= row["versions"].keys()
    assert Recommendation.model_validate_json(row["recommendation"]) == answer


def test_all_candidates_are_logged_not_only_the_shown_ones(desk: Any) -> None:
    answer = desk.ask(QUESTION, top=3)
    logged = {c["case_id"] for c in _row(desk, answer.interaction_id)["candidates"]}
    assert {m.case_id for m in answer.matches} < logged
    assert answer.propensities == (1.0,) * len(answer.actions)


def test_matching_alone_logs_nothing(own: Workplace) -> None:
    own.desk.match(QUESTION)
    assert own.desk.stats()["interactions"] == 0


def test_reactions_belong_to_what_was_shown_and_count_once(own: Workplace) -> None:
    desk = own.desk
    answer = desk.ask(QUESTION)
    assert answer.actions
    reaction = Reaction(
        interaction_id=answer.interaction_id, client_id="r1", kind="adopt", action=0, actor="a", at=datetime.now(UTC)
    )
    assert desk.react(reaction) is True
    assert desk.react(reaction) is False
    assert desk.reactions(answer.interaction_id) == [reaction]
    with pytest.raises(NotFound):
        desk.react(reaction.model_copy(update={"client_id": "r2", "action": 99}))
    with pytest.raises(NotFound):
        desk.react(reaction.model_copy(update={"interaction_id": "none"}))


def test_an_unknown_interaction_is_not_found(desk: Any) -> None:
    with pytest.raises(NotFound, match="ask first"):
        desk.recommendation("none")


# What is learned


BACKWARDS = replace(FIXED, slopes=(-1.0, 0.0, 0.0, 0.0), counted=1)  # turns the fixed order round
CALM = "工地拖欠农民工工资，八十多人讨薪"


@pytest.fixture
def city(tmp_path: Path, demo_cases: tuple[Case, ...]) -> Iterator[Workplace]:
    """A workplace of the test's own over the demo city."""
    workplace = open_workplace(tmp_path / "city")
    workplace.records.write(list(demo_cases))
    yield workplace
    assert workplace.learning.background.wait(60)
    workplace.engine.dispose()


def _put(workplace: Workplace, *steps: str) -> str:
    """A policy that turns the fixed order round, put where the steps say; its version."""
    now = datetime.now(UTC)
    shelf = workplace.learning.shelf
    version = shelf.put(Policy(BACKWARDS, BACKWARDS).text(), watermark=0, at=now).version
    for step in steps:
        shelf.note(GateEvent(now, step, "base", version, "li"))  # type: ignore[arg-type]
    return version


def _event(workplace: Workplace, interaction_id: str) -> Proposed:
    (found,) = [
        event
        for _, event in workplace.learning.events.events()
        if isinstance(event, Proposed) and event.interaction_id == interaction_id
    ]
    return found


@pytest.mark.parametrize(
    ("steps", "mode"), [((), "base"), (("trial",), "interleave"), (("trial", "promoted"), "champion")]
)
def test_the_order_is_logged_whole_and_can_be_drawn_again(city: Workplace, steps: tuple[str, ...], mode: Mode) -> None:
    version = _put(city, *steps)
    desk = city.desk
    for _ in range(4):
        answer = desk.ask(CALM, actor="li", department="water")
        event = _event(city, answer.interaction_id)
        assert (event.actor, event.context.department, event.context.category) == ("li", "water", "labour")
        assert event.slate.mode == mode
        assert answer.models["order"] == event.slate.version == (version if mode == "champion" else "base")
        assert event.slate.challenger == (version if mode == "interleave" else None)
        again = desk.arranging.slate(event.context, event.offers, event.seed, answer.situation.severity.first_actions)
        assert again == event.slate
        assert event.offers == desk.offers(CALM)[1]
        assert len(event.offers) > len(answer.actions) == event.shown == SHOWN
        assert [event.offers[i].action_type for i in again.order[:SHOWN]] == [a.action_type for a in answer.actions]
        assert again.propensities == answer.propensities
        assert len(again.scores) == len(event.offers)
        slots = sorted(_row(desk, answer.interaction_id)["shown"], key=lambda s: s["slot"])
        assert [(s["action_type"], s["text"], s["propensity"], s["team"], s["offer"]) for s in slots] == [
            (a.action_type, a.text, again.propensities[place], again.teams[place], again.order[place])
            for place, a in enumerate(answer.actions)
        ]


def test_an_order_is_drawn_again_from_the_log_whatever_is_in_force_by_then(city: Workplace) -> None:
    answers = [city.desk.ask(text) for text in (CALM, QUESTION)]
    version = _put(city, "trial")
    city.learning.advisor.state()  # reads the history
    answers += [city.desk.ask(text) for text in (CALM, CALM, CALM, CALM, QUESTION)]
    _put(city, "promoted")
    assert city.learning.advisor.state().standing.champion == version
    answers += [city.desk.ask(text) for text in (CALM, QUESTION)]
    modes = []
    for answer in answers:
        event = _event(city, answer.interaction_id)
        assert redrawn(event, answer.situation.severity.first_actions) == event.slate.order
        modes.append(event.slate.mode)
    assert modes == ["base", "emergency", *["interleave"] * 4, "emergency", "champion", "emergency"]


def test_another_order_leaves_the_precedents_as_they_were(city: Workplace) -> None:
    before = city.desk.ask(CALM)
    _put(city, "trial", "promoted")
    other = open_workplace(city.home)
    after = other.desk.ask(CALM)
    assert [a.action_type for a in after.actions] != [a.action_type for a in before.actions]
    assert after.matches[0] == before.matches[0]
    assert [m.case_id for m in after.matches[:8]] == [m.case_id for m in before.matches[:8]]
    assert after.verdict == before.verdict
    assert {e.case_id for a in after.actions for e in a.evidence} <= {m.case_id for m in after.matches}
    assert after.answer_markdown.index(after.actions[0].text.rstrip("。")) < after.answer_markdown.index(
        after.actions[1].text.rstrip("。")
    )
    other.engine.dispose()


def test_an_emergency_gets_the_champion_only(city: Workplace) -> None:
    _put(city, "trial")
    for text in (QUESTION, "老旧小区电梯困住三个人"):
        answers = [city.desk.ask(text) for _ in range(6)]
        assert answers[0].situation.severity.danger_to_life
        assert len({answer.actions for answer in answers}) == 1
        assert {chance for answer in answers for chance in answer.propensities} == {1.0}
        assert {_event(city, answer.interaction_id).slate.mode for answer in answers} == {"emergency"}


def _choose(desk: Desk, answer: Recommendation, place: int, kind: str, actor: str = "a") -> None:
    reaction = Reaction(
        interaction_id=answer.interaction_id, client_id=f"{kind}-{place}-{actor}", kind=kind, action=place, actor=actor,
        at=datetime.now(UTC),
    )  # fmt: skip
    assert desk.react(reaction)


def test_choices_and_effects_are_the_reason_of_a_move(city: Workplace) -> None:
    desk = city.desk
    offers = desk.offers(CALM)[1]
    last = offers[-1].action_type
    _put(city, "trial", "promoted")
    city.learning.advisor.state()  # reads the history
    for time in range(4):
        answer = desk.ask(CALM, actor=f"asker-{time}")
        place = [a.action_type for a in answer.actions].index(last)
        if time == 0:
            assert answer.actions[place].learned is None
        _choose(desk, answer, place, "adopt" if time < 3 else "reject")
        if time < 3:
            effect = Effect(answer.interaction_id, "e", place, datetime.now(UTC), "official", "a", resolved=time < 2)
            assert desk.effect(effect)
            assert not desk.effect(effect)
    answer = desk.ask(CALM)
    moved = answer.actions[0]
    assert moved.action_type == last
    assert moved.learned is not None
    learned = moved.learned
    assert (learned.moved, learned.adopted, learned.decided) == (len(offers) - 1, 3, 4)
    assert (learned.known, learned.worked) == (3, 2)
    assert (
        moved.why[0]
        == f"上移 {len(offers) - 1} 位：劳动与社会保障类事项中 4 次有 3 次被采纳，已知结果的 3 次中 2 次见效"
    )
    assert desk.recommendation(answer.interaction_id) == answer
    why = desk.dialogue.retelling.why(answer, 1, "en")
    assert f"moved up {len(offers) - 1} places: adopted 3 of 4 times" in why
    assert "Labour and social security" in why


def test_an_effect_of_what_was_never_shown_is_refused(own: Workplace) -> None:
    answer = own.desk.ask(QUESTION)
    for interaction_id, slot in ((answer.interaction_id, 99), ("none", 0)):
        with pytest.raises(NotFound):
            own.desk.effect(Effect(interaction_id, "e", slot, datetime.now(UTC), "official", "a", resolved=True))


def test_a_precedent_that_does_not_fit_and_nothing_fits(own: Workplace) -> None:
    desk = own.desk
    answer = desk.ask(QUESTION)
    common = {"interaction_id": answer.interaction_id, "actor": "a", "at": datetime.now(UTC), "department": "water"}
    unfit = Reaction(client_id="1", kind="unfit", case_id=answer.matches[0].case_id, **common)
    nothing = Reaction(client_id="2", kind="nothing_fits", **common)
    back = Reaction(client_id="3", kind="withdraw", case_id=answer.matches[0].case_id, supersedes="1", **common)
    for reaction in (unfit, nothing, back):
        assert desk.react(reaction) is True
        assert desk.react(reaction) is False
    assert desk.reactions(answer.interaction_id) == [unfit, nothing, back]
    with pytest.raises(NotFound):
        desk.react(unfit.model_copy(update={"client_id": "4", "case_id": 10**6}))
    with pytest.raises(BadInput):
        desk.react(unfit.model_copy(update={"client_id": "5", "case_id": None}))


def test_choices_reach_the_learner_once_and_wait_for_nobody(own: Workplace) -> None:
    answer = own.desk.ask(QUESTION)
    _choose(own.desk, answer, 0, "adopt")
    assert own.learning.background.wait(60)
    state = own.learning.advisor.state()
    assert (state.interactions, state.unseen) == (1, 1)
    assert [type(event).__name__ for _, event in own.learning.events.events()] == ["Proposed", "Reacted"]


# Conversations


def test_a_conversation_is_told_again_as_it_was(own: Workplace) -> None:
    desk = own.desk
    first = desk.turn(QUESTION, owner="a")
    second = desk.turn("打开第1个", owner="a", conversation_id=first.conversation_id)
    third = desk.turn("只看望江区的", owner="a", conversation_id=first.conversation_id)
    assert [t.number for t in (first, second, third)] == [1, 2, 3]
    assert [t.intent for t in (first, second, third)] == ["ask", "open", "narrow"]
    assert desk.conversation(first.conversation_id, "a") == [first, second, third]
    (head,) = desk.conversations("a")
    assert (head.title, head.turns) == (QUESTION, 3)
    assert third.wanted.districts == ("wangjiang",)


def test_another_owners_conversation_is_not_found_in_the_same_words_as_none(own: Workplace) -> None:
    desk = own.desk
    mine = desk.turn(QUESTION, owner="a").conversation_id
    said = []
    for conversation_id, owner in ((mine, "b"), ("none", "b"), (mine, "")):
        with pytest.raises(NotFound) as caught:
            desk.conversation(conversation_id, owner)
        said.append(str(caught.value))
        with pytest.raises(NotFound):
            desk.turn("打开第1个", owner=owner, conversation_id=conversation_id)
    assert len(set(said)) == 1
    assert len(desk.conversation(mine, "a")) == 1
    assert desk.conversations("b") == []


def test_restarting_forgets_the_situation(own: Workplace) -> None:
    desk = own.desk
    first = desk.turn(QUESTION, owner="a")
    assert desk.turn("重新开始", owner="a", conversation_id=first.conversation_id).recommendation is None
    assert desk.turn("打开第1个", owner="a", conversation_id=first.conversation_id).intent == "unclear"


# Many questions together


def _fixed(desk: Desk) -> Desk:
    return replace(desk, clock=lambda: datetime(2026, 7, 15, 9, tzinfo=UTC))


def test_a_few_questions_together_are_matched_as_each_alone(desk: Desk) -> None:
    desk = _fixed(desk)
    first = desk.match(QUESTION)[2][0].case_id
    questions = [(QUESTION, ()), ("Gas smell in a block", ()), (QUESTION, (first,)), ("今天天气不错", ())]
    wanted = Wanted(kinds=("incident", "decision"))
    for options in ({}, {"language": "en", "wanted": wanted, "top": 3}):
        found = list(desk.match_many(questions, **options))
        assert [said.text for said, *_ in found] == [text for text, _ in questions]
        for (text, exclude), (*answer, ms) in zip(questions, found, strict=True):
            assert tuple(answer) == desk.match(text, exclude=exclude, **options)
            assert ms > 0


def test_many_questions_together_are_damped_in_their_order(desk: Desk, demo_cases: tuple[Case, ...]) -> None:
    desk = _fixed(desk)
    now = desk.clock()
    questions = [(case.heading(), ()) for case in demo_cases[:: len(demo_cases) // ENOUGH]][:ENOUGH]
    assert len(questions) == ENOUGH
    alone = [desk.matcher.candidates(desk.understanding(desk.checked(text), now), now) for text, _ in questions]
    vectors = desk.understanding.meaning.embed([desk.checked(text) for text, _ in questions])
    hubs = Hubs.of([[(c.case_id, c.score) for c in candidates] for candidates in alone], vectors)
    found = list(desk.match_many(questions, top=5))
    for place, (said, _, matches, _) in enumerate(found):
        assert said.text == desk.checked(questions[place][0])
        expected = hubs.damp(alone[place], place)[:5]
        assert [(m.case_id, m.score) for m in matches] == [(c.case_id, c.score) for c in expected]
    untouched = [tuple(candidates[:5]) == hubs.damp(candidates, p)[:5] for p, candidates in enumerate(alone)]
    assert not all(untouched)
    fewer = list(desk.match_many(questions[:-1], top=5))
    for candidates, (_, _, matches, _) in zip(alone, fewer, strict=False):
        assert [m.case_id for m in matches] == [c.case_id for c in candidates[:5]]


def test_an_empty_question_among_many_is_refused_and_no_questions_give_nothing(desk: Desk) -> None:
    assert list(desk.match_many([])) == []
    with pytest.raises(BadInput, match="describe what is happening"):
        list(desk.match_many([(QUESTION, ()), ("？！", ())]))
    with pytest.raises(BadInput, match="describe what is happening"):
        next(desk.match_many([*[(QUESTION, ())] * ENOUGH, ("？！", ())]))


@pytest.mark.parametrize("questions", [1, ENOUGH])
def test_many_questions_are_cleaned_as_one_is(desk: Desk, questions: int) -> None:
    found = desk.match_many([("積水\udfff半米", ())] * questions, top=1)
    assert {said.text for said, *_ in found} == {"积水半米"}


# While the case base changes


def test_a_case_written_while_the_desk_runs_is_found_and_retiring_it_removes_it(own: Workplace) -> None:
    desk = own.desk
    text = "人民广场喷泉池漏电，一只狗触电"
    assert "new-1" not in [m.external_id for m in desk.ask(text).matches]
    case = Case(external_id="new-1", situation="人民广场喷泉池漏电，狗触电倒地。", category="utility.power")
    other = open_workplace(own.home)  # as another process would
    other.records.write([case])
    assert desk.ask(text).matches[0].external_id == "new-1"
    other.records.write([case.model_copy(update={"situation": "已改写：喷泉池整修。"})])
    changed = {m.external_id: m.case.situation for m in desk.ask(text).matches}
    assert changed.get("new-1", "已改写：喷泉池整修。") == "已改写：喷泉池整修。"
    other.records.write([case.model_copy(update={"status": CaseStatus.RETIRED})])
    assert "new-1" not in [m.external_id for m in desk.ask(text).matches]
    other.engine.dispose()


def test_what_worked_counts_as_soon_as_it_is_written(own: Workplace) -> None:
    desk = own.desk
    action = Action(text="加装水位自动栏杆。", action_type="install_facility", result=ActionResult.WORKED)
    assert "install_facility" not in [a.action_type for a in desk.ask(QUESTION).actions]
    own.records.write([Case(external_id="n", situation=QUESTION, category="flood.underpass", actions=(action,))])
    assert "install_facility" in [a.action_type for a in desk.ask(QUESTION).actions]


def test_a_case_can_be_opened_only_while_it_may_be_shown(own: Workplace) -> None:
    stored = own.records.find("s-1")
    draft = own.records.find("s-5")
    assert stored is not None
    assert draft is not None
    opened = own.desk.open_case(stored.case_id, "zh")
    assert opened is not None
    assert opened.case == stored.case
    assert own.desk.open_case(draft.case_id, "zh") is None
    assert own.desk.open_case(10**9, "zh") is None


# Many at once


def test_eight_threads_get_their_own_answers(desk: Any) -> None:
    questions = ("电梯困住三个人", "二十多个工人讨薪", "小区煤气泄漏", "工地半夜施工", "共享单车堵住地铁口", "路面塌陷",
                 "Gas smell in a block", "A prepaid gym closed overnight")  # fmt: skip
    expected = {text: [m.case_id for m in desk.ask(text).matches] for text in questions}
    barrier = threading.Barrier(8)

    def ask(text: str) -> list[Recommendation]:
        barrier.wait()
        return [desk.ask(text, actor=text) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(questions, pool.map(ask, questions), strict=True))
    ids = [a.interaction_id for found in answers.values() for a in found]
    assert len(set(ids)) == 32
    for text, found in answers.items():
        for answer in found:
            assert answer.situation.text == text
            assert [m.case_id for m in answer.matches] == expected[text]
            assert desk.recommendation(answer.interaction_id) == answer


def test_asking_while_cases_are_written_loses_nothing(own: Workplace) -> None:
    desk = own.desk

    def write(number: int) -> None:
        own.records.write([Case(external_id=f"w-{number}", situation=f"第{number}号泵站跳闸，街面积水。")])

    def ask(_: int) -> None:
        assert desk.ask("泵站跳闸，街面积水").matches

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(job, n) for n in range(12) for job in (write, ask)]:
            done.result()
    found = {m.external_id for m in desk.match("泵站跳闸，街面积水", top=30)[2]}
    assert {f"w-{n}" for n in range(12)} <= found
    assert desk.stats()["behind"] == 0
    assert desk.stats()["interactions"] == 12


def test_examples_and_counts_for_an_empty_page(desk: Any) -> None:
    assert len(desk.examples("zh")) == len(desk.examples("en")) >= 3
    assert desk.examples("fr") == []
    assert desk.stats()["cases"] == 258
    assert all(desk.ask(text).verdict.label.value != "new" for text in (*desk.examples("zh"), *desk.examples("en")))


def test_two_windows_of_one_conversation_may_speak_at_once(desk: Desk) -> None:
    first = desk.turn("电梯困住三个人", owner="two-windows")
    with ThreadPoolExecutor(6) as pool:
        turns = list(
            pool.map(
                lambda said: desk.turn(said, owner="two-windows", conversation_id=first.conversation_id),
                ["工地半夜施工", "流浪狗咬人", "井盖没了", "暖气不热", "包工头跑了讨薪", "垃圾站臭"],
            )
        )
    numbers = [turn.number for turn in desk.conversation(first.conversation_id, "two-windows")]
    assert numbers == list(range(1, 8))
    assert sorted(turn.number for turn in turns) == numbers[1:]
