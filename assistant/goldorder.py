"""Whether an order of actions serves the gold questions: what worked in the cases that people judged relevant should
stand first, and what failed there should not.

The judgements come from a file and know nothing of anybody's choices, so that an order which only pleases is found out.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from assistant.learning.events import Context, Offer
from assistant.learning.policy import Ranker, arrange
from knowledge.case import ActionResult, Case
from knowledge.errors import BadInput
from knowledge.text import clean

__all__ = ["GoldOrder", "order_gain", "read_gold", "values"]

FIRST = 8  # places looked at
Offering = Callable[[str], tuple[Context, tuple[Offer, ...]]]  # what could be recommended for a question
Known = Callable[[], Mapping[str, Case]]  # the cases that may be shown, by external id


def read_gold(path: Path) -> list[tuple[str, Mapping[str, int]]]:
    """Questions with graded external ids, as `precedent models tune --gold` reads them: `{"text", "relevant"}` a line,
    where relevant holds grades 1 to 3 by external id, or a list of ids, each of grade 3. Raises BadInput with the line
    that cannot be read."""
    found: list[tuple[str, Mapping[str, int]]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}); give a UTF-8 file of JSON lines") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            relevant = row.get("relevant", {})
            grades = relevant if isinstance(relevant, dict) else dict.fromkeys(map(str, relevant), 3)
            if not all(type(grade) is int and 0 < grade <= 3 for grade in grades.values()):
                raise ValueError("a grade is 1, 2 or 3")
            found.append((clean(row["text"]), grades))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path}, line {number}: {error!r}; a question needs text and relevant") from error
    return found


def values(relevant: Mapping[str, int], cases: Mapping[str, Case]) -> dict[str, float]:
    """What each action type is worth, in 0..1, by its results in the relevant cases, each counted as often as its grade
    says: 0 where it worked in half of them or fewer, towards 1 the oftener it worked and the more results are known.

    >>> from knowledge.case import Action
    >>> tried = tuple(Action(text="x", action_type=kind, result="worked") for kind in ("pump", "pump"))
    >>> values({"a": 1}, {"a": Case(situation="积水", actions=tried)})
    {'pump': 0.5}
    """
    worked: dict[str, float] = {}
    tried: dict[str, float] = {}
    for external_id, grade in relevant.items():
        for action in cases[external_id].actions if external_id in cases else ():
            if action.result is not ActionResult.UNKNOWN:
                kind, good = action.action_type, action.result is ActionResult.WORKED
                tried[kind] = tried.get(kind, 0.0) + grade
                worked[kind] = worked.get(kind, 0.0) + grade * good
    return {kind: max(2 * (worked[kind] + 1) / (tried[kind] + 2) - 1, 0.0) for kind in tried}


def order_gain(action_types: Sequence[str], worth: Mapping[str, float], *, places: int = FIRST) -> float:
    """nDCG of an order within its first places, in 0..1, with the worth of a type as its gain (Järvelin, Kekäläinen,
    2002). Some type must be worth something.

    >>> order_gain(["pump", "talk"], {"pump": 0.5, "talk": 0.25})
    1.0
    """
    ideal = _discounted(sorted(worth.values(), reverse=True)[:places])
    return _discounted([worth.get(kind, 0.0) for kind in action_types[:places]]) / ideal


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


@dataclass
class GoldOrder:
    """The gold questions of a file, asked of the case base as it stands. What was asked is kept until the case base
    changes (`change` gives its number)."""

    path: Path
    offering: Offering
    cases: Known
    change: Callable[[], int]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _kept: tuple[int, list[tuple[Context, tuple[Offer, ...], dict[str, float]]]] | None = None

    def __call__(self, champion: Ranker, challenger: Ranker) -> float:
        """By how much the challenger's order is better, in -1..1 (below 0: worse), in the mean over the questions that
        have a relevant case with a measure that worked. Raises BadInput for a file that cannot be read or has none."""
        asked = self._asked()
        gains = [self._gain(challenger, *one) - self._gain(champion, *one) for one in asked]
        return sum(gains) / len(gains)

    def _gain(self, ranker: Ranker, context: Context, offers: tuple[Offer, ...], worth: Mapping[str, float]) -> float:
        return order_gain([offers[index].action_type for index in arrange(ranker, context, offers)], worth)

    def _asked(self) -> list[tuple[Context, tuple[Offer, ...], dict[str, float]]]:
        with self._lock:
            change = self.change()
            if self._kept is None or self._kept[0] != change:
                cases, found = self.cases(), []
                for text, relevant in read_gold(self.path):
                    worth = values(relevant, cases)
                    if any(worth.values()):
                        context, offers = self.offering(text)
                        if len(offers) > 1:
                            found.append((context, offers, worth))
                if not found:
                    raise BadInput(f"{self.path} holds no question with a relevant case in which something worked")
                self._kept = change, found
            return self._kept[1]
