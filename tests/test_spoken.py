"""Heard text as people write it: script, marks, blanks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.spoken import punctuate, written

MARKS = [
    ("好的,我记下了.", "好的，我记下了。"),
    ("是吗?真的!", "是吗？真的！"),
    ("水深3.5米,路堵了", "水深3.5米，路堵了"),
    ("早上8:30来的", "早上8:30来的"),
    ("一共12,000元", "一共12,000元"),
    ("你好 我是 业主", "你好，我是，业主"),
    ("那个APP 打不开", "那个APP打不开"),
    ("打 12345 热线", "打12345热线"),
    ("好的， 再见。", "好的，再见。"),
    ("等等...没人", "等等……没人"),
    ("好的，，谢谢。。", "好的，谢谢。"),
    ("他说 ，不行", "他说，不行"),
    ("地址:铁路新村", "地址：铁路新村"),
    ("Wi-Fi, please", "Wi-Fi, please"),
    ("", ""),
]
WRITTEN = [
    ("積水很深 車子熄火了", "积水很深，车子熄火了"),
    ("請問是幾號樓", "请问是几号楼"),
    ("我家住在一百二十三號,停水三天了", "我家住在123号，停水三天了"),
    ("百分之五十的電梯壞了", "50%的电梯坏了"),
    ("演示覆盖了", "演示覆盖了"),
]


@pytest.mark.parametrize(("heard", "expected"), MARKS)
def test_marks_are_full_width_and_blanks_are_pauses(heard: str, expected: str) -> None:
    assert punctuate(heard) == expected


@pytest.mark.parametrize(("heard", "expected"), WRITTEN)
def test_chinese_is_written_for_readers(heard: str, expected: str) -> None:
    assert written(heard, "zh") == expected


def test_english_keeps_its_marks() -> None:
    assert written(" The lift, it is  broken.", "en") == "The lift, it is broken."


@given(st.text(alphabet="积水車三百号点, .?!，。 12a", max_size=30))
def test_writing_twice_changes_nothing_more(text: str) -> None:
    once = written(text, "zh")
    assert written(once, "zh") == once
