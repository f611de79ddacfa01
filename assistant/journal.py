"""The desk's journal: what was shown, what people chose, and how it turned out, each written once before anybody acts
on it. What is learned from it happens elsewhere, later, and holds nobody up.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from assistant.answer import Reaction, Recommendation
from assistant.asking import Arranged
from assistant.learning.events import Effect, Event, Proposed
from assistant.learning.sqllog import proposal_of, shown_of
from assistant.match import Candidate
from knowledge.errors import Fault
from knowledge.filter import Wanted
from knowledge.interactions import Interactions, ReactionRow

__all__ = ["Journal"]


def _no_effects(event: Event) -> bool:
    raise Fault("effects are not kept here; open the data folder with the learning log")


@dataclass(frozen=True)
class Journal:
    """Over the log in SQL. `append` keeps an effect in the same log; `came_in` is told of every choice and effect that
    was new, and must return at once."""

    interactions: Interactions
    append: Callable[[Event], bool] = _no_effects
    came_in: Callable[[], None] = lambda: None

    def record(
        self, recommendation: Recommendation, arranged: Arranged, candidates: Sequence[Candidate], wanted: Wanted,
        actor: str,
    ) -> None:  # fmt: skip
        """Writes an answer with every case that was compared and every action that could have been shown."""
        proposed = Proposed(
            recommendation.interaction_id,
            recommendation.asked_at,
            actor,
            arranged.context,
            arranged.offers,
            arranged.slate,
            seed=arranged.seed,
            shown=len(arranged.actions),
        )
        texts = {index: a.text for index, a in zip(arranged.slate.order, arranged.actions, strict=False)}
        self.interactions.record(
            recommendation.interaction_id,
            asked_at=recommendation.asked_at,
            actor=actor,
            question=recommendation.situation.text,
            language=recommendation.language,
            situation=recommendation.situation.model_dump(mode="json"),
            filters=wanted.__dict__,
            candidates=[c.__dict__ for c in candidates],
            shown=shown_of(proposed, texts),
            versions=recommendation.models,
            recommendation=recommendation.model_dump_json(),
            proposal=proposal_of(proposed),
        )

    def react(self, reaction: Reaction) -> bool:
        """Writes a choice; False if it was known. Raises NotFound for an interaction, an action or a precedent that was
        never shown, BadInput for an impossible one."""
        self.interactions.recommendation(reaction.interaction_id)
        row = reaction.model_dump()
        new = self.interactions.react(ReactionRow(slot=row.pop("action"), **row))
        if new:
            self.came_in()
        return new

    def reactions(self, interaction_id: str) -> list[Reaction]:
        """All reactions to one interaction, oldest first."""
        rows = (asdict(row) for row in self.interactions.reactions(interaction_id))
        return [
            Reaction(action=row.pop("slot"), **{k: v for k, v in row.items() if k in Reaction.model_fields})
            for row in rows
        ]

    def effect(self, effect: Effect) -> bool:
        """Writes how an action turned out; False if it was known. Raises NotFound where that action was never shown."""
        new = self.append(effect)
        if new:
            self.came_in()
        return new

    def recommendation(self, interaction_id: str) -> Recommendation:
        """A recommendation as it was shown. Raises NotFound."""
        return Recommendation.model_validate_json(self.interactions.recommendation(interaction_id))
