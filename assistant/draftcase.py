"""From a closed matter to a case: what was asked, what was done about it, and what came of it.

Pure: it makes a draft from tasks with their histories, and brings later tasks into a draft that a curator may have
changed meanwhile. Personal data are masked in every text; whatever is not known stays unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assistant.answer import Recommendation, Situation
from knowledge.case import Action, ActionResult, Case, CaseStatus, Outcome
from knowledge.places import Gazetteer
from knowledge.profiles import lead_of
from knowledge.task import Step, Task, TaskState

__all__ = ["Worked", "brought_up_to_date", "draft_case", "draft_id", "is_closed", "merged_outcome"]

Worked = tuple[Task, Sequence[Step]]  # a task with its history
MaskAll = Callable[[Sequence[str]], tuple[str, ...]]

_ENDED = (TaskState.VERIFIED, TaskState.CANCELLED)
_SAYS = {
    "zh": {"source": "交办任务 {tasks}（推荐记录 {matter}）", "and": "、"},
    "en": {"source": "tasks {tasks} (interaction {matter})", "and": ", "},
}
_RESULTS = {True: ActionResult.WORKED, False: ActionResult.FAILED, None: ActionResult.UNKNOWN}
_MERGED = ("departments", "actions")  # lists: what is new is added to what a curator made of the old


def is_closed(tasks: Sequence[Task]) -> bool:
    """Whether every task has ended and at least one was verified."""
    return all(task.state in _ENDED for task in tasks) and any(task.state is TaskState.VERIFIED for task in tasks)


def draft_id(matter: str) -> str:
    """The external id of the draft that is made from a matter, the same each time.

    >>> draft_id("0123456789abcdef")
    'TASK-0123456789ab'
    """
    return f"TASK-{matter[:12]}"


def merged_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of a matter from those of its tasks: resolved if all are, days the longest, satisfaction the mean,
    recurred if any did; what no task tells is unknown.

    >>> merged_outcome([Outcome(resolved=True, days=2, satisfaction=5), Outcome(resolved=True, days=3)]).days
    3.0
    """
    days = [outcome.days for outcome in outcomes if outcome.days is not None]
    satisfied = [outcome.satisfaction for outcome in outcomes if outcome.satisfaction is not None]
    told = dict.fromkeys(outcome.summary for outcome in outcomes if outcome.summary)
    return Outcome(
        resolved=_all([outcome.resolved for outcome in outcomes]),
        days=max(days, default=None),
        satisfaction=round(sum(satisfied) / len(satisfied), 2) if satisfied else None,
        recurred=_any([outcome.recurred for outcome in outcomes]),
        summary="\n".join(told)[:20_000] or None,
    )


def draft_case(answer: Recommendation, worked: Sequence[Worked], *, mask_all: MaskAll, gazetteer: Gazetteer) -> Case:
    """The draft of a closed matter: the question as it was asked, an action for each verified task, their outcome.

    Where the question tells no time, the matter is taken to have been there when it was asked."""
    verified = [(task, steps) for task, steps in worked if task.state is TaskState.VERIFIED]
    told = [task.outcome or Outcome() for task, _ in verified]
    situation = answer.situation
    texts = [situation.text, *(task.instructions for task, _ in verified), *(o.summary or "" for o in told)]
    masked = _masked(texts, mask_all)
    question, instructions = masked[0], masked[1 : 1 + len(verified)]
    told = [
        outcome.model_copy(update={"summary": summary or None})
        for outcome, summary in zip(told, masked[1 + len(verified) :], strict=True)
    ]
    says = _SAYS[answer.language]
    matter = verified[0][0].matter
    return Case(
        external_id=draft_id(matter),
        title=lead_of(question) or None,
        situation=question,
        category=_category(situation),
        district=situation.district.value if situation.district else None,
        place=_place(situation, gazetteer),
        occurred_at=datetime.fromisoformat(situation.occurred_at.value) if situation.occurred_at else answer.asked_at,
        closed_at=max(filter(None, (_last(steps, "verify") for _, steps in verified)), default=None),
        severity=situation.severity.level,
        departments=tuple(dict.fromkeys(task.department for task, _ in verified if task.department)),
        actions=tuple(
            Action(
                text=text,
                action_type=task.action_type,
                department=task.department,
                taken_at=_last(steps, "accept") or task.issued_at,
                result=_RESULTS[outcome.resolved],
                note=(outcome.summary or "")[:4_000] or None,
            )
            for (task, steps), text, outcome in zip(verified, instructions, told, strict=True)
        ),
        outcome=merged_outcome(told),
        source=says["source"].format(tasks=says["and"].join(str(task.task_id) for task, _ in verified), matter=matter)[
            :1_000
        ],
        language=answer.language,
        status=CaseStatus.DRAFT,
    )


def brought_up_to_date(present: Case, made: Case, fresh: Case) -> Case:
    """A draft with what later tasks brought: `made` is how it was made last, `fresh` how it would be made now. A field
    that a curator changed keeps the curator's value; to a list that was changed, what is new is added.

    >>> made = Case(situation="停电", title="停电")
    >>> brought_up_to_date(made.model_copy(update={"title": "云水停电"}), made, Case(situation="停电两小时")).situation
    '停电两小时'
    """
    changes = _three_ways(dict(present), dict(made), dict(fresh))
    for name in _MERGED:
        if getattr(present, name) != getattr(made, name):
            new = [item for item in getattr(fresh, name) if item not in getattr(made, name)]
            kept = getattr(present, name)
            changes[name] = (*kept, *(item for item in new if item not in kept))
    if present.outcome and made.outcome and fresh.outcome:
        merged = _three_ways(dict(present.outcome), dict(made.outcome), dict(fresh.outcome))
        changes["outcome"] = Outcome(**merged)
    return present.model_copy(update=changes)


def _three_ways(present: Mapping[str, Any], made: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fresh[name] if value == made[name] else value for name, value in present.items()}


def _masked(texts: Sequence[str], mask_all: MaskAll) -> list[str]:
    """Texts of several lines, masked in the light of each other."""
    lines = [text.split("\n") for text in texts]
    masked = iter(mask_all([line for some in lines for line in some]))
    return ["\n".join(next(masked) for _ in some) for some in lines]


def _category(situation: Situation) -> str | None:
    return situation.category.value if situation.category and not situation.unclear else None


def _place(situation: Situation, gazetteer: Gazetteer) -> str | None:
    if situation.place is None:
        return None
    known = gazetteer.by_id.get(situation.place.value)
    return known.name(situation.language) if known else situation.place.value


def _last(steps: Sequence[Step], kind: str) -> datetime | None:
    return next((step.at for step in reversed(steps) if step.kind == kind), None)


def _all(values: Sequence[bool | None]) -> bool | None:
    if any(value is False for value in values):
        return False
    return None if None in values or not values else True


def _any(values: Sequence[bool | None]) -> bool | None:
    if any(value is True for value in values):
        return True
    return None if None in values or not values else False
