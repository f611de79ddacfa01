"""Understanding questions: a table of sentences in both languages, and properties that hold for any text.

None in the table means "nothing was said": the reading must be empty, not guessed.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answer import Match
from assistant.moment import CITY_ZONE
from assistant.situation import LEAST, OUTSIDE, SEVERITY_NAMES, Understanding
from knowledge.case import Case
from knowledge.categories import Categoriser
from knowledge.dangers import read_dangers
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.places import read_places
from knowledge.taxonomy import Category, Taxonomy, read_taxonomy

NOW = datetime(2026, 7, 15, 9, 0, tzinfo=CITY_ZONE)  # a Wednesday
TAXONOMY = read_taxonomy()
MEANING = read_meaning(read_lexicon(TAXONOMY))
UNDERSTANDING = Understanding(Categoriser(TAXONOMY, MEANING), read_places(), read_dangers(), MEANING)
CATEGORIES = tuple(c.id for c in UNDERSTANDING.categoriser.taxonomy.categories if c.is_leaf)


@dataclass(frozen=True)
class Told:
    """What a sentence says; `danger` is whether it shows a danger to life that it does not deny."""

    district: str | None = None
    place: str | None = None
    time: str | None = None
    danger: bool = False
    level: int = 4
    counts: tuple[tuple[str, float], ...] = ()


TABLE: dict[str, Told] = {
    "昨晚十点凤台立交桥下积水半米，两辆车被困": Told(
        "wangjiang",
        "wangjiang.fengtai_interchange",
        "2026-07-14T22:00",
        danger=True,
        level=3,
        counts=(("depth_cm", 50), ("vehicles", 2)),
    ),
    "望江区滨江大道今早路灯全灭": Told("wangjiang", "wangjiang.binjiang_avenue", "2026-07-15T08:00"),
    "海淀区电梯困住三人": Told("海淀区", danger=True, level=3, counts=(("trapped", 3),)),
    "A3区6号楼漏水": Told("A3区"),
    "柳湾县一家饭馆油烟大": Told("柳湾县"),
    "北屏那边半夜施工，吵得睡不着": Told("beiping"),
    "松溪县老桥开裂，已经有两厘米的缝": Told("songxi"),
    "柳湖路一家餐馆着火，浓烟很大，无人受伤": Told(None, "柳湖路", danger=True, level=3),
    "未来路一栋写字楼着火": Told("gaoxin", "gaoxin.weilai_road", danger=True, level=3),
    "没有人员被困，但是水还在涨": Told(),
    "物业没人管，楼道漏气": Told(danger=True, level=3),
    "无人员伤亡，路面塌陷约五米": Told(danger=True, level=3, counts=(("metres", 5),)),
    "小区停电，家里有老人靠呼吸机": Told(danger=True, level=2),
    "幼儿园二十多个孩子上吐下泻": Told(danger=True, level=3, counts=(("people", 20),)),
    "开发区一辆槽罐车侧翻，氨气泄漏": Told("gaoxin", danger=True, level=2, counts=(("vehicles", 1),)),
    "临港区码头有人落水": Told("lingang", danger=True, level=3),
    "包工头跑了，二十多个工人围在项目部讨薪": Told(counts=(("people", 20),)),
    "文庙步行街人挤人，走不动了": Told("yunshui", "yunshui.wenmiao_walk", danger=True, level=2),
    "三千人聚集在市政府门口": Told(level=2, counts=(("people", 3_000),)),
    "造成3人死亡": Told(danger=True, level=3, counts=(("dead", 3),)),
    "造成十人死亡": Told(danger=True, level=2, counts=(("dead", 10),)),
    "造成三十人死亡": Told(danger=True, level=1, counts=(("dead", 30),)),
    "五十人受伤送医": Told(danger=True, level=2, counts=(("injured", 50),)),
    "停水2000户": Told(level=1, counts=(("households", 2_000),)),
    "停水99户": Told(counts=(("households", 99),)),
    "水深两米": Told(danger=True, level=2, counts=(("depth_cm", 200),)),
    "小区里的路灯坏了": Told(),
    "请问医保报销比例是多少": Told(),
    "怎么办": Told(),
    "12345": Told(),
    "各区都要排查": Told(),
    "未发生火灾，只是烧烤烟大": Told(),
    "火已扑灭，无人员伤亡": Told(),
    "没有发现人员受伤，也没有闻到煤气味": Told(),
    "工地塔吊倒塌，3名工人被埋": Told(danger=True, level=3, counts=(("trapped", 3),)),
    "西塘区热力管道爆了，800户没暖气": Told("xitang", level=2, counts=(("households", 800),)),
    "石桥中学食堂疑似食物中毒，12名学生送医": Told(
        "shiqiao", "shiqiao.shiqiao_middle_school", danger=True, level=3, counts=(("people", 12),)
    ),
    "云州站出站口共享单车堆满": Told("yunshui", "yunshui.yunzhou_railway_station"),
    "Gas smell in an apartment block in Nanpu District, 30 households": Told(
        "nanpu", danger=True, level=3, counts=(("households", 30),)
    ),
    "No one was injured, but the road caved in on Jiefang Road": Told(
        "yunshui", "yunshui.jiefang_road", danger=True, level=3
    ),
    "Wangjiang Bridge: a child went missing": Told("wangjiang", "wangjiang.wangjiang_bridge", danger=True, level=3),
    "Nobody is trapped, the lift just stopped": Told(),
    "No fire, no smoke, a false alarm in Xitang District": Told("xitang"),
    "Three people trapped in the lift since last night": Told(
        None, None, "2026-07-14T21:00", danger=True, level=3, counts=(("trapped", 3),)
    ),
    "Night construction noise in Beiping District since last Monday": Told("beiping", None, "2026-07-13T12:00"),
    "A bus carrying 40 passengers is on fire": Told(
        danger=True, level=3, counts=(("vehicles", 1), ("people", 40))
    ),
    "Wage arrears: 86 workers have not been paid": Told(counts=(("people", 86),)),
    "ten people dead": Told(danger=True, level=2, counts=(("dead", 10),)),
    "Over ten thousand people at the riverside on New Year's Eve": Told(level=1, counts=(("people", 10_000),)),
    "Bikes block the metro exit": Told(),
    "What is the policy on school enrolment?": Told(),
    "There are no injuries and no fire": Told(),
    "The fire was put out, nobody was hurt": Told(),
    "Sewage overflows near Chaoyangli Estate, knee deep": Told("yunshui", "yunshui.chaoyangli_estate"),
}  # fmt: skip


@pytest.mark.parametrize("text", TABLE, ids=str)
def test_reads_what_was_said_and_nothing_else(text: str) -> None:
    told, found = TABLE[text], UNDERSTANDING(text, NOW)
    assert (found.district.value if found.district else None) == told.district
    assert (found.place.value if found.place else None) == told.place
    assert (found.occurred_at.value[:16] if found.occurred_at else None) == told.time
    assert tuple((q.what, q.value) for q in found.quantities) == told.counts
    assert (found.severity.danger_to_life, found.severity.level) == (told.danger, told.level)
    assert found.language == ("en" if text.isascii() and text != "12345" else "zh")


@pytest.mark.parametrize("text", TABLE, ids=str)
def test_every_reading_names_words_that_stand_in_the_text(text: str) -> None:
    found = UNDERSTANDING(text, NOW)
    folded = text.casefold()
    for reading in (found.category, found.district, found.place):
        assert reading is None or all(word.casefold() in folded for word in reading.words)
    assert all(q.words in text for q in found.quantities)


@pytest.mark.parametrize("text", TABLE, ids=str)
def test_a_raised_severity_gives_its_reason(text: str) -> None:
    severity = UNDERSTANDING(text, NOW).severity
    assert bool(severity.reasons) == (severity.level < 4 or severity.danger_to_life)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("下穿通道积水，车过不去", "flood.underpass"),
        ("小区里闻到臭鸡蛋味，怀疑煤气漏了", "utility.gas_leak"),
        ("电梯困人", "safety.lift"),
        ("农民工讨薪", "labour.wages"),
        ("Gas smell in the stairwell", "utility.gas_leak"),
        ("Wage arrears at a building site", "labour.wages"),
        ("健身房跑路，预付卡退不了", "market.prepaid"),
        ("烂尾楼业主堵门", "housing.unfinished"),
    ],
)
def test_reads_the_category_from_everyday_words(text: str, category: str) -> None:
    found = UNDERSTANDING(text, NOW).category
    assert found is not None
    assert found.value == category


@given(st.sampled_from(sorted(TABLE)) | st.text(max_size=60))
def test_kinds_of_matter_are_those_of_the_meaning(text: str) -> None:
    found = UNDERSTANDING(text, NOW)
    vector = MEANING.embed([text])
    if not vector.any():
        assert (found.kinds, found.outside, found.clearness) == ((), 1.0, 0.0)
        return
    shares = dict(zip((kind.id for kind in MEANING.kinds), MEANING.shares(vector)[0].tolist(), strict=True))
    best = sorted(shares.values(), reverse=True)
    assert [k.share for k in found.kinds] == pytest.approx([s for s in best[:3] if round(s, 3) >= LEAST], abs=1e-3)
    assert all(shares[k.id] == pytest.approx(k.share, abs=1e-3) for k in found.kinds)
    none = {kind.id for kind in MEANING.kinds if kind.leaf in ("other", "chat")}
    assert found.outside == pytest.approx(sum(share for name, share in shares.items() if name in none), abs=1e-3)
    assert found.clearness == pytest.approx(max(0.0, *(float(vector[0] @ c) for c in MEANING.centres)), abs=1e-3)
    assert 0 <= found.outside <= 1
    assert 0 <= found.clearness <= 1


def test_kinds_are_named_in_the_language_of_the_answer() -> None:
    zh, en = (UNDERSTANDING("小区煤气泄漏", NOW, language).kinds for language in ("zh", "en"))
    assert zh
    assert [(k.id, k.share) for k in zh] == [(k.id, k.share) for k in en]
    names = {kind.id: (kind.zh, kind.en) for kind in MEANING.kinds}
    assert [(k.name, e.name) for k, e in zip(zh, en, strict=True)] == [names[k.id] for k in zh]


def test_what_no_city_office_handles_lies_outside() -> None:
    inside, outside = UNDERSTANDING("路灯坏了，晚上黑漆漆的", NOW), UNDERSTANDING("你好，早上好，讲个笑话吧", NOW)
    assert inside.outside < 0.2
    assert outside.outside > 0.6
    assert inside.category is not None
    assert inside.category.value == "road.light"


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("菜地里有野猪", True),
        ("wild boar in the vegetable field", True),
        ("有人在河里电鱼", True),
        ("讲个笑话", True),
        ("😀", True),
        ("下穿通道积水，车过不去", False),
        ("路灯坏了，晚上黑漆漆的", False),
        ("Wage arrears at a building site", False),
    ],
)
def test_whether_a_category_is_clearly_meant(text: str, unclear: bool) -> None:
    assert UNDERSTANDING(text, NOW).unclear is unclear


@given(st.sampled_from(sorted(TABLE)) | st.text(max_size=60))
def test_no_category_is_clear_where_more_speaks_for_none(text: str) -> None:
    found = UNDERSTANDING(text, NOW)
    sure = found.category.confidence if found.category else 0.0
    assert found.unclear == (found.outside >= OUTSIDE and found.outside >= sure)


def test_near_cases_do_not_make_a_category_clear() -> None:
    before = UNDERSTANDING("菜地里有野猪", NOW)
    settled = UNDERSTANDING.settle(before, [_match(n, 0.9, "environment.dogs", 4) for n in (1, 2, 3)])
    assert settled.category is not None
    assert settled.category.value == "environment.dogs"
    assert settled.unclear


def test_a_citys_own_category_is_clear_though_the_meaning_knows_it_not() -> None:
    own = Category("cityscape.boar", "野猪下山", "Wild boar", ("菜地里有野猪",))
    categoriser = Categoriser(Taxonomy((*TAXONOMY.categories, own), (), ()), MEANING)
    found = replace(UNDERSTANDING, categoriser=categoriser)("菜地里有野猪", NOW)
    assert found.category is not None
    assert found.category.value == "cityscape.boar"
    assert found.outside >= OUTSIDE
    assert not found.unclear


def test_missing_facts_are_those_that_were_not_said() -> None:
    assert UNDERSTANDING("怎么办", NOW).missing == ("place", "time", "people", "scale")
    assert UNDERSTANDING("今早望江区停水30户", NOW).missing == ()
    assert "people" in UNDERSTANDING("昨晚凤台立交桥下积水半米", NOW).missing


def test_the_language_of_the_answer_may_differ_from_the_questions() -> None:
    found = UNDERSTANDING("小区煤气泄漏", NOW, "en")
    assert found.language == "en"
    assert any("explode" in reason for reason in found.severity.reasons)


def test_names_of_severity_exist_in_both_languages() -> None:
    assert [sorted(names) for names in SEVERITY_NAMES.values()] == [[1, 2, 3, 4]] * 2


@settings(max_examples=150)
@given(st.text(max_size=80))
def test_any_text_is_understood_without_an_error(text: str) -> None:
    found = UNDERSTANDING(text, NOW)
    assert found.text == text
    assert found == UNDERSTANDING(text, NOW)
    assert found.model_validate_json(found.model_dump_json()) == found if _encodable(text) else True


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _match(number: int, score: float, category: str | None, severity: int | None) -> Match:
    case = Case(situation=f"案例{number}", category=category, severity=severity)
    return Match(case_id=number, external_id=None, score=score, parts={}, why=(), case=case, age_days=None)


MATCHES = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.one_of(st.none(), st.sampled_from(CATEGORIES[:6])),
        st.one_of(st.none(), st.integers(1, 4)),
    ),
    max_size=9,
).map(lambda rows: [_match(n, *row) for n, row in enumerate(rows, 1)])


@settings(max_examples=200)
@given(st.sampled_from(sorted(TABLE)), MATCHES)
def test_settling_never_lowers_the_severity_and_fills_no_fact_in(text: str, matches: list[Match]) -> None:
    before = UNDERSTANDING(text, NOW)
    after = UNDERSTANDING.settle(before, matches)
    assert after.severity.level <= before.severity.level
    assert after.severity.level >= before.severity.level - 1
    assert after.severity.danger_to_life == before.severity.danger_to_life
    assert set(before.severity.reasons) <= set(after.severity.reasons)
    keep = {"category", "severity"}
    assert after.model_dump(exclude=keep) == before.model_dump(exclude=keep)
    if before.category and before.category.confidence >= 0.5:
        assert after.category == before.category
    if before.category:
        assert after.category is not None


@given(MATCHES)
def test_cases_that_were_less_severe_change_no_severity(matches: list[Match]) -> None:
    before = UNDERSTANDING("十人遇难，路面塌陷", NOW)
    assert before.severity.level == 2
    milder = [m for m in matches if not m.case.severity or m.case.severity >= 2]
    assert UNDERSTANDING.settle(before, milder).severity == before.severity


def test_near_cases_name_the_category_that_the_words_left_open() -> None:
    open_question = UNDERSTANDING("怎么办", NOW)
    near = [_match(n, 0.8, "labour.wages", 2) for n in (1, 2, 3)]
    settled = UNDERSTANDING.settle(open_question, near)
    assert settled.category is not None
    assert settled.category.value == "labour.wages"
    assert settled.severity.level == 3  # one step at most
    assert "重大" in settled.severity.reasons[-1]


def test_far_cases_change_nothing() -> None:
    open_question = UNDERSTANDING("怎么办", NOW)
    assert UNDERSTANDING.settle(open_question, [_match(1, 0.2, "labour.wages", 1)]) == open_question
