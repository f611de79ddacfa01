"""What an embedder can learn from: questions with the cases that officials accepted or rejected, and the city's own
cases. It reads plain rows of the log and plain cases, and knows no model.

What a later comparison asks about is withheld from training: the last accepted questions, and one case in five.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from knowledge.case import Case
from knowledge.casetext import case_text
from knowledge.copies import embedded_text
from knowledge.sentence_trainer import Pair
from knowledge.text import fold

__all__ = ["Accepted", "Withheld", "accepted_matches", "draw", "last_accepted", "own_pairs", "question_pairs", "spared"]

ACCEPTING = ("adopt", "edit")
REJECTING = ("reject", "unfit")
HELD_SHARE = 0.2  # of the accepted questions: the newest
HELD_LEAST = 10
SPARED = 5  # one case in so many is never trained on
LONGEST = 2_000  # characters of one text


@dataclass(frozen=True)
class Accepted:
    """A question with the case ids that were evidence of an action that was adopted or edited, and those that were
    evidence of a rejected one or do not fit themselves; both ascending, none in both. `at` is the time of the newest
    acceptance."""

    question: str
    at: datetime
    accepted: tuple[int, ...]
    rejected: tuple[int, ...] = ()


@dataclass(frozen=True)
class Withheld:
    """What must not be trained on: questions (folded) and case ids."""

    questions: frozenset[str] = frozenset()
    cases: frozenset[int] = frozenset()

    def allows(self, pair: Pair) -> bool:
        """Whether none of its texts is a withheld question.

        >>> Withheld(frozenset({"积水"})).allows(Pair(" 积水", "桥下积水半米"))
        False
        """
        return not {fold(text) for text in (pair.question, pair.wanted, pair.unwanted)} & self.questions


def accepted_matches(log: Iterable[Mapping[str, Any]]) -> list[Accepted]:
    """Questions of which at least one action was accepted, oldest acceptance first (ties by question). For each action
    the newest reaction counts, and for each precedent whether it was said last not to fit; the same question asked
    again is one question, and a case accepted once for it is not rejected for it. Rows as Interactions.export gives
    them."""
    found: dict[str, tuple[str, list[datetime], set[int], set[int]]] = {}
    for row in log:
        in_order = sorted(row["reactions"], key=lambda r: r["reaction_id"])
        newest = {(r["slot"], r.get("case_id")): r for r in in_order}
        newest.pop((None, None), None)  # what was said of the whole answer
        if not newest:
            continue
        actions = json.loads(row["recommendation"])["actions"]
        _, times, accepted, rejected = found.setdefault(fold(row["question"]), (row["question"], [], set(), set()))
        for (slot, case_id), reaction in newest.items():
            cited = {case_id} if slot is None else {evidence["case_id"] for evidence in actions[slot]["evidence"]}
            if reaction["kind"] in ACCEPTING:
                accepted |= cited
                times.append(datetime.fromisoformat(reaction["at"]))
            elif reaction["kind"] in REJECTING:
                rejected |= cited
    matches = [
        Accepted(question, max(times), tuple(sorted(accepted)), tuple(sorted(rejected - accepted)))
        for question, times, accepted, rejected in found.values()
        if accepted
    ]
    return sorted(matches, key=lambda match: (match.at, match.question))


def last_accepted(matches: Sequence[Accepted]) -> tuple[Sequence[Accepted], Sequence[Accepted]]:
    """The earlier ones, and the newest fifth of them (ten at least, if there are so many), which is held back.

    >>> [len(part) for part in last_accepted([Accepted("停电", datetime(2026, 1, 1), (1,))] * 12)]
    [2, 10]
    """
    held = min(len(matches), max(HELD_LEAST, math.ceil(len(matches) * HELD_SHARE)))
    return matches[: len(matches) - held], matches[len(matches) - held :]


def draw(case_id: int, case: Case) -> int:
    """A number of 64 bits that is fixed for a case, however it is changed: by its external id, else by its id."""
    return int.from_bytes(hashlib.sha256(f"case {case.external_id or case_id}".encode()).digest()[:8])


def spared(case_id: int, case: Case) -> bool:
    """Whether the case is one of the fifth that is never trained on, so that its title can be asked about later. Only
    a case with a title can be."""
    return bool(case.title) and draw(case_id, case) % SPARED == 0


def question_pairs(matches: Iterable[Accepted], cases: Mapping[int, Case], withheld: Withheld) -> list[Pair]:
    """Each question with every case accepted for it, and with those rejected for it as counter-examples in turn. A case
    that is not in `cases` is left out."""
    pairs = []
    for match in matches:
        wanted = [embedded_text(cases[i]) for i in match.accepted if i in cases and i not in withheld.cases]
        unwanted = [embedded_text(cases[i]) for i in match.rejected if i in cases and i not in withheld.cases]
        if not wanted:
            continue
        for place in range(max(len(wanted), len(unwanted))):
            against = unwanted[place % len(unwanted)] if unwanted else ""
            pairs.append(Pair(match.question[:LONGEST], wanted[place % len(wanted)], against))
    return [pair for pair in dict.fromkeys(pairs) if withheld.allows(pair)]


def own_pairs(cases: Mapping[int, Case], withheld: Withheld, at_most: int) -> list[Pair]:
    """Title with situation, situation with handling: what holds a model together where reactions are few. Cases come
    in a fixed order that is drawn by lot."""
    drawn = sorted((draw(case_id, case), case_id) for case_id, case in cases.items() if case_id not in withheld.cases)
    found = (pair for _, case_id in drawn for pair in _own(cases[case_id]) if withheld.allows(pair))
    return list(islice(dict.fromkeys(found), at_most))


def _own(case: Case) -> list[Pair]:
    handling = case_text(case).handling
    title = [Pair(case.title, case.situation[:LONGEST])] if case.title else []
    return [*title, Pair(case.situation[:LONGEST], handling[:LONGEST])] if handling else title
