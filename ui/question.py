"""The question whether an adopted action worked, as the chat page puts it: once, and never in the way.

Plain changes of a session, as those in `ui.session`. When it is time to ask is known to `assistant.followup`.
"""

import logging
from dataclasses import replace
from typing import Any

from assistant.followup import FollowUps
from knowledge.errors import PrecedentError
from ui.session import Question, Session
from ui.texts import texts_in

__all__ = ["answer_question", "ask_question"]

logger = logging.getLogger(__name__)


def ask_question(session: Session, follow_ups: FollowUps) -> Session:
    """The session with the question that is due, which counts as asked; unchanged where there is none, or where the
    person has put it aside. A log that cannot be read asks nothing: the page works without."""
    try:
        due = follow_ups.due(session.owner)
    except PrecedentError:
        logger.exception("whether an action worked could not be asked")
        return session
    question = Question(due[0]) if due else None
    if question is None or question.name == session.dismissed:
        return session
    return replace(session, question=question)


def answer_question(session: Session, sent: dict[str, Any], follow_ups: FollowUps) -> Session:
    """Keeps an answer ({kind}: worked, failed, later), opens the answers again (change), or puts the question aside
    (dismiss)."""
    question, kind = session.question, str(sent.get("kind"))
    if question is None:
        return session
    if kind == "dismiss":
        return replace(session, question=None, dismissed=question.name)
    if kind == "change":
        return replace(session, question=replace(question, open=True))
    try:
        follow_ups.answer(question.about.interaction_id, question.about.slot, kind, session.owner)
    except PrecedentError as error:
        logger.warning("an answer could not be kept: %s", error)
        return replace(session, notice=texts_in(session.language)("problem.reaction"))
    return replace(session, question=replace(question, answer=kind, open=False), notice=None)
