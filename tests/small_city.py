"""A small made-up log for the tests of learning: people who like what works, with events as the product writes them."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from assistant.learning.events import BOTH, Context, Effect, Event, Offer, Proposed, Reacted, Slate

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
GOOD = {"pump": 0.85, "warn": 0.65, "repair": 0.5, "inspect": 0.35, "notice": 0.15}
Says = Callable[[str, str, random.Random], str | None]  # (person, action type, chance) → kind of the reaction, if any


def asked(
    number: int,
    offers: Sequence[Offer],
    *,
    actor: str = "li",
    context: Context | None = None,
    days: float | None = None,
) -> Proposed:
    """An interaction whose offers are shown in their order."""
    at = START + timedelta(days=number / 10 if days is None else days)
    order = tuple(range(len(offers)))
    slate = Slate(order, (BOTH,) * len(order), (1.0,) * len(order))
    return Proposed(f"i{number}", at, actor, context or Context(category="flood"), tuple(offers), slate)


def said(proposed: Proposed, slot: int, kind: str, *, actor: str = "li", department: str | None = None) -> Reacted:
    """A reaction at once."""
    name = f"{actor}-{slot}-{kind}"
    return Reacted(proposed.interaction_id, name, slot, kind, actor, proposed.at, department)  # type: ignore[arg-type]


def honest(person: str, action_type: str, chance: random.Random) -> str | None:
    """Adopts what works, with chance; says nothing to a third."""
    if chance.random() < 0.33:
        return None
    return "adopt" if chance.random() < GOOD[action_type] else "reject"


def city(
    seed: int = 0, *, interactions: int = 150, people: int = 10, says: Says = honest, outcomes: bool = True
) -> list[Event]:
    """A log: the fixed ranker knows nothing (its scores are chance), outcomes follow GOOD."""
    chance = random.Random(seed)
    events: list[Event] = []
    for number in range(interactions):
        offers = [
            Offer(kind, base=round(chance.uniform(0.3, 0.7), 3), rate=0.5, support=0.5, family="works") for kind in GOOD
        ]
        chance.shuffle(offers)
        actor = f"person-{chance.randrange(people)}"
        proposed = asked(number, offers, actor=actor, context=Context(severity=3, category="flood", district="east"))
        events.append(proposed)
        for slot, offer in enumerate(offers):
            kind = says(actor, offer.action_type, chance)
            if kind is None:
                continue
            events.append(said(proposed, slot, kind, actor=actor))
            if outcomes and kind == "adopt":
                worked = chance.random() < GOOD[offer.action_type]
                at = proposed.at + timedelta(hours=1)
                events.append(Effect(f"i{number}", f"e{slot}", slot, at, "record", "system", resolved=worked))
    return events
