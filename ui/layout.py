"""The parts of the chat page and where they stand: the conversation on one side, the results on the other.

It lays out and does nothing; what is shown comes from `ui.view`, what happens is wired in `ui.page`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ui.session import Session
from ui.view import View

__all__ = ["STATIC", "Parts", "lay_out"]

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    session: gr.State
    browser: gr.BrowserState
    header: gr.HTML
    history: gr.HTML
    status: gr.HTML
    follow_up: gr.HTML
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
        return [
            self.header,
            self.history,
            self.follow_up,
            self.welcome,
            self.understood,
            self.actions,
            self.evidence,
        ]


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


def lay_out(first: View) -> Parts:
    """The parts of the page in their places, inside the Blocks that are open; what they show at first is `first`."""
    header = _panel(first.header, "header")
    with gr.Row(elem_id="main"):
        with gr.Column(elem_id="talk"):
            history = _panel(first.history, "history-panel")
            follow_up = _panel("", "follow-up")
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
        follow_up=follow_up,
        welcome=welcome,
        chat=chat,
        box=box,
        send=send,
        stop=stop,
        understood=understood,
        actions=actions,
        evidence=evidence,
    )
