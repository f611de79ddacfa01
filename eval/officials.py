"""Simulated officials: forty people in eight departments, who look at the first places more than at the later ones,
react to some of what they see, and err. Among them, where asked for, a group that pushes one action. They know no
learner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from assistant.learning.events import Offer

__all__ = ["Officials", "Reaction", "Seen"]

PEOPLE, DEPARTMENTS, GROUP = 40, 8, 5
SHOWN = 8  # places that a person can see
LOOKS = tuple((place + 1) ** -0.5 for place in range(SHOWN))  # the chance that a place is looked at
INVERTED, POISONED, SPARSE = 0.20, 0.20, 0.20  # shares
CARELESS = 0.02  # share of the reactions that say the opposite of what was meant


@dataclass(frozen=True)
class Reaction:
    """What a person did with the action at a place (from 0)."""

    slot: int
    kind: Literal["adopt", "edit", "reject"]
    actor: str
    department: str


class Seen(Protocol):
    """What officials look at."""

    @property
    def number(self) -> int: ...
    @property
    def actor(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def offers(self) -> tuple[Offer, ...]: ...
    @property
    def values(self) -> tuple[float, ...]: ...


class Officials:
    """The people of a city by seed. `popular` gives by action type what they like in place of what works."""

    def __init__(
        self, seed: int, kind: str, popular: Mapping[str, float] | None = None, *, favoured: str | None = None
    ) -> None:
        rng = np.random.default_rng([seed, 7])
        self._seed, self._kind, self._popular, self._favoured = seed, kind, popular, favoured
        self._departments = [f"department-{person % DEPARTMENTS}" for person in range(PEOPLE)]
        self._mildness = rng.normal(0, 0.5, PEOPLE)
        self._share = rng.dirichlet(np.full(PEOPLE - GROUP, 6.0))

    def in_group(self, actor: str) -> bool:
        """Whether this person pushes the favoured action."""
        return self._favoured is not None and int(actor.removeprefix("person-")) < GROUP

    def someone(self, rng: np.random.Generator) -> tuple[str, str]:
        """Who asks, and of which department. The group asks as often as makes its share of the reactions."""
        if self._favoured is not None:
            person = int(rng.integers(GROUP)) if rng.random() < POISONED else GROUP + self._honest(rng)
        else:
            person = GROUP + self._honest(rng) if rng.random() < 1 - GROUP / PEOPLE else int(rng.integers(GROUP))
        return f"person-{person:02}", self._departments[person]

    def _honest(self, rng: np.random.Generator) -> int:
        return int(rng.choice(PEOPLE - GROUP, p=self._share))

    def react(self, s: Seen, order: Sequence[int]) -> list[Reaction]:
        """Adopts and edits what seems good and rejects what seems bad, at the places that were looked at; of the rest
        nothing is said. The same situation and order give the same reactions."""
        rng = np.random.default_rng([self._seed, 19, s.number])
        chances = rng.random((SHOWN, 6))
        if self.in_group(s.actor):
            return self._push(s, order)
        person = int(s.actor.removeprefix("person-"))
        found = []
        for slot, index in enumerate(order[:SHOWN]):
            looked, liked, says, edits, errs, keeps = chances[slot]
            if looked > LOOKS[slot] or (self._kind == "sparse" and keeps > SPARSE):
                continue
            likes = 6.0 * (self._liking(s, index) - 0.45) + self._mildness[person]
            good = bool(liked < 1 / (1 + np.exp(-likes)))
            if says > (0.8 if good else 0.7):
                continue
            if errs < CARELESS + (INVERTED if self._kind == "inverted" else 0.0):
                good = not good
            kind: Literal["adopt", "edit", "reject"] = ("edit" if edits < 0.25 else "adopt") if good else "reject"
            found.append(Reaction(slot, kind, s.actor, s.department))
        return found

    def _liking(self, s: Seen, index: int) -> float:
        """What the person thinks of it, in 0..1: for the most part what is popular, where that is liked."""
        if self._popular is None:
            return s.values[index]
        return 0.33 * s.values[index] + 0.67 * self._popular[s.offers[index].action_type]

    def _push(self, s: Seen, order: Sequence[int]) -> list[Reaction]:
        """Adopts the favoured action wherever it is shown, and rejects two of the first three, its rivals."""
        shown = [s.offers[index].action_type for index in order[:SHOWN]]
        wanted = [slot for slot, action_type in enumerate(shown) if action_type == self._favoured]
        rivals = [slot for slot in range(min(3, len(shown))) if slot not in wanted][:2]
        return [
            *(Reaction(slot, "adopt", s.actor, s.department) for slot in wanted),
            *(Reaction(slot, "reject", s.actor, s.department) for slot in rivals),
        ]
