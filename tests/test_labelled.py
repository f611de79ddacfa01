"""Labelled texts: columns are found, labels are matched to categories, the rest is told row by row."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.errors import BadInput
from knowledge.labelled import LEAST, read_labelled
from knowledge.taxonomy import read_taxonomy

TAXONOMY = read_taxonomy()
ROWS = [(f"路灯第{n}天不亮", "road.light") for n in range(LEAST)] + [(f"第{n}次停电", "停电") for n in range(LEAST)]


def _table(path: Path, rows: Sequence[Sequence[str]], heads: Sequence[str] = ("text", "label")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([heads, *rows])
    return path


def test_labels_are_ids_or_names_in_either_language_of_either_level(tmp_path: Path) -> None:
    power, lights = TAXONOMY.category_by_id["utility.power"], TAXONOMY.category_by_id["road.light"]
    group = TAXONOMY.category_by_id["flood"]
    names = [power.zh, power.en.upper(), power.id, lights.zh, f" {lights.en} ", group.zh, group.en, group.id]
    rows = [(f"{name}{n}", name) for name in names for n in range(LEAST)]
    found = read_labelled(_table(tmp_path / "a.csv", rows), TAXONOMY)
    assert set(found.labels) == {"utility.power", "road.light", "flood"}
    assert found.labels.count("flood") == 3 * LEAST
    assert (found.read, found.errors_total, found.skipped) == (len(rows), 0, 0)


def test_what_cannot_be_used_is_told_row_by_row(tmp_path: Path) -> None:
    rows = [*ROWS, ("野猪", "山里的事"), ("", "停电"), ("没有类别", ""), ROWS[0], ("下水道", "utility.gas_leak")]
    found = read_labelled(_table(tmp_path / "a.csv", rows), TAXONOMY)
    first = len(ROWS) + 1
    assert [(e.row, e.field) for e in found.errors] == [(first, "label"), (first + 1, "text"), (first + 2, "label")]
    assert "situations.csv" in found.errors[0].problem
    assert (found.unknown, found.rare) == ({"山里的事": 1}, {"utility.gas_leak": 1})
    assert (found.read, found.skipped, len(found.texts)) == (len(rows), 1, len(ROWS))


def test_a_row_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    found = read_labelled(_table(tmp_path / "a.csv", [("a", "b", "c"), *ROWS]), TAXONOMY)
    assert [(e.row, e.field) for e in found.errors] == [(1, "")]
    assert len(found.texts) == len(ROWS)


@pytest.mark.parametrize(
    ("heads", "named"), [(("诉求内容", "类别"), {}), (("甲", "乙"), {"text": "甲", "label": "乙"})]
)
def test_columns_are_found_by_usual_names_or_as_named(
    tmp_path: Path, heads: tuple[str, str], named: dict[str, str]
) -> None:
    found = read_labelled(_table(tmp_path / "a.csv", ROWS, heads), TAXONOMY, **named)
    assert found.texts[0] == ROWS[0][0]


def test_a_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    book = Workbook()
    for row in [("text", "label"), *ROWS]:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "a.xlsx")
    assert read_labelled(tmp_path / "a.xlsx", TAXONOMY) == read_labelled(_table(tmp_path / "a.csv", ROWS), TAXONOMY)


@pytest.mark.parametrize(
    ("rows", "heads", "named", "says"),
    [
        (ROWS, ("甲", "乙"), {}, "--text"),
        (ROWS, ("text", "乙"), {}, "--label"),
        (ROWS, ("text", "label"), {"label": "丙"}, "'丙'"),
        ([], ("text", "label"), {}, "at least 5 texts"),
        (ROWS[:LEAST], ("text", "label"), {}, "give more texts"),
        ([(text, f"不认识{label}") for text, label in ROWS], ("text", "label"), {}, "situations.csv"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(
    tmp_path: Path, rows: list[tuple[str, str]], heads: tuple[str, str], named: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        read_labelled(_table(tmp_path / "a.csv", rows, heads), TAXONOMY, **named)
