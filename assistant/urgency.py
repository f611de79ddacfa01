"""How urgent a call is, with the reasons: danger to life, a crowd, who is affected, how often it was said before.

Only the caller's words count, and neither what happened another time (上回着火) nor what might happen (早晚要出事). A
danger in a sentence that was heard badly still alerts, and says so. It decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assistant.answer import Quantity, SeverityReading
from assistant.saying import Saying
from knowledge.callwords import CallWords, Telling
from knowledge.dangers import Danger, find_dangers

__all__ = ["Alarm", "Alarms", "Urgency", "UrgencyReason", "find_urgency"]

_SUPPLY = ("utility.power", "utility.no_water", "utility.telecom")  # what life support hangs on
_NOBODY = ("人", "孩", "老", "娃", "学生", "女", "男", "儿", "child", "man", "woman", "person", "father", "mother")
MANY = {"people": 30.0, "households": 20.0}
_NAMES = {
    "zh": {"gathering": "有人群聚集", "standing": "人群拥挤", "height": "有人在高处", "opening": "地面有坑洞",
           "lift": "有人被困", "lost": "有人走失",
           "sparks": "有火花或冒烟", "breath": "有人情况危急", "child": "涉及孩子",
           "old": "涉及老人", "ill": "涉及病人或行动不便的人", "repeated": "不是第一次反映", "many": "涉及人数多",
           "severity": "事态级别较高", "hurried": "来电人催促", "doubt": "（这一段听得不清）"},
    "en": {"gathering": "a crowd is gathering", "standing": "a crowd is packed", "height": "somebody is at a height",
           "opening": "a hole in the ground", "lift": "somebody is trapped", "sparks": "sparks or smoke",
           "breath": "somebody is in a critical state", "child": "children are concerned",
           "old": "old people are concerned", "ill": "people who are ill or cannot move freely",
           "repeated": "not the first report", "many": "many people are concerned", "severity": "of some severity",
           "hurried": "the caller presses", "doubt": " (heard badly)"},
}  # fmt: skip


@dataclass(frozen=True)
class Alarm:
    """A danger or a crowd in the caller's words: its key, severity (1–4) at least, the reason, the sentence."""

    key: str
    level: int
    words: str
    reason: str
    saying: Saying
    first_actions: tuple[str, ...] = ()


class UrgencyReason(BaseModel):
    """One reason in words, with what it was read from; `segment` is None where the whole call says it."""

    model_config = ConfigDict(frozen=True)

    key: str
    text: str
    words: str = ""
    segment: int | None = None
    doubtful: bool = False


class Urgency(BaseModel):
    """now: danger to life or a crowd; today: somebody suffers or it was said before; else routine."""

    model_config = ConfigDict(frozen=True)

    level: Literal["now", "today", "routine"]
    reasons: tuple[UrgencyReason, ...] = ()


@dataclass(frozen=True)
class Alarms:
    """Finds what endangers life or limb, or gathers a crowd, in what a caller says."""

    dangers: tuple[Danger, ...]
    words: CallWords

    def __call__(self, caller: Sequence[Saying], category: str | None, language: str) -> tuple[Alarm, ...]:
        """Every alarm, each key once, the surest sentence for it, in the order of the call."""
        found: dict[str, Alarm] = {}
        for saying in sorted(caller, key=lambda s: s.doubtful):
            elsewhere = self.elsewhere(saying)
            for sign in find_dangers(saying.text, self.dangers):
                if (not elsewhere or sign.danger.id == "missing") and _stands(sign.danger.id, saying.text, category):
                    danger = sign.danger
                    alarm = Alarm(
                        danger.id, danger.level, sign.words, danger.reason(language), saying, danger.first_actions
                    )
                    found.setdefault(danger.id, alarm)
            for what in ("life", "crowd"):
                for told in self.words.find(what, saying.text):
                    if not elsewhere or told.key == "lost":  # who went missing yesterday is missing now
                        found.setdefault(told.key, _alarm(told, saying, language))
        return tuple(sorted(found.values(), key=lambda a: (a.saying.segment, a.saying.start)))

    def elsewhere(self, saying: Saying) -> bool:
        """Whether a sentence speaks of another time, or of what might be."""
        return self.words.has("past", saying.text) or self.words.has("hypothetical", saying.text)


def _alarm(told: Telling, saying: Saying, language: str) -> Alarm:
    return Alarm(told.key, round(told.weight), told.words, _NAMES[language][told.key], saying)


def _stands(danger: str, text: str, category: str | None) -> bool:
    """Life support counts where supply fails; 不见了 only of somebody."""
    if danger == "vital":
        return category in _SUPPLY
    return danger != "missing" or any(word in text.casefold() for word in _NOBODY)


def find_urgency(
    caller: Sequence[Saying],
    alarms: Sequence[Alarm],
    severity: SeverityReading,
    quantities: Sequence[Quantity],
    words: CallWords,
    language: str,
) -> Urgency:
    """The level with its reasons, the gravest first."""
    names = _NAMES[language]
    grave = [_reason(a.key, a.reason, a.words, a.saying, names) for a in alarms]
    found: dict[str, UrgencyReason] = {}
    for saying in caller:
        for told in words.find("vulnerable", saying.text):
            found.setdefault(told.key, _reason(told.key, names[told.key], told.words, saying, names))
        for told in words.find("mood", saying.text):
            if told.key in ("repeated", "hurried"):
                found.setdefault(told.key, _reason(told.key, names[told.key], told.words, saying, names))
    for quantity in quantities:
        if quantity.value >= MANY.get(quantity.what, float("inf")):
            found.setdefault("many", UrgencyReason(key="many", text=names["many"], words=quantity.words))
    if severity.level <= 3 and not grave:
        quoted = severity.reasons[0] if severity.reasons else ""
        found.setdefault("severity", UrgencyReason(key="severity", text=names["severity"], words=quoted))
    pressing = [reason for key, reason in found.items() if key != "hurried"]
    if grave:
        return Urgency(level="now", reasons=tuple(grave + pressing))
    return Urgency(level="today" if pressing else "routine", reasons=tuple(found.values()))


def _reason(key: str, text: str, words: str, saying: Saying, names: dict[str, str]) -> UrgencyReason:
    marked = text + names["doubt"] if saying.doubtful else text
    return UrgencyReason(key=key, text=marked, words=words, segment=saying.segment, doubtful=saying.doubtful)
