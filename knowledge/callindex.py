"""Calls as they can be found: a derived copy of the calls' masked words, by word, by sound and by meaning.

A call is turned into what a case is to the indexes, so that calls and cases are matched by the same code. What was
heard surely is its situation; what was heard badly stands where a case has its handling, and weighs less there. A
second word index holds every syllable as one character, so that a word is found however it was written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.call import Call, CallState, Channel, Segment
from knowledge.case import Case, CaseStatus, StoredCase
from knowledge.filter import Wanted
from knowledge.meaning import Meaning
from knowledge.places import Gazetteer
from knowledge.privacy import mask_all
from knowledge.profiles import Profiles
from knowledge.sound import sounded
from knowledge.soundplaces import SoundPlaces
from knowledge.speakers import guess_speakers
from knowledge.text import sentences
from knowledge.words import TantivyWords

__all__ = ["CallIndex", "CallSource", "CallText", "CallTexts"]

BATCH = 1_000  # calls read at once
MANY = 50  # calls after which what is held in memory is worth writing
REMEMBERED = 4_096  # calls whose texts are remembered
_BUILDING = re.compile(r"([0-9]{1,3}) ?(?:号楼|栋|幢|座)")
NOTHING = "–"  # what a case says of which nothing was heard surely


class CallSource(Protocol):
    """Where the calls are kept (knowledge.calls)."""

    def get(self, call_id: int) -> Call:
        """The call with its transcript. Raises NotFound."""
        ...

    def last_change(self) -> int:
        """The highest change number given out; 0 where there is no call."""
        ...

    def changed_since(self, change: int, limit: int = BATCH) -> Sequence[Call]:
        """Calls with their transcripts whose last change is above `change`, by change number, at most `limit`."""
        ...


@dataclass(frozen=True)
class CallText:
    """What the caller says, masked: `clear` was heard surely, `doubtful` was not, with the mean `confidence` (0..1) of
    the latter, 1 where there is none. `lines` are all segments, masked. `places` are ids of streets and landmarks that
    anybody names, by sound too; `districts` are named or hold those places; `addresses` are names that have the shape
    of a place but stand in no gazetteer; `houses` are building numbers; `sound` is all of it by its syllables."""

    clear: str
    doubtful: str
    confidence: float
    lines: tuple[str, ...]
    places: frozenset[str]
    districts: frozenset[str]
    addresses: frozenset[str]
    houses: frozenset[str]
    sound: str

    @property
    def whole(self) -> str:
        """All that the caller says."""
        return f"{self.clear}\n{self.doubtful}".strip()

    def shared_addresses(self, other: "CallText") -> tuple[str, ...]:
        """The addresses of either that the other names as well, in whatever characters; the same one once."""
        found = {sounded(name): name for name in sorted(other.addresses) if sounded(name) in self.sound}
        found |= {sounded(name): name for name in sorted(self.addresses) if sounded(name) in other.sound}
        return tuple(found.values())


@dataclass(frozen=True)
class CallTexts:
    """Turns calls into texts and cases, with the city's places."""

    gazetteer: Gazetteer

    @cached_property
    def _sounds(self) -> SoundPlaces:
        return SoundPlaces(self.gazetteer)

    def read(self, call: Call) -> CallText:
        """The call's texts; empty ones for a call without words."""
        segments = call.transcript.segments if call.transcript else ()
        lines = mask_all([segment.text for segment in segments], gazetteer=self.gazetteer)
        caller = _of_caller(segments)
        doubtful = [n for n in caller if segments[n].doubtful]
        heard = [segments[n].confidence for n in doubtful]
        named = self.plain("\n".join(lines))
        return replace(
            named,
            clear="\n".join(lines[n] for n in caller if n not in set(doubtful)),
            doubtful="\n".join(lines[n] for n in doubtful),
            confidence=sum(heard) / len(heard) if heard else 1.0,
            lines=lines,
        )

    def plain(self, text: str) -> CallText:
        """A text that nobody had to hear, such as a case's."""
        found = [f.place for f in (*self.gazetteer.find(text), *self._sounds.find(text)) if f.place]
        lines = sentences(text)
        unknown = {self.gazetteer.find_unknown_district(line) for line in lines} - {None}
        addresses = {self.gazetteer.find_address(line) for line in lines} - {None}
        return CallText(
            clear=text,
            doubtful="",
            confidence=1.0,
            lines=(text,),
            places=frozenset(place.id for place in found if place.kind != "district"),
            districts=frozenset([*(place.district for place in found), *(name for name in unknown if name)]),
            addresses=frozenset(name for name in addresses if name and not self.gazetteer.find(name)),
            houses=frozenset(_BUILDING.findall(text)),
            sound=sounded(text),
        )

    def case(self, call: Call) -> Case:
        """The call as the indexes see it; one that is not ready, or has no words, is retired from them."""
        text = self.read(call)
        names = [self.gazetteer.by_id[place].zh for place in sorted(text.places)]
        usable = call.state is CallState.READY and bool(text.whole)
        return Case(
            situation=text.clear[:50_000].strip() or NOTHING,
            lessons=text.doubtful[:20_000].strip() or None,
            place="、".join(names)[:1_000] or None,
            district=min(text.districts) if len(text.districts) == 1 else None,
            occurred_at=call.received_at,
            language=call.transcript.language if call.transcript else None,
            status=CaseStatus.APPROVED if usable else CaseStatus.RETIRED,
        )


def _of_caller(segments: Sequence[Segment]) -> list[int]:
    """The numbers of the caller's segments, guessed where the recording does not tell; all where none is."""
    mixed = [n for n, segment in enumerate(segments) if segment.channel is Channel.MIXED]
    guessed = dict(zip(mixed, guess_speakers([segments[n].text for n in mixed]), strict=True))
    caller = [n for n, segment in enumerate(segments) if guessed.get(n, segment.channel) is Channel.CALLER]
    return caller or list(range(len(segments)))


class CallIndex:
    """Word index, sound index and profiles of all calls that are ready. Safe to use from several threads; without a
    folder it lives in memory."""

    def __init__(self, gazetteer: Gazetteer, meaning: Meaning, folder: Path | None = None) -> None:
        self.texts = CallTexts(gazetteer)
        self.read: Callable[[Call], CallText] = lru_cache(maxsize=REMEMBERED)(self.texts.read)
        self.meaning = meaning
        self.profiles = Profiles(folder / "profiles" if folder else None, meaning)
        self._words = TantivyWords(folder / "words" if folder else None)
        self._sounds = TantivyWords(folder / "sounds" if folder else None)
        self._lock = Lock()

    def applied(self) -> int:
        """The last change number that all parts have applied."""
        return min(self._words.applied(), self._sounds.applied(), self.profiles.applied())

    def count(self) -> int:
        """How many calls can be found."""
        return self._words.count()

    def sync(self, source: CallSource) -> int:
        """Applies what is lacking; gives the number of calls read. Doing it twice changes nothing."""
        with self._lock:
            last, since = source.last_change(), self.applied()
            if since >= last:
                return 0
            limit = BATCH
            while len(calls := source.changed_since(since, limit)) == limit:
                limit *= 2  # a call does not carry its change number: a full batch could not be followed by the next
            self.apply(calls, last)
            if len(calls) >= MANY:
                self.save()
        return len(calls)

    def apply(self, calls: Sequence[Call], change: int) -> None:
        """Puts ready calls in, takes others out, remembers `change`."""
        stored = [_stored(call, self.texts.case(call), change) for call in calls]
        spoken = [s.replaced(_sounded(s.case)) for s in stored]
        if change > self.profiles.applied():
            self.profiles.apply(stored, change)
        self._words.apply(stored, change)
        self._sounds.apply(spoken, change)

    def save(self) -> None:
        """Keeps on disk what is held in memory."""
        self.profiles.save()

    def candidates(self, text: str, limit: int) -> list[int]:
        """Ids of the calls that share most words or syllables with a text: at most `limit` of either, ascending."""
        wanted = Wanted()
        found = {call_id for call_id, _ in self._words.search(text, limit, wanted)}
        return sorted(found | {call_id for call_id, _ in self._sounds.search(sounded(text), limit, wanted)})

    def compare(self, text: CallText, call_ids: Sequence[int]) -> dict[str, NDArray[np.float32]]:
        """A call against others, the parts of Profiles.compare: what was heard surely counts in full, all of it for the
        confidence of what was not; the sounds and the meaning count in full either way."""
        whole = self.profiles.compare(text.whole, call_ids)
        if not text.doubtful:
            return whole
        clear = self.profiles.compare(text.clear, call_ids) if text.clear else {}
        return _weighed(clear, whole, text.confidence)


def _weighed(
    clear: Mapping[str, NDArray[np.float32]], whole: Mapping[str, NDArray[np.float32]], confidence: float
) -> dict[str, NDArray[np.float32]]:
    found = {}
    for name, values in whole.items():
        if name in ("sound", "meaning", "kind"):
            found[name] = values
            continue
        less = np.asarray(values * confidence, dtype=np.float32)
        found[name] = np.maximum(less, clear[name]) if name in clear else less
    return found


def _stored(call: Call, case: Case, change: int) -> StoredCase:
    written = call.updated_at or datetime.now(UTC)
    return StoredCase(case_id=call.call_id, version=max(call.version, 1), change=change, updated_at=written, case=case)


def _sounded(case: Case) -> Case:
    return case.model_copy(
        update={
            "situation": sounded(case.situation),
            "lessons": sounded(case.lessons) if case.lessons else None,
            "place": sounded(case.place) if case.place else None,
        }
    )
