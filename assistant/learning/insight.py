"""What was learned, for whoever wants to know: what is in force and since when, what was tried and how it went, what
changed, what was spent on trying; and from each figure the way back to the rows of the log.

It looks and decides nothing: who approves, rejects or rolls back goes to the advisor. It knows no page.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assistant.learning.advisor import Advisor, State
from assistant.learning.events import GateEvent
from assistant.learning.figures import METHODS, Figure, Figures, credits_of, estimates_of, in_slice, slices_of
from assistant.learning.gain import Gain, gains
from assistant.learning.ledger import Entry, Ledger
from assistant.learning.pasttrials import PastTrial, past_trials
from assistant.learning.policy import BASE, Policy
from assistant.learning.promotion import Condition, Limits
from assistant.learning.reading import CountedLog
from assistant.learning.shelves import Shelf
from assistant.learning.standing import FIXED
from assistant.learning.trial import Slice
from knowledge.errors import BadInput, Fault, NotFound

__all__ = ["Account", "Change", "Insight", "TrialTold"]

MOST_CHANGES = 12


@dataclass(frozen=True)
class TrialTold:
    """A trial: the gain now and as it grew, and that of each of its versions."""

    trial: PastTrial
    gain: Figure
    course: tuple[Gain, ...]
    versions: tuple[Figure, ...]
    shown: Mapping[str, int]  # by version, how many interactions


@dataclass(frozen=True)
class Change:
    """What one thing weighs in two models, in units of the score; `name` as `Policy.changes` gives it."""

    name: str
    before: float
    after: float


@dataclass(frozen=True)
class Account:
    """All that the page shows. `since` is the step that put the champion in force (None: nothing ever did), `steps` the
    gate's history with numbers from 1. Conditions, slices and estimates are those of the last trial; `conditions` are
    empty where none goes on; `estimates` is empty, and `too_few` says why, where there is nothing to estimate from.
    `changes` are those from the model `compared[0]` to `compared[1]`; `labels` says how many choices and outcomes each
    model was made from, `shares` by person how much of the credit he gave."""

    state: State
    since: tuple[int, GateEvent] | None
    steps: tuple[tuple[int, GateEvent], ...]
    trials: tuple[TrialTold, ...]
    conditions: tuple[tuple[Condition, Figure], ...]
    slices: tuple[tuple[Slice, Figure], ...]
    answers: Mapping[str, Figure]
    choices: Figure
    estimates: Mapping[str, Figure]
    too_few: str
    compared: tuple[str, str]
    changes: tuple[Change, ...]
    labels: Mapping[str, tuple[int, int]]
    fitted: Mapping[str, GateEvent]
    limits: Limits = field(default_factory=Limits)


class Insight:
    """One for each process; safe to use from several threads. What was computed is kept until something new comes."""

    def __init__(self, advisor: Advisor, log: CountedLog, shelf: Shelf, limits: Limits | None = None) -> None:
        self._advisor, self._log, self._shelf, self._limits = advisor, log, shelf, limits or Limits()
        self._ledger = Ledger(log)
        self._credits: dict[str, tuple[int, float]] = {}
        self._trials: dict[int, tuple[PastTrial, int, TrialTold]] = {}  # by number, with how many entries they had
        self._lock = threading.Lock()
        self._known: tuple[tuple[tuple[int, ...], tuple[str, ...]], Account] | None = None

    def account(self) -> Account:
        """How things stand now."""
        state = self._advisor.state()
        with self._lock:
            self._catch_up()
            counted = (self._ledger.last, self._ledger.withdrawals, len(state.history), state.wanted, state.unseen)
            key = (counted, state.damaged)
            if self._known is None or self._known[0] != key:
                self._known = (key, self._told(state))
            return self._known[1]

    def figures(self) -> Figures:
        """Computes figures as things stand now, from nothing but the entries that it is given."""
        return replace(self._figures(self._advisor.state()), known={})

    def numbers(self, name: str) -> tuple[int, ...]:
        """The numbers of the rows that a figure follows from, ascending. Raises NotFound for an unknown figure."""
        figures = self.figures()
        with self._lock:
            self._catch_up()
            return self._numbers(figures, name)

    def _catch_up(self) -> None:
        withdrawals = self._ledger.withdrawals
        self._ledger.catch_up()
        if self._ledger.withdrawals != withdrawals:
            self._credits.clear()
            self._trials.clear()

    def _figures(self, state: State) -> Figures:
        judged = state.judgement.conditions if state.judgement else ()
        gold = next((c.figure for c in judged if c.name == "gold"), None)
        return Figures(past_trials(state.history), self._limits, gold, known=self._credits)

    def _numbers(self, figures: Figures, name: str) -> tuple[int, ...]:
        what, _, rest = name.partition(":")
        if what == "answers":
            answers = self._ledger.answers
            kinds = {"": answers.all, "careful": answers.careful, "broken": answers.broken, **answers.modes}
            if rest not in kinds:
                figures.values(name, ())
            return tuple(kinds[rest])
        if what == "choices":
            after = rest.removeprefix("after:")
            if not after.isdigit():
                raise NotFound(f"there is no figure {name!r}; write choices:after:NUMBER")
            return tuple(self._ledger.said_after(int(after)))
        if what == "model":
            watermark = self._shelf.get(rest).watermark
            return tuple(number for number, _ in self._log.events() if number <= watermark)
        return tuple(number for number, _ in self._entries(figures, name))

    def _entries(self, figures: Figures, name: str) -> list[Entry]:
        what, _, rest = name.partition(":")
        trial = figures.trial(name)
        if what == "gain":
            return self._ledger.entries(trial, (rest,))
        if what == "slice":
            return in_slice(self._ledger.entries(trial), figures.slice(name))
        if what == "condition" and rest == "gold":
            return []
        found = self._ledger.entries(trial)
        figures.values(name, found)  # that there is such a figure
        return found

    def _figure(self, figures: Figures, name: str, entries: list[Entry]) -> Figure:
        return Figure(name, figures.values(name, entries), tuple(number for number, _ in entries))

    def _told(self, state: State) -> Account:
        figures = self._figures(state)
        steps = tuple(enumerate(state.history, 1))
        seen = max((one.watermark for one in self._shelf.policies()), default=0)
        said = tuple(self._ledger.said_after(seen))
        last = figures.trials[-1] if figures.trials else None
        entries = self._ledger.entries(last) if last else []
        compared = _compared(state)
        models = [self._policy(version) for version in compared]
        changes = models[0].changes(models[1], most=MOST_CHANGES) if compared[0] != compared[1] else ()
        estimates, too_few = self._estimates(entries)
        return Account(
            state=state,
            since=next(((n, s) for n, s in reversed(steps) if s.kind in ("promoted", "rolled_back")), None),
            steps=steps,
            trials=tuple(self._trial(figures, trial) for trial in figures.trials),
            conditions=self._conditions(state, figures, entries),
            slices=self._slices(figures, last, entries) if last else (),
            answers=self._answers(),
            choices=Figure(f"choices:after:{seen}", {"count": len(said)}, said),
            estimates=estimates,
            too_few=too_few,
            compared=compared,
            changes=tuple(Change(*change) for change in changes),
            labels={version: self._labels(version) for version in _versions(state)},
            fitted={str(s.challenger): s for _, s in steps if s.kind == "fitted" and s.challenger},
            limits=self._limits,
        )

    def _trial(self, figures: Figures, trial: PastTrial) -> TrialTold:
        entries = self._ledger.entries(trial)
        if trial.number in self._trials and self._trials[trial.number][:2] == (trial, len(entries)):
            return self._trials[trial.number][2]
        told = credits_of(entries, trial, self._credits)
        shown = Counter(str(event.slate.challenger) for _, event, _ in told)
        versions = [version for version in trial.line if shown[version]]
        found = TrialTold(
            trial,
            self._figure(figures, f"trial:{trial.number}", entries),
            gains([credit for *_, credit in told], evidence=self._limits.evidence),
            tuple(self._figure(figures, f"gain:{v}", self._ledger.entries(trial, (v,))) for v in versions),
            {version: shown[version] for version in trial.line},
        )
        self._trials[trial.number] = (trial, len(entries), found)
        return found

    def _conditions(self, state: State, figures: Figures, entries: list[Entry]) -> tuple[tuple[Condition, Figure], ...]:
        if state.judgement is None:
            return ()
        numbers = tuple(number for number, _ in entries)
        found = figures.conditions(entries)
        return tuple(
            (one, Figure(f"condition:{one.name}", found[one.name], () if one.name == "gold" else numbers))
            for one in state.judgement.conditions
        )

    def _slices(
        self, figures: Figures, trial: PastTrial, entries: list[Entry]
    ) -> tuple[tuple[Slice, Figure], ...]:  # fmt: skip
        sizes = Counter(
            where for _, event, _ in credits_of(entries, trial, self._credits) for where in slices_of(event)
        )
        names = sorted(sizes, key=lambda where: (where[0], -sizes[where], where[1]))
        return tuple(
            (where, self._figure(figures, f"slice:{trial.number}:{':'.join(where)}", in_slice(entries, where)))
            for where in names
        )

    def _answers(self) -> Mapping[str, Figure]:
        answers = self._ledger.answers
        kinds: dict[str, list[int]] = {"": answers.all, **answers.modes}
        kinds |= {"careful": answers.careful, "broken": answers.broken}
        return {
            kind: Figure(f"answers:{kind}".rstrip(":"), {"count": len(numbers)}, tuple(numbers))
            for kind, numbers in kinds.items()
        }

    def _estimates(self, entries: list[Entry]) -> tuple[Mapping[str, Figure], str]:
        try:
            found = estimates_of(entries)
        except BadInput as error:
            return {}, str(error)
        numbers = tuple(number for number, _ in entries)
        return {method: Figure(f"estimate:{method}", found[method], numbers) for method in METHODS}, ""

    def _policy(self, version: str) -> Policy:
        """A model; one that is damaged or gone counts as the fixed order, which answers in its place."""
        try:
            return BASE if version == FIXED else Policy.read(self._shelf.get(version).text)
        except (Fault, NotFound):
            return BASE

    def _labels(self, version: str) -> tuple[int, int]:
        policy = self._policy(version)
        return policy.acceptance.counted, policy.outcome.counted


def _versions(state: State) -> list[str]:
    named = [step.challenger for step in state.history if step.challenger and step.challenger != FIXED]
    return list(dict.fromkeys(named))


def _compared(state: State) -> tuple[str, str]:
    """The two models that are compared: the champion and what is on trial, else the champion before and this one."""
    standing = state.standing
    if standing.challenger is not None:
        return standing.champion, standing.challenger
    before = [version for version in standing.former if version != standing.champion]
    return (before[-1] if before else FIXED), standing.champion
