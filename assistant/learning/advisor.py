"""The door to learning: an order for every question, a note of everything said about it, and now and then a new model,
tried with manners and promoted only through the gate.

What is on trial is the learner as it goes: while a trial lasts, fresher versions follow one another, each shown only
after it was fitted, and the bets go on; the last one stays as soon as all but a person's approval holds. A trial that
has not convinced after a number of interactions ends, and the next begins with nothing in hand. Which models are in
force follows from the shelf's history alone, so that several processes agree. The door knows no page and no database.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from assistant.learning.events import CHAMPION, Context, Event, GateEvent, Mode, Offer, Slate
from assistant.learning.interleave import draft
from assistant.learning.learner import LearnerSettings, fit
from assistant.learning.library import Library
from assistant.learning.order import Scored
from assistant.learning.policy import Policy, arrange
from assistant.learning.promotion import Judgement, Limits, judge
from assistant.learning.reading import Reading
from assistant.learning.shelves import EventLog, Shelf
from assistant.learning.standing import FIXED, Standing, standing_of
from assistant.learning.state import Learned, State
from knowledge.errors import BadInput

__all__ = ["Advisor", "AdvisorSettings", "GoldCheck", "Learned", "State"]

SYSTEM = "system"
Kind = Literal["fitted", "trial", "ready", "promoted", "refused", "suspended"]
GoldCheck = Callable[[Policy, Policy], float | None]  # champion, challenger: by how much the gold set's figure changes


@dataclass(frozen=True)
class AdvisorSettings:
    """`places` are shown. The first challenger is fitted after `first` choices and outcomes, a further one when `fresh`
    more have come in, or `growth` times those that the last one saw, whichever is more. With `follow` it takes the
    place of the one on trial; without, it waits for the end of that trial. A trial that is not ready after `patience`
    interactions ends. After `refresh_s` seconds the history is read again, since another process may have written to
    it."""

    places: int = 8
    first: int = 200
    fresh: int = 150
    growth: float = 0.1
    follow: bool = True
    patience: int = 2_000
    refresh_s: float = 2.0
    limits: Limits = field(default_factory=Limits)
    learner: LearnerSettings = field(default_factory=LearnerSettings)


class Advisor:
    """One for each process; safe to use from several threads. `gold_check` and `approver` may be left out: without the
    first that condition is not measured, without the second a challenger waits for a person's `approve`. `approver` is
    asked with the version and the judgement and gives the name of who approves, or None."""

    def __init__(
        self,
        log: EventLog,
        shelf: Shelf,
        settings: AdvisorSettings = AdvisorSettings(),
        *,
        gold_check: GoldCheck | None = None,
        approver: Callable[[str, Judgement], str | None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log, self._shelf, self._settings = log, shelf, settings
        self._gold_check, self._approver, self._clock = gold_check, approver, clock
        self._lock = threading.RLock()
        self._library = Library(shelf)
        self._gold: dict[tuple[str, str], float | None] = {}
        self._standing: Standing = Standing()
        self._looked = float("-inf")
        self._reading = Reading(log)
        self._fitted = 0  # number of the last event that a model was fitted on

    def propose(self, context: Context, offers: Sequence[Offer], rng: random.Random) -> Slate:
        """An order of all offers, with teams and propensities of the shown places. In an emergency, and where an offer
        is marked `first`, the champion's order alone; nothing is drawn by lot there. Where the champion's model cannot
        be read, the fixed order alone; where the challenger's cannot, the champion's alone."""
        standing = self._now()
        if not self._library.readable(standing.champion):
            standing = Standing()
        elif standing.challenger is not None and not self._library.readable(standing.challenger):
            standing = replace(standing, challenger=None)
        scores = self._library.policy(standing.champion).scores(context, offers)
        order = arrange(Scored(scores), context, offers)
        careful = context.emergency or any(offer.first for offer in offers)
        if careful or standing.challenger is None or standing.paused or not offers:
            places = min(self._settings.places, len(offers))
            slate = Slate(order, (CHAMPION,) * places, (1.0,) * places, standing.champion, scores=scores)
            calm: Mode = "base" if standing.champion == FIXED else "champion"
            return replace(slate, mode="emergency" if careful else calm)
        others = self._library.policy(standing.challenger).scores(context, offers)
        drafted = draft(order, arrange(Scored(others), context, offers), rng, places=self._settings.places)
        return replace(
            drafted, version=standing.champion, challenger=standing.challenger, scores=scores, challenger_scores=others
        )

    def record(self, event: Event) -> bool:
        """Writes an event; False where it is known already. Raises NotFound for what was never shown."""
        return self._log.append(event)

    def fit(self, events: Iterable[Event]) -> Policy:
        """The model of some events, as of the newest of them: the same events give the same model."""
        known = list(events)
        at = max((event.at for event in known), default=datetime.min.replace(tzinfo=UTC))
        return fit(known, at=at, settings=self._settings.learner)

    def replay(self, version: str) -> bool:
        """Whether the log, replayed from empty up to a model's watermark, gives the same model byte for byte. False
        also where something that it was fitted on has been withdrawn since. Raises NotFound."""
        kept = self._shelf.get(version)
        return self.fit(e for number, e in self._log.events() if number <= kept.watermark).text() == kept.text

    def learn(self, *, by: str = SYSTEM) -> Learned:
        """Reads what is new and does what is due: judges the trial, suspends a harmful challenger, says when one is
        ready (and promotes it where the approver says yes), ends a trial that takes too long, fits a new challenger.
        Cheap where nothing is new; may be called after every event. While a model in force or on trial cannot be read
        it does nothing: somebody restores that model, rolls back, or rejects it."""
        with self._lock:
            standing = self._now(refresh=True)
            self._catch_up(standing)
            if self._damaged(standing):
                return Learned()
            judgement = self._judgement(standing)
            steps: list[GateEvent] = []
            if judgement is not None:
                steps += self._decide(standing, judgement, by)
            steps += self._renew(by, judgement)
            return Learned(tuple(steps), judgement)

    def approve(self, version: str, by: str, note: str = "") -> None:
        """Promotes the challenger on trial. Raises BadInput where it is not on trial, where a condition does not hold
        as things stand now, or where nobody is named; Fault or NotFound where its model cannot be read."""
        with self._lock:
            standing = self._on_trial(version, by)
            self._library.policy(version)
            self._gold.clear()  # what is approved is measured as things are today
            judgement = self._judgement(standing)
            if judgement is None or not judgement.ready:
                missing = ", ".join(judgement.missing) if judgement else "trial"
                raise BadInput(f"{version} cannot be approved: {missing} not held; wait for more interactions")
            self._note("promoted", standing, by, judgement, note)

    def reject(self, version: str, by: str, note: str = "") -> None:
        """Ends the trial of a challenger for good. Raises BadInput where it is not on trial or nobody is named."""
        with self._lock:
            standing = self._on_trial(version, by)
            self._note("refused", standing, by, self._judgement(standing), note)

    def roll_back(self, to: str, by: str, note: str = "") -> None:
        """Puts a former champion ("base" for the fixed ranker) in force again; the present one and what is on trial are
        never tried again. Raises BadInput for a version that was never champion, or is champion."""
        with self._lock:
            standing = self._now(refresh=True)
            _named(by)
            if to not in standing.former or to == standing.champion:
                raise BadInput(
                    f"Cannot roll back to {to}; name one of {', '.join(dict.fromkeys(standing.former[:-1]))}"
                )
            self._write(GateEvent(self._clock(), "rolled_back", to, standing.champion, by, {}, note))

    def pause(self, by: str, note: str = "") -> None:
        """Tries nothing until `resume`; the champion stays."""
        with self._lock:
            standing = self._now(refresh=True)
            _named(by)
            self._write(GateEvent(self._clock(), "paused", standing.champion, standing.challenger, by, {}, note))

    def resume(self, by: str, note: str = "") -> None:
        """Ends a pause; what was on trial goes on where it was."""
        with self._lock:
            standing = self._now(refresh=True)
            _named(by)
            if not standing.paused:
                raise BadInput("Nothing is paused; there is nothing to resume")
            self._write(GateEvent(self._clock(), "trial", standing.champion, standing.challenger, by, {}, note))

    def state(self) -> State:
        """How things stand now, with everything new read."""
        with self._lock:
            standing = self._now(refresh=True)
            self._catch_up(standing)
            return State(
                standing=standing,
                judgement=self._judgement(standing),
                last=self._reading.last,
                unseen=self._unseen(),
                wanted=self._wanted(),
                interactions=self._reading.interactions,
                interleaved=self._reading.interleaved,
                history=tuple(self._shelf.history()),
                damaged=self._damaged(standing),
            )

    def _now(self, *, refresh: bool = False) -> Standing:
        """The standing; read again where asked, or where another process may have changed it by now."""
        if refresh or time.monotonic() - self._looked > self._settings.refresh_s:
            history = self._shelf.history()
            self._standing, self._looked = standing_of(history), time.monotonic()
            fitted = {step.challenger for step in history if step.kind == "fitted" and step.challenger}
            self._fitted = max(self._fitted, *map(self._library.watermark, fitted), 0)
        return self._standing

    def _damaged(self, standing: Standing) -> tuple[str, ...]:
        return self._library.damaged((standing.champion, standing.challenger))

    def _catch_up(self, standing: Standing) -> None:
        fitted_on = self._library.watermark(standing.line[0]) if standing.line else 0
        self._reading.catch_up(standing.champion, standing.line, fitted_on=fitted_on)

    def _judgement(self, standing: Standing) -> Judgement | None:
        """What the gate says now. The gold set is asked once for each pair, when all else holds."""
        if self._reading.trial is None or standing.challenger is None:
            return None
        judgement = judge(self._reading.trial, self._settings.limits)
        if self._gold_check is None or not judgement.ready or self._damaged(standing):
            return judgement
        pair = (standing.champion, standing.challenger)
        if pair not in self._gold:
            self._gold[pair] = self._gold_check(*map(self._library.policy, pair))
        return judge(self._reading.trial, self._settings.limits, gold=self._gold[pair])

    def _decide(self, standing: Standing, judgement: Judgement, by: str) -> list[GateEvent]:
        """What a judgement leads to."""
        if judgement.harmful:
            return [self._note("suspended", standing, by, judgement, "evidence of harm")]
        steps: list[GateEvent] = []
        if judgement.ready:
            if not standing.ready:
                steps.append(self._note("ready", standing, by, judgement))
            name = self._approver(str(standing.challenger), judgement) if self._approver else None
            if name:
                steps.append(self._note("promoted", standing, name, judgement))
        elif judgement.interactions >= self._settings.patience:
            steps.append(self._note("refused", standing, by, judgement, "not convincing in time"))
        return steps

    def _renew(self, by: str, judgement: Judgement | None) -> list[GateEvent]:
        """Fits a challenger where enough has come in, and puts it on trial. Not where only a person, or a few more
        interactions of the version at hand, are waited for."""
        standing = self._now()
        ready = standing.ready and judgement is not None and judgement.ready
        if standing.paused or ready or self._unseen() < self._wanted():
            return []
        waiting = judgement is not None and judgement.missing == ("version",)
        if standing.challenger is not None and (waiting or not self._settings.follow):
            return []
        self._catch_up(standing)
        watermark = self._fitted = self._reading.last
        policy = self.fit(event for number, event in self._log.events() if number <= watermark)
        kept = self._shelf.put(policy.text(), watermark=watermark, at=self._clock())
        if kept.version in {*standing.out, *standing.former, *standing.line}:
            return []
        self._library.keep(kept, policy)
        trying = replace(standing, challenger=kept.version)
        return [self._note("fitted", trying, by), self._note("trial", trying, by, judgement if standing.line else None)]

    def _unseen(self) -> int:
        return self._reading.unseen(self._fitted)

    def _wanted(self) -> int:
        settings, seen = self._settings, self._reading.said(self._fitted)
        return max(settings.fresh, int(settings.growth * seen)) if self._fitted else settings.first

    def _on_trial(self, version: str, by: str) -> Standing:
        _named(by)
        standing = self._now(refresh=True)
        if standing.challenger != version:
            raise BadInput(f"{version} is not on trial; on trial is {standing.challenger or 'nothing'}")
        self._catch_up(standing)
        return standing

    def _note(
        self, kind: Kind, standing: Standing, by: str, judgement: Judgement | None = None, note: str = ""
    ) -> GateEvent:
        figures = judgement.figures() if judgement else {}
        return self._write(GateEvent(self._clock(), kind, standing.champion, standing.challenger, by, figures, note))

    def _write(self, step: GateEvent) -> GateEvent:
        self._shelf.note(step)
        self._now(refresh=True)
        return step


def _named(by: str) -> None:
    if not by.strip() or by == SYSTEM:
        raise BadInput(f"{by!r} is nobody; a person's name is needed for this step")
