from datetime import datetime

import pytest

from assistant.moment import CITY_ZONE
from assistant.promises import find_promises
from assistant.saying import Saying
from assistant.wishes import MOOD_NAMES, find_moods, find_request, find_wants_reply
from knowledge.call import Channel
from knowledge.callwords import read_callwords
from knowledge.lexicon import read_lexicon
from knowledge.meaning import read_meaning
from knowledge.taxonomy import read_taxonomy

WORDS = read_callwords()
MEANING = read_meaning(read_lexicon(read_taxonomy()))
NOW = datetime(2026, 11, 6, 9, 30, tzinfo=CITY_ZONE)


def _said(*texts: str, doubtful: tuple[int, ...] = ()) -> list[Saying]:
    return [
        Saying(segment=n, start=n, end=n + 1, text=text, channel=Channel.CALLER, doubtful=n in doubtful)
        for n, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("told", "request_"),
    [
        (("喂，你好。", "小区门口的路灯不亮。", "能不能派人来修路灯？", "好，谢谢。"), "能不能派人来修路灯？"),
        (("The light is dark.", "Could you please repair the light?"), "Could you please repair the light?"),
    ],
)  # fmt: skip
def test_the_sentence_that_asks(told: tuple[str, ...], request_: str) -> None:
    found = find_request(_said(*told), WORDS, MEANING)
    assert found is not None
    assert found.text == request_


def test_nothing_is_asked() -> None:
    assert find_request(_said("路灯不亮。", "天黑了。"), WORDS, MEANING) is None
    assert find_request([], WORDS, MEANING) is None


def test_a_doubtful_sentence_asks_less() -> None:
    told = ("希望把路灯修好。", "希望把路灯修好！")
    found = find_request(_said(*told, doubtful=(1,)), WORDS, MEANING)
    assert found is not None
    assert not found.doubtful


def test_the_wish_for_a_reply() -> None:
    promised = find_promises(
        [Saying(segment=9, start=0, end=1, text="我们三天内给您回复。", channel=Channel.AGENT)], NOW, WORDS
    )
    assert find_wants_reply(_said("修好了打给我"), (), WORDS).words == "打给我"
    assert find_wants_reply(_said("好的"), promised, WORDS).segment == 9
    declined = find_wants_reply(_said("不用回复了", "修好就行"), promised, WORDS)
    assert (declined.wanted, declined.segment) == (False, 0)
    assert not find_wants_reply(_said("好的"), (), WORDS).wanted


def test_moods_once_each_with_their_words() -> None:
    moods = find_moods(_said("快点来！", "都打过三次电话了，没人管", "快点！"), WORDS)
    assert [(mood.key, mood.words, mood.segment) for mood in moods] == [
        ("hurried", "快点", 0),
        ("dissatisfied", "没人管", 1),
        ("repeated", "打过三次", 1),
    ]
    assert {mood.key for mood in moods} <= set(MOOD_NAMES["zh"]) == set(MOOD_NAMES["en"])
