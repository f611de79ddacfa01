"""What a session shows, part by part: the panels as HTML, the conversation as messages.

Pure functions of a session and the assistant's names. A part that is not needed is an empty string.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from assistant.answer import Recommendation, Turn
from assistant.taskdesk import OpenTask, TaskDesk
from ui import render, render_action, render_case, render_handover, render_question, render_situation, render_voices
from ui.facade import Assistant
from ui.session import Session
from ui.texts import Texts, texts_in
from ui.wording import Wording

__all__ = ["Messages", "View", "cited", "messages", "portions", "view", "visible"]

Messages = list[dict[str, str]]
_PORTIONS = 12


@dataclass(frozen=True)
class View:
    """Everything that a page shows of a session, ready to be put in place."""

    header: str
    welcome: str
    history: str
    messages: Messages
    status: str
    follow_up: str
    understood: str
    actions: str
    evidence: str
    labels: dict[str, str]


def view(
    session: Session, assistant: Assistant, *, demo: bool, shown: str | None = None, tasks: TaskDesk | None = None
) -> View:
    """The view of a session; `shown` is the part of the last answer that is already written out (None: all). With
    `tasks` the tasks of the answer are shown as they stand, and open ones on what seems to be the same matter."""
    t = texts_in(session.language)
    words = Wording(t, assistant.taxonomy, assistant.gazetteer)
    panels = _panels(words, session, assistant, tasks)
    begun = bool(session.turns or session.asking or session.problem)
    notice = f'<p class="notice" role="alert">{escape(session.notice)}</p>' if session.notice else ""
    return View(
        header=render.header(t, assistant.city.get(session.language, ""), demo=demo),
        welcome="" if begun else render.welcome(t, assistant.examples(session.language)),
        history=render.conversations(words, assistant.conversations(session.owner), session.conversation_id),
        messages=messages(session, shown),
        status=notice,
        follow_up=render_question.question(words, session.question),
        understood=panels[0],
        actions=panels[1],
        evidence=panels[2],
        labels={
            **{name: t(f"chat.{name}") for name in ("label", "box_label", "send", "stop")},
            "placeholder": t("chat.placeholder_next" if session.turns else "chat.placeholder"),
        },
    )


def _panels(
    words: Wording, session: Session, assistant: Assistant, tasks: TaskDesk | None
) -> tuple[str, str, str]:  # fmt: skip
    t = words.t
    if session.asking is not None:
        return render.loading(t), "", ""
    trouble = render.problem(t, session.problem) if session.problem else ""
    shown = session.recommendation
    if shown is None:
        opened = render_case.opened(words, session.opened) if session.opened else ""
        return trouble or (render.empty(t, assistant.stats().get("cases", 0)) if not opened else ""), "", opened
    last = session.turns[-1]
    narrowed = t("chat.filters", filters=t("list.mark").join(last.filters)) if last.filters else ""
    asked_for = session.opened is not None and session.opened == last.opened  # by what was said, not by a link
    understood = [
        trouble,
        render_case.compared(words, last.compared) if last.compared else "",
        render_case.opened(words, session.opened) if session.opened and asked_for else "",
        f'<p class="filters">{escape(narrowed)}</p>' if narrowed else "",
        render_situation.situation(words, shown),
        render_situation.verdict(words, shown.verdict),
        render_handover.already_handed(words, _already_handed(shown, tasks)) if tasks else "",
    ]
    evidence = [
        render_case.opened(words, session.opened) if session.opened and not asked_for else "",
        render_action.cautions(words, shown),
        render_case.contrast(words, shown),
        render_voices.voices(words, shown),
        render_case.cases(words, shown.matches, session.reactions),
    ]
    handover = None
    if tasks:
        of_matter = tasks.of_matter(shown.interaction_id)
        handover = render_handover.Handover(session.person, of_matter, session.unsent, datetime.now(UTC))
    actions = render_action.actions(words, shown, session.reactions, handover)
    return "".join(understood), actions, "".join(evidence)


def _already_handed(shown: Recommendation, tasks: TaskDesk) -> list[OpenTask]:
    """Open tasks of other answers on what seems to be the same matter."""
    return [one for one in tasks.open_like(shown.situation) if one.task.matter != shown.interaction_id]


def messages(session: Session, shown: str | None = None) -> Messages:
    """The conversation; `shown` is the part of the last answer that is already written out (None: all)."""
    t = texts_in(session.language)
    exchanged: Messages = []
    for turn in session.turns:
        exchanged.append(_said(turn.said))
        exchanged.append(_told(render.safe_markdown(cited(turn.answer_markdown, turn, t))))
    if shown is not None and session.turns:
        exchanged[-1] = _told(render.safe_markdown(cited(shown, session.turns[-1], t)))
    if session.asking is not None:
        exchanged += [_said(session.asking), _told(render.safe_markdown(t("chat.waiting")))]
    if session.problem and session.unanswered is not None:
        exchanged += [_said(session.unanswered), _told(render.verbatim_markdown(session.problem))]
    return exchanged


def cited(text: str, turn: Turn, t: Texts) -> str:
    """The answer with each case that it cites by its number ([YZ-2024-F020]) as a link that says which card it is."""
    shown = turn.recommendation.matches if turn.recommendation else ()
    beside = (*((turn.opened,) if turn.opened else ()), *(turn.compared or ()))
    links: dict[str, str] = {}
    for match in (*shown, *beside):
        for case in (match, match.replaced_by):
            if case:
                links[f"[{case.external_id or case.case_id}]"] = f"[{t('cases.cite_other')}](#case-{case.case_id})"
    for number, match in enumerate(shown, 1):
        links[f"[{match.external_id or match.case_id}]"] = f"[{t('cases.cite', n=number)}](#case-{match.case_id})"
    if not links:
        return text
    pattern = "|".join(re.escape(name) for name in sorted(links, key=len, reverse=True))
    return re.sub(rf"(?:{pattern})(?!\()", lambda found: links[found.group()], text)


def _said(text: str) -> dict[str, str]:
    return {"role": "user", "content": render.verbatim_markdown(text)}


def _told(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def portions(text: str) -> list[str]:
    """An answer as growing beginnings, cut after sentences, at most twelve, the last one being the whole.

    >>> portions("先核实。再派人！")
    ['先核实。', '先核实。再派人！']
    """
    ends = [match.end() for match in re.finditer(r"[。！？；!?\n]+\s*|\.\s+", text)]
    step = max(1, -(-len(ends) // (_PORTIONS - 1)))
    cuts = [end for end in ends[step - 1 :: step] if end < len(text)]
    return [*(text[:cut] for cut in cuts), text]


def visible(session: Session) -> dict[str, Any]:
    """Which controls are there: stop while an answer is awaited, send otherwise; the chat once it has begun."""
    busy = session.asking is not None
    return {"send": not busy, "stop": busy, "chat": bool(session.turns or busy or session.problem)}
