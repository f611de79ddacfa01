"""Which model is in force and which is on trial: nothing but what the gate's history says.

The steps mean: `fitted` nothing yet; `trial` the challenger is merged with the champion from now on (again, after a
pause; with no challenger: trials may begin again; while another is on trial: it follows that one, and the trial goes
on); `ready` all but a person's approval holds; `promoted` it is champion
now; `refused` and `suspended` it is out for good; `rolled_back` the champion named in the step is in force again, and
the challenger named in it is out for good, as is whatever was on trial; `paused` nothing is tried until a `trial`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.learning.events import GateEvent

__all__ = ["FIXED", "Standing", "standing_of"]

FIXED = "base"  # the version of the fixed ranker


@dataclass(frozen=True)
class Standing:
    """`champion` is in force; `challenger` is on trial (None: nothing is), `line` are all versions of this trial, the
    present one last; `ready` when only a person's approval is missing; `paused` when nothing may be tried. `out` are
    versions never to be tried again, `former` those that have been champion, in order, the present one last."""

    champion: str = FIXED
    challenger: str | None = None
    line: tuple[str, ...] = ()
    ready: bool = False
    paused: bool = False
    out: frozenset[str] = frozenset()
    former: tuple[str, ...] = (FIXED,)

    def after(self, step: GateEvent) -> "Standing":
        """The standing after one more step."""
        match step.kind:
            case "trial" if step.challenger is None or step.challenger == self.challenger:
                return replace(self, paused=False)
            case "trial":
                line = (*self.line, str(step.challenger))
                return replace(self, challenger=step.challenger, line=line, ready=False, paused=False)
            case "ready":
                return replace(self, ready=True)
            case "promoted" if step.challenger is not None:
                former = (*self.former, step.challenger)
                return replace(self._without_trial(), champion=step.challenger, former=former)
            case "refused" | "suspended":
                return replace(self._without_trial(), out=self.out | {*self.line})
            case "rolled_back":
                left = {*self.line, *([step.challenger] if step.challenger else [])}
                former = (*self.former, step.champion)
                out = (self.out | left) - {step.champion}
                return replace(self._without_trial(), champion=step.champion, out=out, former=former)
            case "paused":
                return replace(self, paused=True)
        return self

    def _without_trial(self) -> "Standing":
        return replace(self, challenger=None, line=(), ready=False)


def standing_of(history: Iterable[GateEvent]) -> Standing:
    """The standing after a whole history, oldest first."""
    standing = Standing()
    for step in history:
        standing = standing.after(step)
    return standing
