"""The list of tasks as HTML: tabs, filter, rows with what they wait for, and what to do where there is nothing.

Pure functions: records and texts in, a string out, every value escaped.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from assistant.taskdesk import Board
from knowledge.task import Person, Task
from ui import task_wording as wording
from ui.render_person import person_form, you
from ui.task_list import FINISHED, SHOWN, TABS, TaskWish, chosen, is_overdue
from ui.task_turn import turn
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["chip", "notice", "tabs", "task_rows", "tasks"]


def notice(text: str, *, bad: bool = False, given: str = "") -> str:
    """What has just happened, above everything else; `given` is a sentence of the program in English. Empty for
    nothing."""
    if not text:
        return ""
    said = f' <span lang="en">{escape(given)}</span>' if given else ""
    role, kind = ("alert", " bad") if bad else ("status", "")
    return f'<p class="notice{kind}" id="notice" role="{role}" tabindex="-1">{escape(text)}{said}</p>'


def tabs(t: Texts, here: str, wish: TaskWish | None, board: Board | None, drafts: int) -> str:
    """The lists of tasks with how many are under way, and the drafts with how many wait (from ten on no number is
    told); `here` is mine, department, issued or drafts."""
    wish = wish or TaskWish()
    counts = {tab: _under_way(getattr(board, tab)) if board else 0 for tab in TABS}
    places: list[tuple[str, str, int | str]] = [(tab, wish.address(tab=tab), counts[tab]) for tab in TABS]
    places.append(("drafts", "/drafts", drafts if drafts < 10 else "9+"))
    links = "".join(
        f'<a href="{escape(address)}"{" aria-current=page" if name == here else ""}>{escape(t(f"tasks.{name}"))}'
        f"{f' <span class=count>{n}</span>' if n else ''}</a>"
        for name, address, n in places
    )
    return f'<nav class="tabs" aria-label="{escape(t("tasks.parts"))}">{links}</nav>'


def _under_way(tasks: Sequence[Task]) -> int:
    return sum(task.state not in FINISHED for task in tasks)


def tasks(
    words: Wording, wish: TaskWish, board: Board | None, person: Person | None, *, now: datetime, drafts: int = 0,
    told: str = "",
) -> str:  # fmt: skip
    """The whole list page; without a person the form that asks for one."""
    t, address = words.t, wish.address()
    top = (
        f'<div class="page-top"><h2>{escape(t("tasks.title"))}</h2>{you(words, person, back=address)}</div>'
        f"{notice(told)}{tabs(t, wish.tab, wish, board, drafts)}"
    )
    if person is None or board is None:
        return f'<div class="tasks-page">{top}{person_form(words, back=address)}</div>'
    found = chosen(board, wish)
    late = sum(is_overdue(task, now) for task in found)
    number = [t.count("tasks.number", len(found))] + ([t.count("tasks.overdue", late)] if late else [])
    inside = task_rows(words, found, person, now=now) if found else _nothing(t, wish, board, person)
    counted = f'<p class="muted" id="counts">{escape(t("list.comma").join(number))}</p>' if found else ""
    return (
        f'<div class="tasks-page">{top}<section aria-label="{escape(t("tasks.list"))}">'
        f'<div class="over">{_filter(t, wish)}{counted}</div>{inside}</section></div>'
    )


def _filter(t: Texts, wish: TaskWish) -> str:
    links = "".join(
        f'<a class="quiet" href="{escape(wish.address(shown=shown))}"'
        f"{' aria-current=true' if shown == wish.shown else ''}>{escape(t(f'tasks.{shown}'))}</a>"
        for shown in SHOWN
    )
    return f'<nav class="presets" aria-label="{escape(t("tasks.shown"))}">{links}</nav>'


def task_rows(words: Wording, found: Sequence[Task], person: Person | None, *, now: datetime) -> str:
    """Tasks as rows, in the order given."""
    return f'<ol class="tasks">{"".join(_row(words, task, person, now=now) for task in found)}</ol>'


def _row(words: Wording, task: Task, person: Person | None, *, now: datetime) -> str:
    t = words.t
    waits = turn(task, person) if person else None
    mark = f'<b class="turn">{escape(t(f"tasks.turn_{waits}"))}</b>' if waits else ""
    who = wording.person(words, task.issued_by, task.issuer_department)
    is_mine = person is not None and person.name == task.issued_by
    issuer = "" if is_mine else f"<span>{escape(t('tasks.issued_by', who=who))}</span>"
    late = is_overdue(task, now)
    left = wording.left(words, task, now)
    rest = f'<span class="left">{escape(left)}</span>' if left else ""
    moment = f' datetime="{task.due.isoformat()}" title="{escape(words.moment(task.due))}"' if task.due else ""
    return (
        f'<li class="task{" late" if late else ""}" id="task-{task.task_id}"><div class="what">'
        f'<h3><a href="/tasks/{task.task_id}">{escape(task.title)}</a></h3>'
        f'<p class="meta">{mark}<span class="parts"><span>{escape(wording.whose(words, task))}</span>'
        f"{issuer}</span></p></div>"
        f'<p class="due"><time{moment}>{escape(wording.due(words, task, now))}</time>{rest}</p>{chip(t, task)}</li>'
    )


def chip(t: Texts, task: Task) -> str:
    """The state, in a word and with a colour of its own."""
    return f'<span class="chip chip-{task.state}">{escape(t(f"task_state.{task.state}"))}</span>'


def _nothing(t: Texts, wish: TaskWish, board: Board, person: Person) -> str:
    """Why the list is empty and what to do about it."""
    link = ""
    if wish.shown == "closed":
        title, line = t("tasks.none_closed"), ""
    elif wish.tab == "department" and person.department is None:
        title, line = t("tasks.none_no_department"), t("tasks.none_no_department_line")
    elif getattr(board, wish.tab) and wish.shown == "open":
        title, line = t("tasks.none_shown"), ""
        link = f'<a href="{escape(wish.address(shown="all"))}">{escape(t("tasks.see_all"))}</a>'
    else:
        title, line = t(f"tasks.none_{wish.tab}"), t(f"tasks.none_{wish.tab}_line")
        if wish.tab == "mine":
            link = f'<a href="{escape(wish.address(tab="department"))}">{escape(t("tasks.see_department"))}</a>'
        else:
            link = f'<a href="/">{escape(t("tasks.ask"))}</a>'
    told = f'<p class="muted">{escape(line)}</p>' if line else ""
    return f'<div class="nothing"><p>{escape(title)}</p>{told}{f"<p>{link}</p>" if link else ""}</div>'
