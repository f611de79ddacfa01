"""The command `precedent learn`: learn now, look at what was learned, decide about it, replay it, trace its figures,
and take a person's part in it back."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from assistant.learning.advisor import Learned
from assistant.learning.events import Withdrawal
from assistant.learning.insight import Insight
from assistant.learning.replay import Replayed, replay
from assistant.learning.tracing import Tracing
from assistant.learnwiring import Learning
from assistant.wiring import Workplace
from knowledge.errors import BadInput, Fault
from ui.learning_state import state_of, step_of

__all__ = ["learn"]

Action = Callable[[Namespace, Learning, Insight], None]


def learn(options: Namespace, workplace: Workplace) -> None:
    """Runs the command. Raises BadInput and NotFound for what does not exist or cannot be done, Fault where a version
    cannot be made from the log again."""
    learning = workplace.learning
    insight = Insight(learning.advisor, learning.events, learning.shelf)
    actions: dict[str | None, Action] = {
        None: _learn,
        "show": _show,
        "approve": _decide,
        "reject": _decide,
        "rollback": _decide,
        "replay": _replay,
        "trace": _trace,
        "withdraw": _withdraw,
    }
    actions[options.action](options, learning, insight)


def _learn(options: Namespace, learning: Learning, insight: Insight) -> None:
    done = learning.advisor.learn()
    state = state_of(insight.account())
    if options.json:
        _print({"steps": [step_of(step) for step in done.steps], **_summary(state)})
        return
    print("\n".join(_told(done)) or "nothing was due")
    print(_standing(state))


def _told(done: Learned) -> list[str]:
    return [
        f"{step.kind}: {step.challenger or step.champion}{f' ({step.note})' if step.note else ''}"
        for step in done.steps
    ]


def _summary(state: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: state[key] for key in ("champion", "challenger", "ready", "paused", "missing", "wanted")},
        "unseen": state["unseen"]["count"],
        "answers": {kind: figure["count"] for kind, figure in state["answers"].items()},
    }


def _standing(state: dict[str, Any]) -> str:
    answers = state["answers"]
    since = f" since {state['since'][:10]}" if state["since"] else ""
    rows = [
        f"in force: {state['champion']}{since}",
        f"on trial: {state['challenger'] or 'nothing'}{' (ready: approve or reject it)' if state['ready'] else ''}"
        + (f"; not held yet: {', '.join(state['missing'])}" if state["missing"] else ""),
        f"answers: {answers['all']['count']}, merged {answers['interleave']['count']}, in emergencies "
        f"{answers['broken']['count']} of {answers['careful']['count']}",
        f"choices and outcomes that no version has seen: {state['unseen']['count']} of {state['wanted']}",
    ]
    return "\n".join(rows)


def _show(options: Namespace, learning: Learning, insight: Insight) -> None:
    state = state_of(insight.account())
    if options.json:
        _print(state)
        return
    rows = [_standing(state)]
    for one in state["conditions"]:
        mark = {True: "held", False: "NOT held", None: "not measured"}[one["held"]]
        figure = "unknown" if one["figure"] is None else f"{one['figure']:.4g}"
        rows.append(f"  {mark:<12} {one['name']}: {figure}, limit {one['limit']:.4g}  [{one['trace']}]")
    for trial in state["trials"]:
        end = f"{trial['end']['kind']} by {trial['end']['by']}" if trial["end"] else "going on"
        rows.append(
            f"trial {trial['trial']}: {len(trial['versions'])} versions against {trial['champion']}, "
            f"{trial['interactions']} answers, gain {trial['mean']:+.3f} "
            f"within {trial['low']:+.3f} … {trial['high']:+.3f}, {end}  [{trial['trace']}]"
        )
    rows += [
        f"{v['version']}: {v['choices']} choices, {v['outcomes']} outcomes  [{v['trace']}]" for v in state["versions"]
    ]
    print("\n".join(rows))


def _decide(options: Namespace, learning: Learning, insight: Insight) -> None:
    advisor = learning.advisor
    doing = {"approve": advisor.approve, "reject": advisor.reject, "rollback": advisor.roll_back}
    doing[options.action](options.version, options.by, options.note)
    state = state_of(insight.account())
    if options.json:
        _print({"step": state["steps"][-1], **_summary(state)})
        return
    print(f"{state['steps'][-1]['kind']}: {options.version}, by {options.by}")
    print(_standing(state))


def _replay(options: Namespace, learning: Learning, insight: Insight) -> None:
    found = []
    for one in replay(
        learning.advisor, learning.events, learning.shelf, withdrawn=_withdrawn(learning), version=options.version
    ):
        found.append(one)
        if options.json:
            _print({**vars(one), "difference": list(one.difference)})
        else:
            print(_replayed(one), flush=True)
    if not found and not options.json:
        print("there is no version to replay yet")
    if differing := [one for one in found if one.outcome == "differs"]:
        first = differing[0]
        raise Fault(
            f"{first.version} replayed from the log differs from the one that is kept at byte {first.place}: "
            f"{first.difference[0]!r} is kept, {first.difference[1]!r} comes out; "
            "restore the log or the version from a back-up"
        )


def _replayed(one: Replayed) -> str:
    said = {
        "same": "the same, byte for byte",
        "withdrawn": f"not comparable: {one.withdrawn} rows that it was made from were withdrawn since",
        "differs": f"DIFFERS at byte {one.place}",
    }[one.outcome]
    return f"{one.version}: {one.events} events up to number {one.watermark}: {said}"


def _withdrawn(learning: Learning) -> Callable[[int], int]:
    """How many of the rows up to a number were withdrawn: those that the log holds and that count no more."""

    def count(until: int) -> int:
        return sum(bool(row["withdrawn"]) for row in learning.log.rows(range(1, until + 1)))

    return count


def _trace(options: Namespace, learning: Learning, insight: Insight) -> None:
    tracing = Tracing(learning.advisor, insight, learning.shelf, learning.log, learning.journal.interactions)
    for figure in options.figure:
        found = tracing(figure)
        if options.json:
            _print({"figure": found.figure, "values": found.values, "rows": list(found.rows)})
            continue
        values = ", ".join(f"{key} {value:.6g}" for key, value in found.values.items() if value is not None)
        print(f"{found.figure}: {values} (from these {len(found.rows)} rows alone)", file=sys.stderr)
        for row in found.rows:
            _print(row)


def _withdraw(options: Namespace, learning: Learning, insight: Insight) -> None:
    name, by, reason = (text.strip() for text in (options.name, options.by, options.reason))
    if not (name and by and reason):
        raise BadInput("whose part, who writes it down, and why are all needed; leave none of them empty")
    before = sum(1 for _ in learning.events.events())
    learning.advisor.record(Withdrawal(name, datetime.now(UTC), by, reason))
    gone = before - sum(1 for _ in learning.events.events())
    done = learning.advisor.learn()
    if options.json:
        _print({"withdrawn": name, "events": gone, "steps": [step_of(step) for step in done.steps]})
        return
    print(f"{name}: {gone} events count for nothing any more; every version from now on is made without them")
    print("\n".join(_told(done)) or "no new version is due yet; the one in force was made with them")


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))
