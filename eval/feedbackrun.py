"""One life of the loop in a world by seed: propose, react, record, learn; and what each shown list was worth.

Two ways: `ungated`, where every new model is in force at once, which measures the learner; and `gated`, where nothing
goes live but through interleaving, the gate and a person's approval. Both run the product's own functions
(`assistant/learning`) on a log in memory. What the figures are compared with is not known here.
"""

import heapq
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.learning.advisor import Advisor, AdvisorSettings
from assistant.learning.events import CHALLENGER, CHAMPION, Effect, Proposed, Reacted, Slate
from assistant.learning.learner import LearnerSettings
from assistant.learning.memory import MemoryLog, MemoryShelf
from assistant.learning.policy import BASE, Policy, arrange
from eval.worldreading import Moment, ReadWorld

__all__ = ["MARKS", "Plan", "Promotion", "Run", "gated", "ungated"]

MARKS = (100, 300, 1_000, 3_000)
START = datetime(2026, 3, 2, tzinfo=UTC)
APPROVER = "person who approves"
TOP = 3


@dataclass(frozen=True)
class Plan:
    """How a life goes: `interactions` in all, `per_day` of them a day; at `marks` the model in force is tried on
    `fresh` new situations. Ungated, a model is fitted every `every` interactions, more rarely (every tenth of what
    there is) as the log grows."""

    interactions: int = 3_000
    marks: tuple[int, ...] = MARKS
    fresh: int = 200
    per_day: int = 30
    places: int = 8
    every: int = 25
    learner: LearnerSettings = field(default_factory=LearnerSettings)


@dataclass(frozen=True)
class Promotion:
    """A model that went live: after how many interactions, and by how much its nDCG@3 on fresh situations was better
    than that of the champion before it."""

    after: int
    gain: float


@dataclass(frozen=True)
class Run:
    """What came of a life. `gains` and `fixed`: by mark the gain in nDCG@3 of the model in force over the fixed ranker
    on fresh situations, and the fixed ranker's own figure. `shown`: of each list in turn, its gain over the fixed
    ranker's. `pushed`: by mark the share of fresh lists to honest people that have the favoured action in the first
    three places: (fixed ranker, model). Of a gated life also what the gate did: `interleaved` interactions,
    `randomised` those among them that were emergencies, `suspended` and `refused` challengers."""

    seed: int
    gains: Mapping[int, float]
    fixed: Mapping[int, float]
    shown: tuple[float, ...]
    pushed: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    promotions: tuple[Promotion, ...] = ()
    interleaved: int = 0
    randomised: int = 0
    suspended: int = 0
    refused: int = 0


@dataclass
class _Life:
    """A world, a log, and the clock between them."""

    world: ReadWorld
    plan: Plan
    seed: int
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    log: MemoryLog = field(default_factory=MemoryLog)
    interaction: int = 0

    def __post_init__(self) -> None:
        settings = AdvisorSettings(places=self.plan.places, refresh_s=1e9, learner=self.plan.learner)
        self.advisor = Advisor(self.log, self.shelf, settings, approver=lambda *_: APPROVER, clock=lambda: self.now)
        self.moments: Iterator[Moment] = self.world.moments()
        self._due: list[tuple[int, int, Effect]] = []
        self._turn = itertools.count()

    @property
    def now(self) -> datetime:
        return START + timedelta(days=self.interaction / self.plan.per_day)

    def rng(self) -> tuple[int, random.Random]:
        """What chance is drawn from in this interaction, and its seed."""
        number = self.seed * 1_000_003 + self.interaction
        return number, random.Random(number)

    def live(self, moment: Moment, slate: Slate, seed: int) -> None:
        """Shows a slate, records it, what people did and what is known by now of earlier adoptions."""
        name = f"i{self.interaction:06}"
        shown = len(slate.teams)
        self.advisor.record(
            Proposed(name, self.now, moment.actor, moment.context, moment.offers, slate, seed=seed, shown=shown)
        )
        for number, heard in enumerate(self.world.react(moment, slate)):
            at = self.now + timedelta(seconds=20 * (number + 1))
            self.advisor.record(
                Reacted(name, f"{name}-{number}", heard.slot, heard.kind, heard.actor, at, heard.department)
            )
            if heard.kind != "reject":
                self._adopt(moment, name, heard.slot, slate.order[heard.slot])
        while self._due and self._due[0][0] <= self.interaction:
            self.advisor.record(heapq.heappop(self._due)[2])

    def _adopt(self, moment: Moment, name: str, slot: int, index: int) -> None:
        found = self.world.outcome(moment, index)
        if found is None:
            return
        due = self.interaction + max(1, found.delay)
        at = START + timedelta(days=due / self.plan.per_day)
        effect = Effect(
            name, f"{name}-{slot}-o", slot, at, "record", "record", found.resolved, found.satisfaction, found.in_time
        )
        heapq.heappush(self._due, (due, next(self._turn), effect))

    def gain(self, moment: Moment, order: Sequence[int]) -> float:
        """Of an order over the fixed ranker's."""
        fixed = arrange(BASE, moment.context, moment.offers)
        return self.world.value(moment, order) - self.world.value(moment, fixed)

    def fresh(self) -> list[Moment]:
        """New situations of honest people, in which nothing is recorded."""
        found: list[Moment] = []
        while len(found) < self.plan.fresh:
            moment = next(self.moments)
            if self.world.honest(moment):
                found.append(moment)
        return found

    def tried(self, policy: Policy) -> tuple[float, float, tuple[float, float] | None]:
        """Gain, the fixed ranker's figure, and how often the favoured action is in front: (fixed ranker, policy)."""
        gains, fixed, pushed = [], [], []
        for moment in self.fresh():
            base = arrange(BASE, moment.context, moment.offers)
            order = arrange(policy, moment.context, moment.offers)
            fixed.append(self.world.value(moment, base))
            gains.append(self.world.value(moment, order) - fixed[-1])
            types = [offer.action_type for offer in moment.offers]
            pushed.append([self.world.favoured in [types[index] for index in way[:TOP]] for way in (base, order)])
        many = len(gains)
        before, after = (sum(pair[at] for pair in pushed) / many for at in (0, 1))
        return sum(gains) / many, sum(fixed) / many, (before, after) if self.world.favoured is not None else None


def ungated(world: Any, seed: int, plan: Plan = Plan()) -> Run:
    """A life in which every model is in force as soon as it is fitted."""
    life = _Life(ReadWorld(world), plan, seed)
    policy, fitted = BASE, 0
    shown: list[float] = []
    gains, fixed, pushed = {}, {}, {}
    for number in range(1, plan.interactions + 1):
        life.interaction = number
        moment = next(life.moments)
        slate = _champion(policy, moment, plan)
        shown.append(life.gain(moment, slate.order))
        life.live(moment, slate, life.rng()[0])
        if number - fitted >= max(plan.every, number // 10) or number in plan.marks:
            policy, fitted = life.advisor.fit(event for _, event in life.log.events()), number
        if number in plan.marks:
            gains[number], fixed[number], favoured = life.tried(policy)
            if favoured:
                pushed[number] = favoured
    return Run(seed, gains, fixed, tuple(shown), pushed)


def _champion(policy: Policy, moment: Moment, plan: Plan) -> Slate:
    order = arrange(policy, moment.context, moment.offers)
    places = min(plan.places, len(order))
    scores = policy.scores(moment.context, moment.offers)
    version = "newest" if policy.learned else "base"
    return Slate(order, (CHAMPION,) * places, (1.0,) * places, version, "champion", scores=scores)


def gated(world: Any, seed: int, plan: Plan = Plan()) -> Run:
    """A life in which nothing goes live but through the gate; a person approves as soon as all its conditions hold."""
    life = _Life(ReadWorld(world), plan, seed)
    policies = {"base": BASE}
    shown: list[float] = []
    gains, fixed, pushed = {}, {}, {}
    promotions: list[Promotion] = []
    champion, interleaved, randomised = "base", 0, 0
    for number in range(1, plan.interactions + 1):
        life.interaction = number
        moment = next(life.moments)
        chance, rng = life.rng()
        slate = life.advisor.propose(moment.context, moment.offers, rng)
        shown.append(life.gain(moment, slate.order))
        interleaved += slate.mode == "interleave"
        randomised += moment.context.emergency and (CHALLENGER in slate.teams or min(slate.propensities) < 1)
        life.live(moment, slate, chance)
        for step in life.advisor.learn().steps:
            if step.kind == "promoted" and step.challenger is not None:
                new = policies.setdefault(step.challenger, Policy.read(life.shelf.get(step.challenger).text))
                promotions.append(Promotion(number, _better(life, new, policies[champion])))
                champion = step.challenger
        if number in plan.marks:
            gains[number], fixed[number], favoured = life.tried(policies[champion])
            if favoured:
                pushed[number] = favoured
    kinds = [step.kind for step in life.shelf.history()]
    return Run(
        seed,
        gains,
        fixed,
        tuple(shown),
        pushed,
        promotions=tuple(promotions),
        interleaved=interleaved,
        randomised=randomised,
        suspended=kinds.count("suspended"),
        refused=kinds.count("refused"),
    )


def _better(life: _Life, new: Policy, old: Policy) -> float:
    """The true difference of two models, on fresh situations."""
    found = [
        life.world.value(moment, arrange(new, moment.context, moment.offers))
        - life.world.value(moment, arrange(old, moment.context, moment.offers))
        for moment in life.fresh()
    ]
    return sum(found) / len(found)
