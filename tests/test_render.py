"""What is rendered: everything that comes from outside is escaped, ids are named, and states are said in words."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fake_desk import CASES, HOSTILE, FakeDesk, match_of, recommendation

from assistant.answer import Evidence, Label, Learned, Match, Reaction, Reading, Recommendation, Verdict
from knowledge.case import ActionResult, Case
from ui import render, render_action, render_case, render_situation
from ui.session import Session
from ui.texts import texts_in
from ui.view import cited, portions, view
from ui.wording import Wording

VOID = {"input", "img", "br", "meta", "link"}


@pytest.fixture(scope="module")
def desk() -> FakeDesk:
    return FakeDesk()


def wording(desk: FakeDesk, language: str = "zh") -> Wording:
    return Wording(texts_in(language), desk.taxonomy, desk.gazetteer)


class Balance(HTMLParser):
    """Collects tags, and fails on one that is closed in the wrong order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> closes something else"


def tags(html: str) -> Balance:
    parser = Balance()
    parser.feed(html)
    assert parser.stack == []
    return parser


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def hostile_case() -> Case:
    case = CASES[1]
    return case.model_copy(
        update={
            "title": HOSTILE,
            "situation": HOSTILE,
            "lessons": HOSTILE,
            "source": HOSTILE,
            "district": HOSTILE,
            "category": HOSTILE,
            "departments": (HOSTILE,),
            "actions": tuple(a.model_copy(update={"text": HOSTILE, "note": HOSTILE}) for a in case.actions),
        }
    )


def hostile_match() -> Match:
    return match_of(1).model_copy(update={"case": hostile_case(), "why": (HOSTILE,)})


def hostile_recommendation() -> Recommendation:
    plain = recommendation("x")
    evidence = (Evidence(case_id=1, quote=HOSTILE), Evidence(case_id=99, quote=HOSTILE))
    seen = plain.situation.model_copy(
        update={
            "category": Reading(value=HOSTILE, confidence=0.4),
            "place": Reading(value=HOSTILE, confidence=1.0),
            "occurred_at": Reading(value=HOSTILE, confidence=1.0, words=(HOSTILE,)),
            "severity": plain.situation.severity.model_copy(update={"reasons": (HOSTILE,)}),
        }
    )
    actions = tuple(
        action.model_copy(
            update={"text": HOSTILE, "evidence": evidence, "why": (HOSTILE,), "adapted": ((HOSTILE, HOSTILE),)}
        )
        for action in plain.actions
    )
    cautions = tuple(c.model_copy(update={"text": HOSTILE, "evidence": evidence[0]}) for c in plain.cautions)
    return plain.model_copy(
        update={"situation": seen, "actions": actions, "cautions": cautions, "matches": (hostile_match(),)}
    )


def test_nothing_from_outside_becomes_markup(desk: FakeDesk) -> None:
    words, answer = wording(desk), hostile_recommendation()
    html = "".join(
        [
            render_situation.situation(words, answer),
            render_action.actions(words, answer, []),
            render_action.cautions(words, answer),
            render_case.contrast(words, answer),
            render_case.cases(words, answer.matches),
            render_case.cases(words, answer.matches, [_reaction(1, "unfit", None, case_id=1)]),
            render_case.opened(words, hostile_match()),
            render_case.compared(words, (hostile_match(), hostile_match())),
            render.problem(words.t, HOSTILE),
            render.welcome(words.t, [HOSTILE]),
            render.header(words.t, HOSTILE, demo=True),
        ]
    )
    seen = tags(html)
    assert not {"script", "img"} & set(seen.tags)
    assert seen.handlers == []
    assert "&lt;script&gt;" in html


def test_markdown_keeps_emphasis_and_case_links_only() -> None:
    told = render.safe_markdown(f"**急** [案例](#case-7) [外](http://example.org) ![x](http://example.org/y) {HOSTILE}")
    assert "**急**" in told
    assert "[案例](#case-7)" in told
    assert "](http" not in told
    assert "<" not in told
    assert "![" not in told
    assert "](#case-7)" not in render.safe_markdown("[x](javascript:alert(1)//#case-7)").replace("\\", "")[:4]


def test_what_was_typed_is_shown_as_typed() -> None:
    assert render.verbatim_markdown("# 1. *a* <b>") == r"\# 1\. \*a\* \<b\>"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_situation_says_what_is_known_and_what_is_missing(desk: FakeDesk, language: str) -> None:
    seen = words_of(render_situation.situation(wording(desk, language), recommendation("x", language=language)))
    expected = {
        "zh": [
            "下穿通道积水",
            "望江区 凤台立交桥",
            "可能：2026年7月12日 16:10",
            "黄色（较大）",
            "可能危及生命",
            "水深 50 厘米，2 辆车",
            "车里还有没有人？",
            "原因是什么？",
        ],
        "en": [
            "Flooded underpass",
            "Wangjiang District",
            "Probably: 12 Jul 2026 16:10",
            "Yellow",
            "50 cm of water",
            "What caused it?",
        ],
    }[language]
    assert [part for part in expected if part not in seen] == []


@pytest.mark.parametrize(
    ("language", "nearest", "none"),
    [
        ("zh", "类别不明确（最近似：下穿通道积水）", "类别不明确"),
        ("en", "No clear category (nearest: Flooded underpass)", "No clear category"),
    ],
)
def test_a_category_that_is_not_clear_is_only_the_nearest(
    desk: FakeDesk, language: str, nearest: str, none: str
) -> None:
    answer = recommendation("x", language=language)
    for update, said in (({"unclear": True}, nearest), ({"unclear": True, "category": None}, none)):
        situation = answer.situation.model_copy(update=update)
        seen = render_situation.situation(wording(desk, language), answer.model_copy(update={"situation": situation}))
        assert f"<dd>{said}</dd>" in seen


def test_what_was_not_said_is_not_stated(desk: FakeDesk) -> None:
    answer = recommendation("x")
    bare = answer.situation.model_copy(
        update={"category": None, "district": None, "place": None, "occurred_at": None, "quantities": ()}
    )
    seen = render_situation.situation(wording(desk), answer.model_copy(update={"situation": bare}))
    assert seen.count("未说明") == 4


@pytest.mark.parametrize(
    ("text", "said"), [("同一", "可能是同一事件"), ("新情况", "没有先例，以下仅供参考"), ("积水", "有相似先例")]
)
def test_verdict_in_words(desk: FakeDesk, text: str, said: str) -> None:
    seen = words_of(render_situation.verdict(wording(desk), recommendation(text).verdict))
    assert said in seen
    assert "86%" in seen


@pytest.mark.parametrize(
    ("language", "heading", "said"),
    [
        ("zh", "可能有先例，把握不足", "有 65% 的可能存在可参照的先例"),
        ("en", "Possibly a precedent, not surely", "a 65% chance"),
    ],
)
def test_a_doubtful_verdict_is_headed_as_one(desk: FakeDesk, language: str, heading: str, said: str) -> None:
    doubt = Verdict(label=Label.NEW, probability=0.35, probabilities={"new": 0.35, "similar": 0.6, "same": 0.05})
    words = wording(desk, language)
    html = render_situation.verdict(words, doubt)
    assert f'<h2 id="h-verdict">{heading}</h2>' in html
    assert said in words_of(html)
    sure = doubt.model_copy(update={"probability": 0.5})
    assert heading not in render_situation.verdict(words, sure)


def test_track_record_is_a_picture_and_words(desk: FakeDesk) -> None:
    html = render_action.actions(wording(desk), recommendation("x"), [])
    assert "--low:45.0%;--high:88.0%;--rate:68.0%" in html
    seen = words_of(html)
    assert "7 次尝试 5 次见效，中位 1.5 天" in seen
    assert "相似案例里没有结果记录" in seen
    assert html.count('class="interval"') == 3, "no picture where nothing was tried"
    assert "已按本次情况改写" in seen
    assert "凤台立交桥（原为滨河路）" in seen


def _reaction(number: int, kind: str, action: int | None, **more: str | int) -> Reaction:
    return Reaction.model_validate(
        {
            "interaction_id": "i-1",
            "client_id": f"r-{number}",
            "kind": kind,
            "action": action,
            "actor": "me",
            "at": datetime(2026, 7, 12, tzinfo=UTC) + timedelta(seconds=number),
            **more,
        }
    )


def test_the_newest_reaction_holds_and_withdraw_undoes(desk: FakeDesk) -> None:
    made = [
        _reaction(1, "adopt", 0),
        _reaction(2, "edit", 1, text="改过的措施"),
        _reaction(3, "reject", 2, reason="已经做了"),
        _reaction(4, "withdraw", 0),
        _reaction(5, "helpful", None),
    ]
    assert {place: held.kind for place, held in render_action.in_force(made).items()} == {
        1: "edit",
        2: "reject",
        None: "helpful",
    }
    html = render_action.actions(wording(desk), recommendation("x"), made)
    seen = words_of(html)
    assert "改过的措施" in seen
    assert "原建议：" in seen
    assert "已否决：已经做了" in seen
    assert "已记录：有帮助" in seen
    assert html.count('data-kind="adopt"') == 2, "actions 0 and 3 wait for a decision"
    tags(html)


def test_a_rejection_takes_two_clicks_at_most(desk: FakeDesk) -> None:
    html = render_action.actions(wording(desk), recommendation("x"), [])
    for reason in render_action.REASONS:
        said = wording(desk).t(f"decide.reason_{reason}")
        assert html.count(f'data-kind="reject" data-action="0" data-step="0" data-reason="{said}"') == 1


def test_nothing_fits_stands_beside_the_other_judgements_of_the_answer(desk: FakeDesk) -> None:
    words, answer = wording(desk), recommendation("x")
    assert 'data-kind="nothing_fits"' in render_action.actions(words, answer, [])
    held = render_action.actions(words, answer, [_reaction(1, "nothing_fits", None)])
    assert "已记录：都不合适" in held
    assert 'data-kind="helpful"' not in held
    assert 'data-kind="nothing_fits"' not in render_action.actions(words, recommendation("新情况"), [])


def test_a_precedent_that_does_not_fit_is_folded_until_that_is_undone(desk: FakeDesk) -> None:
    words = wording(desk)
    made = [_reaction(1, "unfit", None, case_id=1), _reaction(2, "helpful", None)]
    assert render_case.unfit(made) == {1}
    assert render_action.in_force(made)[None].kind == "helpful", "what is said of a case is not said of the answer"
    html = render_case.cases(words, [match_of(1), match_of(3)], made)
    first, second = html.split('id="case-3"')
    tags(html)
    assert "is-unfit" in first
    assert "已记录：不合适" in first
    assert 'data-kind="withdraw" data-case="1"' in first
    assert first.index("<details") < first.index("非常相似"), "the rest is there on demand"
    assert 'data-kind="unfit" data-case="3" data-step="2"' in second
    undone = [*made, _reaction(3, "withdraw", None, case_id=1)]
    assert render_case.unfit(undone) == frozenset()
    assert "is-unfit" not in render_case.cases(words, [match_of(1)], undone)


@pytest.mark.parametrize(("moved", "mark", "emergency"), [(2, "↑", False), (-1, "↓", False), (1, "↑", True)])
def test_what_was_learned_is_a_line_of_its_own(desk: FakeDesk, moved: int, mark: str, emergency: bool) -> None:
    learned = Learned(moved=moved, adopted=7, decided=9, known=9, worked=6)
    said, urgent, plain = "moved: adopted 7 of 9 times <b>", "life is in danger", "worked 5 of 7 times"
    why = (urgent, said, plain) if emergency else (said, plain)
    answer = recommendation("x")
    action = answer.actions[0].model_copy(update={"learned": learned, "why": why, "emergency": emergency})
    html = render_action.actions(wording(desk), answer.model_copy(update={"actions": (action,)}), [])
    assert f'aria-hidden="true">{mark}</span>Moved: adopted 7 of 9 times &lt;b&gt;</p>' in html
    assert html.lower().count("adopted 7 of 9") == 1, "it is not said again among the reasons"
    assert f"<li>{plain}</li>" in html
    tags(html)
    plain_order = render_action.actions(wording(desk), answer, [])
    assert 'class="moved' not in plain_order
    assert ("各部门的采纳情况" in html, "各部门的采纳情况" in plain_order) == (True, False)


def test_a_superseded_case_says_so_everywhere(desk: FakeDesk) -> None:
    words, match = wording(desk), match_of(4)
    for html in (
        render_case.cases(words, [match]),
        render_case.opened(words, match),
        render_case.compared(words, (match, match_of(1))),
    ):
        assert "已被新的规定或案例取代：下穿通道积水封控标准：15 厘米即封" in html
        assert 'data-case="5"' in html


def test_a_card_names_ids_and_results(desk: FakeDesk) -> None:
    html = render_case.cases(wording(desk), [match_of(1)])
    seen = words_of(html)
    for part in (
        "事件",
        "望江区",
        "8 个月前",
        "非常相似",
        "✓ 见效",
        "✗ 未见效",
        "水务局、公安局、应急管理局",
        "来源：防汛值班日志",
    ):
        assert part in seen
    for raw in ("wangjiang", "flood.underpass", "traffic_control", "YZ-1", ActionResult.WORKED):
        assert raw not in seen
    tags(html)


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (None, "时间不详", "date unknown"),
        (0, "今天", "today"),
        (1, "1 天前", "1 day ago"),
        (59, "59 天前", "59 days ago"),
        (245, "8 个月前", "8 months ago"),
        (700, "2 年前", "2 years ago"),
    ],
)
def test_ages(desk: FakeDesk, days: int | None, zh: str, en: str) -> None:
    assert wording(desk, "zh").age(days) == zh
    assert wording(desk, "en").age(days) == en


def test_spans(desk: FakeDesk) -> None:
    assert [wording(desk, "en").span(days) for days in (0.01, 0.5, 1, 1.5, 30.0)] == [
        "1 hour",
        "12 hours",
        "1 day",
        "1.5 days",
        "30 days",
    ]


def test_no_match_and_no_action_are_said(desk: FakeDesk) -> None:
    words, answer = wording(desk), recommendation("新情况")
    assert "案例库里没有找到相近的案例" in render_case.cases(words, answer.matches)
    assert "没有可以推荐的措施" in render_action.actions(words, answer, [])
    assert render_action.cautions(words, answer) == render_case.contrast(words, answer) == ""


def test_a_cited_case_becomes_a_link_to_its_card(desk: FakeDesk) -> None:
    turn = desk.turn("对比一下", owner="o" * 20)
    told = cited("见 [YZ-2]，已被 [YZ-5] 取代；[YZ-77] 与 [YZ-1](#case-1) 不动", turn, texts_in("zh"))
    assert told == "见 [先例 2](#case-2)，已被 [案例](#case-5) 取代；[YZ-77] 与 [YZ-1](#case-1) 不动"


def test_a_quote_is_not_said_twice(desk: FakeDesk) -> None:
    answer = recommendation("x")
    same = answer.actions[0].model_copy(update={"text": answer.actions[0].evidence[0].quote})
    html = render_action.actions(wording(desk), answer.model_copy(update={"actions": (same,)}), [])
    assert html.count(answer.actions[0].evidence[0].quote) == 2, "in the list and in the box that edits it"
    assert 'data-case="1"' in html


def test_portions_grow_to_the_whole() -> None:
    text = "一句。" * 200
    grown = portions(text)
    assert len(grown) <= 12
    assert grown[-1] == text
    assert all(later.startswith(earlier) for earlier, later in pairwise(grown))
    assert portions("") == [""]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_view_is_whole_html_in_each_state(desk: FakeDesk, language: str) -> None:
    turn = desk.turn("对比一下", owner="o" * 20, language=language)
    base = Session(language="en" if language == "en" else "zh", owner="o" * 20)
    states = [
        base,
        Session(language=base.language, owner=base.owner, asking="x"),
        Session(language=base.language, owner=base.owner, problem="p", unanswered="x"),
        Session(language=base.language, owner=base.owner, turns=(turn,), opened=match_of(4)),
    ]
    for state in states:
        seen = view(state, desk, demo=True)
        for part in (
            seen.header,
            seen.welcome,
            seen.history,
            seen.understood,
            seen.actions,
            seen.evidence,
            seen.status,
        ):
            tags(part)
