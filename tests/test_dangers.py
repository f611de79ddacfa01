from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.dangers import find_dangers, read_dangers
from knowledge.text import clean

DANGERS = read_dangers()


def ids(text: str) -> list[str]:
    return [sign.danger.id for sign in find_dangers(text, DANGERS)]


def test_the_table() -> None:
    assert len({d.id for d in DANGERS}) == len(DANGERS) >= 5
    assert {d.level for d in DANGERS} <= {1, 2, 3, 4}
    for danger in DANGERS:
        assert danger.reason("zh")
        assert danger.reason("en")
        assert not danger.pattern.search("")


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("两辆车被困", "trapped"),
        ("老人被埋在下面", "trapped"),
        ("Three people are trapped in a lift", "trapped"),
        ("楼道里有煤气味", "gas"),
        ("A strong smell of gas on the stairs", "gas"),
    ],
)
def test_signs_in_both_languages(text: str, danger: str) -> None:
    assert danger in ids(text)


@pytest.mark.parametrize(
    "text",
    [
        "无人被困",
        "没有人员被困",
        "未发现被困",
        "暂无人员被困",
        "nobody trapped",
        "no one was trapped",
        "No one is trapped",
        "Nobody is trapped",
        "without anyone trapped",
        "路灯不亮",
        "They untrapped it",
        "",
    ],
)
def test_what_is_denied_or_not_said_is_no_sign(text: str) -> None:
    assert ids(text) == []


@pytest.mark.parametrize(
    "text", ["无人受伤，但两辆车被困", "没有停电。老人被困", "Nobody is hurt, but two are trapped"]
)
def test_a_denial_reaches_its_own_clause_only(text: str) -> None:
    assert ids(text) == ["trapped"]


def test_a_denied_sign_may_stand_again_undenied() -> None:
    assert ids("一层无人被困，二层有两人被困") == ["trapped"]


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["无人", "被困", "煤气味", "，", "没有", "gas leak ", "no "])).map("".join)
)
def test_signs_stand_in_the_text_once_each_in_the_order_of_the_table(text: str) -> None:
    signs = find_dangers(text, DANGERS)
    assert all(sign.words in text and sign.words for sign in signs)
    order = [DANGERS.index(sign.danger) for sign in signs]
    assert order == sorted(set(order))


def test_cleaning_hides_no_sign(demo_cases: tuple[Case, ...]) -> None:
    for case in demo_cases:
        assert ids(clean(case.situation)) == ids(case.situation)


def test_serious_demo_cases_show_signs_more_often(demo_cases: tuple[Case, ...]) -> None:
    def share(severities: set[int]) -> float:
        chosen = [case for case in demo_cases if case.severity in severities]
        return sum(bool(ids(case.situation)) for case in chosen) / len(chosen)

    assert share({1, 2}) > share({4})


def test_a_city_brings_its_own_table(tmp_path: Path) -> None:
    path = tmp_path / "dangers.csv"
    path.write_text("id,level,words_zh,words_en,reason_zh,reason_en\nape,1,猩猩|大猿,apes?,会咬人,bites\n", "utf-8-sig")
    own = read_dangers(path)
    assert [(s.danger.level, s.words) for s in find_dangers("街上有大猿", own)] == [(1, "大猿")]
    assert [s.danger.reason("en") for s in find_dangers("Apes!", own)] == ["bites"]
    assert find_dangers("grapes", own) == ()
