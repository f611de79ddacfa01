"""Why two calls are likely on one matter, as an official says it: same place, same kind of matter, how long ago."""

from collections.abc import Mapping
from datetime import timedelta

from knowledge.callindex import CallText
from knowledge.grams import cut
from knowledge.places import Gazetteer

__all__ = ["matter_reasons"]

MOST = 4
ALIKE = 0.5  # likeness of sounds from which on it is named where the words are unlike
_SAYS = {
    "zh": {"place": "同一地点：{}", "district": "同在{}", "kind": "同一件事：{}", "words": "都提到：{}",
           "sound": "读音相近", "house": "楼号相同：{}", "doubt": "有听得不清的段落",
           "minutes": "同一天", "hours": "同一天", "day": "相隔{}天", "week": "相隔{}周",
           "text": "说法相近", "comma": "、"},
    "en": {"place": "same place: {}", "district": "both in {}", "kind": "same kind of matter: {}",
           "words": "both mention: {}", "sound": "sounds alike", "house": "same building: {}",
           "doubt": "parts were heard badly", "minutes": "on the same day", "hours": "on the same day",
           "day": "{} days apart", "week": "{} weeks apart", "text": "said alike", "comma": ", "},
}  # fmt: skip


def matter_reasons(
    one: CallText,
    other: CallText,
    features: Mapping[str, float],
    between: timedelta,
    kind: str | None,
    language: str,
    gazetteer: Gazetteer,
) -> tuple[str, ...]:
    """At most four reasons in zh or en, at least one: the place, the kind of matter, shared words or sounds, the time
    between them."""
    says = _SAYS["zh" if language == "zh" else "en"]
    found = []
    same = [gazetteer.by_id[place].name(language) for place in sorted(one.places & other.places)]
    if same := [*same, *one.shared_addresses(other)]:
        found.append(says["place"].format(says["comma"].join(same[:2])))
        if houses := sorted(one.houses & other.houses):
            found.append(says["house"].format(says["comma"].join(houses[:2])))
    elif districts := sorted(one.districts & other.districts):
        found.append(says["district"].format(gazetteer.district_name(districts[0], language)))
    if kind:
        found.append(says["kind"].format(kind))
    elif words := _shared(one.whole, other.whole):
        found.append(says["words"].format(says["comma"].join(words)))
    elif features["sound"] >= ALIKE > features["whole"]:
        found.append(says["sound"])
    found = found or [says["text"]]
    found.append(_apart(abs(between), says))
    if one.doubtful or other.doubtful:
        found.append(says["doubt"])
    return tuple(found[:MOST])


def _shared(one: str, other: str) -> list[str]:
    """Up to three words of two characters and more that both have, the longer first."""
    theirs = set(cut(other))
    return sorted({word for word in cut(one) if word in theirs and len(word) > 1}, key=lambda w: (-len(w), w))[:3]


def _apart(between: timedelta, says: Mapping[str, str]) -> str:
    if between < timedelta(days=1):
        return says["hours"]
    if between < timedelta(days=14):
        return says["day"].format(between.days)
    return says["week"].format(between.days // 7)
