"""Spoken numbers: what is surely a number becomes digits, what only looks like one stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.spokennumber import number_value, written_numbers

WRITTEN = [
    ("我家住一百二十三号", "我家住123号"),
    ("三号楼二单元五零二室", "3号楼2单元502室"),
    ("电话幺三八零零零零一二三四", "电话13800001234"),
    ("打一二三四五热线", "打12345热线"),
    ("拨打幺二零", "拨打120"),
    ("二零二六年十一月二十二号", "2026年11月22号"),
    ("二〇二五年五月一日", "2025年5月1日"),
    ("三月份开始的", "3月份开始的"),
    ("百分之十", "10%"),
    ("百分之三点五", "3.5%"),
    ("涨了百分之二十五", "涨了25%"),
    ("水深一点五米", "水深1.5米"),
    ("三十七点五度", "37.5度"),
    ("早上五点多", "早上5点多"),
    ("晚上八点以后", "晚上8点以后"),
    ("下午三点十五分", "下午3点15分"),
    ("七点半", "7点半"),
    ("八点二十来的", "8点20来的"),
    ("八点零五分", "8点05分"),
    ("都快十二点了", "都快12点了"),
    ("七点到九点", "7点到9点"),
    ("一百多户没水", "100多户没水"),
    ("三百五十二块钱", "352块钱"),
    ("两千零六块", "2006块"),
    ("十五个人", "15个人"),
    ("三十户", "30户"),
    ("停了二十分钟", "停了20分钟"),
    ("五分钟就到", "5分钟就到"),
    ("三小时没人来", "3小时没人来"),
    ("住在六楼", "住在6楼"),
    ("二十八层", "28层"),
    ("坐五路公交", "坐5路公交"),
    ("三号线地铁", "3号线地铁"),
    ("赔了三万元", "赔了3万元"),
    ("三万五千元", "3.5万元"),
    ("一万两千三百四十五", "12345"),
    ("八十五岁", "85岁"),
    ("孩子六岁", "孩子6岁"),
    ("第一百二十三次", "第123次"),
    ("一千二百户", "1200户"),
    ("两亿元", "2亿元"),
    ("深两米", "深2米"),
    ("十号楼", "10号楼"),
    ("十天", "十天"),
]
KEPT = [
    "一些人", "等一下", "万一着火", "坐三轮车", "二手车", "十分困难", "千万别来", "一般情况", "老百姓", "三四百人",
    "几十户", "十几个", "五六十岁", "二十七八", "二百五", "有一点吵", "快一点", "一点都不好", "统一", "第三个晚上",
    "三个人", "两次了", "半个月", "一起去", "七上八下", "三三两两", "乱七八糟", "十字路口", "一五一十", "成千上万",
    "五一路", "三八妇女节", "二维码", "一会儿", "一直", "不管三七二十一", "上百人", "十一假期", "三中门口", "一百二",
    "一日三餐", "一楼梯", "另一号码", "进一步", "每一层",
]  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), WRITTEN)
def test_numbers_become_digits(said: str, expected: str) -> None:
    assert written_numbers(said) == expected


@pytest.mark.parametrize("said", KEPT)
def test_what_only_looks_like_a_number_stays(said: str) -> None:
    assert written_numbers(said) == said


@pytest.mark.parametrize(("said", "expected"), WRITTEN)
def test_digits_stay_as_they_are(said: str, expected: str) -> None:
    assert written_numbers(expected) == expected


@given(st.integers(1, 99_999_999))
def test_the_value_of_every_numeral(value: int) -> None:
    assert number_value(_numeral(value)) == value


def _numeral(value: int) -> str:
    """The slow obvious way: sections of four digits."""
    if value >= 10_000:
        rest = value % 10_000
        zero = "零" if 0 < rest < 1_000 else ""
        return _numeral(value // 10_000) + "万" + (zero + _numeral(rest) if rest else "")
    text, pending = "", False
    for unit, size in (("千", 1_000), ("百", 100), ("十", 10), ("", 1)):
        digit = value // size % 10
        if digit:
            text += ("零" if pending and text else "") + "零一二三四五六七八九"[digit] + unit
            pending = False
        else:
            pending = True
    return text


def test_english_digits_said_one_by_one() -> None:
    assert written_numbers("call one two three four five now", "en") == "call 12345 now"
    assert written_numbers("one or two people", "en") == "one or two people"


@given(st.text(alphabet="零一二三四五六七八九十百千万点号楼分之月年日个半早上幺第几多", max_size=30))
def test_writing_twice_changes_nothing_more(text: str) -> None:
    once = written_numbers(text)
    assert written_numbers(once) == once
