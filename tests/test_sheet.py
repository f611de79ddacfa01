"""Files of rows: encodings, delimiters, workbooks, JSON, and every file that cannot be used, with what to do next."""

import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from openpyxl import Workbook
from openpyxl.styles import Font

from knowledge import sheet
from knowledge.errors import BadInput
from knowledge.sheet import Row, read_rows

HEADINGS = "编号,情况,地点\n"
ROWS = [
    Row(1, {"编号": "1", "情况": "车库进水", "地点": "滨河路"}),
    Row(2, {"编号": "2", "情况": "路灯全灭", "地点": None}),
]


def _book(path: Path, *rows: tuple[object, ...]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_in_any_encoding_and_with_any_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = (HEADINGS + "1,车库进水,滨河路\n\n2,路灯全灭,\n").replace(",", delimiter)
    path = tmp_path / "cases.csv"
    path.write_bytes(text.encode(encoding))
    assert [row.values for row in read_rows(path)] == [row.values for row in ROWS]
    assert [row.number for row in read_rows(path)] == [1, 3]


def test_gb18030_keeps_rare_characters_across_the_sample_boundary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in range(60, 70):  # a four-byte character lies across some of these boundaries
        monkeypatch.setattr(sheet, "SAMPLE", size)
        path = tmp_path / "rare.csv"
        path.write_bytes(("编号,情况\n1," + "𠮷野家门口塌陷㙍㑇" * 9 + "\n").encode("gb18030"))
        assert next(read_rows(path)).values["情况"] == "𠮷野家门口塌陷㙍㑇" * 9


def test_quoted_fields_may_hold_lines_delimiters_and_nul(tmp_path: Path) -> None:
    path = tmp_path / "quoted.csv"
    path.write_bytes('编号,情况\r\n7,"一楼,\r\n地下室\0进水 ""很深"""\r\n'.encode())
    assert list(read_rows(path)) == [Row(1, {"编号": "7", "情况": '一楼,\r\n地下室进水 "很深"'})]


def test_bytes_that_cannot_be_decoded_cost_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "damaged.csv"
    good = "".join(f"{n},树木倒伏压住围墙\n" for n in range(3, 40))
    path.write_bytes((HEADINGS.replace(",地点", "") + "1,积水\n2,").encode() + b"\xe7\xa7\n" + good.encode())
    rows = list(read_rows(path))
    assert len(rows) == 39
    assert [row.number for row in rows if row.problem] == [2]
    assert "UTF-8" in str(rows[1].problem)


def test_damage_after_the_sample_is_a_row_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "SAMPLE", 64)
    path = tmp_path / "late.csv"
    path.write_bytes(HEADINGS.encode() + "1,积水,\n".encode() * 20 + b"2,\xff\xfe,\n" + "3,停电,\n".encode())
    assert [row.number for row in read_rows(path) if row.problem] == [21]


def test_a_cell_too_many_and_an_endless_cell_are_row_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shifted.csv"
    path.write_text(HEADINGS + "1,积水,深,滨河路\n2,停电,,\n")
    first, second = read_rows(path)
    assert "3 headings" in str(first.problem)
    assert second.problem is None
    monkeypatch.setattr(sheet, "MAX_FIELD", 100)
    path.write_text(HEADINGS + "1," + "水" * 200 + ",\n2,停电,\n")
    first, second = read_rows(path)
    assert "longer than 100" in str(first.problem)
    assert second.values["情况"] == "停电"


def test_workbook_values_dates_titles_and_blank_rows(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "说明"
    table = book.create_sheet("案例")
    table.append(["某市案例汇总表", None, None])
    table.merge_cells("A1:C1")
    table["A1"].font = Font(bold=True)
    table.append([None, None, None])
    table.append(["编号", "情况", "发生时间"])
    table.append([1, "供热管道破裂", datetime(2024, 1, 3, 8, 30)])
    table.append([None, None, None])
    table.append([2.0, "=1+1", "#N/A"])
    book.save(tmp_path / "cases.xlsx")
    first, second = read_rows(tmp_path / "cases.xlsx")
    assert first == Row(1, {"编号": 1, "情况": "供热管道破裂", "发生时间": datetime(2024, 1, 3, 8, 30)})
    assert second == Row(3, {"编号": 2, "情况": None, "发生时间": None})


def test_content_counts_more_than_the_name(tmp_path: Path) -> None:
    book = _book(tmp_path / "a.xlsx", ("情况",), ("停电",)).rename(tmp_path / "a.csv")
    lines = tmp_path / "b.txt"
    lines.write_text('{"situation": "停电"}\n')
    tabs = tmp_path / "c.xls"
    tabs.write_text("情况\t地点\n停电\t滨河路\n", encoding="gb18030")
    assert [next(read_rows(path)).values for path in (book, lines)] == [{"情况": "停电"}, {"situation": "停电"}]
    assert next(read_rows(tabs)).values == {"情况": "停电", "地点": "滨河路"}


def test_json_lines_and_arrays(tmp_path: Path) -> None:
    lines = tmp_path / "cases.jsonl"
    lines.write_text('{"situation": "停电", "title": null}\n\n{"situation": \n[1]\n"x"\n{"situation": "积水"}\n')
    rows = list(read_rows(lines))
    assert [(row.number, row.problem is None) for row in rows] == [
        (1, True),
        (3, False),
        (4, False),
        (5, False),
        (6, True),
    ]
    assert rows[0].values == {"situation": "停电", "title": None}
    array = tmp_path / "cases.json"
    array.write_text(json.dumps([{"situation": "停电"}, 3]), encoding="utf-16")
    assert [row.problem is None for row in read_rows(array)] == [True, False]


def _encrypted(path: Path) -> Path:
    plain = io.BytesIO(_book(path.with_name("plain.xlsx"), ("情况",), ("停电",)).read_bytes())
    with path.open("wb") as stream:
        OOXMLFile(plain).encrypt("secret", stream)
    return path


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (51 << 20))
    return path


def _truncated(path: Path) -> Path:
    path.write_bytes(_book(path, ("情况",), ("停电",)).read_bytes()[:-300])
    return path


def _hollow(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<oops")
    return path


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cases.csv", "情况\n停电\n")
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "missing.csv", "does not exist; check"),
        (lambda folder: folder, "is a folder; name one"),
        (lambda folder: _bytes(folder / "empty.csv", b""), "is empty; give"),
        (lambda folder: _bytes(folder / "blank.csv", b"\xef\xbb\xbf \r\n\r\n"), "is empty; give"),
        (lambda folder: _bytes(folder / "commas.csv", b",,\n,,\n"), "has no headings; put"),
        (lambda folder: _book(folder / "none.xlsx"), "has no headings; put"),
        (lambda folder: _bytes(folder / "photo.csv", bytes(range(256)) * 40), "is neither CSV, XLSX nor JSONL; export"),
        (lambda folder: _bytes(folder / "page.xls", b"<html><table></table>"), "is a web page or XML; open it"),
        (lambda folder: _bytes(folder / "old.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 512), "save it as .xlsx"),
        (lambda folder: _encrypted(folder / "locked.xlsx"), "is password-protected; save it without a password"),
        (lambda folder: _bomb(folder / "bomb.xlsx"), "unpacks to far more"),
        (lambda folder: _truncated(folder / "cut.xlsx"), "is not a readable XLSX file; open it"),
        (lambda folder: _hollow(folder / "hollow.xlsx"), "is not a readable XLSX file; open it"),
        (lambda folder: _bytes(folder / "text.xlsx", b"situation\nfire\n"), "is not a readable XLSX file; open it"),
        (lambda folder: _zip(folder / "cases.zip"), "is an archive, not a workbook; unpack it"),
        (lambda folder: _bytes(folder / "cases.json", b'[{"situation": '), "is not valid JSON"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, make, says: str) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path)
    with pytest.raises(BadInput) as error:
        list(read_rows(path))
    assert str(error.value).startswith(str(path))
    assert says in str(error.value)


def test_limits_on_arrays_and_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_ARRAY", 10)
    monkeypatch.setattr(sheet, "MAX_LINE", 30)
    with pytest.raises(BadInput, match="one object a line"):
        read_rows(_bytes(tmp_path / "big.json", b'[{"situation": "fire"}]'))
    with pytest.raises(BadInput, match="line 2: longer than 30"):
        list(read_rows(_bytes(tmp_path / "long.csv", b"a,b\n" + b"x" * 40)))


def test_a_large_csv_streams_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="gb18030") as stream:
        stream.write(HEADINGS)
        stream.writelines(f'{n},"{"道路塌陷并有积水，" * 20}\n第二行",滨河路\n' for n in range(60_000))
    assert path.stat().st_size > 20_000_000
    tracemalloc.start()
    count = sum(row.problem is None for row in read_rows(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 16_000_000
