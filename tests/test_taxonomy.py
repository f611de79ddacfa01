import csv
from collections import Counter
from pathlib import Path

import pytest

from knowledge.case import Case
from knowledge.taxonomy import Taxonomy, read_taxonomy


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return read_taxonomy()


def test_size(taxonomy: Taxonomy) -> None:
    leaves = Counter(c.group for c in taxonomy.categories if c.is_leaf)
    assert len(leaves) == 15
    assert set(leaves.values()) == {8}
    assert len(taxonomy.action_types) >= 60
    assert len(taxonomy.departments) >= 25


def test_ids_are_unique(taxonomy: Taxonomy) -> None:
    for part in (taxonomy.categories, taxonomy.action_types, taxonomy.departments):
        assert [i for i, n in Counter(item.id for item in part).items() if n > 1] == []


def test_names_are_unique_and_in_both_languages(taxonomy: Taxonomy) -> None:
    for part in (taxonomy.categories, taxonomy.action_types, taxonomy.departments):
        for language in ("zh", "en"):
            names = Counter(item.name(language) for item in part)
            assert [name for name, n in names.items() if n > 1 or not name] == []


def test_every_leaf_has_a_group(taxonomy: Taxonomy) -> None:
    groups = {c.id for c in taxonomy.categories if not c.is_leaf}
    assert {c.group for c in taxonomy.categories if c.is_leaf} == groups


def test_every_name_and_id_resolves_to_its_own(taxonomy: Taxonomy) -> None:
    for part, resolve in (
        (taxonomy.categories, taxonomy.resolve_category),
        (taxonomy.action_types, taxonomy.resolve_action_type),
        (taxonomy.departments, taxonomy.resolve_department),
    ):
        for item in part:
            for word in (item.id, item.zh, item.en, item.en.upper(), f" {item.zh}　"):
                assert resolve(word) == item.id, word


def test_every_synonym_resolves_to_a_category_that_has_it(taxonomy: Taxonomy) -> None:
    for category in taxonomy.categories:
        for word in category.words():
            found = taxonomy.resolve_category(word)
            assert found is not None
            assert word in taxonomy.category_by_id[found].words(), word


def test_few_synonyms_belong_to_two_categories(taxonomy: Taxonomy) -> None:
    owners = Counter(word for c in taxonomy.categories if c.is_leaf for word in set(c.words()))
    assert [word for word, n in owners.items() if n > 2] == []
    assert sum(n > 1 for n in owners.values()) < 0.02 * len(owners)


def test_every_alias_of_a_department_resolves_to_it(taxonomy: Taxonomy) -> None:
    for department in taxonomy.departments:
        for word in department.words():
            assert taxonomy.resolve_department(word) == department.id, word


def test_leaves_have_words_in_both_languages(taxonomy: Taxonomy) -> None:
    bare = [c.id for c in taxonomy.categories if c.is_leaf and not (c.everyday_zh and c.official_zh and c.words_en)]
    assert bare == []


def test_action_types_say_when_and_whether_they_save_lives(taxonomy: Taxonomy) -> None:
    assert {a.when for a in taxonomy.action_types} == {"now", "today", "later"}
    assert [a.id for a in taxonomy.action_types if a.emergency and a.when != "now"] == []
    assert sum(a.emergency for a in taxonomy.action_types) >= 3
    assert "other" in taxonomy.action_type_by_id


def test_every_action_type_belongs_to_a_family_of_several(taxonomy: Taxonomy) -> None:
    families = Counter(a.family for a in taxonomy.action_types)
    assert families.pop("other") == 1  # the action type of that name
    assert 8 <= len(families) <= 12
    assert min(families.values()) >= 3
    assert taxonomy.action_type_by_id["evacuate"].family == taxonomy.action_type_by_id["medical"].family == "rescue"


def test_a_citys_action_types_need_no_family(tmp_path: Path) -> None:
    with (tmp_path / "action_types.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "name_zh", "name_en", "when", "emergency", "cues_zh", "cues_en"])
        rows.writerow(["sweep", "清扫", "Sweep", "today", "0", "扫|清扫", "sweep"])
    (own,) = read_taxonomy(tmp_path).action_types
    assert (own.family, own.cues_zh) == ("today", ("扫", "清扫"))


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("云州市水务局", "water"),
        ("望江区水务局", "water"),
        ("消防", "fire_rescue"),
        ("火星局", None),
        ("", None),
        ("局", None),
    ],
)
def test_departments_behind_a_place(taxonomy: Taxonomy, text: str, department: str | None) -> None:
    assert taxonomy.resolve_department(text) == department


def test_the_longest_ending_names_the_department(taxonomy: Taxonomy) -> None:
    for department in taxonomy.departments:
        assert taxonomy.resolve_department(f"云州市{department.zh}") == department.id


def test_what_is_no_id_is_shown_as_it_is(taxonomy: Taxonomy) -> None:
    assert taxonomy.category_name("A-17", "zh") == "A-17"
    assert taxonomy.category_name(None, "zh") is None
    assert taxonomy.category_name("flood", "en") == "Flooding and natural hazards"
    assert taxonomy.action_type_name("dance", "en") == "dance"
    assert taxonomy.department_name("某某公司", "zh") == "某某公司"
    assert taxonomy.department_name(None, "zh") is None
    assert taxonomy.resolve_category("no such thing") is None


def test_every_demo_case_resolves(taxonomy: Taxonomy, demo_cases: tuple[Case, ...]) -> None:
    leaves = {c.id for c in taxonomy.categories if c.is_leaf}
    for case in demo_cases:
        assert case.category in leaves, case.external_id
        assert set(case.departments) <= set(taxonomy.department_by_id), case.external_id
        for action in case.actions:
            assert action.action_type in taxonomy.action_type_by_id, case.external_id
            assert action.department is None or action.department in taxonomy.department_by_id, case.external_id


def test_a_city_replaces_one_file_and_keeps_the_others(tmp_path: Path) -> None:
    with (tmp_path / "departments.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "name_zh", "name_en", "aliases_zh", "aliases_en"])
        rows.writerow(["tram", "电车公司", "Tram Company", "电车| 有轨 |", ""])
    own = read_taxonomy(tmp_path)
    assert [d.id for d in own.departments] == ["tram"]
    assert own.departments[0].aliases_zh == ("电车", "有轨")
    assert own.resolve_department("有轨") == "tram"
    assert own.categories == read_taxonomy().categories
