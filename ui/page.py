"""The page: wires each thing that a person can do on it to one change of the session.

What is shown comes from `ui.view`; what is done is one call into `ui.session`. Nothing is kept here between events:
the session travels as gr.State, and language, owner and last conversation are kept by the browser itself.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported: nothing is reported to anyone
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr
from fastapi import FastAPI

from assistant.followup import FollowUps
from assistant.taskdesk import TaskDesk
from knowledge.text import MAX_QUESTION
from ui import handover
from ui import question as questions
from ui import session as sessions
from ui.facade import Assistant
from ui.layout import STATIC, Parts, lay_out
from ui.person import person_of
from ui.session import Session
from ui.texts import LANGUAGE_COOKIE, chosen_language, texts_in
from ui.view import messages, portions, view, visible

__all__ = ["build_page", "mount_page"]

logger = logging.getLogger(__name__)

_PAUSE = 0.03  # seconds between two portions of an answer
_AT_ONCE = 16
# A question that another page hands over (/#ask=…) is put into the box of a new conversation, and not sent. What stands
# behind # is part of no request line and so of no log.
_HANDED_OVER = """(kept) => {
  const asked = location.hash.startsWith("#ask=") ? decodeURIComponent(location.hash.slice(5)) : "";
  if (!asked) return [kept];
  history.replaceState(null, "", location.pathname + location.search);
  return [{ ...kept, conversation: null, asked }];
}"""

Updates = dict[Any, Any]
Handler = Callable[[Session, dict[str, Any]], Session]


def build_page(
    assistant: Assistant, *, demo: bool, tasks: TaskDesk | None = None, follow_ups: FollowUps | None = None
) -> gr.Blocks:
    """The whole page as Blocks; style and script go with it when it is mounted (see `mount_page`)."""
    page = gr.Blocks(title=texts_in("zh")("brand.page_title"), analytics_enabled=False, fill_width=True)
    with page:
        parts = lay_out(view(Session(), assistant, demo=demo))
        _Wiring(parts, assistant, demo, tasks, follow_ups).connect(page)
    return page


def mount_page(
    app: FastAPI, assistant: Assistant, *, demo: bool, tasks: TaskDesk | None = None,
    follow_ups: FollowUps | None = None,
) -> FastAPI:  # fmt: skip
    """Puts the page at "/" of an app, with its own look and without links, fonts or scripts from elsewhere. With
    `tasks` adopted actions can be handed over; with `follow_ups` it asks whether earlier ones worked."""
    page = partial(build_page, assistant, demo=demo, tasks=tasks, follow_ups=follow_ups)

    async def mounted() -> FastAPI:
        return _mounted(app, page)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Without a running loop Gradio opens several of its own and never closes them.
        return asyncio.run(mounted())
    return _mounted(app, page)


def _mounted(app: FastAPI, page: Callable[[], gr.Blocks]) -> FastAPI:
    fonts = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif")
    theme = gr.themes.Base(font=fonts, font_mono=("Noto Sans Mono", "monospace"))
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page(),
        path="/",
        theme=theme,
        css_paths=[STATIC / name for name in ("palette.css", "pieces.css", "style.css", "choices.css")],
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size="1kb",
    )
    return mounted


@dataclass(frozen=True)
class _Wiring:
    """Connects the parts of one page with the changes of a session."""

    parts: Parts
    assistant: Assistant
    demo: bool
    tasks: TaskDesk | None
    follow_ups: FollowUps | None

    def connect(self, page: gr.Blocks) -> None:
        """Registers every event of the page."""
        parts, hidden = self.parts, {"show_progress": "hidden", "api_visibility": "private"}
        many: dict[str, Any] = {**hidden, "concurrency_limit": _AT_ONCE, "outputs": parts.all()}
        page.load(self.load, inputs=[parts.browser], js=_HANDED_OVER, **many)
        asked = gr.on([parts.send.click, parts.box.submit], self.ask, inputs=[parts.session, parts.box], **many)
        for panel in parts.panels():
            for name, handler in self._handlers().items():
                getattr(panel, name)(self._event(handler), inputs=[parts.session], **many)
        chosen = parts.welcome.example(self.example, inputs=[parts.session], **many)
        parts.stop.click(self.halt, inputs=[parts.session], cancels=[asked, chosen], **many)

    def _handlers(self) -> dict[str, Handler]:
        assistant, tasks, follow_ups = self.assistant, self.tasks, self.follow_ups
        handlers: dict[str, Handler] = {
            "react": lambda session, sent: sessions.react(session, sent, assistant),
            "open_case": lambda session, sent: sessions.open_case(session, int(sent["case"]), assistant),
            "close_case": lambda session, sent: replace(session, opened=None),
            "open_conversation": lambda session, sent: sessions.open_conversation(
                session, str(sent["conversation"]), assistant
            ),
            "new_conversation": lambda session, sent: sessions.fresh(session),
            "language": lambda session, sent: replace(session, language="en" if session.language == "zh" else "zh"),
        }
        if tasks is not None:
            handlers["hand_over"] = lambda session, sent: handover.hand_over(session, sent, tasks)
            handlers["take_back"] = lambda session, sent: handover.take_back(session, sent, tasks)
        if follow_ups is not None:
            handlers["follow_up"] = lambda session, sent: questions.answer_question(session, sent, follow_ups)
        return handlers

    def _event(self, handler: Handler) -> Callable[[Session, gr.EventData, gr.Request], Updates]:
        def handle(session: Session, event: gr.EventData, request: gr.Request) -> Updates:
            sent = event._data if isinstance(event._data, dict) else {}
            session = replace(session, person=person_of(request.cookies))
            try:
                changed = handler(session, sent)
            except Exception:  # the edge of the page: a person gets a sentence, the log gets the rest
                logger.exception("an event of the page failed")
                changed = replace(session, notice=texts_in(session.language)("problem.event"))
            return self._show(changed)

        return handle

    def load(self, browser: object, request: gr.Request) -> Updates:
        """The first view: language as last chosen on any page, from the browser's memory or its Accept-Language."""
        language = chosen_language(request.cookies.get(LANGUAGE_COOKIE))
        session = sessions.start(browser, request.headers.get("accept-language"), self.assistant)
        session = replace(session, language=language or session.language, person=person_of(request.cookies))
        if self.follow_ups is not None:
            session = questions.ask_question(session, self.follow_ups)
        shown = self._show(session)
        asked = browser.get("asked") if isinstance(browser, dict) else None
        if isinstance(asked, str) and asked:
            shown[self.parts.box] = {**shown[self.parts.box], "value": asked[:MAX_QUESTION]}
        return shown

    def example(self, session: Session, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        """An example question was chosen: it is asked at once."""
        sent = event._data
        yield from self.ask(session, str(sent.get("text", "")) if isinstance(sent, dict) else "", request)

    def ask(self, session: Session, text: str, request: gr.Request) -> Iterator[Updates]:
        """Loading state, then the panels, then the answer in growing portions."""
        parts, session = self.parts, replace(session, person=person_of(request.cookies))
        if not text.strip():
            yield {parts.box: gr.update()}
            return
        session = sessions.waiting(session, text.strip())
        yield {**self._show(session), parts.box: gr.update(value="")}
        session = sessions.answer(session, self.assistant)
        if session.problem:
            yield {**self._show(session), parts.box: gr.update(value=text)}
            return
        beginning, *others = portions(session.turns[-1].answer_markdown)
        yield self._show(session, shown=beginning)
        for shown in others:
            time.sleep(_PAUSE)
            yield {parts.chat: gr.update(value=messages(session, shown))}

    def halt(self, session: Session) -> Updates:
        """The person pressed stop: the question goes back into the box."""
        stopped = sessions.stop(session)
        return {**self._show(stopped), self.parts.box: gr.update(value=stopped.unanswered or "")}

    def _show(self, session: Session, *, shown: str | None = None) -> Updates:
        parts, seen = self.parts, view(session, self.assistant, demo=self.demo, shown=shown, tasks=self.tasks)
        there = visible(session)
        return {
            parts.session: session,
            parts.browser: sessions.remembered(session),
            parts.header: seen.header,
            parts.history: seen.history,
            parts.status: seen.status,
            parts.follow_up: gr.update(value=seen.follow_up, visible=bool(seen.follow_up)),
            parts.welcome: gr.update(value=seen.welcome, visible=bool(seen.welcome)),
            parts.chat: gr.update(value=seen.messages, visible=there["chat"], label=seen.labels["label"]),
            parts.box: gr.update(label=seen.labels["box_label"], placeholder=seen.labels["placeholder"]),
            parts.send: gr.update(value=seen.labels["send"], visible=there["send"]),
            parts.stop: gr.update(value=seen.labels["stop"], visible=there["stop"]),
            parts.understood: seen.understood,
            parts.actions: seen.actions,
            parts.evidence: seen.evidence,
        }
