"""The orders that stood behind a slate, made again from the scores that were logged with it.

Which model gave the scores is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.learning.events import Context, Offer, Proposed
from assistant.learning.policy import arrange
from knowledge.errors import BadInput

__all__ = ["Scored", "orders"]


@dataclass(frozen=True)
class Scored:
    """A ranker of offers that are scored already: `given` holds one number in 0..1 for each of them."""

    given: tuple[float, ...]

    def scores(self, context: Context, offers: Sequence[Offer]) -> tuple[float, ...]:
        """The given numbers. Raises BadInput where there are not as many as offers."""
        if len(self.given) != len(offers):
            raise BadInput(f"There are {len(self.given)} scores for {len(offers)} offers; log one for each")
        return self.given


def orders(proposed: Proposed) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The champion's order and the challenger's (None where there was none) of all offers, the best first. Where no
    scores were logged, the champion's order is the one that was shown."""
    slate, context, offers = proposed.slate, proposed.context, proposed.offers
    champion = arrange(Scored(slate.scores), context, offers) if slate.scores else slate.order
    if slate.challenger_scores is None:
        return champion, None
    return champion, arrange(Scored(slate.challenger_scores), context, offers)
