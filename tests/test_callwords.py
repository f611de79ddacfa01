import csv
import re

import pytest

from knowledge.callwords import BUNDLED, read_callwords

WORDS = read_callwords()


def test_the_table() -> None:
    with BUNDLED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 40
    assert len({(row["what"], row["key"]) for row in rows}) == len(rows)
    for row in rows:
        assert float(row["weight"]) > 0
        assert not re.compile(row["words"]).search(""), row["key"]


@pytest.mark.parametrize(
    ("what", "text", "key"),
    [
        ("request", "能不能来修一下", "asks_for"),
        ("request", "When will they repair it?", "asks_en"),
        ("mood", "求求你们快点", "hurried"),
        ("mood", "修了八九回又坏了", "repeated"),
        ("crowd", "六十多个工人把大门堵了", "gathering"),
        ("life", "有两个人爬到塔吊上去了", "height"),
        ("vulnerable", "家里有卧床的老人", "old"),
        ("decline", "回不回话都行", "declines"),
    ],
)
def test_words_that_tell(what: str, text: str, key: str) -> None:
    assert key in {told.key for told in WORDS.find(what, text)}
    assert all(told.words in text and text[told.start :].startswith(told.words) for told in WORDS.find(what, text))


@pytest.mark.parametrize("what", ["crowd", "life", "mood", "decline", "hypothetical"])
def test_plain_sentences_tell_nothing(what: str) -> None:
    assert not WORDS.has(what, "路灯不亮")
    assert not WORDS.has(what, "The street light is dark.")
    assert WORDS.weight(what, "") == 0
