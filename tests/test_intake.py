"""Rows as cases, and files into the case base: what is read, what is refused, and that nothing is imported twice."""

import csv
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_records import FakeRecords
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from knowledge.case import Action, ActionResult, Case, CaseKind, CaseStatus, Outcome
from knowledge.errors import BadInput
from knowledge.intake import ImportReport, RowError, RowProblem, import_cases, read_case
from knowledge.mapping import Mapping, choose_mapping
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from knowledge.text import clean

TAXONOMY, GAZETTEER = read_taxonomy(), read_places()
CONTRACT = choose_mapping(["situation", "outcome"])
REAL = Path(__file__).parents[1] / "../shared/data/citizen_messages/resolved_messages.xlsx"


def _read(**values: object) -> Case:
    return read_case(values, CONTRACT, TAXONOMY, GAZETTEER)


def _import(path: Path, records: FakeRecords, **settings: object) -> ImportReport:
    return import_cases(path, records, taxonomy=TAXONOMY, gazetteer=GAZETTEER, **settings)  # type: ignore[arg-type]


def _lines(path: Path, rows: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_of_the_contract() -> None:
    case = read_case(
        {
            "案例编号": 12.0,
            "标题": "凤台立交桥积水",
            "情况": "桥下积水半米，一辆车被困",
            "类别": "下穿通道积水",
            "区县": "望江",
            "发生时间": "2023年7月1日 8时",
            "等级": "较大",
            "部门": "市水务局、交警；城管",
            "处置措施": "架设移动泵车抽水 | 排水抽排 | 排水公司 | 有效\n封闭桥下道路｜交通管制与绕行",
            "结果": "积水已排除，问题已解决",
            "经验教训": "泵车应提前到位",
        },
        choose_mapping(["案例编号", "情况", "处置措施", "等级", "经验教训"]),
        TAXONOMY,
        GAZETTEER,
    )
    assert (case.external_id, case.category, case.district, case.place) == (
        "12",
        "flood.underpass",
        "wangjiang",
        "凤台立交桥",
    )
    assert case.occurred_at == datetime(2023, 7, 1, tzinfo=UTC)
    assert (case.severity, case.departments, case.language) == (
        3,
        ("water", "traffic_police", "urban_management"),
        "zh",
    )
    assert case.actions == (
        Action(text="架设移动泵车抽水", action_type="pump_drain", department="water", result=ActionResult.WORKED),
        Action(text="封闭桥下道路", action_type="traffic_control"),
    )
    assert case.outcome == Outcome(resolved=True, summary="积水已排除，问题已解决")


def test_what_cannot_be_resolved_is_kept_as_text() -> None:
    case = _read(
        situation="停电",
        category="外星来客",
        district="远方县",
        departments=["太空署"],
        actions='[{"text": "观测", "action_type": "观星", "department": "天文台"}]',
        outcome={"days": 2},
    )
    assert (case.category, case.district, case.departments) == ("外星来客", "远方县", ("太空署",))
    assert (case.actions[0].action_type, case.actions[0].department) == ("观星", "天文台")
    assert case.outcome == Outcome(days=2)


def test_district_and_place_are_read_from_the_texts() -> None:
    found = _read(title="望江区滨江大道路灯不亮", situation="晚上很黑")
    assert (found.district, found.place) == ("wangjiang", "滨江大道")
    shaped = _read(situation="海淀区学院路井盖缺失")
    assert (shaped.district, shaped.place is not None) == ("海淀区", True)
    assert _read(situation="晚上太吵").district is None


def test_a_petition_with_its_reply() -> None:
    headings = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]
    cells = [
        31,
        "某人",
        "噪声",
        "2023/5/1 9:00:00",
        "\n\t工地夜间施工",
        "您好！城管局已责令停工整改。将加强巡查。",
        "2023/5/3 9:00:00",
    ]
    case = read_case(dict(zip(headings, cells, strict=True)), choose_mapping(headings), TAXONOMY, GAZETTEER)
    assert (case.external_id, case.situation) == ("31", "工地夜间施工")
    assert [(action.action_type, action.note) for action in case.actions] == [("suspend", None), ("patrol", "承诺")]
    assert case.outcome == Outcome(days=2, summary=cells[5])
    assert "某人" not in case.model_dump_json()


def test_columns_win_over_what_the_reply_says() -> None:
    case = _read(
        situation="积水", reply="已修复。", actions=[{"text": "换泵"}], resolved="否", satisfaction="满意", days="3天"
    )
    assert [action.text for action in case.actions] == ["换泵"]
    assert case.outcome == Outcome(resolved=False, days=3, summary="已修复。")


def test_title_stands_in_for_the_situation() -> None:
    assert _read(title="路灯不亮", situation=" \u200b ").situation == "路灯不亮"
    assert _read(situation="路灯不亮", superseded_by="later").superseded_by == "later"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " ", "place": "滨河路"}, "situation"),
        ({"situation": "水" * 50_001}, "situation"),
        ({"situation": "水", "lessons": "水" * 20_001}, "lessons"),
        ({"situation": "水", "reply": "水" * 20_001}, "reply"),
        ({"situation": "水", "actions": [{"text": "水" * 4_001}]}, "actions"),
        ({"situation": "水", "actions": [{"text": "抽水", "who": "我"}]}, "actions"),
        ({"situation": "水", "actions": '[{"text": '}, "actions"),
        ({"situation": "水", "actions": [{"action_type": "repair"}]}, "actions"),
        ({"situation": "水", "actions": "抽水|pump_drain|water|大概"}, "actions"),
        ({"situation": "水", "outcome": {"days": -1}}, "outcome"),
        ({"situation": "水", "outcome": "{"}, "outcome"),
        ({"situation": "水", "satisfaction": 9}, "outcome"),
        ({"situation": "水", "resolved": "也许"}, "outcome.resolved"),
        ({"situation": "水", "occurred_at": "2023-02-30"}, "occurred_at"),
        ({"situation": "水", "closed_at": "3020-02-03"}, "closed_at"),
        ({"situation": "水", "severity": "吓人"}, "severity"),
        ({"situation": "水", "kind": "歌曲"}, "kind"),
        ({"situation": ["水"]}, "situation"),
        ({"situation": "水", "external_id": "9" * 201}, "external_id"),
    ],
)
def test_a_bad_row_names_its_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(RowProblem) as error:
        _read(**values)
    assert error.value.field == field
    assert error.value.problem
    assert "\n" not in error.value.problem


def test_an_import_reports_every_row(tmp_path: Path) -> None:
    path = _lines(
        tmp_path / "cases.jsonl", [{"situation": "停电"}, {"title": ""}, {"situation": "积水", "severity": "?"}]
    )
    with path.open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    records = FakeRecords()
    report = _import(path, records)
    assert (report.read, report.added, report.errors_total) == (4, 1, 3)
    assert [(error.row, error.field) for error in report.errors] == [(2, "situation"), (3, "severity"), (4, "")]
    assert report.to_dict()["errors"][0] == vars(report.errors[0])  # type: ignore[index]
    (case,) = records.cases.values()
    assert str(case.external_id).startswith("sha:")
    assert len(str(case.external_id)) == 20
    again = _import(path, records)
    assert (again.added, again.updated, again.skipped) == (0, 0, 1)


def test_the_later_of_two_rows_updates_the_earlier(tmp_path: Path) -> None:
    rows = [{"external_id": "a", "situation": text} for text in ("积水", "积水半米", "积水半米")]
    records = FakeRecords()
    report = _import(_lines(tmp_path / "cases.jsonl", rows), records)
    assert (report.read, report.added, report.updated, report.skipped) == (3, 1, 1, 1)
    assert records.cases["a"].situation == "积水半米"
    assert records.batches == [1, 1, 1]


def test_batches_progress_cancelling_and_dry_run(tmp_path: Path) -> None:
    path = _lines(tmp_path / "cases.jsonl", [{"external_id": str(n), "situation": "停电"} for n in range(25)])
    records, told = FakeRecords(), []
    assert _import(path, records, batch=10, progress=told.append).added == 25
    assert (told, records.batches) == ([10, 20, 25], [10, 10, 5])
    stopped = FakeRecords()
    report = _import(path, stopped, batch=10, cancelled=lambda: len(stopped.batches) == 2)
    assert (report.read, report.added, report.cancelled) == (20, 20, True)
    dry = FakeRecords()
    report = _import(path, dry, dry_run=True)
    assert (report.read, report.added, dry.batches) == (25, 0, [])


def test_errors_are_counted_beyond_those_that_are_kept(tmp_path: Path) -> None:
    report = _import(_lines(tmp_path / "bad.jsonl", [{"situation": "", "place": "路"}] * 1_200), FakeRecords())
    assert (report.read, len(report.errors), report.errors_total) == (1_200, 1_000, 1_200)
    assert report.errors[0] == RowError(1, "situation", report.errors[0].problem)


def test_a_mapping_that_finds_no_situation(tmp_path: Path) -> None:
    path = _lines(tmp_path / "cases.jsonl", [{"正文甲": "停电"}])
    with pytest.raises(BadInput, match="正文甲"):
        _import(path, FakeRecords())
    with pytest.raises(BadInput, match="'mine' finds no situation"):
        _import(path, FakeRecords(), mapping=Mapping("mine", {"situation": ("正文乙",)}))
    assert _import(path, FakeRecords(), mapping=Mapping("mine", {"situation": ("正文甲",)})).added == 1


def _texts(size: int = 30) -> st.SearchStrategy[str]:
    letters = st.sampled_from("积水停电路灯不亮，。！ab1 |\"'\n;=𠮷")
    return st.text(letters, min_size=1, max_size=size).map(lambda text: clean("起" + text + "止"))


TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC))
ACTIONS = st.builds(
    Action,
    text=_texts(),
    action_type=st.sampled_from(["other", "repair", "自拟类型"]),
    department=st.none() | st.sampled_from(["water", "太空署"]),
    taken_at=st.none() | TIMES,
    result=st.sampled_from(ActionResult),
    note=st.none() | _texts(),
)
OUTCOMES = st.builds(
    Outcome,
    resolved=st.booleans(),
    days=st.none() | st.integers(0, 900).map(lambda n: n / 4),
    satisfaction=st.none() | st.integers(1, 5),
    recurred=st.none() | st.booleans(),
    summary=st.none() | _texts(),
)
CASES = st.builds(
    Case,
    external_id=st.integers(1, 99).map(str),
    kind=st.sampled_from(CaseKind),
    title=st.none() | _texts(),
    situation=_texts(200),
    category=st.none() | st.sampled_from(["flood.street", "自拟类别"]),
    district=st.sampled_from(["wangjiang", "远方县"]),
    place=_texts(),
    occurred_at=st.none() | TIMES,
    closed_at=st.none() | TIMES,
    severity=st.none() | st.integers(1, 4),
    departments=st.lists(st.sampled_from(["water", "police", "太空署"]), unique=True, max_size=3).map(tuple),
    actions=st.lists(ACTIONS, max_size=3).map(tuple),
    outcome=st.none() | OUTCOMES,
    lessons=st.none() | _texts(),
    source=st.none() | _texts(),
    language=st.sampled_from(["zh", "en"]),
    status=st.sampled_from(CaseStatus),
    superseded_by=st.none() | st.integers(1, 99).map(str),
)


def _cells(case: Case) -> dict[str, object]:
    """A case as cells of a table: lists and objects as JSON."""
    dumped = case.model_dump(mode="json")
    return {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in dumped.items()}


def _write(path: Path, cases: list[Case]) -> Path:
    if path.suffix == ".jsonl":
        return _lines(path, [case.model_dump(mode="json") for case in cases])
    rows = [list(Case.model_fields), *(list(_cells(case).values()) for case in cases)]
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return path
    book = Workbook()
    for row in rows:
        book.active.append(row)
        for cell in book.active[book.active.max_row]:
            cell.data_type = (
                "s" if isinstance(cell.value, str) else cell.data_type
            )  # text that begins with = stays text
    book.save(path)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "csv", "xlsx"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases=st.lists(CASES, min_size=1, max_size=4, unique_by=lambda case: case.external_id))
def test_cases_come_back_as_they_were_written(tmp_path: Path, ending: str, cases: list[Case]) -> None:
    path, records = _write(tmp_path / f"cases.{ending}", cases), FakeRecords()
    report = _import(path, records)
    assert (report.added, report.errors) == (len(cases), ())
    assert list(records.cases.values()) == cases
    again = _import(path, records)
    assert (again.added, again.updated, again.skipped) == (0, 0, len(cases))


LOOSE = st.fixed_dictionaries(
    {"situation": _texts(), "title": st.none() | _texts()},
    optional={
        "reply": st.sampled_from(["已清理完毕。", "将尽快处理。", "您好！"]),
        "occurred_at": TIMES.map(lambda moment: (moment + timedelta(hours=8)).strftime("%Y年%m月%d日 %H:%M")),
        "severity": st.sampled_from(["重大", "Ⅲ级", 4, "蓝色"]),
        "district": st.sampled_from(["望江区", "北屏", "远方县"]),
        "departments": st.sampled_from(["水务局，交警", "太空署"]),
        "actions": st.sampled_from(["抽水|排水抽排", "换灯\n巡查 | 巡查值守 | 城管"]),
    },
)


@settings(max_examples=60, deadline=None)
@given(LOOSE)
def test_a_read_case_reads_back_as_itself(values: dict[str, object]) -> None:
    case = _read(**values)
    assert _read(**case.model_dump(mode="json")) == case
    assert _read(**values) == case


@pytest.mark.skipif(not REAL.is_file(), reason="the shared citizen messages are not on this machine")
def test_real_messages_are_all_imported() -> None:
    records, began = FakeRecords(), time.monotonic()
    report = _import(REAL, records)
    assert time.monotonic() - began < 20
    assert (report.read, report.added, report.errors_total) == (1_408, 1_408, 0)
    assert sum(bool(case.actions) for case in records.cases.values()) > 0.6 * report.read
    assert all(case.outcome and case.outcome.summary for case in records.cases.values())
