"""Text as it comes in: cleaned, folded for comparison, split into sentences, its language told.

It knows characters, not meanings.
"""

import re
import unicodedata
from functools import lru_cache

__all__ = ["MAX_QUESTION", "clean", "fold", "language_of", "sentences", "simplify"]

MAX_QUESTION = 20_000  # characters; longer questions are refused with a sentence that says so

_CONTROL = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffd]"
)
_BLANK = re.compile(r"[ \t\u3000\xa0]+")
_LINES = re.compile(r"\s*\n\s*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]*|[^。！？；!?;\n]+")
_FULL_STOP = re.compile(r"(?<=[a-z\d)\"'])\.\s+(?=[A-Z\"'(])")


def clean(text: str) -> str:
    """Without control characters, lone surrogates and invisible marks; blanks collapsed, lines kept. Markup is left as
    it is: it is text, and is escaped where it is shown.

    >>> clean("积水\\x00  半米\\u200b \\n\\n 车被困 ")
    '积水 半米\\n车被困'
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n", _BLANK.sub(" ", text)).strip()


@lru_cache(maxsize=1)
def _converter() -> object:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional characters as Simplified ones; a text without any is left alone (OpenCC would turn 演示覆盖 into
    演示复盖).

    >>> simplify("積水"), simplify("演示覆盖")
    ('积水', '演示覆盖')
    """
    if not any(_is_traditional(character) for character in set(_HAN.findall(text))):
        return text
    return str(_converter().convert(text))  # type: ignore[attr-defined]


@lru_cache(maxsize=8192)
def _is_traditional(character: str) -> bool:
    return bool(_converter().convert(character) != character)  # type: ignore[attr-defined]


def fold(text: str) -> str:
    """For comparison only: NFKC (full-width forms as plain ones), lower case, blanks collapsed.

    >>> fold(" ＡＢＣ　路 ")
    'abc 路'
    """
    return _BLANK.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def language_of(text: str) -> str:
    """ "zh" where Chinese characters weigh at least as much as Latin words (a word counts as two), else "en".

    >>> language_of("小区 gas 泄漏了"), language_of("Gas smell"), language_of("12345")
    ('zh', 'en', 'zh')
    """
    han = len(_HAN.findall(text))
    return "en" if 2 * len(_LATIN_WORD.findall(text)) > han else "zh"


def sentences(text: str) -> tuple[str, ...]:
    """Sentences with their closing marks, in order; every one stands word for word in the text.

    >>> sentences("已关阀。30户已疏散！")
    ('已关阀。', '30户已疏散！')
    >>> sentences("Gas off. All safe.")
    ('Gas off.', 'All safe.')
    """
    found: list[str] = []
    for match in _SENTENCE.finditer(text):
        start = 0
        chunk = match.group()
        for stop in _FULL_STOP.finditer(chunk):
            found.append(chunk[start : stop.start() + 1])
            start = stop.end()
        found.append(chunk[start:])
    return tuple(s.strip() for s in found if s.strip())
