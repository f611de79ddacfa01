from datetime import UTC, datetime

from assistant.hotwords import corrected_words, hot_words
from knowledge.call_log import Correction


def correction(before: str, after: str) -> Correction:
    return Correction(1, None, 0, 1, before, after, "坐席", datetime(2026, 11, 3, tzinfo=UTC))


def test_only_the_words_that_were_changed() -> None:
    assert corrected_words([correction("桥下急水了", "桥下积水了")]) == ("积水",)
    assert corrected_words([correction("积水", "积水")]) == ()
    assert corrected_words([correction("一", "二"), correction("12", "34")]) == (), "no single signs, no numbers"


def test_the_word_that_was_written_most_often_comes_last() -> None:
    some = [correction("急水", "积水"), correction("晴台桥", "停电"), correction("急水", "积水")]
    assert corrected_words(some)[-1] == "积水"


def test_the_prompt_is_short_and_keeps_the_corrected_words() -> None:
    names = [f"第{number}街道办事处" for number in range(100)]
    prompt = hot_words(names, [correction("急水", "积水")])
    assert len(prompt) <= 161
    assert prompt.startswith("第0街道办事处、")
    assert prompt.endswith("、积水。")
    assert hot_words([]) == ""
    assert hot_words(["积水", "水务局"], [correction("急水", "积水")]) == "水务局、积水。"
