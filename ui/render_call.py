"""The page of one call as HTML: its head, where it stands, the player, the transcript with its tools, what was
understood, and the dialogs.

Pure functions: records in, a string out, every value escaped. Parts with an id that begins with `call-` are put in
place again by `static/call.js` when they change; buttons carry `data-do`.
"""

import json
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from assistant.callreading import CallReading
from knowledge.call import Call
from knowledge.subtitles import FORMATS
from ui.call_wording import urgencies
from ui.render import facts
from ui.render_callreading import briefing, chip_of_urgency, name_of, understood
from ui.render_calltools import dialogs, player, standing, tools
from ui.render_transcript import at, doubt, sentences, source
from ui.texts import Texts
from ui.wording import Wording

__all__ = ["CallView", "call_page", "call_title"]

_FROM_JAVASCRIPT = ("call_text", "call_player", "call_replace", "call_related", "call_brief", "call_state")


@dataclass(frozen=True)
class CallView:
    """What the page shows of a call, masked. `question` is the call as a question to the assistant, empty where there
    is none yet; `demo_at_hand`: only the demonstration model could hear it."""

    call: Call
    reading: CallReading | None = None
    question: str = ""
    demo_at_hand: bool = False


def call_title(words: Wording, call: Call) -> str:
    """The title of the page."""
    return words.t("call.title", name=name_of(call))


def call_page(words: Wording, view: CallView) -> str:
    """The body of the page."""
    t, call = words.t, view.call
    return (
        f'<div class="call-page" id="call" data-id="{call.call_id}">'
        f'<p class="way"><a href="/hotline">← {escape(t("call.list"))}</a></p>'
        f'<div id="call-head">{_head(words, view)}</div>'
        f'<div id="call-state" aria-live="polite">{standing(t, call, demo_at_hand=view.demo_at_hand)}</div>'
        f'<div class="columns"><div class="left">{player(t, call)}'
        f'<section class="panel transcript" aria-labelledby="h-text">'
        f'<div id="call-text">{_transcript(words, view)}</div>{tools(t, call)}</section></div>'
        f'<div class="right"><section class="panel" aria-labelledby="h-understood">'
        f'<h2 id="h-understood">{escape(t("call_understood.title"))}</h2>'
        f'<div id="call-understood">{understood(words, call, view.reading)}</div></section>'
        f'<section class="panel" aria-labelledby="h-related"><h2 id="h-related">{escape(t("call_related.title"))}</h2>'
        f'<div id="related" aria-live="polite">{_related_later(t, view)}</div></section></div></div>'
        f"{dialogs(t)}"
        f'<p id="told" class="told" role="status" aria-live="polite" hidden></p></div>'
    )


def _head(words: Wording, view: CallView) -> str:
    t, call = words.t, view.call
    length = call.recording.duration_s if call.recording else None
    told = [
        t("call.received", at=words.moment(call.received_at)),
        t("call.duration", length=at(length)) if length else None,
        t("call.waiting", length=at(call.waiting_s)) if call.waiting_s is not None else None,
        t("call.handling", length=at(call.handling_s)) if call.handling_s is not None else None,
        t("call.demo") if call.demo else None,
        t("call.matter", n=call.matter_id) if call.matter_id is not None else None,
    ]
    chip = chip_of_urgency(words, view.reading) if view.reading else ""
    return (
        f'<div class="top"><div><h2>{escape(call_title(words, call))} {chip}</h2>{facts(told)}</div>'
        f"{_actions(t, view)}</div>{_alarm(words, view)}{_data(words, view)}"
    )


def _actions(t: Texts, view: CallView) -> str:
    """Ask what to do, hand it to the duty officer, export; each only where there is something to hand on."""
    parts = []
    if view.question:
        parts.append(
            f'<a class="main" href="/#ask={quote(view.question)}" title="{escape(t("call.ask_hint"))}">'
            f"{escape(t('call.ask'))}</a>"
        )
    if view.reading:
        parts.append(f'<button type="button" class="quiet" data-do="brief">{escape(t("call.escalate"))}</button>')
    if view.call.transcript:
        links = "".join(
            f'<li><a href="/api/v1/calls/{view.call.call_id}/export?format={name}&amp;language={t.language}" download>'
            f"{name.upper()}</a></li>"
            for name in FORMATS
        )
        parts.append(
            f'<details class="menu"><summary class="quiet">{escape(t("call.export"))}</summary>'
            f'<div><ul>{links}</ul><p class="hint">{escape(t("call.export_hint"))}</p></div></details>'
        )
    return f'<div class="actions">{"".join(parts)}</div>' if parts else ""


def _alarm(words: Wording, view: CallView) -> str:
    """The band for danger to life or a crowd, with its reasons; it says so where they were heard badly."""
    t, reading = words.t, view.reading
    if reading is None or not reading.urgent:
        return ""
    reasons = t("list.mark").join(name for name, _ in urgencies(t, reading))
    unsure = f" {escape(t('call.urgent_doubt'))}" if "severity" in reading.doubtful else ""
    return f'<p class="alarm" role="status"><b>{escape(t("call.urgent"))}</b> {escape(reasons)}{unsure}</p>'


def _data(words: Wording, view: CallView) -> str:
    """What the script needs: numbers of the call, and its own texts in the language of the page."""
    t, call, transcript = words.t, view.call, view.call.transcript
    brief = briefing(words, call, view.reading, f"/hotline/calls/{call.call_id}") if view.reading else ""
    speech = transcript.speech or [(s.start, s.end) for s in transcript.segments] if transcript else []
    told = {
        "id": call.call_id,
        "version": call.version,
        "state": call.state.value,
        "resting": call.state.resting,
        "understood": view.reading is not None,
        "duration": (call.recording.duration_s if call.recording else None)
        or (transcript.duration_s if transcript else 0),
        "speech": [list(span) for span in speech],
        "texts": {key: text for key, text in t.entries.items() if key.split(".")[0] in _FROM_JAVASCRIPT},
        "brief": brief,
    }
    shown = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="call-data">{shown}</script>'


def _transcript(words: Wording, view: CallView) -> str:
    t, transcript = words.t, view.call.transcript
    heading = f'<h2 id="h-text">{escape(t("call.text"))}</h2>'
    if transcript is None:
        return f'{heading}<p class="muted">{escape(t("call.nothing"))}</p>'
    doubtful = sum(segment.doubtful for segment in transcript.segments)
    marked = ""
    if doubtful:
        marked = (
            f'<span class="doubts">{doubt(t)} {escape(t.count("call_text.doubts", doubtful))} <button type="button" '
            f'class="link" data-do="doubt">{escape(t("call_text.doubts_next"))}</button></span>'
        )
    private = (
        f'<p class="private" id="private"><span>{escape(t("call_private.masked"))}</span> <button type="button" '
        f'class="link" data-do="reveal">{escape(t("call_private.show"))}</button></p>'
        f'<p class="private is-open" id="revealed" hidden><b>{escape(t("call_private.shown"))}</b> <button '
        f'type="button" class="link" data-do="mask">{escape(t("call_private.hide"))}</button></p>'
    )
    return (
        f'<div class="heading">{heading}{marked}</div>{source(words, view.call)}{private}'
        f"{sentences(words, view.call, view.reading)}"
    )


def _related_later(t: Texts, view: CallView) -> str:
    """Looked up after the page is there, for it may take a moment."""
    if view.call.transcript is None or view.reading is None:
        return f'<p class="muted">{escape(t("call_related.waiting"))}</p>'
    return f'<p class="muted" role="status">{escape(t("call_related.loading"))}</p>'
