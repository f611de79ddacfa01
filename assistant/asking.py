"""What is shown of an answer, in which order and why: the composer's actions, arranged by what was learned.

The order is asked of an advisor where there is one; else the fixed order stands. Every order can be drawn again from
its seed. It ranks nothing itself, and writes nothing down.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from assistant.answer import Match, RankedAction, Situation
from assistant.learning.events import Context, Offer, Slate
from assistant.learning.learned import Counting, Told, learned_of, learned_sentence
from assistant.learning.offers import context_of, danger_first, fixed_slate, moves
from assistant.recommend import Composed
from knowledge.taxonomy import Taxonomy
from prompts import Phrases

__all__ = ["SHOWN", "Advising", "Arranged", "Arranging", "cited", "with_cited"]

SHOWN = 8  # actions that a person sees
SEED_BITS = 31


class Advising(Protocol):
    """Who knows an order of offers: what the desk asks of the door to learning (see assistant.learning.advisor)."""

    def propose(self, context: Context, offers: tuple[Offer, ...], rng: random.Random) -> Slate:
        """An order of all offers, with teams and propensities of the places that are shown."""
        ...


@dataclass(frozen=True)
class Arranged:
    """What is shown (`actions`, the best first, with a propensity each), and all that it was chosen from: the slate
    holds indices into `offers`. `seed` is what chance was drawn from."""

    actions: tuple[RankedAction, ...]
    propensities: tuple[float, ...]
    context: Context
    offers: tuple[Offer, ...]
    slate: Slate
    seed: int


@dataclass(frozen=True)
class Arranging:
    """Arranges composed actions. `counts` gives what the log holds of an action type in a category group; without it no
    action says why it was moved. `seeds` gives a new seed each time, 0 or more, below 2^31."""

    taxonomy: Taxonomy
    phrases: Phrases
    advisor: Advising | None = None
    counts: Counting | None = None
    limit: int = SHOWN
    seeds: Callable[[], int] = field(default=lambda: random.SystemRandom().getrandbits(SEED_BITS))

    def __call__(
        self, situation: Situation, composed: Composed, at: datetime, *, department: str | None = None
    ) -> Arranged:
        """The first `limit` actions in the order that holds now, for a question asked `at` (aware) by somebody of
        `department`. What a danger to life calls for comes first."""
        context, seed = context_of(situation, at, department=department), self.seeds()
        slate = self.slate(context, composed.offers, seed, situation.severity.first_actions)
        shown = slate.order[: self.limit]
        return Arranged(
            actions=self._with_reasons(situation, context, [composed.actions[i] for i in shown], slate),
            propensities=slate.propensities[: len(shown)],
            context=context,
            offers=composed.offers,
            slate=slate,
            seed=seed,
        )

    def slate(self, context: Context, offers: tuple[Offer, ...], seed: int, called: tuple[str, ...] = ()) -> Slate:
        """The order of offers (which come in the fixed order) that the seed draws; `called` are the action types that a
        danger calls for. The same again from what was logged, while the same models are in force."""
        if self.advisor is None or not offers:
            return danger_first(fixed_slate(offers, shown=self.limit), offers, called)
        return danger_first(self.advisor.propose(context, offers, random.Random(seed)), offers, called)

    def _with_reasons(
        self, situation: Situation, context: Context, actions: list[RankedAction], slate: Slate
    ) -> tuple[RankedAction, ...]:
        """The actions with the reason of their move, where the log bears it out; the fixed order has no moves."""
        told = [Told(a.action_type, moved) for a, moved in zip(actions, moves(slate.order), strict=False)]
        say = self.phrases.speaker(situation.language)
        name = self.taxonomy.category_name(context.category, situation.language) or ""
        found = []
        for action, learned in zip(actions, learned_of(told, context.category, self.counts), strict=True):
            if learned is not None:
                place = 1 if action.emergency else 0
                why = (*action.why[:place], learned_sentence(learned, name, say), *action.why[place:])
                action = action.model_copy(update={"learned": learned, "why": why})
            found.append(action)
        return tuple(found)


def cited(composed: Composed, actions: Iterable[RankedAction]) -> set[int]:
    """The cases that the shown actions, the cautions and the contrast cite."""
    ids = {e.case_id for action in actions for e in action.evidence} | {c.evidence.case_id for c in composed.cautions}
    if composed.contrast:
        ids |= {composed.contrast.success_case_id, composed.contrast.failure_case_id}
    return ids


def with_cited(matches: Iterable[Match], top: int, ids: set[int]) -> tuple[Match, ...]:
    """The best `top` matches and those that are cited, in the order of the matches: the best one always stands."""
    return tuple(match for place, match in enumerate(matches) if place < top or match.case_id in ids)
