"""The texts: same keys and placeholders in both languages, every key that is used exists, the browser chooses."""

import re
from pathlib import Path

import pytest

from knowledge.errors import Fault
from ui.texts import BUNDLED, LANGUAGES, preferred_language, read_texts, texts_in

UI = BUNDLED.parents[1]


def _write(folder: Path, zh: str, en: str) -> Path:
    (folder / "zh.toml").write_text(zh, encoding="utf-8")
    (folder / "en.toml").write_text(en, encoding="utf-8")
    return folder


def test_a_missing_text_is_named_with_its_file(tmp_path: Path) -> None:
    folder = _write(tmp_path, '[a]\nb = "1"\nc = "2"', '[a]\nb = "1"')
    with pytest.raises(Fault, match=r"en\.toml lacks the text 'a\.c'"):
        read_texts(folder)


def test_a_placeholder_in_one_language_only_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, '[a]\nb = "{n} 个"', '[a]\nb = "some"')
    with pytest.raises(Fault, match=r"'a\.b' has \{n\}"):
        read_texts(folder)


def test_a_singular_may_leave_its_number_out_but_add_none(tmp_path: Path) -> None:
    folder = _write(tmp_path, '[a]\nb = "{n}"\nb_one = "{n}"', '[a]\nb = "{n}"\nb_one = "one"')
    assert read_texts(folder)["en"].count("a.b", 1) == "one"
    folder = _write(tmp_path, '[a]\nb = "{n}"\nb_one = "{m}"', '[a]\nb = "{n}"\nb_one = "one"')
    with pytest.raises(Fault, match="b_one"):
        read_texts(folder)


def test_no_text_is_empty_and_chinese_has_no_english_sentence() -> None:
    for language in LANGUAGES:
        assert all(text.strip() for text in texts_in(language).entries.values())
    foreign = [
        key
        for key, text in texts_in("zh").entries.items()
        if re.search(r"[A-Za-z]{4,}", re.sub(r"\{\w+\}", "", text))
        and key not in {"brand.latin", "brand.page_title", "header.switch_language", "header.switch_language_hint"}
    ]
    assert foreign == []


def test_every_key_in_the_code_exists() -> None:
    used = {
        key
        for path in UI.glob("*.py")
        for key in re.findall(r"""\bt(?:\.count)?\(\s*["']([a-z_]+\.[a-z_]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert len(used) > 60
    assert sorted(used - texts_in("zh").entries.keys()) == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de", "zh"),
        ("en;q=nonsense", "zh"),
        ("", "zh"),
    ],
)
def test_the_browser_chooses(header: str, language: str) -> None:
    assert preferred_language(header) == language
