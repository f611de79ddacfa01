"""How far a piece of recognised text can be believed, from what the model says of it and from a second reading.

Pure functions over what was heard. What is done about a doubt (heard again, marked, dropped) is decided elsewhere.
"""

import math
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from knowledge.loops import suspicions
from knowledge.transcriber import Heard

__all__ = ["SURE", "agreement", "confidence", "doubts", "goodness", "invented"]

SURE = 0.7  # confidence of a first reading from which on no second one is asked for
UNLIKELY = -1.0  # mean log-probability under which a reading is tried again, as in openai-whisper
SUSPECT = 0.3  # the most that a piece with a loop or an impossible rate is believed
_STRICT = 1.4  # power of the mean probability; measured with the demonstration model: its right pieces stay unmarked
_SILENT = 0.5  # probability that nobody speaks, from which on it tells against the text

# What models write where nobody speaks, learned from subtitles. Nobody says the first kind to a hotline.
_NEVER_SAID = re.compile(
    r"字幕(?:由|[:：]|志愿者|制作|提供|组).*|.*(?:amara\.org|明镜与点点|点赞.{0,6}(?:订阅|转发)|优优独播|中文字幕).*|"
    r"(?:本字幕|由).{0,12}(?:社区|社群)提供|.*subtitles? by.*|.*(?:subscribe to|like and subscribe).*|"
    r".*transcri(?:bed|ption) by.*|(?:作词|作曲|编曲|词曲)[:： ].*",
    re.IGNORECASE,
)
_HARDLY_SAID = re.compile(
    r"(?:感?谢谢?)(?:大家|您|你们?)?的?(?:观看|收看|聆听|收听)(?:本期视频)?|(?:我们)?下(?:期|次|个视频)(?:再见|再会)|"
    r"(?:ご視聴)?ありがとうございました|thank(?:s| you)(?: so much| very much)? for (?:watching|listening)|"
    r"(?:see you )?(?:in the )?next (?:time|video)|music|音乐|掌声|applause|silence|you|bye",
    re.IGNORECASE,
)
_EDGES = " \t\n。，、！？.,!?…-—~♪[]()（）【】《》\"'“”"


def doubts(heard: Heard) -> tuple[str, ...]:
    """What speaks against a piece: "loop", "rate", "unlikely" (mean log-probability under -1)."""
    unlikely = ("unlikely",) if heard.log_probability < UNLIKELY else ()
    return suspicions(heard.text, heard.end - heard.start) + unlikely


def confidence(heard: Heard, agreed: float | None = None) -> float:
    """How far a piece is believed, 0..1: the mean probability of its tokens (geometric) to the power of 1.4, less where
    the model hears nobody; half of it by how much of it a second reading confirms (`agreed`, 0..1), where there is one.
    With a loop or an impossible rate .3 at most.

    >>> heard = Heard(0.0, 2.0, "水管漏了", -0.2, 0.0, 0.8, 0.0)
    >>> confidence(heard), confidence(heard, 0.5), confidence(Heard(0.0, 2.0, "水管漏了" * 9, -0.2, 0.0, 0.8, 0.0))
    (0.756, 0.628, 0.3)
    """
    believed = math.exp(_STRICT * min(heard.log_probability, 0.0)) * (1.0 - max(heard.no_speech - _SILENT, 0.0))
    if agreed is not None:
        believed = (believed + agreed) / 2
    if suspicions(heard.text, heard.end - heard.start):
        believed = min(believed, SUSPECT)
    return round(min(max(believed, 0.0), 1.0), 3)


def agreement(piece: str, before: str, other: str) -> float:
    """The share of a piece's characters that another reading of the same sound confirms, in order, 0..1; `before` is
    what stands in front of the piece in its own reading. Marks and blanks do not count.

    >>> agreement("水管漏了", "您好，", "您好水管坏了，谢谢")
    0.75
    """
    first, mine, theirs = (_bare(text) for text in (before, piece, other))
    if not mine:
        return 1.0
    matcher = SequenceMatcher(None, first + mine, theirs, autojunk=False)
    begins = len(first)
    shared = sum(max(block.a + block.size - max(block.a, begins), 0) for block in matcher.get_matching_blocks())
    return min(shared / len(mine), 1.0)


def goodness(pieces: Sequence[Heard]) -> tuple[int, float]:
    """By which readings of one sound are ordered, best last: fewest loops and impossible rates, then the mean
    log-probability by characters. No text at all is worse than any without suspicion."""
    if not pieces:
        return (-1, -1e9)
    suspected = sum(1 for piece in pieces if suspicions(piece.text, piece.end - piece.start))
    characters = sum(len(piece.text) for piece in pieces) or 1
    return (-suspected, sum(piece.log_probability * len(piece.text) for piece in pieces) / characters)


def invented(heard: Heard, spoken: float) -> bool:
    """Whether a piece is what models write into silence: a phrase that nobody says to a hotline; or one that is hardly
    said, where little of its time is speech (`spoken`, the share in 0..1), the model hears nobody, or is unsure.

    >>> invented(Heard(0.0, 2.0, "字幕由Amara.org社区提供", -0.1, 0.0, 0.8, 0.0), 1.0)
    True
    >>> [invented(Heard(0.0, 2.0, "谢谢观看", -0.1, doubt, 0.8, 0.0), 1.0) for doubt in (0.0, 0.6)]
    [False, True]
    """
    said = heard.text.strip(_EDGES)
    if not said or _NEVER_SAID.fullmatch(said):
        return True
    in_doubt = spoken < 0.8 or heard.no_speech > 0.3 or heard.log_probability < -0.5
    return in_doubt and _HARDLY_SAID.fullmatch(said) is not None


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
