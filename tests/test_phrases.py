"""Phrases: the bundled files agree, and a file that does not is refused with the key that is wrong."""

import re
import tomllib
from pathlib import Path

import pytest

from prompts.phrases import FOLDER, Phrases, placeholders, read_phrases

HAN = re.compile(r"[\u3400-\u9fff]")


def _write(folder: Path, zh: str, en: str) -> Path:
    for language, text in (("zh", zh), ("en", en)):
        (folder / language).mkdir()
        (folder / language / "answer.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_bundled_files_have_the_same_keys_and_placeholders() -> None:
    texts = read_phrases().texts
    assert texts["zh"].keys() == texts["en"].keys()
    assert all(placeholders(texts["zh"][key]) == placeholders(texts["en"][key]) for key in texts["zh"])
    assert len(texts["zh"]) > 50


def test_each_language_is_its_own() -> None:
    texts = read_phrases().texts
    assert not [key for key, text in texts["en"].items() if HAN.search(text)]
    assert not [
        key
        for key, text in texts["zh"].items()
        if not HAN.search(text) and re.search(r"[A-Za-z]{2,}", re.sub(r"\{.*?\}", "", text))
    ]


def test_every_key_that_the_code_says_exists() -> None:
    keys = set(read_phrases().texts["zh"])
    for path in (FOLDER.parent / "assistant").glob("*.py"):
        for key in re.findall(r'\bsay\(\s*"(\w+)"', path.read_text(encoding="utf-8")):
            assert key in keys, f"{path.name} says {key}"


@pytest.mark.parametrize(
    ("zh", "en", "named"),
    [
        ('a = "甲"\nb = "乙"', 'a = "A"', "b"),
        ('a = "甲"', 'a = "A"\nonly_here = "B"', "only_here"),
        ('good = "{n}"\nbad = "{n}条"', 'good = "{n}"\nbad = "{count}"', "bad"),
        ('bad = "{n}"', 'bad = "n"', "bad"),
    ],
)
def test_a_difference_is_refused_and_named(tmp_path: Path, zh: str, en: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{named}\b"):
        read_phrases(_write(tmp_path, zh, en))


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        read_phrases(_write(tmp_path, "a = ", 'a = "A"'))


def test_speaking_fills_the_placeholders_and_names_what_is_missing() -> None:
    phrases = Phrases({"zh": {"n": "{n} 次"}, "en": {"n": "{n} times"}})
    assert phrases.speaker("zh")("n", n=3) == "3 次"
    assert phrases.speaker("en")("n", n="{x}") == "{x} times"  # what is filled in is not a template
    assert phrases.speaker("fr")("n", n=1) == "1 times"
    with pytest.raises(KeyError, match="missing"):
        phrases.speaker("zh")("missing")
    with pytest.raises(KeyError, match="n"):
        phrases.speaker("zh")("n")
