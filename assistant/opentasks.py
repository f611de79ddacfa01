"""Open tasks on what seems to be the same matter: of the same category, in the same district or at the same place, of
the last thirty days, each with the reason in words.

A look-up, no model: it says what is equal and lets a person judge.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.answer import Situation
from assistant.moment import CITY_ZONE
from knowledge.places import Gazetteer
from knowledge.task import Task
from knowledge.tasks import About, Tasks
from knowledge.taxonomy import Taxonomy

__all__ = ["OpenTask", "OpenTasks", "about"]

_RECENT = timedelta(days=30)
_SAYS = {
    "zh": {"kind": "同类事项：{}", "place": "同一地点：{}", "district": "同在{}",
           "days0": "今天交办", "days1": "昨天交办", "days": "{}天前交办", "who": "{}：{}",
           "issued": "待签收", "accepted": "办理中", "returned": "已退回"},
    "en": {"kind": "same kind of matter: {}", "place": "same place: {}", "district": "both in {}",
           "days0": "issued today", "days1": "issued yesterday", "days": "issued {} days ago", "who": "{}: {}",
           "issued": "not accepted yet", "accepted": "under way", "returned": "returned"},
}  # fmt: skip


@dataclass(frozen=True)
class OpenTask:
    """An open task that may be on the same matter, and why: the kind, the place, when, and how it stands."""

    task: Task
    why: tuple[str, ...]


def about(situation: Situation) -> About:
    """What a situation is about; the category only where it is clear."""
    return About(
        category=situation.category.value if situation.category and not situation.unclear else None,
        district=situation.district.value if situation.district else None,
        place=situation.place.value if situation.place else None,
    )


@dataclass(frozen=True)
class OpenTasks:
    """Finds open tasks with the city's names for kinds, places and departments."""

    tasks: Tasks
    taxonomy: Taxonomy
    gazetteer: Gazetteer

    def __call__(self, situation: Situation, now: datetime, *, limit: int = 5) -> tuple[OpenTask, ...]:
        """Those at the same place first, then the newest. Nothing where the category is not known, or neither district
        nor place."""
        asked = about(situation)
        if asked.category is None:
            return ()
        found = []
        for task, theirs in self.tasks.open_in(asked.category, now - _RECENT):
            place = asked.place is not None and asked.place == theirs.place
            if place or (asked.district is not None and asked.district == theirs.district):
                found.append((place, OpenTask(task, self._why(task, asked, place, now, situation.language))))
        found.sort(key=lambda pair: not pair[0])  # stable: the newest stay first
        return tuple(task for _, task in found[:limit])

    def _why(self, task: Task, asked: About, place: bool, now: datetime, language: str) -> tuple[str, ...]:
        says = _SAYS["zh" if language == "zh" else "en"]
        where = asked.place if place else asked.district
        known = self.gazetteer.by_id.get(where or "")
        days = (now.astimezone(CITY_ZONE).date() - task.issued_at.astimezone(CITY_ZONE).date()).days
        who = self.taxonomy.department_name(task.department, language) or task.assignee
        return (
            says["kind"].format(self.taxonomy.category_name(asked.category, language)),
            says["place" if place else "district"].format(known.name(language) if known else where),
            says.get(f"days{days}", says["days"]).format(days),
            says["who"].format(who, says[task.state.value]) if who else says[task.state.value],
        )
