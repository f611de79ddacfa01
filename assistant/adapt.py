"""Adapting the text of an old action to the new place and time: the old site gives way, and it is said where."""

import re
from dataclasses import dataclass

from assistant.answer import Situation
from knowledge.case import Case
from knowledge.places import Gazetteer
from prompts import Phrases

__all__ = ["Adapter"]

_OLD_TIMES = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号](?:\d{1,2}[时点](?:\d{1,2}分)?)?[，,]?|(?:当日|当晚|次日)?\d{1,2}[:：]\d{2}[，,]?|"
    r"\d{1,2}[时点]\d{1,2}分[，,]?|\b(?:[Aa]t|[Bb]y)\s+\d{1,2}:\d{2},?\s*"
)

_LOOSE = re.compile(r"\s+([.,;:，。；])")  # a blank left before a mark
_INSTITUTION = re.compile(r"[\u4e00-\u9fff]{0,4}(?:医院|学校|小学|中学|文化站|派出所|街道|社区|站|局|所|公司|体育馆)")


@dataclass(frozen=True)
class Adapter:
    """Replaces old places by the new one where it is known, else by a neutral word, and drops old clock times."""

    gazetteer: Gazetteer
    phrases: Phrases

    def __call__(self, text: str, case: Case, situation: Situation) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The adapted text, and what was changed as (before, after) pairs; an empty `after` means it was left out."""
        language = case.language or situation.language
        changes: list[tuple[str, str]] = []
        site = self._site(situation, language)
        for old in self._old_places(text, case):
            new = self._district(situation, language) if self._is_district(old) else site
            if new and old != new and old in text:
                text = text.replace(old, new)
                changes.append((old, new))
        for match in list(dict.fromkeys(m.group() for m in _OLD_TIMES.finditer(text))):
            text = text.replace(match, "", 1)
            changes.append((match.strip("，, "), ""))
        text = (_LOOSE.sub(r"\1", text) if changes else text).strip()
        return text[:1].upper() + text[1:], tuple(changes)

    def _site(self, situation: Situation, language: str) -> str:
        if situation.place:
            known = self.gazetteer.by_id.get(situation.place.value)
            return known.name(language) if known else situation.place.value
        return self.phrases.speaker(language)("adapted_place")

    def _district(self, situation: Situation, language: str) -> str | None:
        return self.gazetteer.district_name(situation.district.value, language) if situation.district else None

    def _is_district(self, words: str) -> bool:
        return any(p.kind == "district" and words.casefold() in (p.zh, p.en.casefold()) for p in self.gazetteer.places)

    def _old_places(self, text: str, case: Case) -> list[str]:
        """Names of the old case's own site and district that stand in the action, longest first. Other places (the
        hospital people were taken to) stay as they are: they were no part of the site."""
        names = [case.place] if case.place and case.place in text else []
        site = (case.place or "").casefold()
        folded = text.casefold()
        for found in self.gazetteer.find(text):
            place, start = found.place, folded.find(found.words)
            if place is None or start < 0 or place.district != case.district:
                continue
            if place.kind == "district" or (
                found.words in site and not _INSTITUTION.match(text[start + len(found.words) :])
            ):
                names.append(text[start : start + len(found.words)])
        return sorted(dict.fromkeys(names), key=len, reverse=True)
