"""The taxonomy: categories of situations (two levels), action types, departments, with names and synonyms.

It is read from three CSV files that a city may replace by its own (same columns) in its data folder. It knows the
words, not the cases: nothing here ranks or counts.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knowledge.text import fold

__all__ = ["ActionType", "Category", "Department", "Taxonomy", "read_taxonomy"]

BUNDLED = Path(__file__).parent / "data"


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split("|") if part.strip())


@dataclass(frozen=True)
class Category:
    """A kind of situation: `id` is "group" or "group.leaf"."""

    id: str
    zh: str
    en: str
    everyday_zh: tuple[str, ...] = ()
    official_zh: tuple[str, ...] = ()
    words_en: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The first level: `flood` for `flood.underpass`."""
        return self.id.split(".")[0]

    @property
    def is_leaf(self) -> bool:
        """Whether this is a category of the second level."""
        return "." in self.id

    def name(self, language: str) -> str:
        """The name in zh or en (any other language gets en)."""
        return self.zh if language == "zh" else self.en

    def words(self) -> tuple[str, ...]:
        """Every way to say it: names and synonyms in both languages."""
        return (self.zh, *self.everyday_zh, *self.official_zh, self.en, *self.words_en)


@dataclass(frozen=True)
class ActionType:
    """A kind of measure. `when` is now, today or later; `emergency` ones come first when life is in danger; `family` is
    the kind of help that it is (rescue, control, repair, works, supply, inspection, enforcement, money, people,
    information, organisation), by which learning shares what it knows of one type with its like."""

    id: str
    zh: str
    en: str
    when: str
    emergency: bool
    cues_zh: tuple[str, ...] = ()
    cues_en: tuple[str, ...] = ()
    family: str = ""

    def name(self, language: str) -> str:
        """The name in zh or en."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Department:
    """A department or public company that acts."""

    id: str
    zh: str
    en: str
    aliases_zh: tuple[str, ...] = ()
    aliases_en: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """The name in zh or en."""
        return self.zh if language == "zh" else self.en

    def words(self) -> tuple[str, ...]:
        """Every way to name it, longest first."""
        return tuple(sorted((self.zh, self.en, *self.aliases_zh, *self.aliases_en), key=len, reverse=True))


@dataclass(frozen=True)
class Taxonomy:
    """All categories, action types and departments, with look-up by id, name or synonym."""

    categories: tuple[Category, ...]
    action_types: tuple[ActionType, ...]
    departments: tuple[Department, ...]

    @cached_property
    def category_by_id(self) -> dict[str, Category]:
        """Categories of both levels by id."""
        return {category.id: category for category in self.categories}

    @cached_property
    def action_type_by_id(self) -> dict[str, ActionType]:
        """Action types by id."""
        return {action_type.id: action_type for action_type in self.action_types}

    @cached_property
    def department_by_id(self) -> dict[str, Department]:
        """Departments by id."""
        return {department.id: department for department in self.departments}

    @cached_property
    def _category_words(self) -> dict[str, str]:
        return _first_wins((word, c.id) for c in self.categories for word in (c.id, *c.words()))

    @cached_property
    def _action_words(self) -> dict[str, str]:
        return _first_wins((word, a.id) for a in self.action_types for word in (a.id, a.zh, a.en))

    @cached_property
    def _department_words(self) -> dict[str, str]:
        return _first_wins((word, d.id) for d in self.departments for word in (d.id, *d.words()))

    def resolve_category(self, text: str) -> str | None:
        """The category id for an id, a name or a synonym; None if there is none.

        >>> read_taxonomy().resolve_category("停电")
        'utility.power'
        """
        return self._category_words.get(fold(text))

    def resolve_action_type(self, text: str) -> str | None:
        """The action type id for an id or a name; None if there is none."""
        return self._action_words.get(fold(text))

    def resolve_department(self, text: str) -> str | None:
        """The department id for an id, a name or an alias, also behind the name of a city or district.

        >>> read_taxonomy().resolve_department("云州市水务局")
        'water'
        """
        folded = fold(text)
        if folded in self._department_words:
            return self._department_words[folded]
        ends = [word for word in self._department_words if len(word) >= 3 and folded.endswith(word)]
        return self._department_words[max(ends, key=len)] if ends else None

    def category_name(self, category: str | None, language: str) -> str | None:
        """The name of a category id; text that is no id is given back as it is."""
        found = self.category_by_id.get(category or "")
        return found.name(language) if found else category

    def action_type_name(self, action_type: str, language: str) -> str:
        """The name of an action type id; text that is no id is given back as it is."""
        found = self.action_type_by_id.get(action_type)
        return found.name(language) if found else action_type

    def department_name(self, department: str | None, language: str) -> str | None:
        """The name of a department id; text that is no id is given back as it is."""
        found = self.department_by_id.get(department or "")
        return found.name(language) if found else department


def _first_wins(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word, value in pairs:
        found.setdefault(fold(word), value)
    return found


def _rows(name: str, folder: Path | None) -> list[dict[str, str]]:
    path = folder / name if folder and (folder / name).is_file() else BUNDLED / name
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def read_taxonomy(folder: Path | None = None) -> Taxonomy:
    """Reads situations.csv, action_types.csv and departments.csv; a file in `folder` replaces the bundled one. Where a
    city's action types have no column `family`, `when` stands in for it.

    >>> len([c for c in read_taxonomy().categories if c.is_leaf])
    120
    """
    categories = tuple(
        Category(
            id=row["id"],
            zh=row["name_zh"],
            en=row["name_en"],
            everyday_zh=_split(row.get("everyday_zh")),
            official_zh=_split(row.get("official_zh")),
            words_en=_split(row.get("words_en")),
        )
        for row in _rows("situations.csv", folder)
    )
    action_types = tuple(
        ActionType(
            id=row["id"],
            zh=row["name_zh"],
            en=row["name_en"],
            when=row["when"],
            emergency=row["emergency"] == "1",
            cues_zh=_split(row.get("cues_zh")),
            cues_en=_split(row.get("cues_en")),
            family=(row.get("family") or "").strip() or row["when"],
        )
        for row in _rows("action_types.csv", folder)
    )
    departments = tuple(
        Department(
            id=row["id"],
            zh=row["name_zh"],
            en=row["name_en"],
            aliases_zh=_split(row.get("aliases_zh")),
            aliases_en=_split(row.get("aliases_en")),
        )
        for row in _rows("departments.csv", folder)
    )
    return Taxonomy(categories, action_types, departments)
