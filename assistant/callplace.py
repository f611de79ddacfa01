"""Where the matter of a call is: of all places that are named, the one that is meant, not where the caller lives.

A place counts more the oftener it is named and by how sure a sentence it is; what follows 我住 or stands before 上班
counts less. A name that was heard wrongly is found by its sound. It asks no map.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.answer import Reading
from assistant.saying import Saying
from knowledge.call import Channel
from knowledge.callwords import CallWords
from knowledge.places import Found, Gazetteer
from knowledge.soundplaces import SoundPlaces
from knowledge.text import fold

__all__ = ["CallPlaces", "PlaceReading"]

HOME = 0.35  # what a place counts for that is only where the caller lives or works
AGENT = 0.9  # the agent repeats what was understood, and names offices
BY_SOUND = 0.7
FIRST = 0.2  # what being named first counts for
_ROUTE = re.compile(r"[0-9]{1,3}路")  # a bus, no street


@dataclass(frozen=True)
class PlaceReading:
    """District and place as a Situation holds them; `doubtful` where only sentences heard badly name the place, or only
    its sound does."""

    district: Reading | None
    place: Reading | None
    doubtful: bool = False


@dataclass(frozen=True)
class CallPlaces:
    """Reads the place of a call with the city's gazetteer."""

    gazetteer: Gazetteer
    words: CallWords

    @cached_property
    def _sounds(self) -> SoundPlaces:
        return SoundPlaces(self.gazetteer)

    def __call__(self, said: Sequence[Saying]) -> PlaceReading:
        """The place that is named most, ties by the first; the district named, else that of the place."""
        weights: dict[str, float] = {}
        heard: dict[str, str] = {}
        sure: set[str] = set()
        districts: dict[str, tuple[float, str]] = {}
        for saying in said:
            for found, exact in self._found(saying.text):
                if found.place is None:
                    continue
                weight = self._weight(saying, found.words) * (1.0 if exact else BY_SOUND)
                if found.place.kind == "district":
                    before = districts.get(found.place.id, (0.0, found.words))
                    districts[found.place.id] = (before[0] + weight, before[1])
                    continue
                if not weights:
                    weight += FIRST
                weights[found.place.id] = weights.get(found.place.id, 0.0) + weight
                heard.setdefault(found.place.id, found.words)
                if exact and not saying.doubtful:
                    sure.add(found.place.id)
        if not weights:
            return self._without(said, districts)
        best = max(weights, key=lambda place: weights[place])
        share = weights[best] / sum(weights.values())
        confidence = round((0.6 + 0.35 * share) * (1.0 if best in sure else BY_SOUND), 3)
        place = Reading(value=best, confidence=confidence, words=(heard[best],))
        district = self.gazetteer.by_id[best].district
        named = (districts[district][1],) if district in districts else (heard[best],)
        return PlaceReading(Reading(value=district, confidence=confidence, words=named), place, best not in sure)

    def fine(self, text: str) -> frozenset[str]:
        """The ids of all streets and landmarks that a text names, by sound too."""
        return frozenset(f.place.id for f, _ in self._found(text) if f.place and f.place.kind != "district")

    def _found(self, text: str) -> list[tuple[Found, bool]]:
        exact = self.gazetteer.find(text)
        known = {found.words for found in exact}
        alike = [found for found in self._sounds.find(text) if found.words not in known]
        return [(found, True) for found in exact] + [(found, False) for found in alike]

    def _weight(self, saying: Saying, words: str) -> float:
        weight = AGENT if saying.channel is Channel.AGENT else 1.0
        weight *= max(saying.confidence, 0.1) if saying.doubtful else 1.0
        folded = fold(saying.text)
        start = folded.find(words)
        before, after = folded[:start].removesuffix("the "), folded[start + len(words) :]
        at_home = self.words.has("home_before", re.split("[，。！？,]", before)[-1]) or self.words.has(
            "home_after", after
        )
        return weight * (HOME if at_home else 1.0)

    def _without(self, said: Sequence[Saying], districts: dict[str, tuple[float, str]]) -> PlaceReading:
        """No known street or landmark: the shape of an address, the district alone."""
        place = None
        for saying in sorted(said, key=lambda s: (s.channel is Channel.AGENT, s.doubtful)):
            address = self.gazetteer.find_address(saying.text)
            if address and not _ROUTE.fullmatch(address):
                place = Reading(value=address, confidence=0.3 if saying.doubtful else 0.5, words=(address,))
                break
        if not districts:
            return PlaceReading(None, place)
        best = max(districts, key=lambda district: districts[district][0])
        return PlaceReading(Reading(value=best, confidence=0.9, words=(districts[best][1],)), place)
