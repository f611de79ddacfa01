"""The conversation's rules: a table of utterances in both languages, and what may never happen.

The table has everyday follow-ups, and situations that hold the same words ("积水比较严重，两辆车被困，三人受伤" is
no comparison).
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer import Recommendation, Turn
from assistant.moment import CITY_ZONE
from knowledge.filter import Wanted

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)
QUESTION = "凤台立交桥下积水半米，两辆车被困"

SAID: dict[str, tuple[str, ...]] = {
    "ask": (
        "老旧小区电梯困住三个人，物业说维保要一小时才到",
        "包工头跑了，二十多个工人围在项目部讨薪",
        "小区停电了",
        "共享单车堵住地铁口怎么办",
        "居民问为什么水价涨了，要求解释",
        "学校第三食堂有学生呕吐",
        "第二中学门口发生车祸",
        "请问医保报销比例是多少",
        "Gas smell in an apartment block, 30 households, what now?",
        "A prepaid gym closed overnight, 300 members want refunds",
        "The lift stopped between floors with two people inside",
        "水又涨了，现在有一米深",
        "还有三个人被困",
        "在望江区",
        "又来了20户投诉",
        "two more people are injured",
        "昨晚十点开始的",
        "路面积水比较严重，两辆车被困，三人受伤",
        "噪声比较大，一个月来三次投诉",
        "只要一下雨桥下就积水",
        "全部商户停业抗议",
        "取消了我家的低保，什么原因",
        "改成单行道后，学校门口更堵了",
        "为什么小区排水不畅",
        "为什么污水一直排到河里",
        "之前装的路障没用，车还是乱停",
        "以前修过的路面没用多久又坏了",
        "什么都没用，水还在涨",
        "工人打开三个井盖没有围挡",
        "对比去年一季度，二季度投诉翻倍",
        "不限速路段事故多发",
        "Why is the tap water brown in Nanpu District?",
        "Why do bikes block the metro exit every day?",
        "Just now a wall collapsed on two people",
        "Only one lift works in our block and it stopped",
        "All districts lost power after the storm",
        "Narrow lane blocked by parked cars, fire engine cannot pass",
        "Residents open one manhole after the other",
        "前两个月修过的路又塌了",
    ),
    "narrow": (
        "只看望江区的",
        "只看近两年望江区的",
        "只看2024年以后的",
        "只看政策",
        "仅看水务局处理的",
        "请只看去年的事件",
        "只要北屏区的案例",
        "换成南浦区",
        "只看海淀区",
        "只看A3区",
        "取消筛选",
        "去掉所有条件",
        "不限区域",
        "看全部",
        "only Wangjiang District in the last two years",
        "show me only policies",
        "please show only cases since 2024",
        "filter by Water Affairs Bureau",
        "narrow to Beiping District",
        "remove all filters",
        "no filters",
        "只要望江区的",
        "all districts",
    ),
    "open": (
        "打开第2个",
        "打开第 2 个案例",
        "第三个案例",
        "看看第一个",
        "查看2",
        "展开第1条",
        "详细说说第二个先例",
        "open case 2",
        "show me the first case",
        "open the second one",
        "view case 3",
        "show case no. 1",
        "打开2",
        "请打开第一个",
    ),
    "compare": (
        "比较1和3",
        "对比第一个和第二个",
        "比较一下第1个跟第2个案例",
        "把1和2对照一下",
        "compare 1 and 3",
        "compare the first and the second",
        "Can you compare cases 1 and 2?",
        "请比较第一个案例和第三个案例",
        "对照1、2",
        "比较前两个",
        "compare the first two",
        "compare these two",
    ),
    "why": (
        "为什么推荐第1条",
        "为什么？",
        "为什么建议第二条措施",
        "为什么这样排",
        "why action 1?",
        "why?",
        "Why is number 2 recommended?",
        "为什么把第3条排在前面",
        "why is this action recommended?",
        "为什么",
    ),
    "failed": (
        "以前哪些做法没用",
        "哪些措施失败了",
        "有什么教训",
        "当时什么不管用",
        "what failed before?",
        "what did not work",
        "What went wrong in the past?",
        "以前失败的做法",
        "有没有什么办法不管用",
    ),
    "restart": (
        "重新开始",
        "从头再来",
        "新问题",
        "清空",
        "start over",
        "new question",
        "Reset.",
        "换一个问题",
    ),
    "unclear": (
        "你好",
        "谢谢",
        "好的",
        "嗯嗯",
        "hello",
        "thanks!",
        "你是谁",
        "ok",
        "打开第99个",
        "为什么推荐第99条",
        "open case 40",
        "只看",
        "啊",
        "比较1和99",
        "在吗？",
    ),
}
UTTERANCES = [(intent, said) for intent, every in SAID.items() for said in every]


def _turn(recommendation: Recommendation | None, wanted: Wanted | None = None) -> Turn:
    return Turn(
        turn_id="t",
        conversation_id="c",
        number=1,
        said=QUESTION,
        intent="ask",
        answer_markdown="",
        recommendation=recommendation,
        wanted=wanted or Wanted(),
    )


@pytest.fixture(scope="module")
def answer(desk: Any) -> Recommendation:
    found: Recommendation = desk.ask(QUESTION)
    return found


def _plan(desk: Any, said: str, *before: Turn, language: str | None = None) -> Any:
    return desk.dialogue(said, before, language=language, now=NOW)


def test_the_table_is_large_enough() -> None:
    assert len(UTTERANCES) >= 60
    assert {intent for intent, _ in UTTERANCES} == {
        "ask",
        "narrow",
        "open",
        "compare",
        "why",
        "failed",
        "restart",
        "unclear",
    }


@pytest.mark.parametrize(("intent", "said"), UTTERANCES)
def test_what_is_meant_after_an_answer(desk: Any, answer: Recommendation, intent: str, said: str) -> None:
    plan = _plan(desk, said, _turn(answer))
    assert plan.intent == intent
    assert (plan.question is not None) == (intent in ("ask", "narrow"))
    assert bool(plan.answer_markdown) or intent == "ask"
    if intent in ("open", "compare", "why", "failed", "unclear"):
        assert plan.recommendation == answer  # it stays in force
    if intent == "restart":
        assert plan.recommendation is None


@pytest.mark.parametrize(("intent", "said"), UTTERANCES)
def test_what_is_meant_at_the_beginning(desk: Any, intent: str, said: str) -> None:
    plan = _plan(desk, said)
    assert plan.intent == (intent if intent in ("ask", "restart") else "unclear")
    assert (plan.question is not None) == (intent == "ask")
    assert plan.recommendation is None


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("打开第2个", 1),
        ("第三个案例", 2),
        ("打开最后一个", None),
        ("open case 2", 1),
        ("show me the first case", 0),
        ("open the last one", -1),
    ],
)
def test_the_case_that_is_opened(desk: Any, answer: Recommendation, said: str, place: int | None) -> None:
    plan = _plan(desk, said, _turn(answer))
    if place is None:
        assert plan.opened is None
        return
    assert plan.opened == answer.matches[place]
    assert plan.opened.external_id in plan.answer_markdown


@pytest.mark.parametrize(
    ("said", "pair"),
    [
        ("比较1和3", (0, 2)),
        ("对比第二个和第一个", (1, 0)),
        ("比较前两个", (0, 1)),
        ("compare 1 and 3", (0, 2)),
        ("compare the first and the last", (0, -1)),
    ],
)
def test_the_cases_that_are_compared(desk: Any, answer: Recommendation, said: str, pair: tuple[int, int]) -> None:
    compared = _plan(desk, said, _turn(answer)).compared
    assert compared == (answer.matches[pair[0]], answer.matches[pair[1]])


@pytest.mark.parametrize(("said", "number"), [("打开第99个", "99"), ("open case 40", "40"), ("比较1和99", "99")])
def test_a_case_that_is_not_listed_is_said(desk: Any, answer: Recommendation, said: str, number: str) -> None:
    text = _plan(desk, said, _turn(answer)).answer_markdown
    assert number in text
    assert str(len(answer.matches)) in text


def test_an_addition_is_joined_to_the_situation(desk: Any, answer: Recommendation) -> None:
    plan = _plan(desk, "还有三个人被困", _turn(answer))
    assert plan.question == f"{QUESTION}\n还有三个人被困"


def test_a_new_situation_stands_alone_and_drops_the_filter(desk: Any, answer: Recommendation) -> None:
    plan = _plan(desk, "包工头跑了，二十多个工人围在项目部讨薪", _turn(answer, Wanted(districts=("wangjiang",))))
    assert plan.question == "包工头跑了，二十多个工人围在项目部讨薪"
    assert plan.wanted == Wanted()


def test_filters_add_up_until_they_are_removed(desk: Any, answer: Recommendation) -> None:
    first = _plan(desk, "只看望江区的", _turn(answer))
    second = _plan(desk, "只看2024年以后的", _turn(answer, first.wanted))
    assert second.question == QUESTION
    assert second.wanted.districts == ("wangjiang",)
    assert second.wanted.since == datetime(2024, 1, 1, tzinfo=CITY_ZONE)
    assert len(second.filters) == 2
    assert _plan(desk, "取消筛选", _turn(answer, second.wanted)).wanted == Wanted()


def test_an_unreadable_filter_changes_nothing_and_says_what_can_be_read(desk: Any, answer: Recommendation) -> None:
    wanted = Wanted(districts=("wangjiang",))
    plan = _plan(desk, "只看那个什么", _turn(answer, wanted))
    assert (plan.intent, plan.wanted, plan.question) == ("unclear", wanted, None)
    assert "望江区" in plan.answer_markdown


@pytest.mark.parametrize(("language", "word"), [("zh", "重新开始"), ("en", "start over")])
def test_help_says_what_can_be_said(desk: Any, language: str, word: str) -> None:
    assert word in _plan(desk, "hello", language=language).answer_markdown


def test_follow_ups_after_a_restart_have_nothing_to_go_on(desk: Any, answer: Recommendation) -> None:
    assert _plan(desk, "打开第2个", _turn(answer), _turn(None)).intent == "unclear"


PIECES = st.sampled_from(
    [
        "打开",
        "第",
        "一",
        "99",
        "个案例",
        "比较",
        "和",
        "为什么",
        "只看",
        "望江区",
        "近两年",
        "compare ",
        "open ",
        "why ",
        "only ",
        "first ",
        "last ",
        "重新开始",
        "以前",
        "没用",
        "the ",
        "ſ",
        "?",
        "前两个",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), min_size=1, max_size=8).map("".join), st.booleans())
def test_anything_may_be_said(desk: Any, answer: Recommendation, said: str, answered: bool) -> None:
    plan = desk.dialogue(said, [_turn(answer)] if answered else [], language=None, now=NOW.astimezone(UTC))
    assert plan.intent in SAID
    assert (plan.question is not None) == (plan.intent in ("ask", "narrow"))
    assert plan.answer_markdown or plan.intent == "ask"
