"""What a speech model does when it loses the sound: it goes round in circles, or writes more than anybody can say.

Pure functions over text and seconds; how a text was decoded, and what to do about it, is not known here. People repeat
themselves, too ("对对对", "救命啊救命啊救命啊"), so the shorter what is repeated, the oftener it may be.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

__all__ = [
    "COMPRESSED",
    "Loop",
    "compression_ratio",
    "find_loops",
    "impossible_rate",
    "looping",
    "suspicions",
    "without_loops",
]

COMPRESSED = 2.4  # openai-whisper's own threshold
HAN_A_SECOND = 12.0  # nobody speaks faster; a quick reader of news says 6
WORDS_A_SECOND = 7.0
SLACK_S = 0.5  # times of segments are no more exact than that

# (units in what is repeated, times from which on it is a loop); a unit is a Chinese character, a word or a digit.
_TIMES = ((1, 10), (2, 7), (3, 6), (6, 4), (15, 3), (60, 3))
_LONGEST = _TIMES[-1][0]
_ALIKE = 0.8  # of two clauses that follow one another
_CLAUSES = 4  # alike clauses in a row
_CLAUSE = 6  # units from which on a clause counts
_GRAM = 4  # units of the grams that are counted
_FEW = 0.4  # share of different grams under which a text goes in circles
_ENOUGH = 40  # units from which on that share is asked
_UNIT = re.compile(r"[\u3400-\u9fff]|\d|[^\W\d_]+(?:'[a-z]+)?", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")
_BREAK = re.compile(r"[，。！？；、,.!?;\s]+")


@dataclass(frozen=True)
class Loop:
    """What is repeated, how often, and where all of it stands in the text (start, end in characters)."""

    unit: str
    times: int
    start: int
    end: int


def find_loops(text: str) -> tuple[Loop, ...]:
    """Passages that repeat the same thing oftener than people do, in the order of the text, none inside another. Marks
    and case are overlooked.

    >>> [(loop.unit, loop.times) for loop in find_loops("请问" + "明天会下雨，" * 5)]
    [('明天会下雨', 5)]
    >>> find_loops("对对对，谢谢谢谢，救命啊救命啊救命啊！")
    ()
    """
    places = [(match.group().casefold(), match.start(), match.end()) for match in _UNIT.finditer(text)]
    units = [unit for unit, _, _ in places]
    found: list[Loop] = []
    at = 0
    while at < len(units):
        period, times = _repeated(units, at)
        if times:
            last = at + period * times - 1
            unit = text[places[at][1] : places[at + period - 1][2]]
            found.append(Loop(unit, times, places[at][1], places[last][2]))
            at = last + 1
        else:
            at += 1
    return tuple(found)


def _repeated(units: Sequence[str], at: int) -> tuple[int, int]:
    """The shortest period that begins at a place and makes a loop, and how often it comes; (0, 0) if none does."""
    for period in range(1, min(_LONGEST, (len(units) - at) // 2) + 1):
        if units[at] != units[at + period]:
            continue
        end = at + period
        while end < len(units) and units[end] == units[end - period]:
            end += 1
        times = (end - at) // period
        if times >= next(most for length, most in _TIMES if period <= length):
            numbers = all(unit.isdigit() for unit in units[at : at + period])
            if not numbers or times >= _TIMES[0][1]:
                return period, times
    return 0, 0


def without_loops(text: str) -> str:
    """The text with each loop said once.

    >>> without_loops("请问" + "明天会下雨，" * 5 + "好的")
    '请问明天会下雨，好的'
    """
    for loop in reversed(find_loops(text)):
        text = text[: loop.start] + loop.unit + text[loop.end :]
    return text


def looping(text: str) -> bool:
    """Whether a text repeats itself as no speaker does: word for word, nearly (clauses alike), or all over.

    >>> looping("水管漏了" * 8), looping("我说水管漏了，水管漏了，你们听见没有")
    (True, False)
    """
    if find_loops(text):
        return True
    clauses = [clause for clause in _BREAK.split(text) if len(_UNIT.findall(clause)) >= _CLAUSE]
    in_a_row = 1
    for one, other in pairwise(clauses):
        in_a_row = in_a_row + 1 if SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE else 1
        if in_a_row >= _CLAUSES:
            return True
    units = _UNIT.findall(text.casefold())
    if len(units) < _ENOUGH:
        return False
    grams = [tuple(units[at : at + _GRAM]) for at in range(len(units) - _GRAM + 1)]
    return len(set(grams)) / len(grams) < _FEW


def compression_ratio(text: str) -> float:
    """Bytes of the text over its bytes after zlib, as openai-whisper counts it; 0 for an empty text.

    >>> compression_ratio("好的，我记下了。") < 1 < compression_ratio("谢谢观看" * 30)
    True
    """
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def impossible_rate(text: str, seconds: float) -> bool:
    """Whether nobody can say so much in this time: 12 Chinese characters or 7 words a second, half a second of slack.

    >>> impossible_rate("这里是云州市热线", 1.0), impossible_rate("这里是云州市热线，请问有什么可以帮您的吗", 0.8)
    (False, True)
    """
    units = _UNIT.findall(text)
    han = sum(1 for unit in units if _HAN.match(unit))
    digits = sum(len(unit) for unit in units if unit.isdigit())
    words = sum(1 for unit in units if not unit.isdigit()) - han
    return (han + digits) / HAN_A_SECOND + words / WORDS_A_SECOND > max(seconds, 0.0) + SLACK_S


def suspicions(text: str, seconds: float) -> tuple[str, ...]:
    """What speaks against a text of that many seconds: "loop" (also for a compression ratio over 2.4), "rate"."""
    found = []
    if looping(text) or compression_ratio(text) > COMPRESSED:
        found.append("loop")
    if impossible_rate(text, seconds):
        found.append("rate")
    return tuple(found)
