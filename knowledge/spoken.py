"""What a model heard, as people write it: Simplified script, full-width punctuation, spoken numbers as digits.

Pure functions over text. The caller keeps what was heard beside it; whether it was heard rightly is not known here.
"""

import re

from knowledge.spokennumber import written_numbers
from knowledge.text import simplify

__all__ = ["punctuate", "written"]

_HAN = r"[\u3400-\u9fff]"
_WIDE = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", ":": "："})
_MARK = re.compile(rf"(?<={_HAN})\s*[,?!;:]\s*|(?<=\d)\s*[,?!;]\s*(?={_HAN})|(?<=\d)[,?!;]$|(?<=[%）”])[,?!;]")
_STOP = re.compile(rf"(?<={_HAN})\s*\.(?!\d)\s*|(?<=\d)\.(?=\s|$)\s*(?={_HAN}|$)")
_DOTS = re.compile(r"\.{3,}|。{3,}|…+")
_PAUSE = re.compile(rf"(?<={_HAN})[ \u3000]+(?={_HAN})")
_BLANK = re.compile(r"(?<=[\u3400-\u9fff，。？！；：、])[ \u3000]+|[ \u3000]+(?=[\u3400-\u9fff，。？！；：、])")
_STRENGTH = "？！。；：、，"  # of marks that meet, the first of these stays
_MEETING = re.compile(f"[{_STRENGTH}]{{2,}}")
_BLANKS = re.compile(r"\s+")


def punctuate(text: str) -> str:
    """Chinese text with full-width marks and without blanks; a blank between two characters is a pause, so a comma.
    Marks inside numbers, times and Latin words stay.

    >>> punctuate("好的 我知道了,3.5米,对吗?")
    '好的，我知道了，3.5米，对吗？'
    """
    text = _DOTS.sub("……", _BLANKS.sub(" ", text).strip())
    text = _PAUSE.sub("，", text)
    text = _MARK.sub(lambda match: match.group().strip().translate(_WIDE), text)
    text = _STOP.sub("。", text)
    text = _BLANK.sub("", text)
    return _MEETING.sub(lambda match: min(match.group(), key=_STRENGTH.index), text)


def written(text: str, language: str) -> str:
    """The text for readers. `language` zh: script, marks, numbers; anything else: blanks, and digits that were spoken
    one by one. Applying it twice changes nothing more.

    >>> written("積水 有一百二十三號樓", "zh"), written("call  one two three four five", "en")
    ('积水，有123号楼', 'call 12345')
    """
    if language == "zh":
        return written_numbers(punctuate(simplify(text)), language)
    return written_numbers(_BLANKS.sub(" ", text).strip(), language)
