"""What the steps of a task tell the learner: how its action turned out, and who says so.

Pure, and the same for the same history, so that telling it twice is telling it once.
"""

from collections.abc import Sequence

from assistant.learning.events import Effect
from knowledge.task import Step, Task

__all__ = ["effects_of"]


def effects_of(task: Task, history: Sequence[Step]) -> tuple[Effect, ...]:
    """One effect for each "done" (source official), "verify" (source record) and "reopen" (what was said is taken back:
    nothing known), oldest first; none for a task that belongs to no action. A task is in time if the last "done" is not
    after its due time; a "verify" says so of the "done" that it verifies."""
    if task.slot is None:
        return ()
    effects = []
    in_time = None
    for step in history:
        if step.kind not in ("done", "verify", "reopen"):
            continue
        if step.kind == "done" and task.due is not None:
            in_time = step.at <= task.due
        outcome = step.outcome
        effects.append(
            Effect(
                interaction_id=task.matter,
                client_id=f"task-{task.task_id}-{step.number}",
                slot=task.slot,
                at=step.at,
                source="record" if step.kind == "verify" else "official",
                actor=step.by,
                resolved=outcome.resolved if outcome else None,
                satisfaction=outcome.satisfaction if outcome else None,
                in_time=in_time if outcome else None,
            )
        )
    return tuple(effects)
