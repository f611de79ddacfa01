"""What the door to learning says of itself: what a call of `learn` did, and how learning stands. Plain records."""

from dataclasses import dataclass

from assistant.learning.events import GateEvent
from assistant.learning.promotion import Judgement
from assistant.learning.standing import Standing

__all__ = ["Learned", "State"]


@dataclass(frozen=True)
class Learned:
    """What a call of `learn` did: the steps it took (none where nothing was due) and the trial's judgement, if any."""

    steps: tuple[GateEvent, ...] = ()
    judgement: Judgement | None = None


@dataclass(frozen=True)
class State:
    """How learning stands: what is in force and on trial, the trial's judgement, the number of the last event read, the
    choices and outcomes that no model has seen yet and how many of them a new one waits for, interactions so far and
    how many of them were interleaved, the gate's history (oldest first), and which of the models in force and on trial
    cannot be read: instead of a damaged champion the fixed order answers, and a damaged challenger is not shown."""

    standing: Standing
    judgement: Judgement | None
    last: int
    unseen: int
    wanted: int
    interactions: int
    interleaved: int
    history: tuple[GateEvent, ...]
    damaged: tuple[str, ...] = ()
