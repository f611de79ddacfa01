"""An adopted action becomes a task: what the form on the chat page sends, and the hand-over taken back.

A plain change of a session, as those in `ui.session`. Who hands over is the person of the session; it knows no HTML.
"""

import hashlib
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from assistant.taskdesk import TaskDesk
from knowledge.errors import BadInput, NotFound, PrecedentError
from ui.session import Session, Unsent, told
from ui.texts import texts_in
from ui.wording import CITY_TIME

__all__ = ["hand_over", "take_back"]

logger = logging.getLogger(__name__)

FIELDS = ("department", "assignee", "due", "instructions")


def hand_over(session: Session, sent: dict[str, Any], tasks: TaskDesk) -> Session:
    """Issues the task that the form describes ({action, department, assignee, due, instructions, step}); `due` is a
    time of the city's clock, empty for the usual one. What is wrong stands in `unsent` with everything that was
    written. The same form of the same step sent twice is one task."""
    shown, t = session.recommendation, texts_in(session.language)
    if shown is None:
        return session
    try:
        slot = int(str(sent.get("action")))
    except ValueError:
        return replace(session, notice=t("problem.event"))
    written = {name: str(sent.get(name) or "").strip() for name in FIELDS}
    due, problem = _due(written["due"]), ""
    if session.person is None:
        problem = t("handover.who_first")
    elif not written["instructions"]:
        problem = t("task.missing_instructions")
    elif not written["department"] and not written["assignee"]:
        problem = t("handover.nobody")
    elif written["due"] and (due is None or due <= datetime.now(UTC)):
        problem = t("task.wrong_due")
    if problem or session.person is None:
        return replace(session, unsent=Unsent(slot, written, problem))
    seed = "|".join([shown.interaction_id, session.owner, str(slot), str(sent.get("step")), *written.values()])
    try:
        tasks.issue(
            shown.interaction_id, session.person, slot=slot, department=written["department"] or None,
            instructions=written["instructions"], assignee=written["assignee"] or None, due=due,
            client_id=hashlib.sha256(seed.encode()).hexdigest()[:40],
        )  # fmt: skip
    except NotFound as error:
        logger.warning("an action could not be handed over: %s", error)
        return replace(session, unsent=None, notice=t("problem.reaction"))
    except BadInput as error:
        logger.warning("an action could not be handed over: %s", error)
        return replace(session, unsent=Unsent(slot, written, told(session, error, "handover.refused")))
    return replace(session, unsent=None, notice=None)


def take_back(session: Session, sent: dict[str, Any], tasks: TaskDesk) -> Session:
    """Cancels a task that nobody has accepted yet ({task, version}); a notice where somebody was faster. Without a
    task, the form that could not be sent is put away."""
    t = texts_in(session.language)
    if sent.get("task") in (None, ""):
        return replace(session, unsent=None, notice=None)
    if session.person is None:
        return replace(session, notice=t("handover.who_first"))
    try:
        tasks.step(int(str(sent.get("task"))), "cancel", session.person, version=int(str(sent.get("version"))))
    except (PrecedentError, ValueError) as error:
        logger.warning("a task could not be taken back: %s", error)
        return replace(session, notice=t("handover.too_late"))
    return replace(session, notice=None)


def _due(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=CITY_TIME) if written else None
    except ValueError:
        return None
