"""What was learned as HTML: hostile words stay words, what holds and what does not is said in words, drawings stay
within their frame, and each kind of state has its page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from learned_city import insight_of, learned_city

from assistant.learning.events import GateEvent
from assistant.learning.features import GROUPS, NAMES, NUMBERS
from assistant.learning.figures import Figure
from assistant.learning.gain import Gain
from assistant.learning.insight import Account, Change
from assistant.learning.promotion import Condition, Judgement
from assistant.learning.standing import standing_of
from knowledge.places import read_places
from knowledge.task import Person
from knowledge.taxonomy import read_taxonomy
from ui import learning_wording as wording
from ui.render_gain import HIGH, WIDE, course, reach
from ui.render_gate import gate, missing
from ui.render_learned import changes, estimates, spent
from ui.render_learning import learning_page
from ui.render_trace import traced
from ui.render_versions import decide, steps, versions
from ui.texts import texts_in
from ui.wording import Wording

HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'"
START = datetime(2026, 9, 1, tzinfo=UTC)
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


def words_in(language: str = "zh") -> Wording:
    return Wording(texts_in(language), read_taxonomy(), read_places())


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    opened = learned_city(tmp_path_factory.mktemp("shown") / "home")
    yield insight_of(opened).account()
    opened.engine.dispose()


def _with_conditions(account: Account, *conditions: Condition) -> Account:
    judgement = Judgement(conditions, 10, False, 0.0, -0.1, 0.1)
    figures = tuple((c, Figure(f"condition:{c.name}", {"figure": c.figure, "limit": c.limit})) for c in conditions)
    return replace(account, conditions=figures, state=replace(account.state, judgement=judgement))


def _with_steps(account: Account, *steps: GateEvent) -> Account:
    state = replace(account.state, standing=standing_of(steps), history=steps, judgement=None)
    numbered = tuple(enumerate(steps, 1))
    since = next(((n, s) for n, s in reversed(numbered) if s.kind in ("promoted", "rolled_back")), None)
    return replace(account, state=state, steps=numbered, since=since, conditions=())


def _step(
    kind: str, champion: str, challenger: str | None, by: str = "system", note: str = "", day: int = 0
) -> GateEvent:
    return GateEvent(START + timedelta(days=day), kind, champion, challenger, by, {}, note)  # type: ignore[arg-type]


@LANGUAGES
def test_hostile_words_stay_words(account: Account, language: str) -> None:
    words, person = words_in(language), Person(name=HOSTILE, department=HOSTILE)
    told = _with_steps(
        account,
        _step("trial", "base", HOSTILE),
        _step("promoted", "base", HOSTILE, HOSTILE, HOSTILE),
        _step("rolled_back", "base", HOSTILE, HOSTILE, HOSTILE),
        _step("trial", "base", HOSTILE),
    )
    told = replace(
        told, labels={HOSTILE: (1, 1)}, compared=("base", HOSTILE),
        changes=(Change(f"family × district: {HOSTILE}|{HOSTILE}", 0.0, 1.0), Change(HOSTILE, 0.0, 1.0)),
        slices=((("district", HOSTILE), Figure(f"slice:1:district:{HOSTILE}", account.slices[0][1].values)),),
    )  # fmt: skip
    shown = [
        learning_page(words, told, person, told=HOSTILE, alert=HOSTILE),
        *(
            decide(words, told, person, do=do, name=HOSTILE, note=HOSTILE, problem=HOSTILE)
            for do in ("approve", "rollback")
        ),
        decide(words, told, None, do="reject", name=HOSTILE),
        gate(words, _with_conditions(account, Condition("slices", False, 900.0, 400.0, f"district: {HOSTILE}"))),
    ]
    for page in shown:
        assert "<script" not in page
        assert "<img" not in page
        assert "onerror='" not in page


@LANGUAGES
def test_every_condition_has_its_words(account: Account, language: str) -> None:
    words = words_in(language)
    page = gate(words, account)
    for condition, _ in account.conditions:
        assert escape(words.t(f"learning_gate.{condition.name}")) in page
    assert missing(words, account) == []
    assert re.search(r"100%|nan|inf|None", page) is None


def test_what_does_not_hold_is_told_with_what_is_lacking(account: Account) -> None:
    words = words_in()
    few = Condition("outcomes", False, None, -0.1, "12 and 5 outcomes are known, 15 of each are needed")
    told = _with_conditions(account, few, Condition("share", False, 0.5, 0.2), Condition("version", False, 25, 20, "x"))
    values = {"figure": None, "limit": -0.1, "challenger": 12, "champion": 5, "needed": 15}
    told = replace(told, conditions=((few, Figure("condition:outcomes", values)), *told.conditions[1:]))
    page = gate(words, told)
    assert "新顺序 12 个、现行顺序 5 个结果；各需 15 个" in page
    assert ">50%<" in page
    assert "不超过 20%" in page
    assert words.t("learning_gate.version_lost") in page
    assert missing(words, told) == [words.t(f"learning_gate.{name}") for name in ("outcomes", "share", "version")]
    assert "条件满足后才能批准" in page
    assert "等待您的决定" in gate(words, account)
    whole = learning_page(words, told, None)
    assert "还差 3 项条件" in whole
    assert "/learning/approve/" not in whole
    assert "/learning/reject/" in whole


@LANGUAGES
def test_each_step_of_the_gate_is_a_sentence(account: Account, language: str) -> None:
    words, one, other = words_in(language), "p0001-1a2b3c4d", "p0002-5e6f7a8b"
    followed = replace(_step("trial", "base", other), figures={"interactions": 40})
    told = _with_steps(
        account, _step("fitted", "base", one), _step("trial", "base", one), _step("fitted", "base", other), followed,
        _step("paused", "base", other, "王敏"), _step("trial", "base", None, "王敏"), _step("ready", "base", other),
        _step("promoted", "base", other, "王敏", "好"), _step("trial", other, "p0003-00000000"),
        _step("suspended", other, "p0003-00000000", note="evidence of harm"),
        _step("trial", other, "p0004-00000000"),
        _step("refused", other, "p0004-00000000", note="not convincing in time"),
        _step("rolled_back", "base", other, "李强"),
    )  # fmt: skip
    page = steps(words, told)
    t = words.t
    first, second = wording.version(words, one), wording.version(words, other)
    assert t("learning_steps.follow_one", version=second)[:20] in page
    assert t("learning_steps.promoted", version=second) in page
    assert t("learning_steps.rolled_back", version=wording.version(words, "base"))[1:] in page
    assert t("learning_steps.harm") in page
    assert t("learning_steps.patience") in page
    assert "evidence of harm" not in page or language == "en"
    assert first in page
    assert page.count('<li class="entry') == 11


def test_the_fate_of_each_version_is_told(account: Account) -> None:
    page = versions(words_in(), account)
    assert page.count("fate-trial") == 1
    assert page.count("fate-followed") == len(account.labels) - 1
    assert "precedent learn trace gain:p0001-" in page


@LANGUAGES
def test_every_group_of_traits_has_words(language: str) -> None:
    words = words_in(language)
    keys = {"severity": "3", "category": "flood", "department": "water", "district": "yunshui", "season": "spring"}
    for group in GROUPS:
        thing, by = ("pump_drain" if group.startswith("type") else "control"), group.partition("_")[2]
        key = f"{thing}|{keys[by]}" if by else thing
        what, way = wording.change(words, Change(f"{NAMES[group]}: {key}", 0.1, 0.3))
        assert (key in what, "|" in what, "_" in what, way) == (False, False, False, words.t("learning_changes.up"))
    for number in NUMBERS:
        what, way = wording.change(words, Change(NAMES[number], 0.5, 0.3))
        assert (what, way) == (words.t(f"learning_changes.{number}"), words.t("learning_changes.less"))
    families = {one.family for one in words.taxonomy.action_types}
    assert all(f"learning_family.{family}" in words.t.entries for family in families)


def test_bars_stay_within_their_frame(account: Account) -> None:
    page = changes(words_in(), account) + spent(words_in(), account)
    bars = re.findall(r'<rect (?:x="([\d.]+)" )?width="([\d.]+)" height="10"', page)
    assert len(bars) >= 4
    assert all(float(x or 0) + float(wide) <= 100.1 for x, wide in bars)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30)
)
def test_the_drawing_stays_within_its_frame(drawn: list[tuple[int, float, float, float]]) -> None:
    points, size = [], 0
    for more, mean, below, above in drawn:
        size += more
        points.append(Gain(size, mean, max(-1.0, mean - below), min(1.0, mean + above)))
    assert 0.1 <= reach(points) <= 1
    svg = course(points, [1, size], "<>")
    for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", svg):
        assert 0 <= float(x) <= WIDE
        assert 0 <= float(y) <= HIGH
    assert 'aria-label="&lt;&gt;"' in svg
    assert svg.count("<polyline") == 1


def test_estimates_say_when_the_log_cannot_tell(account: Account) -> None:
    words = words_in("en")
    page = estimates(words, account)
    assert "Not evaluable at present" in page
    assert "1,000 are needed" in page
    assert "No answer has been merged yet" in estimates(words, replace(account, estimates={}))
    good = {
        name: replace(figure, values={**figure.values, "interactions": 1_500, "unsupported": 0.01, "evaluable": 1.0})
        for name, figure in account.estimates.items()
    }
    assert "Not evaluable" not in estimates(words, replace(account, estimates=good))


def test_something_tried_in_an_emergency_is_not_hidden(account: Account) -> None:
    broken = {**account.answers, "broken": Figure("answers:broken", {"count": 2}, (4, 9))}
    page = learning_page(words_in(), replace(account, answers=broken), None)
    assert "其中竟有 2 次合并展示，请报告管理员" in page
    assert page.count("紧急情形中合并展示的：2 次") == 1


def test_a_champion_and_a_pause_are_told(account: Account) -> None:
    told = _with_steps(
        account, _step("trial", "base", "p0001-1a2b3c4d"), _step("promoted", "base", "p0001-1a2b3c4d", "王敏"),
        _step("paused", "p0001-1a2b3c4d", None, "李强"),
    )  # fmt: skip
    page = learning_page(words_in(), replace(told, compared=("base", "p0001-1a2b3c4d")), None)
    assert "第 1 版" in page
    assert "王敏批准" in page
    assert "比较已暂停" in page
    assert 'href="/learning/rollback/base"' in page


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0.1, 0.3, "better"), (-0.1, 0.3, "unclear"), (-0.4, -0.1, "worse"), (0.0, 0.1, "unclear")],
)
def test_an_interval_is_read_in_words(low: float, high: float, kind: str) -> None:
    assert wording.reading(words_in(), {"low": low, "high": high})[0] == kind


def test_a_traced_number_escapes_its_name() -> None:
    assert traced("1", 'a"<b>', hint="x<") == (
        '<data value="a&quot;&lt;b&gt;" title="x&lt; · precedent learn trace a&quot;&lt;b&gt;">1</data>'
    )


def test_a_damaged_model_is_told_at_the_top(account: Account) -> None:
    words = words_in()
    assert "损坏" not in learning_page(words, account, None)
    hurt = replace(account, state=replace(account.state, damaged=("p0003-1a2b3c4d",)))
    shown = learning_page(words, hurt, None)
    assert "第 3 版的文件损坏或丢失" in shown
