"""Tasks in words: when one is due, how late it is, who has it, what a step did; in the language of the page.

Pure functions. Nothing here is escaped: it returns text, not HTML.
"""

from datetime import datetime, timedelta

from knowledge.task import Step, Task, TaskState
from ui.call_wording import day_of
from ui.task_list import FINISHED, is_overdue
from ui.wording import CITY_TIME, Wording

__all__ = ["clock_of", "days_until", "due", "left", "person", "summary_of", "whose"]


def due(words: Wording, task: Task, now: datetime) -> str:
    """By when it is to be done, by the city's clock, the day in words where it is near. Midnight ends a day: 24:00."""
    t = words.t
    if task.due is None:
        return t("task_due.none")
    local, today = task.due.astimezone(CITY_TIME), now.astimezone(CITY_TIME).date()
    day, time = local.date(), f"{local:%H:%M}"
    if time == "00:00":
        day, time = day - timedelta(days=1), "24:00"
    near = {0: "today_at", 1: "tomorrow_at", -1: "yesterday_at"}.get((day - today).days)
    said = t(f"task_due.{near}", time=time) if near else f"{day_of(words, day, year=day.year != today.year)} {time}"
    return t("task_due.by", at=said)


def left(words: Wording, task: Task, now: datetime) -> str:
    """How much time is left, or by how much it is late, in the largest unit that gives at least one; empty where
    nothing is due, or it is done."""
    t = words.t
    if task.due is None or task.state in FINISHED or task.state is TaskState.DONE:
        return ""
    minutes = int(abs((task.due - now).total_seconds()) // 60)
    late = "late" if is_overdue(task, now) else "left"
    if minutes < 60:
        return t.count(f"task_due.{late}_minutes", max(1, minutes))
    if minutes < 48 * 60:
        return t.count(f"task_due.{late}_hours", minutes // 60)
    return t.count(f"task_due.{late}_days", minutes // (24 * 60))


def days_until(task: Task, now: datetime) -> float:
    """Days since it was issued, at least 0.1, with one decimal: what the form of a finished task starts from.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 20, tzinfo=UTC)
    >>> task = Task(matter="i", title="抽排", instructions="抽排", issued_by="王敏", issued_at=at, updated_at=at)
    >>> days_until(task, at + timedelta(hours=36)), days_until(task, at)
    (1.5, 0.1)
    """
    return max(0.1, round((now - task.issued_at).total_seconds() / 86_400, 1))


def clock_of(at: datetime | None) -> str:
    """A time by the city's clock as a field of a form takes it; empty for none.

    >>> from datetime import UTC
    >>> clock_of(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    '2026-11-20T18:00'
    """
    return f"{at.astimezone(CITY_TIME):%Y-%m-%dT%H:%M}" if at else ""


def person(words: Wording, name: str, department: str | None) -> str:
    """A name with its department."""
    named = words.department(department)
    return words.t("task.person", name=name, department=named) if named else name


def whose(words: Wording, task: Task) -> str:
    """The department and the person that a task was handed to."""
    t, department = words.t, words.department(task.department)
    parts = [part for part in (department, task.assignee) if part]
    return t("task.with").join(parts) if parts else t("task.nobody")


def summary_of(words: Wording, step: Step) -> str:
    """What a step did, in a word or two."""
    return words.t(f"task_step.{step.kind}")
