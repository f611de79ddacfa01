"""Why an action stands above or below its place in the fixed order: what the log holds of it in similar matters.

Only counts that bear the move out are told; the order itself comes from elsewhere, and nothing is counted here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.answer import Learned
from knowledge.action_counts import Counts
from prompts.phrases import Speaker

__all__ = ["Counting", "Told", "learned_of", "learned_sentence"]

LEAST_DECIDED = 3  # fewer choices tell more of a person than of a measure

Counting = Callable[[Sequence[str], str], Mapping[str, Counts]]  # action types, category group


@dataclass(frozen=True)
class Told:
    """An action that was moved: its type, and by how many places up (or down: negative)."""

    action_type: str
    moved: int


def learned_of(told: Sequence[Told], group: str | None, counts: Counting | None) -> tuple[Learned | None, ...]:
    """What can be said of each; None where it was not moved, where the group of categories is unknown, or where the
    counts do not bear the move out: the share that was adopted and the share of known effects that worked (leaning to a
    half by two) must lie above a half in the mean for a move up, below it for one down; there must be LEAST_DECIDED
    decisions."""
    moved = [one.action_type for one in told if one.moved]
    if group is None or counts is None or not moved:
        return (None,) * len(told)
    found = counts(moved, group)
    return tuple(_learned(one, found[one.action_type]) if one.moved else None for one in told)


def _learned(told: Told, counts: Counts) -> Learned | None:
    if counts.decided < LEAST_DECIDED:
        return None
    effect = (counts.worked + 1) / (counts.known + 2)  # one lucky effect does not make up for what few adopted
    balance = counts.adopted / counts.decided + effect - 1.0
    if balance * told.moved <= 0:
        return None
    return Learned(
        moved=told.moved,
        adopted=counts.adopted,
        decided=counts.decided,
        known=counts.known,
        worked=counts.worked,
    )


def learned_sentence(learned: Learned, name: str, say: Speaker) -> str:
    """The move in words; `name` is that of the category group, in the language of `say`."""
    places = abs(learned.moved)
    way = say(f"learned_{'up' if learned.moved > 0 else 'down'}_{'one' if places == 1 else 'many'}", places=places)
    effects = say("learned_effects", worked=learned.worked, known=learned.known) if learned.known else ""
    return say("learned", way=way, name=name, adopted=learned.adopted, decided=learned.decided, effects=effects)
