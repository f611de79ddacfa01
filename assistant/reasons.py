"""Why a case matches, in the words of an official: same category or kind of matter, shared words, place, severity."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.answer import Match, Situation
from knowledge.casetext import case_text
from knowledge.grams import STOP_EN, cut, stem
from knowledge.kinds import SharedKind
from knowledge.places import Gazetteer
from knowledge.taxonomy import Taxonomy
from prompts import Phrases

__all__ = ["Reasons"]

COMMON = 0.1
FEW = 2  # shared words up to which the kind of matter is named as well
SHARED = (
    0.3  # geometric mean of both shares from which on a kind is named: 97 of 100 such cases on gold/dev are relevant
)
EITHER = 0.2  # and the least share of either: below, it is only a side of the matter
MOST = 4
_EMPTY = frozenset(
    re.findall(
        r"\S+",
        "怎么办 已有 现在 目前 一个 一直 可以 没有 我们 他们 这个 那个 "
        "多个 进行 以及 还有 已经 情况 问题 怎么 如何 什么 处理 请问 需要 附近 "
        "about after before again could does done find from have help just more much need now "
        "over please should some still "
        "than then there they this very want what when where which while with would",
    )
)


@dataclass(frozen=True)
class Reasons:
    """Puts the parts of a match into sentences, most telling first. `commonness` gives the share of cases that have a
    word: words that more than one case in ten has say nothing. `shared_kind` gives the kind of matter that a text and
    a case (by its id) have most in common."""

    taxonomy: Taxonomy
    gazetteer: Gazetteer
    phrases: Phrases
    commonness: Callable[[str], float] = lambda word: 0.0
    shared_kind: Callable[[str, int], SharedKind | None] = lambda text, case_id: None

    def __call__(self, situation: Situation, match: Match) -> tuple[str, ...]:
        """At most four short reasons in the situation's language; at least one."""
        say = self.phrases.speaker(situation.language)
        parts = match.parts
        found = []
        if parts["category"] >= 0.3 and match.case.category:
            name = self.taxonomy.category_name(match.case.category, situation.language)
            read = situation.category
            same = read is not None and read.value == match.case.category and not situation.unclear
            found.append(say("why_category" if same else "why_category_near", name=name))
        shared = self._shared(situation.text, match)
        if len(shared) <= FEW and (kind := self._kind(situation, match)):
            found.append(say("why_kind", name=kind))
        if shared:
            found.append(say("why_words", words=say("comma").join(shared)))
        if parts["place"] >= 0.9:
            found.append(say("why_place", place=match.case.place or ""))
        elif parts["place"] > 0:
            found.append(
                say("why_district", district=self.gazetteer.district_name(match.case.district, situation.language))
            )
        if parts["severity"] == 1.0 and match.case.severity and situation.severity.level <= 3:
            found.append(say("why_severity", severity=say(f"severity_{match.case.severity}")))
        if not found and parts["handling"] > 0.3:
            found.append(say("why_handling"))
        if not found:
            found.append(say("why_vector" if parts["vector"] > parts["whole"] else "why_text"))
        return tuple(found[:MOST])

    def _kind(self, situation: Situation, match: Match) -> str | None:
        """The name of the kind of matter that carries the match; None where none does."""
        shared = self.shared_kind(situation.text, match.case_id)
        if shared is None or shared.kind.leaf == "chat" or min(shared.asked, shared.theirs) < EITHER:
            return None
        if shared.asked * shared.theirs < SHARED**2:
            return None
        return shared.kind.zh if situation.language == "zh" else shared.kind.en

    def _shared(self, text: str, match: Match) -> list[str]:
        """Up to five telling words of the question that stand in the case, as the question writes them, in its order;
        none inside another."""
        theirs = case_text(match.case).matter().casefold()
        shared: list[str] = []
        telling = [word for word in _telling(text) if self.commonness(word) <= COMMON]
        for word in sorted(telling, key=lambda w: (self.commonness(w), -len(w), w)):
            if (word if word[0] > "\u3400" else stem(word)) in theirs and not any(word in longer for longer in shared):
                shared.append(word)
        folded = text.casefold()
        return sorted(shared[:5], key=folded.find)


def _telling(text: str) -> set[str]:
    """Han words of two characters or more and other words of four letters or more, without the empty ones."""
    han = {word for word in cut(text) if len(word) > 1 and word[0] > "\u3400"}
    latin = {word for word in re.findall(r"[a-z]{4,}", text.casefold()) if word not in STOP_EN}
    return {word for word in han | latin if word not in _EMPTY}
