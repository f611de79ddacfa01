from datetime import timedelta

import pytest

from assistant.matterwords import matter_reasons
from knowledge.callindex import CallTexts
from knowledge.places import read_places

PLACES = read_places()
TEXTS = CallTexts(PLACES)
ALIKE = {"sound": 0.8, "whole": 0.1}
UNLIKE = {"sound": 0.1, "whole": 0.1}


def _reasons(one: str, other: str, kind: str | None = None, language: str = "zh", days: float = 3.5) -> tuple[str, ...]:
    return matter_reasons(
        TEXTS.plain(one), TEXTS.plain(other), UNLIKE, timedelta(days=days), kind, language, PLACES
    )  # fmt: skip


def test_place_building_kind_and_time() -> None:
    reasons = _reasons("铁路新村8号楼不热", "铁路新村8号楼很冷", "暖气不热")
    assert reasons == ("同一地点：铁路新村", "楼号相同：8", "同一件事：暖气不热", "相隔3天")


def test_in_english() -> None:
    reasons = _reasons("noise at Yuehu Bay", "Yuehu Bay again", "night works", "en", 0.2)
    assert reasons == ("same place: Yuehu Bay", "same kind of matter: night works", "on the same day")


@pytest.mark.parametrize(("days", "said"), [(0.5, "同一天"), (-2.0, "相隔2天"), (30.0, "相隔4周")])
def test_the_time_between(days: float, said: str) -> None:
    assert _reasons("停水", "停电", days=days)[-1] == said


def test_district_words_sound_and_nothing() -> None:
    assert _reasons("石桥县停水", "石桥县王家集")[0] == "同在石桥县"
    assert "路灯" in _reasons("路灯坏了", "这个路灯")[0]
    one, other = TEXTS.plain("鹿等"), TEXTS.plain("路灯")
    assert "读音相近" in matter_reasons(one, other, ALIKE, timedelta(), None, "zh", PLACES)
    assert "说法相近" in matter_reasons(one, other, UNLIKE, timedelta(), None, "zh", PLACES)


def test_unknown_addresses_are_places_too() -> None:
    assert _reasons("柳湖路积水", "柳湖路又积水")[0] == "同一地点：柳湖路"
