"""What was learned in the HTTP API: how it stands, and the decisions about it.

Who decides is told as for tasks (`ui.task_api.acting`). Errors are those of `ui.api`. What a browser sends from another
site's page is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from assistant.learning.advisor import Advisor
from assistant.learning.insight import Insight
from assistant.learnwiring import Learning
from knowledge.task import Person
from ui.form import refuse_foreign
from ui.learning_state import state_of
from ui.task_api import acting

__all__ = ["LearningDoor", "create_learning_router", "door_of"]


@dataclass(frozen=True)
class LearningDoor:
    """What the pages and the API ask of learning: who decides, and who looks."""

    advisor: Advisor
    insight: Insight


def door_of(learning: Learning) -> LearningDoor:
    """The door to the learning of a data folder."""
    return LearningDoor(learning.advisor, Insight(learning.advisor, learning.events, learning.shelf))


class Deciding(BaseModel):
    """A decision about a version ("base": the fixed order, to be brought back)."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1, max_length=40)
    note: str = Field(default="", max_length=500)
    by: Person | None = Field(default=None, description="who decides; else the headers or the cookie say so")


def create_learning_router(door: LearningDoor) -> APIRouter:
    """The routes; `/api/v1` is their place."""
    router = APIRouter(prefix="/api/v1", tags=["learning"])
    ours = [Depends(refuse_foreign)]

    def done(decide: Callable[[str, str, str], None], deciding: Deciding, request: Request) -> dict[str, Any]:
        decide(deciding.version, acting(request, deciding.by).name, deciding.note)
        return state_of(door.insight.account())

    @router.get("/learning", summary="Which order is in force, what is on trial, and what the gate says of it")
    def learning() -> dict[str, Any]:
        return state_of(door.insight.account())

    @router.post("/learning/approve", dependencies=ours, summary="Put the version on trial in force, all else holding")
    def approve(deciding: Deciding, request: Request) -> dict[str, Any]:
        return done(door.advisor.approve, deciding, request)

    @router.post("/learning/reject", dependencies=ours, summary="End the trial of a version for good")
    def reject(deciding: Deciding, request: Request) -> dict[str, Any]:
        return done(door.advisor.reject, deciding, request)

    @router.post("/learning/rollback", dependencies=ours, summary="Put a former version in force again")
    def rollback(deciding: Deciding, request: Request) -> dict[str, Any]:
        return done(door.advisor.roll_back, deciding, request)

    return router
