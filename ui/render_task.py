"""The page of one task as HTML: what is to be done, where it comes from, what happened so far; the next step comes from
`render_taskforms`.

Pure functions: records and texts in, a string out, every value escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from knowledge.case import Outcome
from knowledge.task import Person, Step, Task
from ui import task_wording as wording
from ui.call_wording import moment
from ui.render_person import you
from ui.render_taskforms import Typed, forms
from ui.render_tasks import chip, notice, task_rows
from ui.task_list import is_overdue
from ui.wording import Wording

__all__ = ["Origin", "Quote", "TaskView", "missing_task", "outcome", "task_page"]


@dataclass(frozen=True)
class Quote:
    """A passage of a precedent, word for word, and the heading of its case."""

    text: str
    case: str


@dataclass(frozen=True)
class Origin:
    """Where a task comes from: the question, personal data masked (`masked` if there were any), and the precedents
    that its action rests on."""

    question: str
    masked: bool = False
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True)
class TaskView:
    """What the page shows: the task, its history (oldest first), where it comes from (None where that is not there
    any more), and the other tasks of its matter."""

    task: Task
    history: Sequence[Step]
    origin: Origin | None = None
    siblings: Sequence[Task] = ()


def task_page(
    words: Wording, view: TaskView, person: Person | None, *, now: datetime, told: str = "", typed: Typed | None = None,
    alert: str = "", given: str = "",
) -> str:  # fmt: skip
    """The body of the page. `told` is what has just been done, `alert` what was not, `given` the program's sentence
    about that."""
    t, task = words.t, view.task
    panels = (
        f'<section class="panel" aria-labelledby="h-what"><h3 id="h-what">{escape(t("task.instructions"))}</h3>'
        f'<p class="instructions">{escape(task.instructions)}</p></section>'
        f"{_result(words, task)}{_origin(words, view)}{_siblings(words, view, person, now=now)}"
    )
    return (
        f'<div class="task-page"><div class="page-top">{_way(words)}'
        f"{you(words, person, back=f'/tasks/{task.task_id}')}</div>{notice(told)}{notice(alert, bad=True, given=given)}"
        f'{_head(words, task, now=now)}<div class="columns"><div class="left">{panels}</div>'
        f'<div class="right">{forms(words, task, view.history, person, now=now, typed=typed)}'
        f"{_history(words, view.history, now=now)}</div></div></div>"
    )


def missing_task(words: Wording, task_id: int) -> str:
    """The page of a task that does not exist."""
    t = words.t
    return (
        f'<div class="task-page">{_way(words)}<h2>{escape(t("task.gone"))}</h2>'
        f"<p>{escape(t('task.gone_line', n=task_id))}</p></div>"
    )


def _way(words: Wording) -> str:
    return f'<p class="way"><a href="/tasks">← {escape(words.t("task.back"))}</a></p>'


def _head(words: Wording, task: Task, *, now: datetime) -> str:
    t = words.t
    left = wording.left(words, task, now)
    rest = f' <span class="left">{escape(left)}</span>' if left else ""
    late = ' class="late"' if is_overdue(task, now) else ""
    issuer = wording.person(words, task.issued_by, task.issuer_department)
    rows = (
        ("department", escape(wording.whose(words, task)), ""),
        ("due", escape(wording.due(words, task, now)) + rest, late),
        ("issuer", f"{escape(issuer)} · {escape(moment(words, task.issued_at, now))}", ""),
        ("type", escape(words.action_type(task.action_type)), ""),
    )
    listed = "".join(
        f"<div{mark}><dt>{escape(t(f'task.{name}'))}</dt><dd>{value}</dd></div>" for name, value, mark in rows
    )
    return (
        f'<header class="task-head"><p class="meta"><span>{escape(t("task.number", n=task.task_id))}</span></p>'
        f'<h2>{escape(task.title)} {chip(t, task)}</h2><dl class="facts">{listed}</dl></header>'
    )


def outcome(words: Wording, found: Outcome) -> str:
    """How it turned out, in a line and in the words of whoever reported it."""
    said = f"<p>{escape(found.summary)}</p>" if found.summary else ""
    mark = {True: "good", False: "bad", None: "open"}[found.resolved]
    return f'<div class="outcome outcome-{mark}"><p><b>{escape(words.outcome(found))}</b></p>{said}</div>'


def _result(words: Wording, task: Task) -> str:
    if task.outcome is None:
        return ""
    t = words.t
    return (
        f'<section class="panel" aria-labelledby="h-result"><h3 id="h-result">{escape(t("task.outcome"))}</h3>'
        f"{outcome(words, task.outcome)}</section>"
    )


def _origin(words: Wording, view: TaskView) -> str:
    t, origin = words.t, view.origin
    if origin is None:
        inside = f'<p class="muted">{escape(t("task.origin_none", matter=view.task.matter))}</p>'
    else:
        masked = f' <span class="hint">({escape(t("task.masked"))})</span>' if origin.masked else ""
        quotes = "".join(
            f"<li><blockquote>{escape(quote.text)}</blockquote><cite>{escape(quote.case)}</cite></li>"
            for quote in origin.quotes
        )
        rests = f'<h4>{escape(t("task.origin_quote"))}</h4><ul class="quotes">{quotes}</ul>' if quotes else ""
        added = "" if view.task.slot is not None else f'<p class="hint">{escape(t("task.origin_added"))}</p>'
        inside = (
            f'<h4>{escape(t("task.origin_question"))}{masked}</h4><p class="question">{escape(origin.question)}</p>'
            f"{added}{rests}"
        )
    return (
        f'<section class="panel origin" aria-labelledby="h-origin"><h3 id="h-origin">{escape(t("task.origin"))}</h3>'
        f"{inside}</section>"
    )


def _siblings(words: Wording, view: TaskView, person: Person | None, *, now: datetime) -> str:
    others = [task for task in view.siblings if task.task_id != view.task.task_id]
    if not others:
        return ""
    t = words.t
    return (
        f'<section class="siblings" aria-labelledby="h-siblings"><h3 id="h-siblings">{escape(t("task.siblings"))}</h3>'
        f"{task_rows(words, others, person, now=now)}</section>"
    )


def _history(words: Wording, history: Sequence[Step], *, now: datetime) -> str:
    t = words.t
    steps = "".join(_entry(words, step, now=now) for step in history)
    return (
        f'<section class="panel history" aria-labelledby="h-history"><h3 id="h-history">'
        f'{escape(t("task.history"))}</h3><ol class="timeline">{steps}</ol></section>'
    )


def _entry(words: Wording, step: Step, *, now: datetime) -> str:
    text = f'<p class="text">{escape(step.text)}</p>' if step.text else ""
    ended = ""
    if step.outcome is not None:
        shown = step.outcome.model_copy(update={"summary": None}) if step.text == step.outcome.summary else step.outcome
        ended = outcome(words, shown)
    return (
        f'<li class="entry entry-{step.kind}"><p><b>{escape(wording.summary_of(words, step))}</b> '
        f'<span class="who">{escape(wording.person(words, step.by, step.department))}</span> '
        f'<time datetime="{step.at.isoformat()}" title="{escape(words.moment(step.at))}">'
        f"{escape(moment(words, step.at, now))}</time></p>{text}{ended}</li>"
    )
