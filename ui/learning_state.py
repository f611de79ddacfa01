"""What was learned as plain JSON values: the same for the HTTP API and for the command line.

Every figure carries its name, which `precedent learn trace` takes.
"""

from typing import Any

from assistant.learning.events import GateEvent
from assistant.learning.figures import Figure
from assistant.learning.insight import Account, TrialTold

__all__ = ["state_of", "step_of"]


def state_of(account: Account) -> dict[str, Any]:
    """An account. Numbers of figures are not rounded."""
    standing, state = account.state.standing, account.state
    return {
        "champion": standing.champion,
        "since": account.since[1].at.isoformat() if account.since else None,
        "challenger": standing.challenger,
        "ready": bool(state.judgement and state.judgement.ready),
        "paused": standing.paused,
        "former": [name for name in dict.fromkeys(standing.former) if name != standing.champion],
        "missing": list(state.judgement.missing) if state.judgement else [],
        "conditions": [
            {"name": one.name, "held": one.held, "note": one.note, "trace": figure.name, **figure.values}
            for one, figure in account.conditions
        ],
        "answers": {kind or "all": _figure(figure) for kind, figure in account.answers.items()},
        "unseen": _figure(account.choices),
        "wanted": state.wanted,
        "trials": [_trial(told) for told in account.trials],
        "slices": [{"by": by, "which": which, **_figure(figure)} for (by, which), figure in account.slices],
        "changes": {
            "before": account.compared[0],
            "after": account.compared[1],
            "weights": [vars(change) for change in account.changes],
        },
        "estimates": {method: _figure(figure) for method, figure in account.estimates.items()},
        "versions": [
            {"version": name, "choices": choices, "outcomes": outcomes, "trace": f"model:{name}"}
            for name, (choices, outcomes) in account.labels.items()
        ],
        "steps": [step_of(step, number) for number, step in account.steps],
    }


def step_of(step: GateEvent, number: int | None = None) -> dict[str, Any]:
    """A step of the gate; `number` is its place in the history, from 1."""
    told = {
        "at": step.at.isoformat(), "kind": step.kind, "champion": step.champion, "challenger": step.challenger,
        "by": step.by, "note": step.note,
    }  # fmt: skip
    return told if number is None else {"number": number, **told}


def _figure(figure: Figure) -> dict[str, Any]:
    return {**figure.values, "rows": len(figure.numbers), "trace": figure.name}


def _trial(told: TrialTold) -> dict[str, Any]:
    end = told.trial.end
    return {
        "trial": told.trial.number,
        "champion": told.trial.champion,
        "versions": [{"version": figure.name.partition(":")[2], **_figure(figure)} for figure in told.versions],
        "began": told.trial.began.isoformat(),
        "end": step_of(end) if end else None,
        **_figure(told.gain),
    }
