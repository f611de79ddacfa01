"""Labelled texts: a table of texts with the category that a city gave to each, checked against the city's taxonomy.

Rows that cannot be used are told one by one with what to do. It learns nothing from them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from knowledge.errors import BadInput
from knowledge.intake import RowError
from knowledge.sheet import read_rows
from knowledge.taxonomy import Taxonomy
from knowledge.text import clean, fold

__all__ = ["LEAST", "Labelled", "read_labelled"]

LEAST = 5  # texts that a label needs: one for each part that is held out
LONGEST = 20_000  # characters of a text; the rest of a longer one tells no more
TOLD = 1_000  # errors that are kept
_TEXT = ("text", "situation", "content", "message", "文本", "内容", "诉求内容", "情况", "留言详情", "描述", "正文")
_LABEL = ("label", "category", "class", "类别", "分类", "标签", "事项", "一级标签", "一级分类", "问题分类")


@dataclass(frozen=True)
class Labelled:
    """Texts and the category id of each, in the order of the table. `read` counts all rows; `skipped` those whose text
    stood there before; `errors` holds the first 1,000 of `errors_total`. `unknown` counts the rows of each label that
    is no category, `rare` those of categories with fewer than five texts, which are left out."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    read: int
    skipped: int
    errors: tuple[RowError, ...]
    errors_total: int
    unknown: Mapping[str, int]
    rare: Mapping[str, int]


def read_labelled(path: Path, taxonomy: Taxonomy, *, text: str | None = None, label: str | None = None) -> Labelled:
    """Reads a CSV, XLSX or JSONL file. `text` and `label` name its columns; without them usual names are looked for.
    A label is the id, a name (zh or en) or a synonym of a category of either level. Raises BadInput for a file or
    column that cannot be read, and where fewer than two categories have five texts."""
    ids = _ids(taxonomy)
    rows = read_rows(path)
    first = next(rows, None)
    if first is None:
        raise BadInput(f"{path} has headings only; give at least {LEAST} texts for each of two categories")
    columns: tuple[str, str] | None = None
    pairs: dict[str, str] = {}
    errors: list[RowError] = []
    unknown: Counter[str] = Counter()
    read = skipped = 0
    for row in chain([first], rows):
        read += 1
        if row.problem:
            errors.append(RowError(row.number, "", row.problem))
            continue
        columns = columns or (
            _column(path, row.values, text, _TEXT, "text"),
            _column(path, row.values, label, _LABEL, "label"),
        )
        said, given = (clean(str(row.values.get(name) or "")) for name in columns)
        if not said or not given:
            errors.append(RowError(row.number, columns[0] if not said else columns[1], "is empty; fill it in"))
        elif (category := ids.get(fold(given)) or taxonomy.resolve_category(given)) is None:
            unknown[given] += 1
            errors.append(RowError(row.number, columns[1], _no_category(given)))
        elif said[:LONGEST] in pairs:
            skipped += 1
        else:
            pairs[said[:LONGEST]] = category
    sizes = Counter(pairs.values())
    rare = {category: size for category, size in sizes.items() if size < LEAST}
    kept = [(said, category) for said, category in pairs.items() if category not in rare]
    if len(sizes) - len(rare) < 2:
        raise BadInput(_too_few(path, read, sizes, unknown))
    texts, labels = zip(*kept, strict=True)
    return Labelled(texts, labels, read, skipped, tuple(errors[:TOLD]), len(errors), dict(unknown), rare)


def _ids(taxonomy: Taxonomy) -> dict[str, str]:
    """Categories by id, then by name; of two with one name the first."""
    found = {fold(category.id): category.id for category in taxonomy.categories}
    for category in taxonomy.categories:
        for name in (category.zh, category.en):
            found.setdefault(fold(name), category.id)
    return found


def _column(path: Path, values: Mapping[str, object], wanted: str | None, usual: tuple[str, ...], option: str) -> str:
    headings = {fold(name): name for name in values}
    found = [headings[fold(name)] for name in ([wanted] if wanted else usual) if fold(name) in headings]
    if not found:
        raise BadInput(
            f"{path} has no column {wanted or ' or '.join(usual[:2])!r}, but {', '.join(values)}; "
            f"name the right one with --{option}"
        )
    return found[0]


def _no_category(given: str) -> str:
    return (
        f"{given[:60]!r} is no category of this city; write the id or name of one, "
        "or add it to situations.csv in the data folder"
    )


def _too_few(path: Path, read: int, sizes: Counter[str], unknown: Counter[str]) -> str:
    said = f"{path}: of {read} rows no two categories have {LEAST} texts ({dict(sizes.most_common(5))})"
    if unknown:
        examples = ", ".join(repr(label[:40]) for label, _ in unknown.most_common(3))
        return f"{said}; labels such as {examples} are no categories of this city: add them to its situations.csv"
    return f"{said}; give more texts"
