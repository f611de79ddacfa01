"""What a person can do with a task, as HTML forms: accept, return, note, done with its outcome, verify, reopen,
reissue, cancel. They work without a script.

Pure functions: records and texts in, a string out, every value escaped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from knowledge.task import Person, Step, Task, TaskState
from ui import task_wording as wording
from ui.render_person import departments, person_form
from ui.task_turn import steps_for, turn
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["LONGEST", "NEEDED", "Typed", "forms"]

NEEDED = {"return": "missing_text", "reopen": "missing_text", "note": "missing_note"}  # what is said without a text
# Characters of what is written with a step.
LONGEST = {"return": 1_000, "reopen": 1_000, "cancel": 1_000, "reissue": 4_000, "note": 4_000, "done": 4_000}


@dataclass(frozen=True)
class Typed:
    """What was sent and not done: the step, its fields, and the sentence that says what was wrong with it."""

    kind: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def value(self, kind: str, name: str, default: str = "") -> str:
        """What stood in a field of that step's form."""
        return self.fields.get(name, default) if kind == self.kind else default


def forms(
    words: Wording, task: Task, history: Sequence[Step], person: Person | None, *, now: datetime,
    typed: Typed | None = None,
) -> str:  # fmt: skip
    """The panel of the next step: what the task waits for, and a form for each step that is offered to the person. The
    usual step stands open, the others are folded."""
    t, typed = words.t, typed or Typed()
    if person is None:
        return person_form(words, back=f"/tasks/{task.task_id}", lead=t("task.who_first"))
    able = steps_for(task, person, history)
    usual = turn(task, person)
    parts = [
        _step(words, task, kind, typed, now=now, is_open=kind == usual or kind == typed.kind)
        for kind in sorted(able, key=lambda kind: kind != usual)
    ]
    return (
        f'<section class="panel next" aria-labelledby="h-next"><h3 id="h-next">{escape(t("task.your_turn"))}</h3>'
        f"{_reason(t, task)}{_waits(words, task, able, usual)}{_kept(t, able, typed)}{''.join(parts)}</section>"
    )


def _kept(t: Texts, able: Sequence[str], typed: Typed) -> str:
    """What somebody wrote for a step that is not offered any more."""
    written = typed.fields.get("text") or typed.fields.get("summary")
    if not written or typed.kind in able:
        return ""
    return f'<p class="hint">{escape(t("task.kept"))}</p><blockquote>{escape(written)}</blockquote>'


def _reason(t: Texts, task: Task) -> str:
    """Why it was sent back, where it was."""
    known = {TaskState.RETURNED: "task.reason_returned", TaskState.ACCEPTED: "task.reason_reopened"}
    if not task.reason or task.state not in known:
        return ""
    return f"<h4>{escape(t(known[task.state]))}</h4><blockquote>{escape(task.reason)}</blockquote>"


def _waits(words: Wording, task: Task, able: Sequence[str], usual: str | None) -> str:
    """A line on what the task waits for, where it does not wait for this person."""
    t = words.t
    if task.state in (TaskState.VERIFIED, TaskState.CANCELLED):
        drafts = f' <a href="/drafts">{escape(t("task.to_drafts"))}</a>' if task.state is TaskState.VERIFIED else ""
        return f'<p class="muted">{escape(t(f"task.ended_{task.state}"))}{drafts}</p>'
    if usual and usual in able:
        return ""
    if "reopen" in able and "verify" not in able:
        return f'<p class="muted">{escape(t("task.waiting_other"))}</p>'
    waiting = {"issued": "accept", "accepted": "done", "returned": "reissue", "done": "verify"}[task.state]
    if waiting in ("accept", "done"):
        who = wording.whose(words, task)
    else:
        who = wording.person(words, task.issued_by, task.issuer_department)
    return f'<p class="muted">{escape(t(f"task.waiting_{waiting}", who=who))}</p>'


def _step(words: Wording, task: Task, kind: str, typed: Typed, *, now: datetime, is_open: bool) -> str:
    t = words.t
    wrong = ""
    if kind == typed.kind and typed.problem:
        wrong = f'<p class="wrong" role="alert">{escape(typed.problem)}</p>'
    begin = (
        f'<form method="post" action="/tasks/{task.task_id}/steps" class="step step-{kind}">'
        f'<input type="hidden" name="kind" value="{kind}"><input type="hidden" name="version" value="{task.version}">'
        f"{wrong}"
    )
    if kind in ("accept", "verify"):
        return f'{begin}<button type="submit" class="main">{escape(t(f"task.{kind}"))}</button></form>'
    if kind == "done":
        inside = _done(words, task, typed, now=now)
    elif kind == "reissue":
        inside = _reissue(words, task, typed, now=now)
    else:
        inside = _with_text(t, kind, typed)
    if is_open and kind in ("done", "reissue"):
        return f"{begin}{inside}</form>"
    opened = " open" if is_open else ""
    return (
        f'<details class="fold"{opened}><summary>{escape(t(f"task.{kind}"))}</summary>{begin}{inside}</form></details>'
    )


def _with_text(t: Texts, kind: str, typed: Typed) -> str:
    return (
        f"{_area(t(f'task.{kind}_hint'), 'text', typed.value(kind, 'text'), LONGEST[kind], needed=kind in NEEDED)}"
        f'<button type="submit" class="quiet">{escape(t(f"task.{kind}_do"))}</button>'
    )


def _area(name: str, named: str, value: str, longest: int, *, needed: bool = False, hint: str = "") -> str:
    required, shown = " required" if needed else "", f' placeholder="{escape(hint)}"' if hint else ""
    return (
        f'<label><span>{escape(name)}</span><textarea class="field" name="{named}" rows="3" maxlength="{longest}"'
        f"{required}{shown}>\n{escape(value)}</textarea></label>"
    )


def _reissue(words: Wording, task: Task, typed: Typed, *, now: datetime) -> str:
    """To whom it goes next, by when, and with which instructions; all as before unless it is changed. A time that has
    passed is left out: then it gets as long as it had at first."""
    t = words.t

    def was(name: str, default: str) -> str:
        return typed.value("reissue", name, default)

    department = was("department", task.department or "")
    due = was("due", wording.clock_of(task.due) if task.due and task.due > now else "")
    return (
        f'<div class="pair"><label><span>{escape(t("task.department"))}</span><select class="field" '
        f'name="department">{departments(words, department, t("task.nobody"))}</select></label>'
        f'<label><span>{escape(t("task.assignee"))}</span><input class="field" name="assignee" maxlength="100" '
        f'value="{escape(was("assignee", ""))}" autocomplete="off"></label></div>'
        f'<label><span>{escape(t("task.due"))}</span><input class="field" type="datetime-local" name="due" '
        f'value="{escape(due)}"></label>'
        f"{_area(t('task.instructions'), 'instructions', was('instructions', task.instructions), 4_000, needed=True)}"
        f"{_area(t('task.reissue_hint'), 'text', was('text', ''), LONGEST['reissue'])}"
        f'<button type="submit" class="main">{escape(t("task.reissue"))}</button>'
    )


def _done(words: Wording, task: Task, typed: Typed, *, now: datetime) -> str:
    """The form of the outcome; how long it took is filled in already."""
    t = words.t
    resolved = "".join(
        f'<label class="choice"><input type="radio" name="resolved" value="{value}" required'
        f"{' checked' if typed.value('done', 'resolved') == value else ''}>"
        f"<span>{escape(t(f'task.resolved_{value}'))}</span></label>"
        for value in ("yes", "no", "unknown")
    )
    satisfied = typed.value("done", "satisfaction")
    steps = [("", t("task.satisfaction_none")), *((str(n), t(f"task.satisfaction_{n}")) for n in range(5, 0, -1))]
    satisfaction = "".join(
        f'<option value="{value}"{" selected" if value == satisfied else ""}>{escape(name)}</option>'
        for value, name in steps
    )
    days = typed.value("done", "days", f"{wording.days_until(task, now):g}")
    summary = typed.value("done", "summary")
    return (
        f'<fieldset class="choices"><legend>{escape(t("task.done_resolved"))}</legend>{resolved}</fieldset>'
        f"{_area(t('task.done_summary'), 'summary', summary, LONGEST['done'], hint=t('task.done_summary_hint'))}"
        f'<div class="pair"><label><span>{escape(t("task.done_days"))}</span><input class="field" name="days" '
        f'inputmode="decimal" value="{escape(days)}" autocomplete="off"></label>'
        f'<label><span>{escape(t("task.done_satisfaction"))}</span><select class="field" name="satisfaction">'
        f"{satisfaction}</select></label></div>"
        f'<button type="submit" class="main">{escape(t("task.done_do"))}</button>'
    )
