import pytest

from assistant.callplace import CallPlaces
from assistant.saying import Saying
from knowledge.call import Channel
from knowledge.callwords import read_callwords
from knowledge.places import read_places

PLACES = CallPlaces(read_places(), read_callwords())


def _said(*texts: str, confidence: float = 1.0) -> list[Saying]:
    return [
        Saying(
            segment=n, start=n, end=n + 1, text=text, channel=Channel.CALLER,
            doubtful=confidence < 0.55, confidence=confidence,
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (("凤台立交桥下积水",), "wangjiang.fengtai_interchange"),
        (("我是铁路新村的，旁边那个屏山垃圾转运站太臭",), "beiping.pingshan_transfer_station"),
        (("我在铁路新村，暖气不热",), "beiping.railway_new_village"),
        (("I live at Yuehu Bay and they are building all night",), "gaoxin.yuehu_bay"),
        (("I am in the ward of Nanpu Hospital", "That is the Bailu Night Market"), "nanpu.bailu_night_market"),
    ],
)
def test_the_place_that_is_meant(texts: tuple[str, ...], place: str) -> None:
    found = PLACES(_said(*texts))
    assert found.place is not None
    assert found.place.value == place
    assert found.district is not None
    assert found.district.value == place.split(".")[0]
    assert not found.doubtful


def test_a_place_heard_wrongly_is_found_by_its_sound_and_marked() -> None:
    found = PLACES(_said("风台力交桥下面积水"))
    assert found.place is not None
    assert found.place.value == "wangjiang.fengtai_interchange"
    assert found.place.words == ("风台力交桥",)
    assert found.doubtful
    assert PLACES(_said("凤台立交桥下积水", confidence=0.2)).doubtful


def test_districts_unknown_addresses_and_nothing() -> None:
    only = PLACES(_said("石桥县这边停水"))
    assert only.place is None
    assert only.district is not None
    assert only.district.value == "shiqiao"
    unknown = PLACES(_said("柳湖路积水"))
    assert unknown.place is not None
    assert unknown.place.value == "柳湖路"
    assert PLACES(_said("37路公交车不来")).place is None
    assert PLACES([]).place is None
