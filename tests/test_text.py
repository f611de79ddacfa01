import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import clean, fold, language_of, sentences, simplify

ANY = st.text(st.characters(), max_size=80) | st.text("积水。！？；a B.\n\r\t \u3000\u200b\x00\ud800", max_size=40)


@given(ANY)
def test_clean_is_idempotent_and_leaves_nothing_unprintable(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert not [c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"]
    cleaned.encode()


@given(st.text("积水路灯abc<>&\"'{}$`%", max_size=60))
def test_clean_leaves_plain_text_and_markup_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("积水\u200b\u200e半米\ufeff", "积水半米"),
        ("a \t\u3000\xa0b", "a b"),
        ("第一行 \n\n\n 第二行", "第一行\n第二行"),
        ("坏\ud83d字", "坏字"),
        ("表情😀", "表情😀"),
        ("<b>粗</b>", "<b>粗</b>"),
        ("", ""),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(max_size=60))
def test_fold_makes_width_and_case_alike(text: str) -> None:
    once = fold(text)
    assert once == once.strip()
    assert fold(text.upper().lower()) == fold(text.lower())


@pytest.mark.parametrize("pair", [("ＡＢＣ", "abc"), ("１２３４５", "12345"), ("Straße", "STRASSE"), ("a　b", "a b")])
def test_fold_examples(pair: tuple[str, str]) -> None:
    assert fold(pair[0]) == fold(pair[1])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("立交桥下积水半米", "zh"),
        ("Two cars are stuck under the bridge", "en"),
        ("小区 gas 泄漏了", "zh"),
        ("The 云州 bridge is closed", "en"),
        ("12345", "zh"),
        ("", "zh"),
        ("A3区路灯不亮", "zh"),
        ("WiFi 坏了", "zh"),
    ],
)
def test_language_of(text: str, language: str) -> None:
    assert language_of(text) == language


@given(ANY)
def test_every_sentence_stands_in_the_text_in_order(text: str) -> None:
    place = 0
    for sentence in sentences(text):
        assert sentence
        assert sentence == sentence.strip()
        place = text.index(sentence, place) + len(sentence)


@given(st.lists(st.text("积水路灯停电", min_size=1, max_size=9), min_size=1, max_size=6))
def test_full_stops_part_sentences(parts: list[str]) -> None:
    assert list(sentences("。".join(parts) + "。")) == [f"{part}。" for part in parts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gas off. All safe.", ("Gas off.", "All safe.")),
        ("It took 3.5 hours. Nobody was hurt!", ("It took 3.5 hours.", "Nobody was hurt!")),
        ("已关阀；已疏散？是！！", ("已关阀；", "已疏散？", "是！！")),
        ("第一行\n第二行", ("第一行", "第二行")),
        ("。。。", ()),
        ("", ()),
    ],
)
def test_sentences(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("積水", "积水"), ("電梯壞了", "电梯坏了"), ("already", "already"), ("", "")]
)
def test_simplify(text: str, expected: str) -> None:
    assert simplify(text) == expected


@given(st.text("积水路灯停电电梯噪音", max_size=30))
def test_simplified_text_stays_as_it_is(text: str) -> None:
    assert simplify(text) == text
