"""The records that one question passes through: Situation, Match, Verdict, Recommendation.

They are frozen, travel as JSON, and carry their reasons. This module computes nothing and knows no database.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.case import Case
from knowledge.filter import Wanted

__all__ = [
    "Caution",
    "Contrast",
    "Evidence",
    "KindReading",
    "Label",
    "Learned",
    "Match",
    "Quantity",
    "RankedAction",
    "Reaction",
    "Reading",
    "Recommendation",
    "Replacement",
    "SeverityReading",
    "Situation",
    "TrackRecord",
    "Turn",
    "Unknown",
    "Verdict",
]

Language = Literal["zh", "en"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reading(_Record):
    """One thing understood: its value (an id where there is one), how sure (0..1), and the words it was read from."""

    value: str
    confidence: float = Field(ge=0, le=1)
    words: tuple[str, ...] = ()


class Quantity(_Record):
    """A number that stands in the text: `what` is one of people, households, vehicles, depth_cm, hours, dead, injured,
    trapped, metres, amount_yuan; `value` is in that unit; `words` is the passage it was read from."""

    what: str
    value: float
    words: str


class SeverityReading(_Record):
    """Estimated severity 1 (特别重大) to 4 (一般), the reasons in words, whether life is in danger,
    and the action types that the danger calls for first."""

    level: int = Field(ge=1, le=4)
    reasons: tuple[str, ...]
    danger_to_life: bool
    first_actions: tuple[str, ...] = ()


class KindReading(_Record):
    """A kind of matter that a question is like: id, name in the question's language, share in 0..1."""

    id: str
    name: str
    share: float


class Situation(_Record):
    """What was understood of a question. Nothing that was not said is filled in: what is missing stands in `missing`,
    by key (place, time, scale, people, cause)."""

    text: str
    language: Language
    category: Reading | None
    district: Reading | None
    place: Reading | None
    occurred_at: Reading | None  # value: ISO time with zone
    severity: SeverityReading
    quantities: tuple[Quantity, ...] = ()
    missing: tuple[str, ...] = ()
    kinds: tuple[KindReading, ...] = ()  # the likeliest first, at most three
    outside: float = 0.0  # share of kinds that belong to no category of the taxonomy, in 0..1
    clearness: float = 0.0  # cosine with the nearest kind, in 0..1
    unclear: bool = False  # whether no category is clearly meant: `category` is then only the nearest


class Replacement(_Record):
    """What superseded a case: shown with it, always."""

    case_id: int
    external_id: str | None
    title: str


class Match(_Record):
    """A similar case. `score` and every part are in 0..1; `why` says in the asker's language what is alike."""

    case_id: int
    external_id: str | None
    score: float = Field(ge=0, le=1)
    parts: dict[str, float]
    why: tuple[str, ...]
    case: Case
    age_days: int | None
    replaced_by: Replacement | None = None


class Label(StrEnum):
    """同一事件 / 相似先例 / 无先例."""

    SAME = "same"
    SIMILAR = "similar"
    NEW = "new"


class Verdict(_Record):
    """Whether there is a precedent. `probability` belongs to `label`; `probabilities` has all three and sums to 1."""

    label: Label
    probability: float = Field(ge=0, le=1)
    probabilities: dict[str, float]

    @property
    def doubtful(self) -> bool:
        """Whether a precedent is likely, yet not likely enough to be called one."""
        return self.label is Label.NEW and self.probability < 0.5


class Evidence(_Record):
    """A quote that stands word for word in the case it cites."""

    case_id: int
    quote: str


class CallEvidence(_Record):
    """What a citizen said on the hotline, as evidence: the sentence as it is shown (masked), its segment and its start
    in seconds. A `doubtful` one was heard badly: it is no exact quote and is shown with its mark. `score` in 0..1
    orders, and is no chance."""

    call_id: int
    external_id: str | None
    received_at: datetime
    segment: int
    start: float
    sentence: str
    score: float = Field(ge=0, le=1)
    doubtful: bool


class TrackRecord(_Record):
    """How an action type did in the similar cases. `tried` counts actions with a known result, `worked` those that
    did; `rate` is the mean of the similarity-weighted Beta posterior and `low`/`high` its central 90% interval;
    `median_days` is the median time to resolution (days) of the cases in which it worked, None if none is known."""

    tried: int
    worked: int
    rate: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    median_days: float | None


class Learned(_Record):
    """What the log holds of an action type in similar matters (of one category group): people decided on it `decided`
    times and adopted it, as it was or edited, `adopted` times; of those the effect is known for `known`, and it worked
    in `worked`. `moved` is how many places it stands above (below: negative) the fixed order."""

    moved: int
    adopted: int = Field(ge=0)
    decided: int = Field(ge=0)
    known: int = Field(ge=0)
    worked: int = Field(ge=0)


class RankedAction(_Record):
    """One recommended action. `text` is the best evidence adapted to the new place and time; `adapted` lists what was
    changed as (before, after); `why` says why it stands where it stands; `learned` is there where choices and effects
    moved it."""

    text: str
    action_type: str
    department: str | None
    when: Literal["now", "today", "later"]
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    track_record: TrackRecord
    adapted: tuple[tuple[str, str], ...] = ()
    why: tuple[str, ...] = ()
    emergency: bool = False
    learned: Learned | None = None


class Caution(_Record):
    """What went wrong in a similar case, with the passage that says so."""

    text: str
    action_type: str | None
    evidence: Evidence


class Contrast(_Record):
    """The nearest success beside the nearest failure, and what was done in one but not in the other (action types)."""

    success_case_id: int
    failure_case_id: int
    only_in_success: tuple[str, ...]
    only_in_failure: tuple[str, ...]


class Unknown(_Record):
    """A fact that would change the advice: its key (place, time, scale, people, cause) and the question to ask."""

    key: str
    question: str


class Recommendation(_Record):
    """The answer to one question. `propensities` has one number in (0, 1] per shown action: the probability with which
    it was put at its place (1.0 where nothing was drawn by lot). `ms` is the time taken in milliseconds."""

    interaction_id: str
    asked_at: datetime
    situation: Situation
    verdict: Verdict
    matches: tuple[Match, ...]
    actions: tuple[RankedAction, ...]
    cautions: tuple[Caution, ...]
    contrast: Contrast | None
    unknowns: tuple[Unknown, ...]
    propensities: tuple[float, ...]
    answer_markdown: str
    language: Language
    models: dict[str, str]
    ms: float
    calls: tuple[CallEvidence, ...] = ()


class Turn(_Record):
    """One exchange of a conversation: what was said, how it was taken, what was answered.

    `intent` is ask, narrow, open, compare, why, failed, restart or unclear. `recommendation` is the one in force after
    the turn (None after a restart or before the first question); `opened` is the case that was opened, `compared` the
    two that were compared; `wanted` is the filter in force and `filters` says it in words.
    """

    turn_id: str
    conversation_id: str
    number: int
    said: str
    intent: Literal["ask", "narrow", "open", "compare", "why", "failed", "restart", "unclear"]
    answer_markdown: str
    recommendation: Recommendation | None = None
    opened: Match | None = None
    compared: tuple[Match, Match] | None = None
    filters: tuple[str, ...] = ()
    wanted: Wanted = Wanted()


class Reaction(_Record):
    """What a person chose. `kind` is adopt, edit, reject or withdraw for an action (`action` is its place in the list,
    from 0); helpful, unhelpful, nothing_fits or withdraw for the whole answer (`action` is None); unfit or withdraw for
    a precedent (`case_id`) that does not fit. `client_id` makes it idempotent: the same one twice is one reaction.
    `supersedes` is the client_id of the reaction that it takes the place of, `department` the person's."""

    interaction_id: str
    client_id: str = Field(min_length=1, max_length=100)
    kind: Literal["adopt", "edit", "reject", "helpful", "unhelpful", "unfit", "nothing_fits", "withdraw"]
    action: int | None = Field(default=None, ge=0)
    case_id: int | None = Field(default=None, ge=1)
    text: str | None = Field(default=None, max_length=4_000)
    reason: str | None = Field(default=None, max_length=1_000)
    actor: str = Field(min_length=1, max_length=200)
    department: str | None = Field(default=None, max_length=200)
    supersedes: str | None = Field(default=None, max_length=100)
    at: datetime
