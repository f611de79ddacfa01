"""Understanding a question: category, place, time, quantities, severity with reasons, and what is missing.

Everything is read from the words, by rules that name those words; `settle` afterwards lets the nearest cases decide
what the words left open. It never lowers a severity and fills nothing in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from assistant.answer import KindReading, Match, Quantity, Reading, SeverityReading, Situation
from assistant.moment import find_time
from assistant.quantity import find_quantities
from knowledge.categories import Categoriser
from knowledge.dangers import Danger, Sign, find_dangers
from knowledge.kinds import UNNAMED
from knowledge.meaning import Meaning
from knowledge.places import Gazetteer
from knowledge.text import language_of

__all__ = ["SEVERITY_NAMES", "Understanding"]

LEAST = 0.05  # share from which on a kind of matter is named
# From this share of kinds outside all categories on no category is clearly meant, unless one was read more surely than
# that. On gold/dev it holds for 11 of 12 questions without a category, 8 of 53 read wrongly, and 6 of 92 read rightly.
OUTSIDE = 0.2
SEVERITY_NAMES = {
    "zh": {1: "特别重大", 2: "重大", 3: "较大", 4: "一般"},
    "en": {1: "extremely serious", 2: "major", 3: "serious", 4: "ordinary"},
}
# State Council Decree 493 (2007), article 3: deaths 30/10/3; injuries 100/50/10. One step is added for people trapped
# or to be moved, whose number the decree does not rate: the steps are ours.
_STEPS: tuple[tuple[str, tuple[tuple[float, int], ...]], ...] = (
    ("dead", ((30, 1), (10, 2), (1, 3))),
    ("injured", ((100, 1), (50, 2), (3, 3))),
    ("trapped", ((30, 1), (10, 2), (1, 3))),
    ("people", ((5_000, 1), (1_000, 2), (100, 3))),
    ("households", ((2_000, 1), (500, 2), (100, 3))),
    ("depth_cm", ((200, 2), (30, 3))),
)
_NOUNS = {
    "zh": {"dead": "死亡", "injured": "受伤", "trapped": "被困", "people": "涉及人数",
           "households": "涉及户数", "depth_cm": "水深"},
    "en": {"dead": "deaths", "injured": "injured", "trapped": "trapped", "people": "people concerned",
           "households": "households concerned", "depth_cm": "depth of water"},
}  # fmt: skip


@dataclass(frozen=True)
class Understanding:
    """Reads situations with the city's taxonomy, gazetteer and signs of danger."""

    categoriser: Categoriser
    gazetteer: Gazetteer
    dangers: tuple[Danger, ...]
    meaning: Meaning

    def __call__(self, text: str, now: datetime, language: str | None = None) -> Situation:
        """What the text says. `now` is aware; `language` is that of the answer (the text's own by default)."""
        spoken = "zh" if (language or language_of(text)) == "zh" else "en"
        category = self.categoriser.read(text)
        district, place = self._place(text)
        time = find_time(text, now)
        quantities = find_quantities(text)
        situation = Situation(
            text=text,
            language=spoken,
            category=Reading(value=category.category, confidence=category.confidence, words=category.words)
            if category
            else None,
            district=district,
            place=place,
            occurred_at=Reading(value=time.at.isoformat(), confidence=time.confidence, words=(time.words,))
            if time
            else None,
            severity=self._severity(find_dangers(text, self.dangers), quantities, spoken),
            quantities=quantities,
            **self._kinds(text, spoken),
        )
        return situation.model_copy(update={"missing": _missing(situation), "unclear": _unclear(situation)})

    def _kinds(self, text: str, language: str) -> dict[str, Any]:
        vector = self.meaning.embed([text])
        if not vector.any():
            return {"outside": 1.0}
        shares = self.meaning.shares(vector)[0]
        outside = sum(float(s) for k, s in zip(self.meaning.kinds, shares, strict=True) if k.leaf in UNNAMED)
        best = [(self.meaning.kinds[place], float(shares[place])) for place in np.argsort(-shares)[:3]]
        read = [KindReading(id=k.id, name=k.zh if language == "zh" else k.en, share=round(s, 3)) for k, s in best]
        return {
            "kinds": tuple(reading for reading in read if reading.share >= LEAST),
            "outside": round(outside, 4),
            "clearness": round(max(0.0, float((vector @ self.meaning.centres.T).max())), 4),
        }

    def _place(self, text: str) -> tuple[Reading | None, Reading | None]:
        found = [f for f in self.gazetteer.find(text) if f.place]
        fine = [f for f in found if f.place and f.place.kind != "district"]
        place = None
        if fine and fine[0].place:
            place = Reading(value=fine[0].place.id, confidence=0.9, words=(fine[0].words,))
        elif address := self.gazetteer.find_address(text):
            place = Reading(value=address, confidence=0.5, words=(address,))
        named = next((f for f in found if f.place and f.place.kind == "district"), None) or (fine[0] if fine else None)
        if named and named.place:
            sure = 0.95 if named.place.kind == "district" else 0.85
            return Reading(value=named.place.district, confidence=sure, words=(named.words,)), place
        unknown = self.gazetteer.find_unknown_district(text)
        return (Reading(value=unknown, confidence=0.6, words=(unknown,)) if unknown else None), place

    def _severity(self, signs: Sequence[Sign], quantities: Sequence[Quantity], language: str) -> SeverityReading:
        level = 4
        reasons = []
        for sign in signs:
            level = min(level, sign.danger.level)
            quoted = f"（“{sign.words}”）" if language == "zh" else f' ("{sign.words}")'
            reasons.append(sign.danger.reason(language) + quoted)
        for quantity in quantities:
            for what, steps in _STEPS:
                reached = next(
                    (step for bound, step in steps if quantity.what == what and quantity.value >= bound), None
                )
                if reached and (reached < 4):
                    level = min(level, reached)
                    colon = "：" if language == "zh" else ": "
                    reasons.append(f"{_NOUNS[language][what]}{colon}{quantity.words}")
        return SeverityReading(
            level=level,
            reasons=tuple(dict.fromkeys(reasons)),
            danger_to_life=bool(signs),
            first_actions=tuple(dict.fromkeys(a for sign in signs for a in sign.danger.first_actions)),
        )

    def settle(self, situation: Situation, matches: Sequence[Match]) -> Situation:
        """Lets the nearest cases vote on what the words left open: the category where it was not read, or read with
        less than half confidence, and a severity that may only rise (by one step, to the median of the near ones)."""
        near = [m for m in matches if m.score >= 0.35][:7]
        if not near:
            return situation
        votes: dict[str, float] = {}
        for match in near:
            if match.case.category:
                votes[match.case.category] = votes.get(match.case.category, 0.0) + match.score**2
        category = situation.category
        if votes and (category is None or category.confidence < 0.5):
            best = max(votes, key=lambda name: votes[name])
            share = votes[best] / (sum(votes.values()) + 0.1)
            if category is None or (share > category.confidence and category.value != best):
                titles = tuple(m.case.heading(24) for m in near if m.case.category == best)[:2]
                category = Reading(value=best, confidence=round(min(share, 0.95), 3), words=titles)
        return situation.model_copy(update={"category": category, "severity": _raised(situation, near)})


def _raised(situation: Situation, near: Sequence[Match]) -> SeverityReading:
    known = sorted(m.case.severity for m in near if m.case.severity and m.score >= 0.5)
    severity = situation.severity
    if len(known) < 2:
        return severity
    median = known[len(known) // 2]
    if median >= severity.level:
        return severity
    level = severity.level - 1
    name = SEVERITY_NAMES[situation.language][median]
    reason = f"相近的先例多定为{name}" if situation.language == "zh" else f"similar cases were mostly rated {name}"
    return severity.model_copy(update={"level": level, "reasons": (*severity.reasons, reason)})


def _unclear(situation: Situation) -> bool:
    sure = situation.category.confidence if situation.category else 0.0
    return situation.outside >= OUTSIDE and sure <= situation.outside


def _missing(situation: Situation) -> tuple[str, ...]:
    kinds = {quantity.what for quantity in situation.quantities}
    missing = []
    if situation.place is None and situation.district is None:
        missing.append("place")
    if situation.occurred_at is None:
        missing.append("time")
    if not kinds & {"people", "households", "trapped", "injured", "dead"}:
        missing.append("people")
    if not kinds & {"depth_cm", "metres", "vehicles", "amount_yuan", "households", "people"}:
        missing.append("scale")
    return tuple(missing)
