"""One person's sitting at the page: a frozen Session, and what changes it.

Each change is a plain function of (session, assistant, …) that returns the next session; none keeps anything between
calls, so that one server serves many people. It knows no HTML and no Gradio. The assistant checks the owner each time.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from assistant.answer import Match, Reaction, Recommendation, Turn
from knowledge.errors import BadInput, NotFound, PrecedentError
from knowledge.followup_log import Unheard
from knowledge.task import Person
from knowledge.text import MAX_QUESTION
from ui.facade import Assistant
from ui.texts import LANGUAGES, Language, preferred_language, texts_in

__all__ = [
    "Question",
    "Session",
    "Unsent",
    "answer",
    "fresh",
    "open_case",
    "open_conversation",
    "react",
    "remembered",
    "start",
    "stop",
    "told",
    "waiting",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unsent:
    """A task that could not be handed over: the place of its action, what was written, and what is wrong with it."""

    slot: int
    fields: Mapping[str, str]
    problem: str


@dataclass(frozen=True)
class Question:
    """Whether an adopted action worked. `answer` is worked, failed, later, or None until there is one; `open` while the
    answers are offered."""

    about: Unheard
    answer: str | None = None
    open: bool = True

    @property
    def name(self) -> str:
        """What it is known by in the browser."""
        return f"{self.about.interaction_id}-{self.about.slot}"


@dataclass(frozen=True)
class Session:
    """What one browser tab shows. `person` is who sits before it, where that was said. `asking` is the question whose
    answer is awaited; `problem` says why the last one has no answer, and `unanswered` is its text; `notice` is a
    sentence about the last choice that could not be kept. `question` asks whether an earlier action worked; `dismissed`
    names the last one that was put aside."""

    language: Language = "zh"
    owner: str = ""
    conversation_id: str | None = None
    turns: tuple[Turn, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    opened: Match | None = None
    asking: str | None = None
    unanswered: str | None = None
    problem: str | None = None
    notice: str | None = None
    person: Person | None = None
    unsent: Unsent | None = None
    question: Question | None = None
    dismissed: str | None = None

    @property
    def recommendation(self) -> Recommendation | None:
        """The one in force after the last turn."""
        return self.turns[-1].recommendation if self.turns else None


def start(browser: object, accept_language: str | None, assistant: Assistant) -> Session:
    """The session for what the browser remembers (anything it sends is checked), with its last conversation open."""
    kept: dict[str, Any] = browser if isinstance(browser, dict) else {}
    language = kept.get("language")
    owner, conversation, dismissed = kept.get("owner"), kept.get("conversation"), kept.get("dismissed")
    session = Session(
        language=next((known for known in LANGUAGES if known == language), preferred_language(accept_language)),
        owner=owner if isinstance(owner, str) and 16 <= len(owner) <= 100 else secrets.token_urlsafe(24),
        dismissed=dismissed if isinstance(dismissed, str) and len(dismissed) <= 100 else None,
    )
    if not isinstance(conversation, str):
        return session
    return replace(open_conversation(session, conversation, assistant), notice=None)


def remembered(session: Session) -> dict[str, str | None]:
    """What the browser keeps between visits."""
    return {
        "language": session.language,
        "owner": session.owner,
        "conversation": session.conversation_id,
        "dismissed": session.dismissed,
    }


def fresh(session: Session) -> Session:
    """A new conversation of the same person."""
    return Session(
        language=session.language,
        owner=session.owner,
        person=session.person,
        question=session.question,
        dismissed=session.dismissed,
    )


def waiting(session: Session, text: str) -> Session:
    """The question was sent and its answer is awaited."""
    return replace(session, asking=text, problem=None, unanswered=None, notice=None, opened=None, unsent=None)


def stop(session: Session) -> Session:
    """The person no longer waits."""
    if session.asking is None:
        return session
    return replace(session, asking=None, unanswered=session.asking, problem=texts_in(session.language)("chat.stopped"))


def answer(session: Session, assistant: Assistant) -> Session:
    """Puts the awaited question to the assistant; a failure becomes a sentence, and is logged where it is a fault."""
    text, t = session.asking or "", texts_in(session.language)
    if len(text) > MAX_QUESTION:
        return _unanswered(session, t("problem.too_long", limit=f"{MAX_QUESTION:,}"))
    try:
        turn = assistant.turn(
            text,
            owner=session.owner,
            conversation_id=session.conversation_id,
            language=session.language,
            department=session.person.department if session.person else None,
        )
    except NotFound as error:
        logger.warning("a conversation could not be continued: %s", error)
        return _unanswered(fresh(session), t("problem.conversation"), text)
    except BadInput as error:
        return _unanswered(session, told(session, error, "problem.refused"))
    except Exception:  # the edge of the page: a person gets a sentence, the log gets the rest
        logger.exception("a question could not be answered")
        return _unanswered(session, t("problem.unexpected"))
    answered = replace(
        session,
        asking=None,
        conversation_id=turn.conversation_id,
        turns=(*session.turns, turn),
        opened=turn.opened,
    )
    return _with_reactions(answered, assistant)


def _unanswered(session: Session, problem: str, text: str | None = None) -> Session:
    return replace(session, asking=None, unanswered=text or session.asking, problem=problem)


def told(session: Session, error: PrecedentError, key: str) -> str:
    """The error's own sentence where it is in the language of the page, else ours."""
    said, t = str(error), texts_in(session.language)
    return said if any("\u4e00" <= c <= "\u9fff" for c in said) == (t.language == "zh") else t(key)


def _with_reactions(session: Session, assistant: Assistant) -> Session:
    shown = session.recommendation
    known = tuple(assistant.reactions(shown.interaction_id)) if shown else ()
    return replace(session, reactions=known)


def open_conversation(session: Session, conversation_id: str, assistant: Assistant) -> Session:
    """An earlier conversation of this owner, as it was left; a notice where there is none."""
    try:
        turns = tuple(assistant.conversation(conversation_id, session.owner))
    except NotFound:
        return replace(fresh(session), notice=texts_in(session.language)("problem.conversation"))
    opened = replace(fresh(session), conversation_id=conversation_id, turns=turns)
    if turns:
        opened = replace(opened, opened=turns[-1].opened)
    return _with_reactions(opened, assistant)


def open_case(session: Session, case_id: int, assistant: Assistant) -> Session:
    """A case opened from a link; it closes the one opened before."""
    return replace(session, opened=assistant.open_case(case_id, session.language))


def react(session: Session, sent: dict[str, Any], assistant: Assistant) -> Session:
    """Stores the choice that the page sent ({kind, action?, case?, text?, reason?, step}) and reads which ones hold.

    The id is made from the choice and the step at which it was made, so that a double click is one reaction.
    """
    shown, t = session.recommendation, texts_in(session.language)
    if shown is None:
        return session
    try:
        reaction = _reaction(shown.interaction_id, session, sent)
        assistant.react(reaction)
    except (PrecedentError, ValueError) as error:
        logger.warning("a choice could not be stored: %s", error)
        return replace(session, notice=t("problem.reaction"))
    about_it = session.unsent is not None and session.unsent.slot == reaction.action
    return _with_reactions(replace(session, notice=None, unsent=None if about_it else session.unsent), assistant)


def _reaction(interaction_id: str, session: Session, sent: dict[str, Any]) -> Reaction:
    action, case = sent.get("action"), sent.get("case")
    about = action if case in (None, "") else f"case {case}"
    seed = f"{interaction_id}|{session.owner}|{about}|{sent.get('kind')}|{sent.get('step')}"
    return Reaction.model_validate(
        {
            "interaction_id": interaction_id,
            "client_id": hashlib.sha256(seed.encode()).hexdigest()[:40],
            "kind": sent.get("kind"),
            "action": None if action in (None, "") else int(str(action)),
            "case_id": None if case in (None, "") else int(str(case)),
            "text": sent.get("text") or None,
            "reason": sent.get("reason") or None,
            "actor": session.owner,
            "department": session.person.department if session.person else None,
            "at": datetime.now(UTC),
        }
    )
