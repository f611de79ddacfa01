"""Places found by their sound: what a recogniser wrote with other characters is still the place that was said.

Names of three characters and more, toneless, common confusions made one (see knowledge.sound). It knows Chinese names
only, and does not say how sure it is: an exact name is surer.
"""

from dataclasses import dataclass
from functools import cached_property

from knowledge.places import Found, Gazetteer, Place
from knowledge.sound import sounded
from knowledge.text import fold
from knowledge.wordfinder import WordFinder

__all__ = ["SoundPlaces"]

LEAST = 3  # characters: shorter names sound like too much else


@dataclass(frozen=True)
class SoundPlaces:
    """The places of a gazetteer by sound."""

    gazetteer: Gazetteer

    @cached_property
    def _by_sound(self) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for place in self.gazetteer.places:
            for name in (place.zh, *place.aliases):
                if len(name) >= LEAST and not name.isascii():
                    found.setdefault(sounded(fold(name)), place)
        return found

    @cached_property
    def _finder(self) -> WordFinder:
        return WordFinder(self._by_sound, whole=True)

    def find(self, text: str) -> tuple[Found, ...]:
        """The places whose names the text sounds like, in its order, with the words as the text writes them (folded).

        >>> from knowledge.places import read_places
        >>> [(f.words, f.place.zh) for f in SoundPlaces(read_places()).find("风台力交桥下面积水")]
        [('风台力交桥', '凤台立交桥')]
        """
        folded = fold(text)
        return tuple(
            Found(folded[start : start + len(word)], self._by_sound[word])
            for start, word in self._finder.find(sounded(folded))
        )
