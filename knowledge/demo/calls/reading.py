"""How a written turn is read aloud: Chinese as pinyin with tones, numbers as people say them, English as it stands.

It knows the words of the demo calls well enough; it is no general reader of Chinese. It makes no sound.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.errors import BadInput

__all__ = ["Passage", "numeral", "passages"]

_LATIN = re.compile(r"[A-Za-z]+(?:[ '-][A-Za-z]+)*|[^A-Za-z]+")
_HAN = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
_PIECE = re.compile(r"\d+(?:\.\d+)?|[\u4e00-\u9fff]+|[，。！？、；：,.!?;:]")
_SPOKEN = re.compile(r"[A-Za-z0-9\u4e00-\u9fff]")
_EDGES = re.compile(r"^[，。！？、,.!?]|[，。！？、,.!?]\s*$")
_LONG = re.compile(r"(?<=[A-Z])\d{5,}|\d{6,}")  # in English: plates and telephone numbers
_STOPS = str.maketrans("，。！？、；：", ",.!?,,,")
_READ_DIGITS = ("ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3")
_DIGITS = dict(zip("0123456789", _READ_DIGITS, strict=True))
_SPELLED = frozenset({"12345", "110", "119", "120"})
_COUNTED = re.compile(r"[个年户天辆条位车]")  # before these two is 两
_FLATS = re.compile(r"住$|尾号$")
_UNITS = ("", "十", "百", "千")
# What pypinyin takes for another reading, the longer words first.
_READINGS = {
    "受得了": "shou4 de5 liao3",
    "多长": "duo1 chang2",
    "转给": "zhuan3 gei3",
    "拿着": "na2 zhe5",
    "得管": "dei3 guan3",
    "得换": "dei3 huan4",
    "惊地": "jing1 de5",
    "呼地": "hu1 de5",
    "嗯": "en5",
    "得": "de5",
}
_CORRECTED = re.compile("|".join(_READINGS))
_MUTE = re.compile(r"[jqx]iong\d")  # espeak-ng 1.52 spells these out in English


@dataclass(frozen=True)
class Passage:
    """Words for one voice: pinyin if `language` is zh, else English; `pause_s` is the silence before them, seconds."""

    language: str
    words: str
    pause_s: float


def passages(text: str, language: str) -> tuple[Passage, ...]:
    """A turn's text as passages in speaking order; `language` is zh, en or mixed (read as zh).

    >>> [(p.language, p.words) for p in passages("云A12345，在B口", "zh")]
    [('zh', 'yun2'), ('en', 'A'), ('zh', 'yi1 er4 san1 si4 wu3 , zai4'), ('en', 'B'), ('zh', 'kou3')]
    >>> [p.words for p in passages("My number is 13800001234.", "en")]
    ['My number is 1 3 8, 0 0 0 0, 1 2 3 4.']
    """
    found: list[Passage] = []
    before = ""
    for match in (_HAN if language == "en" else _LATIN).finditer(text):
        part = match.group()
        if not _SPOKEN.search(part):
            before = part
            continue
        pause = 0.2 if _EDGES.search(before) or (before and _EDGES.match(part)) else 0.03
        latin = part[0].isascii() and (language == "en" or part[0].isalpha())
        words = _english(part) if latin else _pinyin(part, after_letter=before[-1:].isascii() and before[-1:].isalpha())
        found.append(Passage("en" if latin else "zh", words, pause if found else 0.0))
        before = part
    return tuple(found)


def numeral(number: int) -> str:
    """A whole number below 100,000,000 in characters, as it is said.

    >>> numeral(15), numeral(206), numeral(2160), numeral(15000)
    ('十五', '二百零六', '两千一百六十', '一万五千')
    """
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1_000 else ""
        head = "两" if high == 2 else numeral(high)
        return f"{head}万{gap}{numeral(low) if low else ''}"
    if number == 0:
        return "零"
    digits = str(number)
    said = ""
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            said += "零"
        else:
            said += ("两" if digit == "2" and place == 3 else "零一二三四五六七八九"[int(digit)]) + _UNITS[place]
    said = re.sub("零+", "零", said).rstrip("零")
    return said[1:] if said.startswith("一十") else said


def _english(text: str) -> str:
    spelled = _LONG.sub(lambda match: " " + ", ".join(" ".join(group) for group in _groups(match.group())), text)
    return re.sub(" +", " ", spelled).strip()


def _groups(digits: str) -> Iterator[str]:
    """A long number in the groups in which it is said: 3-4-4 for a telephone, 6-8-4 for an identity card."""
    sizes = {11: (3, 4, 4), 18: (6, 8, 4)}.get(len(digits), (len(digits),))
    start = 0
    for size in sizes:
        yield digits[start : start + size]
        start += size


def _pinyin(text: str, *, after_letter: bool) -> str:
    """Pinyin with tone numbers, a blank between syllables; stops stay."""
    said = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece[0].isdigit():
            spelled = after_letter and match.start() == 0
            said.append(_number(piece, text[: match.start()], text[match.end() :], spelled=spelled))
        elif _SPOKEN.match(piece):
            said.append(_syllables(piece))
        else:
            said.append(piece.translate(_STOPS))
    words = " ".join(said).lstrip(" ,.!?").rstrip(" ,")
    mute = _MUTE.search(words)
    if mute:
        raise BadInput(f"the voice cannot say {mute.group()!r} (in {text!r}); say it in other words")
    return words


def _number(digits: str, before: str, after: str, *, spelled: bool) -> str:
    if len(digits) >= 7:  # in a telephone number one is yao, so that nobody hears seven
        return " , ".join(" ".join(_DIGITS[d] for d in group).replace("yi1", "yao1") for group in _groups(digits))
    flat = len(digits) in (3, 4) and (after.startswith("室") or _FLATS.search(before))
    if spelled or flat or digits in _SPELLED:
        said = " ".join(_DIGITS[d] for d in digits)
        return said.replace("yi1", "yao1") if len(digits) < 5 else said
    if digits == "2" and _COUNTED.match(after):
        return "liang3"
    whole, _, part = digits.partition(".")
    return " ".join([_syllables(numeral(int(whole))), *(["dian3"] if part else []), *(_DIGITS[d] for d in part)])


def _syllables(characters: str) -> str:
    from pypinyin import Style, lazy_pinyin

    read = lazy_pinyin(characters, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
    for match in _CORRECTED.finditer(characters):
        read[match.start() : match.end()] = _READINGS[match.group()].split()
    return " ".join(syllable.replace("ü", "v") for syllable in read)
