"""The records that learning passes on: what could have been shown, what was shown and why there, what people chose, how
it turned out, and what was taken back. They are frozen; this module computes nothing and knows no database.

A situation reaches the learner as a `Context` and an action as an `Offer`: neither holds an id of a case, a text or a
person, so that nothing of them can be learned by heart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "BOTH",
    "CHALLENGER",
    "CHAMPION",
    "Context",
    "Effect",
    "Event",
    "GateEvent",
    "Mode",
    "Offer",
    "Proposed",
    "Reacted",
    "Slate",
    "Withdrawal",
]

CHAMPION, CHALLENGER, BOTH = "champion", "challenger", "both"  # teams of a slot
Mode = Literal["base", "champion", "interleave", "emergency"]


@dataclass(frozen=True)
class Context:
    """What the learner sees of a situation. `severity` runs from 1 (特别重大) to 4 (一般), None where nothing is known;
    `category` is the group of the taxonomy (`flood`), `season` one of spring, summer, autumn, winter, `department` that
    of the person who asks; each None where unknown."""

    severity: int | None = None
    danger: bool = False
    category: str | None = None
    district: str | None = None
    season: str | None = None
    department: str | None = None

    @property
    def emergency(self) -> bool:
        """Whether nothing may be tried out here: severity 1 or 2, or danger to life."""
        return self.danger or self.severity in (1, 2)


@dataclass(frozen=True)
class Offer:
    """One candidate action. `base` in 0..1 is what the fixed ranker gives it; `rate` in 0..1 is the mean of its track
    record, `support` in 0..1 how much evidence stands behind it, `same_district` in 0..1 the share of that evidence
    from the district in question; `family` is the kind of measure that the action type belongs to. `first` ones (what a
    danger to life calls for) stand before all others, whatever was learned."""

    action_type: str
    base: float
    rate: float = 0.5
    support: float = 0.0
    same_district: float = 0.0
    family: str = ""
    first: bool = False


@dataclass(frozen=True)
class Slate:
    """An order of offers, and how it came about. `order` holds indices into the offers, the best first; `teams` says
    of each place who put it there (champion, challenger, both); `propensities` in (0, 1] is the chance with which it
    came to stand there. `version` is the champion's ("base" for the fixed ranker), `challenger` the other's where two
    were merged. `scores` and `challenger_scores` hold one number for every offer."""

    order: tuple[int, ...]
    teams: tuple[str, ...]
    propensities: tuple[float, ...]
    version: str = "base"
    mode: Mode = "base"
    challenger: str | None = None
    scores: tuple[float, ...] = ()
    challenger_scores: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Proposed:
    """An interaction: a slate as it was shown, with every candidate. `seed` is what chance was drawn from; `shown` is
    how many of the slate's first places a person could see (the rest were candidates only)."""

    interaction_id: str
    at: datetime
    actor: str
    context: Context
    offers: tuple[Offer, ...]
    slate: Slate
    seed: int = 0
    shown: int = 8


@dataclass(frozen=True)
class Reacted:
    """What a person did with the action at a place (`slot` from 0) of an interaction. `kind` is adopt, edit, reject or
    withdraw (which takes the earlier one back); the same `client_id` twice is one event, the newest kind of a person
    for a slot holds."""

    interaction_id: str
    client_id: str
    slot: int
    kind: Literal["adopt", "edit", "reject", "withdraw"]
    actor: str
    at: datetime
    department: str | None = None


@dataclass(frozen=True)
class Effect:
    """How an adopted action turned out. `resolved` whether it worked, `satisfaction` from 1 (worst) to 5 (best),
    `in_time` whether by the day it was due; None where not known. `source` is who says so: record (a system of record,
    or a verified task), official, or citizen. A later one for the same slot replaces an earlier one of the same source;
    of several sources the first of record, official, citizen counts."""

    interaction_id: str
    client_id: str
    slot: int
    at: datetime
    source: Literal["record", "official", "citizen"]
    actor: str
    resolved: bool | None = None
    satisfaction: float | None = None
    in_time: bool | None = None


@dataclass(frozen=True)
class Withdrawal:
    """A person's events are to count for nothing, as if they had never been: those that were asked, chosen or judged by
    `actor` up to `at`."""

    actor: str
    at: datetime
    by: str
    reason: str = ""


Event = Proposed | Reacted | Effect | Withdrawal


@dataclass(frozen=True)
class GateEvent:
    """A step of the gate, never changed afterwards. `kind` is fitted, trial (a challenger begins to be merged in),
    ready (all but a person's approval holds), promoted, refused, suspended, rolled_back or paused; `figures` is what
    was known at the time."""

    at: datetime
    kind: Literal["fitted", "trial", "ready", "promoted", "refused", "suspended", "rolled_back", "paused"]
    champion: str
    challenger: str | None
    by: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
