"""Adopted actions on their way to a department, as HTML: the form that hands one over, the tasks that came of it, and
open tasks on what seems to be the same matter.

Pure functions: records in, a string out, every value escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from assistant.answer import RankedAction
from assistant.taskdesk import OpenTask
from assistant.taskstep import default_due
from knowledge.task import Person, Task, TaskState
from ui import task_wording as wording
from ui.render import button, facts
from ui.render_person import departments
from ui.session import Unsent
from ui.task_turn import issued
from ui.wording import Wording

__all__ = ["Handover", "already_handed", "handed", "handover_form"]


@dataclass(frozen=True)
class Handover:
    """What handing over depends on: who sits before the page (None: nobody said so yet), the tasks of this answer, what
    was written and could not be sent, and the time."""

    person: Person | None
    tasks: Sequence[Task]
    unsent: Unsent | None
    now: datetime


def handover_form(
    words: Wording, place: int, action: RankedAction, text: str, handover: Handover
) -> tuple[str, str]:  # fmt: skip
    """The button that opens the form, and the form: department, person, time and instructions as they follow from the
    action; who hands over, where that is not known. `text` is the action as it was adopted. It stands open where what
    was written could not be sent."""
    t, form = words.t, f"task-{place}"
    unsent = handover.unsent if handover.unsent and handover.unsent.slot == place else None
    own = words.taxonomy.resolve_department(action.department) if action.department else None
    written = {
        "department": own or "",
        "assignee": "",
        "due": wording.clock_of(default_due(action.when, handover.now)),
        "instructions": text,
        **(unsent.fields if unsent else {}),
    }
    wrong = f'<p class="wrong" role="alert">{escape(unsent.problem)}</p>' if unsent else ""
    before = any(task.slot == place and task.state is not TaskState.CANCELLED for task in handover.tasks)
    look, expanded = "quiet" if before else "quiet adopt", "true" if unsent else "false"
    opener = (
        f'<button type="button" class="{look}" data-local="toggle" data-form="{form}" data-key="t" '
        f'data-focus="hand-{place}" aria-expanded="{expanded}" aria-controls="{form}">'
        f"{escape(t('handover.again' if before else 'handover.open'))}</button>"
    )
    fields = (
        f'<label><span>{escape(t("task.instructions"))}</span><textarea name="instructions" rows="3" maxlength="4000" '
        f"required>\n{escape(written['instructions'])}</textarea></label>"
        f'<div class="pair"><label><span>{escape(t("task.department"))}</span><select name="department">'
        f"{departments(words, written['department'], t('task.nobody'))}</select></label>"
        f'<label><span>{escape(t("task.assignee"))}</span><input type="text" name="assignee" maxlength="100" '
        f'value="{escape(written["assignee"])}" autocomplete="off"></label></div>'
        f'<label class="due"><span>{escape(t("task.due"))}</span><input type="datetime-local" name="due" '
        f'value="{escape(written["due"])}"></label>'
    )
    cancel = (
        f'<button type="button" class="quiet" data-local="cancel" data-form="{form}">'
        f"{escape(t('decide.cancel'))}</button>"
    )
    if unsent:
        cancel = button(t("decide.cancel"), "take_back", focus=f"hand-{place}")
    return opener, (
        f'<form class="choice handover" id="{form}" data-event="hand_over" data-action="{place}" '
        f'data-step="{len(handover.tasks)}"{"" if unsent else " hidden"}>{wrong}{fields}'
        f"{_who(words, handover.person)}"
        f'<div class="buttons"><button type="submit" class="main">{escape(t("handover.do"))}</button>{cancel}</div>'
        f"</form>"
    )


def _who(words: Wording, person: Person | None) -> str:
    """Who hands over: known, or asked in place."""
    t = words.t
    if person is not None:
        who = t("person.you", who=wording.person(words, person.name, person.department))
        return f'<p class="hint">{escape(who)} <a href="/person?back=%2F">{escape(t("person.change"))}</a></p>'
    return (
        f'<fieldset class="who"><legend>{escape(t("person.title"))}</legend><div class="pair">'
        f'<label><span>{escape(t("person.name"))}</span><input type="text" name="who" maxlength="100" required '
        f'autocomplete="name"></label><label><span>{escape(t("person.department"))}</span>'
        f'<select name="who_department">{departments(words, None, t("person.no_department"))}</select></label></div>'
        f'<p class="hint">{escape(t("person.trust"))}</p></fieldset>'
    )


def handed(words: Wording, place: int, handover: Handover) -> str:
    """The tasks that came of an action: number, who has it, state, time; taken back while nobody has accepted it."""
    rows = "".join(_row(words, task, handover) for task in handover.tasks if task.slot == place)
    return f'<ul class="handed">{rows}</ul>' if rows else ""


def _row(words: Wording, task: Task, handover: Handover) -> str:
    t, person = words.t, handover.person
    late = wording.left(words, task, handover.now)
    told = [wording.whose(words, task), wording.due(words, task, handover.now), late]
    if task.state in (TaskState.DONE, TaskState.VERIFIED, TaskState.CANCELLED):
        told = told[:1]
    back = ""
    if task.state is TaskState.ISSUED and person is not None and issued(task, person):
        back = button(
            t("handover.take_back"), "take_back", classes="link", task=task.task_id, version=task.version,
            focus=f"hand-{task.slot}",
        )  # fmt: skip
    said = "".join(f"<span>{escape(part)}</span>" for part in told if part)
    return (
        f'<li class="is-{task.state}"><a href="/tasks/{task.task_id}" data-focus="task-{task.slot}">'
        f"{escape(t('task.number', n=task.task_id))}</a>"
        f'<b class="stands">{escape(t(f"task_state.{task.state}"))}</b><span class="parts">{said}</span>{back}</li>'
    )


def already_handed(words: Wording, found: Sequence[OpenTask]) -> str:
    """Open tasks on what seems to be the same matter, each with its reasons; empty where there is none."""
    if not found:
        return ""
    t = words.t
    rows = "".join(
        f'<li><a href="/tasks/{one.task.task_id}">{escape(t("task.number", n=one.task.task_id))}</a> '
        f'<span class="what">{escape(one.task.title)}</span>'
        f"{facts(one.why)}</li>"
        for one in found
    )
    return (
        f'<section class="panel already" aria-labelledby="h-already"><h2 id="h-already">{escape(t("handover.already"))}'
        f'</h2><p class="hint">{escape(t("handover.already_hint"))}</p><ul>{rows}</ul></section>'
    )
