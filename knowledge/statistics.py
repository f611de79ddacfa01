"""Counts over the whole case base that advice leans on: how often each action type worked."""

from threading import Lock

from sqlalchemy import Engine, case, func, select

from knowledge import tables as t
from knowledge.case import ActionResult, CaseStatus
from knowledge.database import reading

__all__ = ["Statistics"]

LEAN = 4.0  # the mean over all types counts as much as four tries of one type


class Statistics:
    """Rates by action type, counted anew when the case base has changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._at: int | None = None
        self._rates: dict[str, float] = {}

    def rates(self, change: int) -> dict[str, float]:
        """The share (0..1) of actions with a known result that worked, by action type, each leaning to the mean over
        all types, which stands under "". `change` is the change number up to which the caller sees the case base."""
        with self._lock:
            if self._at != change:
                self._rates = self._count()
                self._at = change
            return self._rates

    def _count(self) -> dict[str, float]:
        a, c = t.actions.c, t.cases.c
        worked = func.sum(case((a.result == ActionResult.WORKED.value, 1), else_=0))
        query = (
            select(a.action_type, worked, func.count())
            .select_from(t.actions.join(t.cases))
            .where(c.status == CaseStatus.APPROVED.value, a.result != ActionResult.UNKNOWN.value)
            .group_by(a.action_type)
        )
        with reading(self._engine) as connection:
            rows = [(str(name), int(good), int(total)) for name, good, total in connection.execute(query)]
        tried = sum(total for _, _, total in rows)
        mean = (sum(good for _, good, _ in rows) + 1.2) / (tried + 2.0)
        return {name: (good + LEAN * mean) / (total + LEAN) for name, good, total in rows} | {"": mean}
