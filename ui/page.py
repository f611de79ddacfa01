"""The page: lays out the parts, and wires each thing that a person can do to one change of the session.

What is shown comes from `ui.view`; what is done is one call into `ui.session`. Nothing is kept here between events:
the session travels as gr.State, and language, owner and last conversation are kept by the browser itself.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported: nothing is reported to anyone
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr
from fastapi import FastAPI

from knowledge.text import MAX_QUESTION
from ui import session as sessions
from ui.facade import Assistant
from ui.session import Session
from ui.texts import LANGUAGE_COOKIE, chosen_language, texts_in
from ui.view import View, messages, portions, view, visible

__all__ = ["build_page", "mount_page"]

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
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


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    session: gr.State
    browser: gr.BrowserState
    header: gr.HTML
    history: gr.HTML
    status: gr.HTML
    welcome: gr.HTML
    chat: gr.Chatbot
    box: gr.Textbox
    send: gr.Button
    stop: gr.Button
    understood: gr.HTML
    actions: gr.HTML
    evidence: gr.HTML

    def all(self) -> list[Any]:
        """Every component, as outputs of an event."""
        return [getattr(self, name) for name in self.__dataclass_fields__]

    def panels(self) -> list[gr.HTML]:
        """The parts that send events."""
        return [self.header, self.history, self.welcome, self.understood, self.actions, self.evidence]


def build_page(assistant: Assistant, *, demo: bool) -> gr.Blocks:
    """The whole page as Blocks; style and script go with it when it is mounted (see `mount_page`)."""
    page = gr.Blocks(title=texts_in("zh")("brand.page_title"), analytics_enabled=False, fill_width=True)
    with page:
        parts = _lay_out(view(Session(), assistant, demo=demo))
        _Wiring(parts, assistant, demo).connect(page)
    return page


def mount_page(app: FastAPI, assistant: Assistant, *, demo: bool) -> FastAPI:
    """Puts the page at "/" of an app, with its own look and without links, fonts or scripts from elsewhere."""

    async def mounted() -> FastAPI:
        return _mounted(app, assistant, demo=demo)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Without a running loop Gradio opens several of its own and never closes them.
        return asyncio.run(mounted())
    return _mounted(app, assistant, demo=demo)


def _mounted(app: FastAPI, assistant: Assistant, *, demo: bool) -> FastAPI:
    fonts = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif")
    theme = gr.themes.Base(font=fonts, font_mono=("Noto Sans Mono", "monospace"))
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        build_page(assistant, demo=demo),
        path="/",
        theme=theme,
        css_paths=[STATIC / name for name in ("palette.css", "pieces.css", "style.css")],
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size="1kb",
    )
    return mounted


def _panel(value: str, name: str) -> gr.HTML:
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def _chat(label: str) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        label=label,
        show_label=False,
        visible=False,
        buttons=[],
        feedback_options=None,
        sanitize_html=True,
        allow_tags=False,
        latex_delimiters=[],
        allow_file_downloads=False,
        layout="bubble",
        autoscroll=False,
        height=None,
    )


def _box(label: str, placeholder: str) -> gr.Textbox:
    return gr.Textbox(
        elem_id="box",
        label=label,
        placeholder=placeholder,
        show_label=False,
        container=False,
        lines=1,
        max_lines=8,
        autofocus=True,
    )


def _lay_out(first: View) -> Parts:
    header = _panel(first.header, "header")
    with gr.Row(elem_id="main"):
        with gr.Column(elem_id="talk"):
            history = _panel(first.history, "history-panel")
            welcome = _panel(first.welcome, "welcome")
            chat = _chat(first.labels["label"])
            status = gr.HTML(elem_id="status", apply_default_css=False)
            with gr.Row(elem_id="composer"):
                box = _box(first.labels["box_label"], first.labels["placeholder"])
                send = gr.Button(first.labels["send"], elem_id="send", variant="primary")
                stop = gr.Button(first.labels["stop"], elem_id="stop", visible=False)
        with gr.Column(elem_id="results"):
            understood = _panel(first.understood, "understood")
            actions = _panel("", "actions")
            evidence = _panel("", "evidence")
    return Parts(
        session=gr.State(Session()),
        browser=gr.BrowserState({}, storage_key="precedent", secret="precedent"),
        header=header,
        history=history,
        status=status,
        welcome=welcome,
        chat=chat,
        box=box,
        send=send,
        stop=stop,
        understood=understood,
        actions=actions,
        evidence=evidence,
    )


@dataclass(frozen=True)
class _Wiring:
    """Connects the parts of one page with the changes of a session."""

    parts: Parts
    assistant: Assistant
    demo: bool

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
        assistant = self.assistant
        return {
            "react": lambda session, sent: sessions.react(session, sent, assistant),
            "open_case": lambda session, sent: sessions.open_case(session, int(sent["case"]), assistant),
            "close_case": lambda session, sent: replace(session, opened=None),
            "open_conversation": lambda session, sent: sessions.open_conversation(
                session, str(sent["conversation"]), assistant
            ),
            "new_conversation": lambda session, sent: sessions.fresh(session),
            "language": lambda session, sent: replace(session, language="en" if session.language == "zh" else "zh"),
        }

    def _event(self, handler: Handler) -> Callable[[Session, gr.EventData], Updates]:
        def handle(session: Session, event: gr.EventData) -> Updates:
            sent = event._data if isinstance(event._data, dict) else {}
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
        shown = self._show(replace(session, language=language or session.language))
        asked = browser.get("asked") if isinstance(browser, dict) else None
        if isinstance(asked, str) and asked:
            shown[self.parts.box] = {**shown[self.parts.box], "value": asked[:MAX_QUESTION]}
        return shown

    def example(self, session: Session, event: gr.EventData) -> Iterator[Updates]:
        """An example question was chosen: it is asked at once."""
        sent = event._data
        yield from self.ask(session, str(sent.get("text", "")) if isinstance(sent, dict) else "")

    def ask(self, session: Session, text: str) -> Iterator[Updates]:
        """Loading state, then the panels, then the answer in growing portions."""
        parts = self.parts
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
        parts, seen = self.parts, view(session, self.assistant, demo=self.demo, shown=shown)
        there = visible(session)
        return {
            parts.session: session,
            parts.browser: sessions.remembered(session),
            parts.header: seen.header,
            parts.history: seen.history,
            parts.status: seen.status,
            parts.welcome: gr.update(value=seen.welcome, visible=bool(seen.welcome)),
            parts.chat: gr.update(value=seen.messages, visible=there["chat"], label=seen.labels["label"]),
            parts.box: gr.update(label=seen.labels["box_label"], placeholder=seen.labels["placeholder"]),
            parts.send: gr.update(value=seen.labels["send"], visible=there["send"]),
            parts.stop: gr.update(value=seen.labels["stop"], visible=there["stop"]),
            parts.understood: seen.understood,
            parts.actions: seen.actions,
            parts.evidence: seen.evidence,
        }
