"""Doubt: confidence falls with every sign against a text, second readings confirm or deny, inventions are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.call import DOUBTFUL
from knowledge.doubt import SUSPECT, agreement, confidence, doubts, goodness, invented
from knowledge.transcriber import Heard


def heard(text: str = "水管漏了，没有人来", *, log: float = -0.2, silent: float = 0.0, seconds: float = 3.0) -> Heard:
    return Heard(0.0, seconds, text, log, silent, 1.0, 0.0)


@given(st.floats(-5, 0), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1)))
def test_confidence_is_a_share_and_falls_with_doubt(log: float, silent: float, agreed: float | None) -> None:
    found = confidence(heard(log=log, silent=silent), agreed)
    assert 0 <= found <= 1
    assert confidence(heard(log=log - 0.5, silent=silent), agreed) <= found
    assert confidence(heard(log=log, silent=min(silent + 0.3, 1)), agreed) <= found
    if agreed is not None:
        assert confidence(heard(log=log, silent=silent), agreed / 2) <= found


def test_what_is_marked_for_readers() -> None:
    assert confidence(heard(log=-0.3)) > DOUBTFUL
    assert confidence(heard(log=-0.8)) < DOUBTFUL
    assert confidence(heard(log=-0.8), 1.0) > DOUBTFUL
    assert confidence(heard(log=-0.4), 0.2) < DOUBTFUL
    assert confidence(heard("明天会下雨" * 9, seconds=20), 1.0) <= SUSPECT < DOUBTFUL


def test_doubts_are_named() -> None:
    assert doubts(heard()) == ()
    assert doubts(heard(log=-1.5)) == ("unlikely",)
    assert doubts(heard("明天会下雨" * 9, seconds=20)) == ("loop",)
    assert doubts(heard("明天会下雨，我们没有伞，大家都在桥下等着", seconds=0.5)) == ("rate",)


@pytest.mark.parametrize(
    ("piece", "before", "other", "share"),
    [
        ("水管漏了", "", "水管漏了。", 1.0),
        ("水管漏了", "", "水管，坏了", 0.75),
        ("水管漏了", "", "", 0.0),
        ("……", "", "水管", 1.0),
        ("谢谢", "您好，请讲，", "您好请讲谢谢", 1.0),
        ("谢谢", "您好，请讲，", "您好请讲再见", 0.0),
    ],
)
def test_agreement_with_a_second_reading(piece: str, before: str, other: str, share: float) -> None:
    assert agreement(piece, before, other) == pytest.approx(share)


def test_the_better_reading() -> None:
    good, poor = (heard(log=-0.2),), (heard(log=-0.9),)
    looped = (heard("明天会下雨" * 9, log=-0.05, seconds=20),)
    assert sorted([good, (), looped, poor], key=goodness) in ([(), looped, poor, good], [looped, (), poor, good])


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "字幕志愿者 李宗盛",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "優優獨播劇場——YoYo Television Series Exclusive".replace("優優獨播", "优优独播"),
        "Subtitles by the Amara.org community",
        "作词：李宗盛",
        "。",
        "♪",
    ],
)
def test_what_nobody_says_to_a_hotline_is_invented(text: str) -> None:
    assert invented(heard(text), 1.0)


@pytest.mark.parametrize("text", ["谢谢观看", "感谢观看", "谢谢大家的收听", "Thank you for watching.", "音乐", "you"])
def test_what_is_hardly_said_is_invented_in_doubt(text: str) -> None:
    assert not invented(heard(text), 1.0)
    assert invented(heard(text), 0.4)
    assert invented(heard(text, silent=0.5), 1.0)
    assert invented(heard(text, log=-0.9), 1.0)


@pytest.mark.parametrize("text", ["谢谢", "谢谢您，再见", "电视没有字幕", "楼下放音乐吵得睡不着", "thank you"])
def test_what_people_say_stays(text: str) -> None:
    assert not invented(heard(text, silent=0.9, log=-2.0), 0.1)
