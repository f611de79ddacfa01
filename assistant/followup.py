"""Did it work? A person who adopted an action of which nothing was heard is asked once, when it is time.

It is time when the action's track record says that such a matter takes that long: its median days, at least one, at
most thirty, seven where nothing is known. Which page shows the question is not known here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assistant.learning.events import Effect
from knowledge.errors import BadInput, NotFound
from knowledge.followup_log import FollowUpLog, Unheard

__all__ = ["FollowUps", "waiting_time"]

_LEAST, _USUAL, _MOST = 1.0, 7.0, 30.0  # days
_FORGOTTEN = timedelta(days=120)  # after which nobody is asked any more
_SHOWN = timedelta(days=1)  # how long a question stays until it is answered
_ANSWERS = {"worked": True, "failed": False, "later": None}


def waiting_time(median_days: float | None) -> timedelta:
    """How long after its adoption an action is asked about.

    >>> waiting_time(0.2).days, waiting_time(3).days, waiting_time(400).days, waiting_time(None).days
    (1, 3, 30, 7)
    """
    days = _USUAL if median_days is None else median_days
    return timedelta(days=min(max(days, _LEAST), _MOST))


@dataclass(frozen=True)
class FollowUps:
    """One per process; safe to use from several threads. `on_effect` is told what people answer."""

    log: FollowUpLog
    on_effect: Callable[[Effect], object]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def due(self, actor: str, now: datetime | None = None, limit: int = 1) -> Sequence[Unheard]:
        """What a person is to be asked now, the earliest adopted first. Whatever is given counts as asked: it is given
        again for a day, until it is answered, and then no more; in one day a person is asked `limit` questions."""
        now = now or self.clock()
        waiting = list(self.log.open(actor, now - _SHOWN))[:limit]
        left = limit - max(self.log.asked_since(actor, now - _SHOWN), len(waiting))
        if left <= 0:
            return waiting
        for action in self.log.unheard(actor, now - _FORGOTTEN):
            begin = action.postponed_at or action.adopted_at
            if now - begin < waiting_time(action.median_days):
                continue
            if self.log.ask(action.interaction_id, action.slot, actor, now):
                waiting.append(action)
                left -= 1
            if not left:
                break
        return waiting

    def answer(self, interaction_id: str, slot: int, kind: str, actor: str) -> bool:
        """Keeps an answer: worked and failed are passed on as an effect (source official), later asks again after as
        long a time. The same answer again changes nothing and gives False; another one replaces it. Raises NotFound
        for a question that this person was not asked, BadInput for another kind."""
        if kind not in _ANSWERS:
            raise BadInput(f"there is no answer {kind!r}; answer one of {', '.join(_ANSWERS)}")
        asked = self.log.asked(interaction_id, slot)
        if asked is None or asked.actor != actor:
            raise NotFound(
                f"{actor} was not asked about action {slot} of interaction {interaction_id}; reload the page to see "
                "what is asked"
            )
        if asked.answered == kind:
            return False
        if kind == "later" and asked.answered is not None:
            raise BadInput(f"the question was answered with {asked.answered!r} already; answer worked or failed")
        now = self.clock()
        resolved = _ANSWERS[kind]
        if resolved is not None:  # told before it is marked as answered: after a crash it is answered again
            self.on_effect(
                Effect(
                    interaction_id=interaction_id,
                    client_id=f"followup-{slot}-{now.isoformat()}",
                    slot=slot,
                    at=now,
                    source="official",
                    actor=actor,
                    resolved=resolved,
                )
            )
        self.log.answer(interaction_id, slot, kind, now)
        return True
