"""What is done to hear a call: with which model, or with which text instead, or why it has to wait.

A real recording is never heard by the demonstration model unless a person said so; nothing is invented to fill the gap.
How models are found and opened is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from assistant.callworker import Hear, Opening
from knowledge.call import Call, Transcript

__all__ = ["DEMO_ONLY", "CallPlan", "Model", "Plan", "Planner"]

DEMO_ONLY = (
    "no speech model for real recordings is at hand, only the demonstration model: fetch one with `precedent models "
    "pull whisper-turbo`, attach a transcript, or try the demonstration model on this call"
)
_NO_SOUND = "the call has no recording; attach a transcript"


@dataclass(frozen=True)
class Model:
    """The model at hand, as a worker opens it and as people call it; `demo`: it is only for the demo calls."""

    opening: Opening
    demo: bool = False
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """One of the three: a model to hear with, a transcript to take instead, or the reason to wait, in one sentence."""

    opening: Opening | None = None
    transcript: Transcript | None = None
    reason: str = ""


class Planner(Protocol):
    """What the supervisor asks."""

    @property
    def hear(self) -> Hear: ...
    @property
    def probe(self) -> Callable[[Path], Any]: ...

    def __call__(self, call: Call) -> Plan:
        """What is done with a call that waits to be heard."""
        ...

    def model(self) -> Model | str:
        """The best model at hand, or the sentence that says what to do to get one."""
        ...

    def prompt(self) -> str:
        """Names and words that are likely to be heard."""
        ...


@dataclass(frozen=True)
class CallPlan:
    """The order: the best model at hand; for a demo call without a real one the text that it was spoken from, unless
    somebody wants to see what the demonstration model hears; else waiting. `reference` gives that text by the content
    hash of the recording."""

    choose: Callable[[], Model | str]
    hear: Hear
    probe: Callable[[Path], Any]
    reference: Callable[[str], Transcript | None] = lambda sha256: None
    words: Callable[[], str] = str

    def __call__(self, call: Call) -> Plan:
        """See Planner."""
        if call.recording is None:
            return Plan(reason=_NO_SOUND)
        model = self.choose()
        if isinstance(model, Model) and (not model.demo or call.demo_model):
            return Plan(opening=model.opening)
        spoken = self.reference(call.recording.sha256) if call.demo else None
        if spoken is not None:
            return Plan(transcript=spoken)
        if isinstance(model, Model) and call.demo:
            return Plan(opening=model.opening)
        return Plan(reason=DEMO_ONLY if isinstance(model, Model) else model)

    def model(self) -> Model | str:
        """See Planner."""
        return self.choose()

    def prompt(self) -> str:
        """See Planner."""
        return self.words()
