"""The gazetteer: districts, streets and landmarks of the city, with their other names.

Read from places.csv, which a city replaces by its own. It finds known names and the general shapes of Chinese and
English addresses in a text; it knows no map and no distances.
"""

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from knowledge.text import fold
from knowledge.wordfinder import WordFinder

__all__ = ["Found", "Gazetteer", "Place", "read_places"]

BUNDLED = Path(__file__).parent / "data" / "places.csv"

# A place that no gazetteer knows: "A3区", "海淀区", "柳湾县". Two to four characters before the ending, no verbs.
_UNKNOWN_DISTRICT = re.compile(r"(?:[A-Za-z]\d{0,2}|[\u4e00-\u9fff]{2,3})(?:区|县)(?!别|域|间|块|分|级|委|政府)")
_NOT_A_DISTRICT = re.compile(
    r"小区|社区|片区|校区|园区|厂区|景区|城区|辖区|郊区|市区|地区|库区|山区|院区|灾区|住宅区|生活区|居民区|各区|全区|该区|我区|本区|全县|我县|开发区|保税区|两区|郊县|工业区|商业区|城乡结合区|"
    r"[的些几每某多哪个][区县]|[各该本]县"
)
_LEADING = re.compile(
    r"^.*?(?:位于|关于|反映|就在|来自|的|在|到|从|是|和|与|看|年|月|个)(?=[\u4e00-\u9fff]{2,3}[区县])"
)
_ADDRESS = re.compile(
    r"(?P<name>[A-Za-z0-9]{1,6}|[\u4e00-\u9fff]{2,4}?)"
    r"(?:大道|路|街|巷|胡同|立交桥|大桥|隧道|小区|花园|家园|新村|广场|公园|农贸市场|医院|中学|小学|幼儿园|地铁站|水库|村)"
    r"(?!口|灯|面|段|边|上|基|政|民|办|委)"
)
_NO_NAME = re.compile(
    r"[的了在到从把被和与及或就后前里内外上下旁边们我你他她它是有没不很都也还又再这那哪个条座家某一两各全该本近附]|小区|公园|老旧|道路|马路|城市|农村|高架|地下|"
    r"暴雨|夜里|早上|晚上|今天|昨天|现在|学校|医院|附近|门口|路口|居民|市民|群众|工地|施工|修|堵|走|过|去|来"
)


@dataclass(frozen=True)
class Place:
    """A district, street (or town) or landmark; `district` is its own id for a district, else its parent's."""

    id: str
    kind: str
    district: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """The name in zh or en."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Found:
    """A place found in a text: the words that name it, and the known Place where there is one."""

    words: str
    place: Place | None


@dataclass(frozen=True)
class Gazetteer:
    """All known places, with look-up by name and search in a text."""

    places: tuple[Place, ...]

    @cached_property
    def by_id(self) -> dict[str, Place]:
        """Places by id."""
        return {place.id: place for place in self.places}

    @cached_property
    def _by_word(self) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for place in self.places:
            for word in (place.id, place.zh, place.en, *place.aliases):
                if word:
                    found.setdefault(fold(word), place)
        return found

    @cached_property
    def _finder(self) -> WordFinder:
        return WordFinder((w for w, p in self._by_word.items() if w != p.id or "." not in w), whole=True)

    def resolve_district(self, text: str) -> str | None:
        """The district id for an id, a name or an alias; None if it is not of this city.

        >>> read_places().resolve_district("望江区")
        'wangjiang'
        """
        place = self._by_word.get(fold(text))
        return place.district if place else None

    def district_name(self, district: str | None, language: str) -> str | None:
        """The name of a district id; text that is no id is given back as it is."""
        place = self.by_id.get(district or "")
        return place.name(language) if place else district

    def find(self, text: str) -> tuple[Found, ...]:
        """Known places that the text names, in their order there.

        >>> [f.place.id for f in read_places().find("凤台立交桥下积水")]
        ['wangjiang.fengtai_interchange']
        """
        return tuple(Found(word, self._by_word[word]) for _, word in self._finder.find(fold(text)))

    def find_unknown_district(self, text: str) -> str | None:
        """A district by its shape (海淀区, A3区) that the gazetteer does not know; None if there is none.

        >>> read_places().find_unknown_district("只看近两年海淀区的")
        '海淀区'
        """
        for match in _UNKNOWN_DISTRICT.finditer(text):
            before = text[max(0, match.start() - 1) : match.end()]  # the pattern may begin within 位于, 反映
            shortened = _LEADING.sub("", before)
            words = shortened if shortened != before else match.group()
            if not _NOT_A_DISTRICT.search(words) and not _NOT_A_DISTRICT.search(before):
                return words
        return None

    def find_address(self, text: str) -> str | None:
        """The first passage with the shape of a named Chinese address (…路, …大桥, …小区); None if there is none.

        >>> read_places().find_address("柳湖路积水"), read_places().find_address("暴雨后立交桥下积水")
        ('柳湖路', None)
        """
        for match in _ADDRESS.finditer(text):
            if not _NO_NAME.search(match.group("name")):
                return match.group()
        return None


def read_places(path: Path | None = None) -> Gazetteer:
    """Reads a places.csv (columns id, kind, parent, name_zh, name_en, aliases); the bundled one by default."""
    with (path or BUNDLED).open(encoding="utf-8-sig", newline="") as stream:
        return Gazetteer(
            tuple(
                Place(
                    id=row["id"],
                    kind=row["kind"],
                    district=row["parent"] or row["id"],
                    zh=row["name_zh"],
                    en=row["name_en"],
                    aliases=tuple(a.strip() for a in row["aliases"].split("|") if a.strip()),
                )
                for row in csv.DictReader(stream)
            )
        )
