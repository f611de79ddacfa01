"""Headings as fields: the shipped mappings, a user's own, and what single cells mean."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from knowledge.errors import BadInput
from knowledge.mapping import (
    FIELDS,
    choose_mapping,
    read_kind,
    read_list,
    read_mapping,
    read_moment,
    read_number,
    read_result,
    read_severity,
    read_status,
    read_text,
    read_yes,
)


def test_the_names_of_the_contract_choose_the_case_mapping() -> None:
    mapping = choose_mapping(["external_id", "situation", "actions", "outcome"])
    assert mapping.name == "case"
    assert mapping({"external_id": "a", "situation": "积水", "note": "x"}) == {"external_id": "a", "situation": "积水"}


@pytest.mark.parametrize(
    ("headings", "name"),
    [
        (
            ["标题", "情况", "类别", "区县", "地点", "发生时间", "办结时间", "等级", "处置措施", "结果", "经验教训"],
            "case",
        ),
        (["事件描述", "部门", "来源"], "case"),
        (["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"], "petition"),
        (["工单编号", "诉求内容", "受理时间", "办理结果"], "petition"),
        (["诉求编号", "诉求内容（必填）*", "联系电话"], "petition"),
    ],
)
def test_headings_choose_a_mapping(headings: list[str], name: str) -> None:
    mapping = choose_mapping(headings)
    assert mapping.name == name
    assert "situation" in mapping.covers(headings)


def test_every_name_of_the_contract_is_a_heading() -> None:
    case = choose_mapping(["situation"])
    assert set(case.covers(FIELDS)) == set(FIELDS)


def test_a_citizen_is_left_out_and_the_first_filled_heading_wins() -> None:
    mapping = choose_mapping(["留言详情", "留言用户", "联系电话"])
    values = mapping({"留言用户": "某某", "联系电话": 1, "留言详情": None, "反映问题": "井盖缺失"})
    assert values == {"situation": "井盖缺失"}


def test_unknown_headings_say_what_is_needed() -> None:
    with pytest.raises(BadInput, match=r"甲, 乙.*situation.*--mapping map\.json"):
        choose_mapping(["甲", "乙"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.json", '{"甲": "situation", "乙": "outcome.resolved", "丙": ""}'),
        ("map.toml", '"甲" = "situation"\n"乙" = "outcome.resolved"\n"丙" = ""\n'),
        ("map.toml", 'drop = ["丙"]\n[fields]\nsituation = ["甲"]\n"outcome.resolved" = ["乙"]\n'),
    ],
)
def test_a_mapping_of_ones_own(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    mapping = read_mapping(path)
    assert mapping({"甲": "停电", "乙": "是", "丙": 3}) == {"situation": "停电", "outcome.resolved": "是"}
    assert mapping.knows("丙")
    assert not mapping.knows("丁")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"甲": "colour"}', "no field 'colour'; the fields are"),
        ('{"甲": 3}', "must name one field"),
        ("甲 =", "neither TOML nor JSON"),
        ('[fields]\nsituation = "甲"', "must be a list of headings"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "map.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=says):
        read_mapping(path)
    with pytest.raises(BadInput, match="check the name"):
        read_mapping(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    "value",
    [
        "2018-06-21T15:23:49+08:00",
        "2018-06-21T07:23:49Z",
        "2018/6/21 15:23:49",
        "2018.6.21 15：23：49",
        "2018年6月21日 15时23分49秒",
        "2018年6月21日下午3点23分49秒",
        "20180621T152349",
        datetime(2018, 6, 21, 15, 23, 49),
        datetime(2018, 6, 21, 7, 23, 49, tzinfo=UTC),
        43272.64153935185,
        "43272.64153935185",
    ],
)
def test_one_moment_in_many_spellings(value: object) -> None:
    assert read_moment(value) == datetime(2018, 6, 21, 7, 23, 49, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2018-06-21", "2018年6月21日", "20180621", 43272, date(2018, 6, 21)])
def test_a_day_begins_at_midnight_in_the_city(value: object) -> None:
    assert read_moment(value) == datetime(2018, 6, 20, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2018-02-30", "2018/13/1", "1899-12-31", "2101-01-01", "昨天", "", 7, "25:00", "2018-06"]
)
def test_impossible_moments(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_moment(value)


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        (1, ["特别重大", "I级", "Ⅰ级", "红色", "红色预警", 1, "特别重大（I级）", "一级"]),
        (2, ["重大", "II级", "Ⅱ级", "橙色", 2.0, "重大(Ⅱ级)"]),
        (3, ["较大", "III级", "Ⅲ", "黄", "3", "较大事故"]),
        (4, ["一般", "IV级", "Ⅳ级", "蓝色", 4]),
    ],
)
def test_severities(severity: int, words: list[object]) -> None:
    assert [read_severity(word) for word in words] == [severity] * len(words)


@pytest.mark.parametrize("value", ["0", 5, "很严重", "12"])
def test_no_severity(value: object) -> None:
    with pytest.raises(ValueError, match="write 特别重大"):
        read_severity(value)


def test_other_cells() -> None:
    assert [read_yes(value) for value in ("是", True, "Yes", 1, "否", "false", 0.0)] == [True] * 4 + [False] * 3
    assert [read_number(value) for value in ("3天", 4, "4.5 分", "满意")] == [3, 4, 4.5, None]
    assert [read_kind("政策"), read_status("草稿"), read_result("有效"), read_status("有效")] == [
        "policy",
        "draft",
        "worked",
        "approved",
    ]
    assert [read_text(5607.0), read_text(" a\0b ")] == ["5607", "ab"]
    assert [read_list('["a"]'), read_list("a\nb"), read_list({"text": "a"}), read_list(("a",))] == [
        ["a"],
        ["a", "b"],
        [{"text": "a"}],
        ["a"],
    ]
    for reading, value in ((read_yes, "也许"), (read_kind, "歌曲"), (read_text, ["a"]), (read_list, "[1")):
        with pytest.raises(ValueError, match=r".+"):
            reading(value)
