"""A trial: what the interactions in which challenger and champion were merged have said so far.

What is on trial is the learner as it goes: a version may be followed by a fresher one, and the figures go on. Each
credit was earned by a version that was fitted only on what came before it (Dawid: Present position and potential
developments: the prequential approach, JRSS A 1984), so nothing is ever judged on what it was fitted on. The version at
hand has figures of its own beside those of the line.

A trial is fed with the log's events in their order and keeps its figures up to date, so that they can be looked at
after every one of them. Whether they are good enough is not decided here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from assistant.learning.events import BOTH, CHALLENGER, Context, Effect, Event, Proposed, Reacted, Slate
from assistant.learning.interleave import credit, label, weights
from assistant.learning.offpolicy import TopOne
from assistant.learning.wager import Wager

__all__ = ["Slice", "Sums", "Trial", "quality"]

Said = TypeVar("Said", Reacted, Effect)
Slice = tuple[str, str]  # what it is a slice by (severity, district, department), and which
SOURCES = ("record", "official", "citizen")  # the first of them that is known counts


@dataclass(frozen=True)
class Sums:
    """How many numbers there are, their sum and the sum of their squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, values: Iterable[float], sign: int = 1) -> "Sums":
        """With some more numbers, or (`sign` −1) without them."""
        count, total, squares = self.count, self.total, self.squares
        for value in values:
            count, total, squares = count + sign, total + sign * value, squares + sign * value * value
        return Sums(count, total, squares)

    @property
    def mean(self) -> float:
        """0 where there is none."""
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of the numbers, with n − 1; 0 for fewer than two."""
        if self.count < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.total / self.count) / (self.count - 1))


def quality(effect: Effect) -> float | None:
    """How well an action turned out, in 0..1: the mean of what is known of resolved (0 or 1), satisfaction
    ((s − 1) / 4) and in time (0 or 1); None where nothing is.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> quality(Effect("i", "c", slot=0, at=at, source="official", actor="li", resolved=True, satisfaction=3))
    0.75
    """
    known = [float(part) for part in (effect.resolved, effect.in_time) if part is not None]
    if effect.satisfaction is not None:
        known.append(min(max((effect.satisfaction - 1) / 4, 0.0), 1.0))
    return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class _Count:
    """What one interaction counts for as things stand."""

    credit: float = 0.0
    by_person: Mapping[str, float] = field(default_factory=dict)
    top: float = 0.0  # the label of the first place
    challenger: tuple[float, ...] = ()  # qualities of adopted actions that the challenger put
    champion: tuple[float, ...] = ()


@dataclass
class _Shown:
    slate: Slate
    version: str
    slices: tuple[Slice, ...]
    reactions: dict[tuple[int, str], Reacted] = field(default_factory=dict)
    effects: dict[tuple[int, str], Effect] = field(default_factory=dict)
    count: _Count = _Count()


class Trial:
    """Grows with each event that belongs to it. `line` are the versions so far, the present one last. Figures of all of
    them: `gain` and `harm`, the bets on and against the challenger; `harms`, the bets against it by slice; `credits`,
    by person the size of the credit that his choices gave, either way; `credit`, the interactions' credits; `top_one`,
    the estimate at the first place; `challenger_outcomes` and `champion_outcomes`, the qualities in 0..1 of adopted
    actions that only one of the two put where they stood, from pairs that give credit."""

    def __init__(self, champion: str, *line: str) -> None:
        self.champion, self.line = champion, line
        self.gain, self.harm = Wager(), Wager()
        self.harms: dict[Slice, Wager] = {}
        self.credits: dict[str, float] = {}
        self.credit, self.top_one = Sums(), TopOne()
        self.challenger_outcomes, self.champion_outcomes = Sums(), Sums()
        self._shown: dict[str, _Shown] = {}
        self._own: dict[str, tuple[int, Wager]] = {}

    @staticmethod
    def of(champion: str, line: Sequence[str], events: Iterable[Event]) -> "Trial":
        """A trial with all its events."""
        trial = Trial(champion, *line)
        for event in events:
            trial.take(event)
        return trial

    @property
    def interactions(self) -> int:
        """How many were interleaved."""
        return len(self._shown)

    @property
    def own(self) -> tuple[int, Wager]:
        """The interactions of the version at hand, and the bets on it alone."""
        return self._own.get(self.line[-1], (0, Wager())) if self.line else (0, Wager())

    def follow(self, version: str) -> None:
        """From now on another version is at hand."""
        self.line = (*self.line, version)

    def take(self, event: Event) -> bool:
        """Counts one event; False where it has nothing to do with this trial."""
        if isinstance(event, Proposed):
            return self._propose(event)
        if not isinstance(event, Reacted | Effect) or event.interaction_id not in self._shown:
            return False
        shown = self._shown[event.interaction_id]
        if isinstance(event, Reacted):
            _newer(shown.reactions, (event.slot, event.actor), event)
        else:
            _newer(shown.effects, (event.slot, event.source), event)
        self._count_again(shown)
        return True

    def _propose(self, event: Proposed) -> bool:
        slate = event.slate
        if (slate.mode, slate.version) != ("interleave", self.champion) or slate.challenger not in self.line:
            return False
        if event.interaction_id in self._shown:
            return False
        self._shown[event.interaction_id] = _Shown(slate, str(slate.challenger), tuple(_slices(event.context)))
        count, wager = self._own.get(slate.challenger, (0, Wager()))
        self._own[slate.challenger] = (count + 1, wager)
        for where in _slices(event.context):
            self.harms.setdefault(where, Wager())
        self.top_one = self.top_one.after(_top_weight(slate), 0.0)
        self.credit = self.credit.plus((0.0,))
        return True

    def _count_again(self, shown: _Shown) -> None:
        """Puts what an interaction counts for now in the place of what it counted for before."""
        old, new = shown.count, _counted(shown)
        shown.count = new
        self.gain = self.gain.after(new.credit, instead_of=old.credit)
        self.harm = self.harm.after(-new.credit, instead_of=-old.credit)
        count, wager = self._own[shown.version]
        self._own[shown.version] = (count, wager.after(new.credit, instead_of=old.credit))
        for where in shown.slices:
            self.harms[where] = self.harms[where].after(-new.credit, instead_of=-old.credit)
        for counts, sign in ((old, -1), (new, 1)):
            for person, size in counts.by_person.items():
                self.credits[person] = self.credits.get(person, 0.0) + sign * size
            self.credit = self.credit.plus((counts.credit,), sign)
            self.challenger_outcomes = self.challenger_outcomes.plus(counts.challenger, sign)
            self.champion_outcomes = self.champion_outcomes.plus(counts.champion, sign)
        self.top_one = self.top_one.after(_top_weight(shown.slate), new.top, instead_of=old.top)


def _newer(kept: dict[tuple[int, str], Said], key: tuple[int, str], new: Said) -> None:
    """Keeps the newest; of two of one time the later in the log."""
    old = kept.get(key)
    if old is None or new.at >= old.at:
        kept[key] = new


def _slices(context: Context) -> Iterator[Slice]:
    if context.severity is not None:
        yield "severity", str(context.severity)
    if context.district is not None:
        yield "district", context.district
    if context.department is not None:
        yield "department", context.department


def _top_weight(slate: Slate) -> float:
    """Of the first place: 1 / propensity for the challenger's, the negative of it for the champion's, 0 for both."""
    if not slate.teams or slate.teams[0] == BOTH:
        return 0.0
    return (1.0 if slate.teams[0] == CHALLENGER else -1.0) / slate.propensities[0]


def _counted(shown: _Shown) -> _Count:
    told = {slot for slot, _ in shown.effects}
    qualities = {slot: found for slot in told if (found := _told(shown, slot)) is not None}
    by_slot: dict[int, list[float]] = {}
    by_person: dict[str, dict[int, float]] = {}
    adopted: set[int] = set()
    for (slot, person), reaction in shown.reactions.items():
        worth = label(reaction.kind, qualities.get(slot)) if slot < len(shown.slate.teams) else None
        if worth is not None:
            by_slot.setdefault(slot, []).append(worth)
            by_person.setdefault(person, {})[slot] = worth
            adopted |= {slot} if reaction.kind in ("adopt", "edit") and slot in qualities else set()
    labels = {slot: sum(said) / len(said) for slot, said in by_slot.items()}
    whole = credit(shown.slate, labels)
    alone = len(by_person) == 1
    sizes = {person: abs(whole if alone else credit(shown.slate, said)) for person, said in by_person.items()}
    sides = weights(shown.slate) if adopted else []
    return _Count(
        credit=whole,
        by_person={person: size for person, size in sizes.items() if size},
        top=labels.get(0, 0.0),
        challenger=tuple(qualities[slot] for slot in sorted(adopted) if sides[slot] > 0),
        champion=tuple(qualities[slot] for slot in sorted(adopted) if sides[slot] < 0),
    )


def _told(shown: _Shown, slot: int) -> float | None:
    """How well the action at a slot turned out, as the first source that knows says."""
    told = (quality(shown.effects[slot, source]) for source in SOURCES if (slot, source) in shown.effects)
    return next((value for value in told if value is not None), None)
