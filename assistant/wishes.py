"""What the caller wants, in the caller's own words: the request, the wish for a reply, and how it sounds.

The mood is an observation from words, never a judgement of the person. It knows nothing that was not said.
"""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from assistant.promises import Promise
from assistant.saying import Saying
from knowledge.callwords import CallWords
from knowledge.meaning import Meaning

__all__ = ["MOOD_NAMES", "Mood", "WantsReply", "find_moods", "find_request", "find_wants_reply"]

MOOD_NAMES = {
    "zh": {"hurried": "着急", "dissatisfied": "不满", "afraid": "担心害怕", "repeated": "多次反映",
           "exhausted": "疲惫", "grateful": "感谢"},
    "en": {"hurried": "in a hurry", "dissatisfied": "dissatisfied", "afraid": "afraid",
           "repeated": "not the first time",
           "exhausted": "exhausted", "grateful": "grateful"},
}  # fmt: skip
_DOUBT = 0.5  # what a doubtful sentence counts for


class Mood(BaseModel):
    """How something sounds: a key of MOOD_NAMES, and the words that it was observed in."""

    model_config = ConfigDict(frozen=True)

    key: str
    words: str
    segment: int
    doubtful: bool = False


class WantsReply(BaseModel):
    """Whether the caller wants to hear back, and the words that say so (the agent's promise, where the caller took it
    without a word); no words where nothing tells it."""

    model_config = ConfigDict(frozen=True)

    wanted: bool
    words: str = ""
    segment: int | None = None


def find_request(caller: Sequence[Saying], words: CallWords, meaning: Meaning) -> Saying | None:
    """The sentence that carries the request: it begs or asks, and it is about what the call is about. None where no
    sentence does; ties go to the later one."""
    told = [saying for saying in caller if not words.has("greeting", saying.text)]
    if not told:
        return None
    vectors = meaning.embed([saying.text for saying in told])
    about = vectors.sum(axis=0)
    about /= max(float(np.linalg.norm(about)), 1e-9)
    best, most = None, 0.0
    for saying, vector in zip(told, vectors, strict=True):
        asking = words.weight("request", saying.text)
        if not asking:
            continue
        score = min(asking, 5.0) + 3.0 * max(float(vector @ about), 0.0) + min(len(saying.text), 30) / 30
        score *= _DOUBT if saying.doubtful else 1.0
        if score >= most:
            best, most = saying, score
    return best


def find_wants_reply(caller: Sequence[Saying], promises: Sequence[Promise], words: CallWords) -> WantsReply:
    """What the caller says about hearing back; else an answer that was promised and not declined counts as wanted."""
    for saying in caller:
        for told in words.find("decline", saying.text):
            return WantsReply(wanted=False, words=told.words, segment=saying.segment)
    promised = next((promise for promise in reversed(promises) if promise.reply), None)
    for saying in reversed(caller):
        for told in words.find("reply", saying.text):
            return WantsReply(wanted=True, words=told.words, segment=saying.segment)
    if promised:
        return WantsReply(wanted=True, words=promised.saying.text, segment=promised.saying.segment)
    return WantsReply(wanted=False)


def find_moods(caller: Sequence[Saying], words: CallWords) -> tuple[Mood, ...]:
    """Each mood once, with the first words that show it, sure ones before doubtful ones, in the order of the call."""
    found: dict[str, Mood] = {}
    for saying in sorted(caller, key=lambda s: s.doubtful):
        for told in words.find("mood", saying.text):
            mood = Mood(key=told.key, words=told.words, segment=saying.segment, doubtful=saying.doubtful)
            found.setdefault(told.key, mood)
    return tuple(sorted(found.values(), key=lambda mood: mood.segment))
