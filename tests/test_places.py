from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.case import Case
from knowledge.places import Gazetteer, Place, read_places
from knowledge.text import fold

CITY = read_places()


def test_ids_are_unique_and_every_place_has_a_district() -> None:
    assert [i for i, n in Counter(p.id for p in CITY.places).items() if n > 1] == []
    districts = {p.id for p in CITY.places if p.kind == "district"}
    assert len(districts) >= 8
    assert {p.district for p in CITY.places} <= districts
    assert [p.id for p in CITY.places if p.kind == "district" and p.district != p.id] == []


@pytest.mark.parametrize("place", CITY.places, ids=lambda p: p.id)
def test_every_place_is_found_by_its_names(place: Place) -> None:
    for name in (place.id, place.zh, place.en, *place.aliases):
        assert CITY.resolve_district(name) == place.district, name
    for name in (place.zh, place.en):
        found = [f.place for f in CITY.find(f"，{name}，")]
        assert len(found) == 1, name
        assert found[0] is not None
        assert name in (found[0].zh, found[0].en, *found[0].aliases)  # two places may share a name, within a district
        assert found[0].district == place.district


@given(st.lists(st.sampled_from([p.zh for p in CITY.places if p.kind != "district"]), min_size=1, max_size=4))
def test_places_come_in_the_order_of_the_text(names: list[str]) -> None:
    assert [f.words for f in CITY.find("，".join(names))] == [fold(name) for name in names]


@given(st.text(max_size=60) | st.text("云水区望江海淀A3县路街大桥的在位于 ", max_size=40))
def test_what_is_found_stands_in_the_text(text: str) -> None:
    assert all(f.words in fold(text) for f in CITY.find(text))
    for words in (CITY.find_unknown_district(text), CITY.find_address(text)):
        assert words is None or words in text


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("只看近两年海淀区的", "海淀区"),
        ("A3区停水了", "A3区"),
        ("位于柳湾县的水库", "柳湾县"),
        ("反映朝阳区噪音", "朝阳区"),
        ("在海淀区和朝阳区", "海淀区"),
        ("有的区写明工序", None),
        ("哪几个区最多", None),
        ("小区停水", None),
        ("老旧小区没有电梯", None),
        ("我们社区的路灯", None),
        ("工业园区爆炸", None),
        ("全区停电", None),
        ("有什么区别", None),
        ("", None),
    ],
)
def test_a_district_of_another_city_is_known_by_its_shape(text: str, district: str | None) -> None:
    assert CITY.find_unknown_district(text) == district


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("柳湖路积水", "柳湖路"),
        ("滨河大桥裂缝", "滨河大桥"),
        ("暴雨后立交桥下积水", None),
        ("路口红绿灯坏了", None),
        ("老旧小区停水", None),
        ("道路塌陷", None),
    ],
)
def test_an_address_is_known_by_its_shape(text: str, address: str | None) -> None:
    assert CITY.find_address(text) == address


def test_english_names_are_whole_words() -> None:
    name = next(p.en for p in CITY.places if p.kind == "district").split()[0]
    assert CITY.find(f"{name}ville floods") == ()


def test_names_of_what_is_no_id_are_kept() -> None:
    assert CITY.district_name("wangjiang", "zh") == "望江区"
    assert CITY.district_name("wangjiang", "en") == "Wangjiang District"
    assert CITY.district_name("海淀区", "en") == "海淀区"
    assert CITY.district_name(None, "zh") is None
    assert CITY.resolve_district("海淀区") is None


def test_every_demo_district_resolves(demo_cases: tuple[Case, ...]) -> None:
    districts = {p.id for p in CITY.places if p.kind == "district"}
    assert [c.external_id for c in demo_cases if c.district and c.district not in districts] == []
    assert sum(c.district is not None for c in demo_cases) > 0.8 * len(demo_cases)


def test_a_city_brings_its_own_places(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text(
        "id,kind,parent,name_zh,name_en,aliases\nx,district,,甲区,Jia,甲\nx.r,street,x,乙路,,乙街|Yi (St)\n"
    )
    own = read_places(path)
    assert own.resolve_district("YI (ST)") == "x"
    assert [f.place.id for f in own.find("甲区乙街") if f.place] == ["x", "x.r"]


def test_an_empty_gazetteer_finds_nothing() -> None:
    assert Gazetteer(()).find("望江区") == ()
    assert Gazetteer(()).resolve_district("望江区") is None
