"""The door to learning, driven through a small made-up city in which the fixed order is wrong."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assistant.learning.advisor import Advisor, AdvisorSettings, Learned
from assistant.learning.events import Context, Effect, Event, Offer, Proposed, Reacted, Slate, Withdrawal
from assistant.learning.memory import MemoryLog, MemoryShelf
from assistant.learning.order import Scored, orders
from assistant.learning.policy import BASE, Policy, arrange
from assistant.learning.promotion import Judgement
from assistant.learning.shelves import KeptPolicy
from knowledge.errors import BadInput, Fault, NotFound, PrecedentError

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
KINDS = [f"kind-{number}" for number in range(10)]
WORTH = dict(zip(KINDS, (0.15, 0.2, 0.25, 0.3, 0.35, 0.6, 0.7, 0.8, 0.85, 0.9), strict=True))
QUICK = AdvisorSettings(first=60, fresh=60)


class City:
    """An advisor with its log, and people who like what works. `worth` is the chance that a kind of action is liked
    and works; the fixed ranker knows nothing of it."""

    def __init__(
        self,
        settings: AdvisorSettings = QUICK,
        *,
        approver: Callable[[str, Judgement], str | None] | None = None,
        worth: dict[str, float] = WORTH,
        gold: float | None = None,
    ) -> None:
        self.at, self.turn, self.worth = START, 0, dict(worth)
        self.rng = random.Random(7)
        self.log, self.shelf = MemoryLog(), MemoryShelf()
        check = None if gold is None else lambda champion, challenger: gold
        self.settings = settings
        self.advisor = Advisor(
            self.log, self.shelf, settings, gold_check=check, approver=approver, clock=lambda: self.at
        )

    def live(self, interactions: int, until: Callable[[], bool] = lambda: False, **context: Any) -> list[Learned]:
        """Asks, chooses and learns that often, or until something holds; gives what was learned at each step."""
        found = []
        for _ in range(interactions):
            found.append(self.once(**context))
            if until():
                break
        return found

    def once(self, **known: Any) -> Learned:
        self.turn += 1
        self.at += timedelta(minutes=30)
        rng, who, key = self.rng, f"person-{self.turn % 12}", f"{self.turn:032x}"
        context = Context(**{"severity": 3, "district": rng.choice(["east", "west"]), "department": "water", **known})
        offers = tuple(Offer(kind, round(rng.uniform(0.3, 0.7), 3), family="control") for kind in rng.sample(KINDS, 8))
        slate = self.advisor.propose(context, offers, rng)
        assert self.advisor.record(Proposed(key, self.at, who, context, offers, slate, shown=8))
        for slot, index in enumerate(slate.order[:8]):
            if rng.random() > 0.6:
                continue
            liked = rng.random() < self.worth[offers[index].action_type]
            kind = "adopt" if liked else "reject"
            self.advisor.record(Reacted(key, f"r{slot}", slot, kind, who, self.at))
            if liked:
                works = rng.random() < self.worth[offers[index].action_type]
                self.advisor.record(Effect(key, f"e{slot}", slot, self.at, "record", who, resolved=works))
        return self.advisor.learn()

    def kinds(self) -> list[str]:
        return [step.kind for step in self.shelf.history()]


@pytest.fixture(scope="module")
def promoted() -> City:
    """A city that has promoted a model by itself."""
    city = City(approver=lambda version, judgement: "Li")
    city.live(900, until=lambda: "promoted" in city.kinds())
    return city


def offers_of(*bases: float, **changes: Any) -> tuple[Offer, ...]:
    return tuple(Offer(f"kind-{index}", base, **changes) for index, base in enumerate(bases))


def test_begins_with_the_fixed_order() -> None:
    city = City()
    slate = city.advisor.propose(Context(severity=3), offers_of(0.2, 0.9, 0.5), random.Random(1))
    assert slate == Slate((1, 2, 0), ("champion",) * 3, (1.0,) * 3, "base", "base", None, (0.2, 0.9, 0.5), None)
    assert city.advisor.learn() == Learned()
    assert city.advisor.propose(Context(), (), random.Random(1)).order == ()


def test_learns_tries_and_promotes(promoted: City) -> None:
    kinds = promoted.kinds()
    assert kinds[:2] == ["fitted", "trial"]
    assert kinds[-2:] == ["ready", "promoted"] or kinds[-4:] == ["ready", "promoted", "fitted", "trial"]
    step = next(step for step in promoted.shelf.history() if step.kind == "promoted")
    assert step.by == "Li"
    assert all(condition["held"] is not False for condition in step.figures["conditions"])
    champion = Policy.read(promoted.shelf.get(str(step.challenger)).text)
    offers = tuple(Offer(kind, 0.5, family="control") for kind in KINDS)
    order = arrange(champion, Context(severity=3, district="east", department="water"), offers)
    assert {KINDS[index] for index in order[:3]} <= {*KINDS[5:]}
    slate = promoted.advisor.propose(Context(severity=1), offers, random.Random(1))
    assert (slate.mode, slate.version) == ("emergency", step.challenger)


def test_shown_slates_say_how_they_came_about(promoted: City) -> None:
    modes = set()
    for _, event in promoted.log.events():
        if not isinstance(event, Proposed):
            continue
        slate, (champion, challenger) = event.slate, orders(event)
        modes.add(slate.mode)
        assert champion[0] in slate.order[:2]
        if slate.mode == "interleave":
            assert slate.challenger
            assert challenger is not None
            assert challenger[0] in slate.order[:2]
        else:
            assert (challenger, slate.challenger) == (None, None)
            assert slate.order == champion
            assert set(slate.propensities) == {1.0}
    assert {"base", "interleave"} <= modes


@pytest.mark.parametrize(
    ("context", "first"),
    [(Context(severity=1), False), (Context(severity=2), False), (Context(danger=True), False), (Context(), True)],
)
def test_nothing_is_tried_in_an_emergency(context: Context, first: bool) -> None:
    city = City()
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    offers = (Offer("kind-9", 0.1), Offer("kind-0", 0.9), Offer("kind-8", 0.2, first=first))
    for seed in range(50):
        slate = city.advisor.propose(context, offers, random.Random(seed))
        assert (slate.mode, slate.challenger) == ("emergency", None)
        assert slate.order == ((2, 1, 0) if first else (1, 2, 0))
        assert set(slate.propensities) == {1.0}
    assert city.advisor.propose(Context(severity=4), offers[:2], random.Random(1)).mode == "interleave"


def test_a_slate_is_drawn_again_from_its_seed() -> None:
    city = City()
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    offers = offers_of(0.5, 0.4, 0.6, 0.3, 0.55, 0.45)
    slates = [city.advisor.propose(Context(severity=3), offers, random.Random(seed)) for seed in (5, 5, 6, 7, 8)]
    assert slates[0] == slates[1]
    assert len({slate.order for slate in slates}) > 1


def test_without_an_approver_a_challenger_waits_for_a_person() -> None:
    city = City()
    city.live(900, until=lambda: "ready" in city.kinds())
    version = str(city.advisor.state().standing.challenger)
    city.live(30)
    state = city.advisor.state()
    assert city.kinds().count("ready") == 1
    assert (state.standing.champion, state.standing.challenger, state.standing.ready) == ("base", version, True)
    for by in ("", " ", "system"):
        with pytest.raises(BadInput, match="nobody"):
            city.advisor.approve(version, by)
    with pytest.raises(BadInput, match="not on trial"):
        city.advisor.approve("p0001-00000000", "Li")
    assert state.judgement is not None
    assert state.judgement.ready
    city.advisor.approve(version, "Li", "seen and agreed")
    assert city.advisor.state().standing.champion == version
    assert city.shelf.history()[-1].note == "seen and agreed"
    city.advisor.roll_back("base", "Wu", "complaints")
    standing = city.advisor.state().standing
    assert (standing.champion, standing.challenger) == ("base", None)
    assert version in standing.out
    with pytest.raises(BadInput, match="Cannot roll back"):
        city.advisor.roll_back("base", "Wu")
    with pytest.raises(BadInput, match="Cannot roll back"):
        city.advisor.roll_back("p0009-00000000", "Wu")


def test_nobody_approves_what_is_not_ready() -> None:
    city = City()
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    version = str(city.advisor.state().standing.challenger)
    with pytest.raises(BadInput, match="evidence"):
        city.advisor.approve(version, "Li")
    city.advisor.reject(version, "Li", "not now")
    assert city.advisor.state().standing.out == {version}


def test_a_gold_set_that_gets_worse_keeps_the_gate_shut() -> None:
    def shut() -> bool:
        judgement = city.advisor.state().judgement
        return judgement is not None and judgement.missing == ("gold",)

    city = City(approver=lambda version, judgement: "Li", gold=-0.02)
    city.live(600, until=shut)
    assert shut()
    assert city.advisor.state().standing.champion == "base"
    assert "ready" not in city.kinds()
    with pytest.raises(BadInput, match="gold"):
        city.advisor.approve(str(city.advisor.state().standing.challenger), "Li")


def test_harm_ends_a_trial_by_itself() -> None:
    city = City(AdvisorSettings(first=60, fresh=10**6))
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    version = city.advisor.state().standing.challenger
    city.worth = {kind: 1.05 - worth for kind, worth in WORTH.items()}  # from now on, the opposite is right
    city.live(500, until=lambda: "suspended" in city.kinds())
    standing = city.advisor.state().standing
    assert (standing.champion, standing.challenger) == ("base", None)
    assert version in standing.out


def test_versions_follow_one_another_while_a_trial_lasts() -> None:
    city = City()
    city.live(120)
    line = city.advisor.state().standing.line
    assert len(line) > 1
    fixed = City(AdvisorSettings(first=60, fresh=60, follow=False))
    fixed.live(120)
    assert len(fixed.advisor.state().standing.line) == 1
    watermarks = {kept.version: kept.watermark for kept in city.shelf.policies()}
    for number, event in city.log.events():
        if isinstance(event, Proposed) and event.slate.challenger:
            assert number > watermarks[event.slate.challenger]  # never tried on what it was fitted on


def test_a_trial_that_does_not_convince_ends() -> None:
    city = City(AdvisorSettings(first=60, fresh=60, patience=40), worth=dict.fromkeys(KINDS, 0.5))
    city.live(160)
    assert city.kinds().count("refused") >= 1
    assert city.advisor.state().standing.champion == "base"


def test_a_pause_tries_nothing() -> None:
    city = City()
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    before = city.advisor.state().standing
    city.advisor.pause("Li")
    city.live(20)
    assert city.advisor.state().interleaved == 0
    city.advisor.resume("Li")
    assert city.advisor.state().standing == before
    city.live(5)
    assert city.advisor.state().interleaved == 5
    with pytest.raises(BadInput, match="nothing to resume"):
        city.advisor.resume("Li")


def test_another_process_sees_the_same() -> None:
    city = City()
    city.live(150)
    other = Advisor(city.log, city.shelf, city.settings, clock=lambda: city.at)
    here, there = city.advisor.state(), other.state()
    assert (there.standing, there.last, there.unseen) == (here.standing, here.last, here.unseen)
    assert (there.interactions, there.interleaved) == (here.interactions, here.interleaved)
    assert here.judgement is not None
    assert there.judgement is not None
    assert there.judgement.gain == pytest.approx(here.judgement.gain)
    assert there.judgement.missing == here.judgement.missing
    assert other.learn().steps == ()
    offers = offers_of(0.5, 0.4, 0.6)
    context = Context(severity=3)
    assert other.propose(context, offers, random.Random(3)) == city.advisor.propose(context, offers, random.Random(3))


def test_replay_gives_the_same_model_and_a_withdrawal_leaves_no_trace() -> None:
    city, without = City(), City()
    city.live(80)
    version = city.shelf.policies()[-1].version
    assert city.advisor.replay(version)
    events: list[Event] = [event for _, event in city.log.events()]
    asked = {event.interaction_id for event in events if isinstance(event, Proposed) and event.actor == "person-3"}
    for event in events:
        if event.interaction_id not in asked:  # type: ignore[union-attr]
            without.log.append(event)
    city.advisor.record(Withdrawal("person-3", city.at, "admin"))
    assert not city.advisor.replay(version)
    remaining = city.advisor.fit(event for _, event in city.log.events())
    assert remaining.text() == without.advisor.fit(event for _, event in without.log.events()).text()
    assert city.advisor.state().interactions == without.advisor.state().interactions
    with pytest.raises(NotFound):
        city.advisor.replay("p0009-00000000")


class DamagedShelf(MemoryShelf):
    """A shelf of which some models can no longer be read."""

    def __init__(self, shelf: MemoryShelf) -> None:
        super().__init__()
        for kept in shelf.policies():
            self.put(kept.text, watermark=kept.watermark, at=kept.fitted_at)
        for step in shelf.history():
            self.note(step)
        self.broken: dict[str, type[PrecedentError]] = {}

    def get(self, version: str) -> KeptPolicy:
        if version in self.broken:
            raise self.broken[version](f"Model {version} cannot be read; restore it from a back-up")
        return super().get(version)


@pytest.mark.parametrize("error", [Fault, NotFound])
def test_a_damaged_champion_leaves_the_fixed_order(
    promoted: City, error: type[PrecedentError], caplog: pytest.LogCaptureFixture
) -> None:
    shelf = DamagedShelf(promoted.shelf)
    champion = promoted.advisor.state().standing.champion
    shelf.broken = {champion: error}
    advisor = Advisor(promoted.log, shelf, promoted.settings, clock=lambda: promoted.at)
    offers = offers_of(0.2, 0.9, 0.5)
    for severity, mode in ((3, "base"), (1, "emergency")):
        slate = advisor.propose(Context(severity=severity), offers, random.Random(1))
        assert (slate.mode, slate.version, slate.challenger) == (mode, "base", None)
        assert (slate.order, slate.scores) == ((1, 2, 0), (0.2, 0.9, 0.5))
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once, however often one asks
    assert champion in caplog.text
    state = advisor.state()
    assert (state.damaged, state.standing.champion) == ((champion,), champion)
    steps = len(shelf.history())
    assert advisor.learn() == Learned()
    assert len(shelf.history()) == steps
    shelf.broken = {}
    assert advisor.propose(Context(severity=1), offers, random.Random(1)).version == champion
    assert advisor.state().damaged == ()
    shelf.broken = {champion: error}
    other = Advisor(promoted.log, shelf, promoted.settings, clock=lambda: promoted.at)
    other.roll_back("base", "Li")
    assert other.state().damaged == ()


def test_a_damaged_challenger_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    city = City()
    city.live(200, until=lambda: city.advisor.state().standing.challenger is not None)
    shelf = DamagedShelf(city.shelf)
    version = str(city.advisor.state().standing.challenger)
    shelf.broken = {version: Fault}
    advisor = Advisor(city.log, shelf, city.settings, clock=lambda: city.at)
    slate = advisor.propose(Context(severity=3), offers_of(0.2, 0.9, 0.5), random.Random(1))
    assert (slate.mode, slate.version, slate.challenger, slate.order) == ("base", "base", None, (1, 2, 0))
    assert advisor.state().damaged == (version,)
    assert advisor.learn() == Learned()
    with pytest.raises(Fault, match="cannot be read"):
        advisor.approve(version, "Li")
    advisor.reject(version, "Li", "damaged")
    assert advisor.state().standing.challenger is None
    assert advisor.state().damaged == ()
    assert version in caplog.text


def test_nothing_learned_is_the_fixed_ranker() -> None:
    assert City().advisor.fit([]) == BASE
    with pytest.raises(BadInput, match="2 scores for 1 offers"):
        Scored((0.1, 0.2)).scores(Context(), offers_of(0.5))


def test_a_proposal_is_quick() -> None:
    city = City()
    city.live(100)
    offers = tuple(Offer(f"kind-{number % 30}", number / 60, family="control") for number in range(50))
    context = Context(severity=3, district="east", department="water")
    whole, scoring = [], []
    policies = [BASE, *(Policy.read(kept.text) for kept in city.shelf.policies()[-1:])]
    for seed in range(40):
        started = time.perf_counter()
        for policy in policies:
            policy.scores(context, offers)
        scoring.append(time.perf_counter() - started)
        started = time.perf_counter()
        slate = city.advisor.propose(context, offers, random.Random(seed))
        whole.append(time.perf_counter() - started)
    assert slate.mode == "interleave"
    assert min(whole) - min(scoring) < 0.002
    assert statistics.median(whole) < 0.02
