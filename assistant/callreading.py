"""A call understood: the situation, what is asked, a summary, what was promised, how urgent it is, with the words for
each.

Every sentence it gives stands word for word in the transcript, with its segment and its times. What only badly heard
sentences say is marked; a danger in one of them alerts all the same. The situation's text is masked, sentences are not:
whoever shows them masks them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from assistant.answer import Match, Reading, SeverityReading, Situation
from assistant.callplace import CallPlaces, PlaceReading
from assistant.promises import Promise, find_promises
from assistant.saying import Saying, sayings
from assistant.situation import OUTSIDE, Understanding
from assistant.summary import summary
from assistant.urgency import Alarm, Alarms, Urgency, find_urgency
from assistant.wishes import Mood, WantsReply, find_moods, find_request, find_wants_reply
from knowledge.call import Call, Channel
from knowledge.callwords import CallWords, read_callwords
from knowledge.privacy import mask_all
from knowledge.text import language_of

__all__ = ["CallReader", "CallReading"]

LEAST = 0.05  # share from which on a category is named: a call is mostly about something


class CallReading(BaseModel):
    """What was understood of one transcript. `speakers` names who says each segment, guessed where `guessed`;
    `doubtful` names the parts that rest on badly heard sentences alone (category, place, time, severity, asked);
    `urgent` is danger to life or a crowd. `version` is that of the transcript."""

    model_config = ConfigDict(frozen=True)

    situation: Situation
    asked: Saying | None
    summary: tuple[Saying, ...]
    promises: tuple[Promise, ...]
    wants_reply: WantsReply
    moods: tuple[Mood, ...]
    urgency: Urgency
    urgent: bool
    speakers: tuple[Channel, ...]
    guessed: bool
    doubtful: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True)
class CallReader:
    """Reads calls with the city's understanding of situations. `near` gives the similar cases of a situation (the
    desk's matcher): they settle what the words left open; without it the words alone are read."""

    understanding: Understanding
    near: Callable[[Situation, datetime], Sequence[Match]] | None = None
    words: CallWords = field(default_factory=read_callwords)

    @cached_property
    def places(self) -> CallPlaces:
        """Where calls are about."""
        return CallPlaces(self.understanding.gazetteer, self.words)

    @cached_property
    def _alarms(self) -> Alarms:
        return Alarms(self.understanding.dangers, self.words)

    def __call__(self, call: Call) -> CallReading:
        """The reading of the call's transcript; an empty one for a call without words."""
        segments = call.transcript.segments if call.transcript else ()
        said = sayings(call.transcript) if call.transcript else ()
        caller = [s for s in said if s.channel is not Channel.AGENT] or list(said)
        language = language_of("\n".join(s.text for s in caller)) if caller else "zh"
        situation, alarms, doubtful = self._situation(call, said, caller, language)
        if self.near is not None:
            situation = self.understanding.settle(situation, self.near(situation, call.received_at))
        meaning = self.understanding.meaning
        asked = find_request(caller, self.words, meaning)
        promises = find_promises(said, call.received_at, self.words)
        telling = situation.category.words if situation.category else ()
        speakers = {saying.segment: saying.channel for saying in said}
        return CallReading(
            situation=situation,
            asked=asked,
            summary=summary(said, telling, meaning, self.understanding.gazetteer, self.words),
            promises=promises,
            wants_reply=find_wants_reply(caller, promises, self.words),
            moods=find_moods(caller, self.words),
            urgency=find_urgency(caller, alarms, situation.severity, situation.quantities, self.words, language),
            urgent=bool(alarms),
            speakers=tuple(speakers.get(number, Channel.MIXED) for number in range(len(segments))),
            guessed=any(segment.channel is Channel.MIXED for segment in segments),
            doubtful=(*doubtful, *(("asked",) if asked and asked.doubtful else ())),
            version=call.version,
        )

    def _situation(
        self, call: Call, said: Sequence[Saying], caller: Sequence[Saying], language: str
    ) -> tuple[Situation, tuple[Alarm, ...], tuple[str, ...]]:
        """The situation of the clear sentences, completed by the doubtful ones; which parts only those tell."""
        clear = [saying for saying in caller if not saying.doubtful]
        sure = self._read(clear, call, language)
        whole = self._read(caller, call, language) if len(clear) < len(caller) else sure
        doubtful = []
        found: dict[str, Any] = {}
        for part, name in (("category", "category"), ("time", "occurred_at")):
            told, heard = getattr(sure, name), getattr(whole, name)
            if told is None and heard is not None:
                doubtful.append(part)
            found[name] = told or heard
        found["category"], share = self._category(said, caller, found["category"])
        found["unclear"] = whole.outside >= OUTSIDE and share <= whole.outside
        place = self.places(said)
        if place.doubtful:
            doubtful.append("place")
        category = found["category"].value if found["category"] else None
        alarms = self._alarms(caller, category, language)
        severity = self._severity(caller, alarms, call, language)
        if alarms and all(alarm.saying.doubtful for alarm in alarms):
            doubtful.append("severity")
        quantities = whole.quantities
        found |= {"place": place.place, "district": place.district, "severity": severity, "quantities": quantities}
        found["missing"] = _missing(whole.missing, place)
        return whole.model_copy(update=found), alarms, tuple(doubtful)

    def _category(
        self, said: Sequence[Saying], caller: Sequence[Saying], read: Reading | None
    ) -> tuple[Reading | None, float]:
        """The category of what the caller says and of all that is said, half each: the agent names the matter by its
        name; and its share. A call speaks of much besides its matter, so that the confidence is the share against that
        of the next category. Where that tells nothing, what was read from the caller alone."""
        categoriser = self.understanding.categoriser
        shares: dict[str, float] = {}
        for text in (_text(caller), _text(said)):
            for category, share in categoriser.scores(text).items():
                shares[category] = shares.get(category, 0.0) + share / 2
        best, *others = sorted(shares, key=lambda category: (shares[category], category), reverse=True) or [""]
        if shares.get(best, 0.0) < LEAST:
            return read, read.confidence if read else 0.0
        against = shares[best] + (shares[others[0]] if others else 0.0)
        words = tuple(categoriser.hits(_text(caller)).get(best, ()))
        words = words or self.understanding.meaning.telling(_text(caller), best)
        return Reading(value=best, confidence=round(shares[best] / against, 3), words=words), shares[best]

    def _read(self, told: Sequence[Saying], call: Call, language: str) -> Situation:
        masked = mask_all([s.text for s in told], gazetteer=self.understanding.gazetteer)
        return self.understanding("\n".join(masked), call.received_at, language)

    def _severity(
        self, caller: Sequence[Saying], alarms: Sequence[Alarm], call: Call, language: str
    ) -> SeverityReading:
        """The severity of what is so now: by the alarms, and by the numbers in the other sentences."""
        now = [saying for saying in caller if not self._alarms.elsewhere(saying)]
        read = replace(self.understanding, dangers=())(_text(now), call.received_at, language).severity
        quote = "（“{}”）" if language == "zh" else ' ("{}")'
        reasons = tuple(alarm.reason + quote.format(alarm.words) for alarm in alarms)
        return SeverityReading(
            level=min([read.level, *(alarm.level for alarm in alarms)]),
            reasons=tuple(dict.fromkeys((*reasons, *read.reasons))),
            danger_to_life=bool(alarms),
            first_actions=tuple(dict.fromkeys(action for alarm in alarms for action in alarm.first_actions)),
        )


def _missing(missing: Sequence[str], place: PlaceReading) -> tuple[str, ...]:
    known = place.place is not None or place.district is not None
    rest = tuple(key for key in missing if key != "place")
    return rest if known else ("place", *rest)


def _text(told: Sequence[Saying]) -> str:
    return "\n".join(saying.text for saying in told)
