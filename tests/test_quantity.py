"""Quantities: only numbers that are written, in the right unit, each passage read once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.quantity import chinese_number, find_quantities

KINDS = {
    "people",
    "households",
    "vehicles",
    "depth_cm",
    "hours",
    "dead",
    "injured",
    "trapped",
    "metres",
    "amount_yuan",
}

READ: list[tuple[str, list[tuple[str, float]]]] = [
    ("积水已有半米，两辆车被困，30户停电", [("depth_cm", 50), ("vehicles", 2), ("households", 30)]),
    ("电梯困住三个人", [("trapped", 3)]),
    ("三名工人被埋", [("trapped", 3)]),
    ("被埋两人，正在搜救", [("trapped", 2)]),
    ("二十多个工人围在项目部", [("people", 20)]),
    ("涉及1200户居民", [("households", 1200)]),
    ("共计１２户", [("households", 12)]),
    ("一千零五十户断水", [("households", 1050)]),
    ("水深达80厘米", [("depth_cm", 80)]),
    ("最深处1.5米", [("depth_cm", 150)]),
    ("水深一米四", [("depth_cm", 140)]),
    ("水淹到一米二了", [("depth_cm", 120)]),
    ("造成3人死亡、12人受伤", [("dead", 3), ("injured", 12)]),
    ("造成三死五伤", [("dead", 3), ("injured", 5)]),
    ("5人送医", [("injured", 5)]),
    ("拖欠工资36万元", [("amount_yuan", 360_000)]),
    ("每人欠八千元", [("amount_yuan", 8_000)]),
    ("押金两千三百块钱不退", [("amount_yuan", 2_300)]),
    ("停电已经6个小时", [("hours", 6)]),
    ("一个半小时没人来", [("hours", 1.5)]),
    ("三百多名学生上吐下泻", [("people", 300)]),
    ("上万人聚集在广场", [("people", 10_000)]),
    ("1.2万人等着入场", [("people", 12_000)]),
    ("管沟长200米", [("metres", 200)]),
    ("Two people injured", [("injured", 2)]),
    ("three workers trapped under the slab", [("trapped", 3)]),
    ("Gas smell, 30 households", [("households", 30)]),
    ("over ten thousand people at the riverside", [("people", 10_000)]),
    ("two hundred residents complain", [("people", 200)]),
    ("two dozen people", [("people", 24)]),
    ("half a metre of water", [("depth_cm", 50)]),
    ("water is 1.5 m deep", [("depth_cm", 150)]),
    ("12 cars are stuck", [("vehicles", 12)]),
    ("no power for 5 hours", [("hours", 5)]),
    ("the developer owes 1.2 million yuan", [("amount_yuan", 1_200_000)]),
    ("one person died", [("dead", 1)]),
]

NOT_READ = [
    "",
    "人民路塌了",
    "12345热线打不通",
    "第三中学门口",
    "两部电梯停运",
    "3台泵车已到",
    "路面塌陷约20平方米",
    "knee deep",
    "50多岁老人走失",
    "三人民路",
    "A3区有情况",
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text for text, _ in READ])
def test_reads_what_is_written(text: str, expected: list[tuple[str, float]]) -> None:
    assert [(q.what, q.value) for q in find_quantities(text)] == expected


@pytest.mark.parametrize("text", NOT_READ)
def test_reads_nothing_where_nothing_is_counted(text: str) -> None:
    assert find_quantities(text) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一", 1),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("一百零五", 105),
        ("两千三百", 2_300),
        ("万", 10_000),
        ("三万五千", 35_000),
        ("半", 0.5),
        ("3千", 3_000),
        ("1,200", 1_200),
        ("2.5万", 25_000),
    ],
)
def test_chinese_numbers(text: str, value: float) -> None:
    assert chinese_number(text) == value


def _spelled(number: int) -> str:
    """A slow, obvious way to write 1..9999 in Chinese."""
    digits, units, out = "零一二三四五六七八九", ["", "十", "百", "千"], ""
    figures = [int(c) for c in str(number)]
    for place, figure in enumerate(figures):
        unit = units[len(figures) - 1 - place]
        if figure:
            out += digits[figure] + unit
        elif not out.endswith("零"):
            out += "零"
    return out.rstrip("零")


@given(st.integers(1, 9_999))
def test_spelling_and_reading_a_number_is_the_identity(number: int) -> None:
    assert chinese_number(_spelled(number)) == number
    assert chinese_number(str(number)) == number


@given(st.integers(2, 9_999))
def test_figures_and_characters_read_the_same(number: int) -> None:
    assert [q.value for q in find_quantities(f"共{_spelled(number)}户受影响")] == [number]
    assert [q.value for q in find_quantities(f"{number} households are affected")] == [number]


CHARACTERS = st.one_of(st.characters(), st.sampled_from("一二两三十百千万半0123456789.,米户人辆深积水困伤死 mcſ"))


@settings(max_examples=300)
@given(st.text(CHARACTERS, max_size=60))
def test_any_text_gives_non_negative_numbers_from_separate_passages_in_order(text: str) -> None:
    found = find_quantities(text)
    at = 0
    for quantity in found:
        assert quantity.what in KINDS
        assert quantity.value >= 0
        assert quantity.words
        at = text.index(quantity.words, at) + len(quantity.words)
