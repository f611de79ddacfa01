"""The figures of the page of what was learned: each has a name, and is computed from rows of the log and from nothing
else but the history of the gate. Who shows them, and where the rows are kept, is not known here.

    answers, answers:MODE, answers:careful, answers:broken    how many answers, and how they came about
    choices:after:NUMBER                                      choices and outcomes that no model has seen
    trial:N, gain:VERSION                                     the gain in a whole trial, or of one version
    slice:N:WHAT:WHICH                                        the gain in a trial, in one slice
    condition:NAME                                            a condition of the gate, for the last trial
    estimate:METHOD                                           an off-policy estimate, for the last trial
    model:VERSION                                             what a model was fitted on
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from assistant.learning.estimates import Target, challengers, estimate, labelled
from assistant.learning.events import Event, Proposed
from assistant.learning.gain import gain_of
from assistant.learning.ledger import Entry, answers_of
from assistant.learning.offpolicy import Estimate
from assistant.learning.order import orders
from assistant.learning.pasttrials import PastTrial
from assistant.learning.promotion import Limits, judge
from assistant.learning.trial import Slice, Trial
from assistant.learning.wager import Wager
from knowledge.errors import NotFound

__all__ = [
    "METHODS",
    "Figure",
    "Figures",
    "Values",
    "credits_of",
    "estimates_of",
    "gain_values",
    "in_slice",
    "slices_of",
]

METHODS = ("item_position", "self_normalised", "cascade")
Values = Mapping[str, float | None]


@dataclass(frozen=True)
class Figure:
    """A figure of the page: its name, the values that are shown, and the numbers of the rows they follow from."""

    name: str
    values: Values
    numbers: tuple[int, ...] = field(default=(), repr=False)


def credits_of(
    entries: Sequence[Entry], trial: PastTrial, known: MutableMapping[str, tuple[int, float]] | None = None
) -> list[tuple[int, Proposed, float]]:
    """The number, the interaction and its credit as things stand, of each interaction among the entries of a trial, the
    oldest first. `known` keeps by interaction how many events made its credit, so that none is computed twice."""
    known = {} if known is None else known
    own: dict[str, list[Event]] = {}
    found: list[tuple[int, Proposed]] = []
    for number, event in entries:
        if isinstance(event, Proposed):
            found.append((number, event))
        own.setdefault(getattr(event, "interaction_id", ""), []).append(event)
    for name, events in own.items():
        if name not in known or known[name][0] != len(events):
            known[name] = (len(events), Trial.of(trial.champion, trial.line, events).credit.total)
    return [(number, event, known[event.interaction_id][1]) for number, event in found]


def gain_values(credits: Sequence[float], limits: Limits) -> dict[str, float | None]:
    """The values of a gain: interactions, mean, low, high."""
    return {**vars(gain_of(credits, evidence=limits.evidence))}


def slices_of(event: Proposed) -> tuple[Slice, ...]:
    """The slices that an interaction belongs to."""
    context = event.context
    parts = (("severity", context.severity), ("district", context.district), ("department", context.department))
    return tuple((what, str(which)) for what, which in parts if which is not None)


def in_slice(entries: Sequence[Entry], where: Slice) -> list[Entry]:
    """The entries of the interactions of one slice."""
    wanted = {e.interaction_id for _, e in entries if isinstance(e, Proposed) and where in slices_of(e)}
    return [entry for entry in entries if getattr(entry[1], "interaction_id", "") in wanted]


def estimates_of(entries: Sequence[Entry]) -> Mapping[str, Values]:
    """The estimates by method: value, low and high of the challenger's order and of the champion's, the effective
    sample size and the unsupported share of the challenger's. Raises BadInput for fewer than two interactions."""
    used = labelled(event for _, event in entries)
    ways: tuple[Target, Target] = (challengers, _champion)
    ours, theirs = (estimate(used, way) for way in ways)
    pairs = {method: (getattr(ours, method), getattr(theirs, method)) for method in METHODS}
    return {method: _estimated(*pair) for method, pair in pairs.items()}


def _champion(proposed: Proposed) -> Sequence[int]:
    return orders(proposed)[0]


def _estimated(ours: Estimate, theirs: Estimate) -> Values:
    return {
        "value": ours.value, "low": ours.low, "high": ours.high, "interactions": ours.interactions,
        "effective": ours.effective, "unsupported": ours.unsupported, "evaluable": float(ours.evaluable),
        "champion": theirs.value, "champion_low": theirs.low, "champion_high": theirs.high,
    }  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """Computes figures from entries of the log. `trials` are all that there were, `limits` those of the gate; `gold` is
    by how much the gold set's figure changes with the last challenger (it follows from no rows); `known` credits are
    not computed again."""

    trials: tuple[PastTrial, ...]
    limits: Limits
    gold: float | None = None
    known: MutableMapping[str, tuple[int, float]] = field(default_factory=dict, compare=False, repr=False)

    def values(self, name: str, entries: Sequence[Entry]) -> Values:
        """The values of a figure, from the rows that belong to it and no others. Raises NotFound for a name that no
        figure has."""
        what, _, rest = name.partition(":")
        if what == "answers":
            answers = answers_of(entries)
            kinds = {"careful": answers.careful, "broken": answers.broken, **answers.modes}
            if rest not in ("", *kinds):
                raise _unknown(name)
            return {"count": len(answers.all if not rest else kinds[rest])}
        if what == "choices":
            return {"count": len(entries)}
        if what in ("trial", "gain", "slice"):
            credits = [credit for *_, credit in credits_of(entries, self.trial(name), self.known)]
            if what != "slice":
                return gain_values(credits, self.limits)
            self.slice(name)
            return gain_values(credits, self.limits) | {"harm": _against(credits).wealth}
        if what == "condition":
            found = self.conditions(entries).get(rest)
            if found is None:
                raise _unknown(name)
            return found
        if what == "estimate" and rest in METHODS:
            return estimates_of(entries)[rest]
        raise _unknown(name)

    def trial(self, name: str) -> PastTrial:
        """The trial that a figure belongs to. Raises NotFound."""
        what, _, rest = name.partition(":")
        if what == "gain":
            named = [trial for trial in self.trials if rest in trial.line]
        elif what in ("trial", "slice"):
            named = [trial for trial in self.trials if str(trial.number) == rest.partition(":")[0]]
        else:
            named = list(self.trials[-1:])
        if not named:
            raise NotFound(f"there is no trial for the figure {name}; `precedent learn show` lists the versions tried")
        return named[0]

    def slice(self, name: str) -> Slice:
        """The slice that the figure "slice:N:WHAT:WHICH" is about. Raises NotFound."""
        parts = name.split(":", 3)
        if len(parts) != 4 or parts[2] not in ("severity", "district", "department"):
            raise _unknown(name)
        return parts[2], parts[3]

    def conditions(self, entries: Sequence[Entry]) -> Mapping[str, Values]:
        """What the gate says of the last trial: figure and limit of each condition by its name; of the outcomes also
        how many are known on either side, and how many are needed."""
        last = self.trial("condition")
        trial = Trial.of(last.champion, last.line, _events(entries))
        judged = judge(trial, self.limits, gold=self.gold).conditions
        found: dict[str, dict[str, float | None]] = {c.name: {"figure": c.figure, "limit": c.limit} for c in judged}
        ours, theirs = trial.challenger_outcomes.count, trial.champion_outcomes.count
        found["outcomes"] |= {"challenger": ours, "champion": theirs, "needed": self.limits.outcomes}
        return found


def _against(credits: Sequence[float]) -> Wager:
    """The bets that the mean of the credits is below 0."""
    wager = Wager()
    for credit in credits:
        wager = wager.after(-credit)
    return wager


def _events(entries: Sequence[Entry]) -> list[Event]:
    return [event for _, event in entries]


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no figure {name!r}; the page of what was learned names each of its figures")
