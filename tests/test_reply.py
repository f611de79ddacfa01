"""Replies taken apart: what was done, promised or explained, by whom, when, and how the matter ended."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Action, Outcome
from knowledge.reply import MAX_ACTIONS, read_reply, read_resolved
from knowledge.taxonomy import Taxonomy, read_taxonomy
from knowledge.text import clean

TAXONOMY = read_taxonomy()
OCCURRED = datetime(2023, 5, 1, 2, 0, tzinfo=UTC)
CLOSED = datetime(2023, 5, 11, 2, 0, tzinfo=UTC)
REPLY = (
    "网友“海风”：　　您好！您的留言已收悉。现将有关情况回复如下：　　经查，该工地夜间施工未办理许可。"
    "5月3日，区城管局对施工单位下达了整改通知书，责令立即停工，并约谈项目负责人。5月6日，我局组织人员对周边路面进行了清扫。"
    "目前，噪声问题已得到解决。下一步，街道办将加强夜间巡查。感谢您对我们工作的支持！　　2023年5月10日"
)


def _read(text: str, taxonomy: Taxonomy = TAXONOMY) -> tuple[tuple[Action, ...], Outcome | None]:
    return read_reply(text, taxonomy, CLOSED, OCCURRED)


def test_a_whole_reply() -> None:
    actions, outcome = _read(REPLY)
    assert [(a.action_type, a.department, a.note) for a in actions] == [
        ("inspect", None, None),
        ("rectify_order", "urban_management", None),
        ("suspend", None, None),
        ("talk", None, None),
        ("clean", None, "目前，噪声问题已得到解决。"),
        ("patrol", "subdistrict", "承诺"),
    ]
    assert [a.result.value for a in actions] == ["unknown"] * 4 + ["worked", "unknown"]
    city = ZoneInfo("Asia/Shanghai")
    days = [a.taken_at and a.taken_at.astimezone(city).strftime("%m-%d") for a in actions]
    assert days == [None, "05-03", "05-03", "05-03", "05-06", None]
    assert outcome == Outcome(resolved=True, days=10, summary=clean(REPLY))


@pytest.mark.parametrize(
    ("sentence", "action_type"),
    [
        ("我局已对该店予以立案查处。", "penalty"),
        ("执法人员当场要求该厂停产整改。", "suspend"),
        ("民政局已上门走访慰问老人。", "visit"),
        ("已向投诉人做了解释说明。", "explain"),
        ("供水公司于5月2日更换了破损水管。", "repair"),
        ("社区联合派出所开展了执法检查。", "joint_enforcement"),
        ("交警大队优化调整了该路口信号灯配时。", "plan_route"),
        ("您反映的问题已转市教育局办理。", "coordinate"),
        ("工作人员现场查看了下水道。", "inspect"),
        ("违建雨棚已于5月9日全部拆除。", "demolish"),
        ("街道组织双方进行了调解。", "mediate"),
        ("该公司已将押金退还租户。", "recover_money"),
    ],
)
def test_what_was_done(sentence: str, action_type: str) -> None:
    actions, _ = _read("您好！" + sentence)
    assert [(a.action_type, a.note) for a in actions] == [(action_type, None)]
    assert actions[0].text == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "我局将对该路面进行维修。",
        "下一步，我们加强巡查。",
        "拟于明年改造老旧管网。",
        "计划在年底前安装路灯。",
        "待雨季过后对河道进行清淤。",
    ],
)
def test_a_promise_is_no_deed(sentence: str) -> None:
    (action,), outcome = _read(sentence)
    assert (action.note, action.result.value, action.taken_at) == ("承诺", "unknown", None)
    assert outcome is not None
    assert outcome.resolved is None


@pytest.mark.parametrize(
    "sentence",
    [
        "根据《城市供水条例》规定，用户内部管道由用户负责维修。",
        "该路段未列入今年改造范围，暂不具备施工条件。",
        "您可以携带身份证到政务服务中心申请办理。",
        "路灯每晚七点亮，早上六点熄。",
    ],
)
def test_rules_and_facts_are_an_explanation(sentence: str) -> None:
    (action,), _ = _read(sentence)
    assert (action.action_type, action.text) == ("explain", sentence)


@pytest.mark.parametrize("text", ["您好！留言已收悉。", "网友：您好！感谢您的关注与支持！ 2023年5月8日", "特此回复。"])
def test_formulas_tell_nothing_but_are_kept(text: str) -> None:
    actions, outcome = _read(text)
    assert actions == ()
    assert outcome is not None
    assert outcome.summary == text


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("管道已修复。", True),
        ("该问题已办结。", True),
        ("目前已整改到位。", True),
        ("您反映的问题已得到解决。", True),
        ("因地下管线密集，无法安装电梯。", False),
        ("该申请不予受理。", False),
        ("目前暂不具备建设条件。", False),
        ("我们将尽快解决。", None),
        ("要求物业三日内整改到位。", None),
        ("已向您提出解决办法。", None),
        ("如无法办理，请来电。", None),
        ("为了更好地解决停车难，已开会研究。", None),
        ("水压已恢复正常，但暂不具备扩容条件。", None),
        ("The pipe has been repaired.", True),
        ("The lift cannot be installed here.", False),
    ],
)
def test_solved_refused_or_unknown(text: str, resolved: bool | None) -> None:
    assert read_resolved(text, TAXONOMY) is resolved


def test_an_order_is_not_its_result() -> None:
    (order,), _ = _read("城管局责令该店3日内清理到位。")
    (ordered, done), _ = _read("城管局责令该店清理，目前已清理到位。")
    assert [a.result.value for a in (order, ordered, done)] == ["unknown", "unknown", "worked"]


def test_failure_only_where_stated() -> None:
    (action,), _ = _read("社区多次组织双方协商，未果。")
    assert (action.action_type, action.result.value) == ("mediate", "failed")


def test_dates_take_their_year_from_the_reply_and_old_ones_are_history() -> None:
    (last_year,), _ = _read("12月20日，街道清理了该处垃圾。")
    assert last_year.taken_at == datetime(2022, 12, 19, 16, tzinfo=UTC)
    (impossible,), _ = _read("2月30日，街道清理了该处垃圾。")
    assert impossible.taken_at is None
    actions, _ = _read("该桥由交通局于2009年6月建成通车。")
    assert [a.action_type for a in actions] == ["explain"]
    undated, outcome = read_reply("5月3日，街道清理了该处垃圾。", TAXONOMY, None, None)
    assert undated[0].taken_at is None
    assert outcome is not None
    assert outcome.days is None


def test_who_acted() -> None:
    def who(text: str) -> str | None:
        return _read(text)[0][0].department

    assert who("市水务局已对该处进行抢修。") == "water"
    assert who("我局已对该处进行抢修。") is None
    assert who("我街道已对该处进行清理。") is None
    assert who("区住房保障局约谈了开发商。") == "housing"
    assert who("已要求物业对绿化进行修剪并清理落叶。") is None


def test_what_the_citizen_said_is_no_deed() -> None:
    actions, _ = _read("关于您反映的施工队拆除围墙的问题，区城管局进行了调查。")
    assert [a.action_type for a in actions] == ["inspect"]


def test_english() -> None:
    actions, outcome = _read(
        "Dear resident, The water company repaired the pipe on site. We will inspect the road next week."
    )
    assert [(a.action_type, a.note) for a in actions] == [("repair", None), ("inspect", "promised")]
    assert outcome is not None
    assert outcome.days == 10


def test_an_empty_reply() -> None:
    assert _read(" \u3000\n") == ((), None)


def test_a_long_reply_keeps_done_before_promised() -> None:
    text = "".join(f"我局将对第{n}处进行维修。" for n in range(9)) + "".join(f"已清理{n}吨垃圾。" for n in range(7))
    actions, outcome = _read(text)
    assert len(actions) == MAX_ACTIONS
    assert sum(a.note is None for a in actions) == 7
    assert outcome is not None
    assert outcome.summary == text


WORDS = [
    "网友",
    "您好",
    "，",
    "。",
    "；",
    "：",
    " ",
    "\n",
    "已",
    "将",
    "清理",
    "责令整改",
    "5月3日",
    "13月40日",
    "城管局",
    "我局",
    "（",
    "）",
    "“",
]


@given(
    st.lists(
        st.sampled_from([*WORDS, "如下", "未", "《", "》", "解决", "The ", "will repair", "1,000"]), max_size=30
    ).map("".join)
)
def test_actions_stand_word_for_word_in_the_summary(text: str) -> None:
    actions, outcome = _read(text)
    assert (outcome is None) == (not clean(text))
    assert len(actions) <= MAX_ACTIONS
    for action in actions:
        assert outcome is not None
        assert action.text in str(outcome.summary)
        assert action.action_type in TAXONOMY.action_type_by_id
