"""The parts of the task desk put together. The settings come from `wiring`."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine

from assistant.answer import Recommendation, Situation
from assistant.desk import Desk
from assistant.drafting import Drafting
from assistant.followup import FollowUps
from assistant.opentasks import OpenTasks
from assistant.taskdesk import TaskDesk
from knowledge.followup_log import FollowUpLog
from knowledge.interactions import Interactions
from knowledge.matter_drafts import MatterDrafts
from knowledge.places import Gazetteer
from knowledge.privacy import mask_all
from knowledge.records import SqlRecords
from knowledge.tasks import Tasks
from knowledge.taxonomy import Taxonomy
from knowledge.text import MAX_QUESTION

__all__ = ["open_follow_ups", "open_task_desk"]

NEAR = 0.5  # score from which on a case says nearly the same: nine in ten of the other demo cases stay below


def open_task_desk(
    engine: Engine,
    desk: Callable[[], Desk],
    *,
    taxonomy: Taxonomy,
    gazetteer: Gazetteer,
) -> TaskDesk:
    """The task desk over a database; `desk` is opened only when a text is to be understood or compared, or when it is
    to be told how an action turned out."""
    store, interactions = Tasks(engine), Interactions(engine)

    def answers(interaction_id: str) -> Recommendation:
        return Recommendation.model_validate_json(interactions.recommendation(interaction_id))

    def understand(text: str) -> Situation:
        return desk().match(text, top=5)[0]

    def alike(text: str) -> Sequence[tuple[int, str, float]]:
        matches = desk().match(text[:MAX_QUESTION], top=5)[2]
        return [(m.case_id, m.case.heading(), m.score) for m in matches if m.score >= NEAR]

    drafting = Drafting(
        tasks=store,
        records=SqlRecords(engine),
        made=MatterDrafts(engine),
        answers=answers,
        mask_all=partial(mask_all, gazetteer=gazetteer),
        gazetteer=gazetteer,
        alike=alike,
    )
    return TaskDesk(
        store=store,
        drafting=drafting,
        like=OpenTasks(store, taxonomy, gazetteer),
        taxonomy=taxonomy,
        answers=answers,
        understand=understand,
        on_effect=lambda effect: desk().effect(effect),
    )


def open_follow_ups(engine: Engine, desk: Callable[[], Desk]) -> FollowUps:
    """The questions whether adopted actions worked, over a database; `desk` is told what people answer."""
    return FollowUps(FollowUpLog(engine), lambda effect: desk().effect(effect))
