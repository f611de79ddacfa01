"""Calls to render: one with every part filled, by words of one's own or by hostile ones."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from assistant.answer import Quantity, Reading, SeverityReading, Situation
from assistant.callreading import CallReading
from assistant.promises import Promise
from assistant.saying import Saying
from assistant.urgency import Urgency, UrgencyReason
from assistant.wishes import Mood, WantsReply
from knowledge.call import Call, CallState, Channel, Recording, Segment, Transcript, TranscriptSource
from knowledge.places import read_places
from knowledge.taxonomy import read_taxonomy
from ui.texts import Language, texts_in
from ui.wording import Wording

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOSTILE = '</script><img src=x onerror="window.hacked=1">&\'{0}'
_TAXONOMY, _PLACES = read_taxonomy(), read_places()


def wording(language: Language = "zh") -> Wording:
    return Wording(texts_in(language), _TAXONOMY, _PLACES)


def transcript(text: str = "井盖没了，快来人。", **more: Any) -> Transcript:
    segments = (
        Segment(start=0.0, end=3.0, text="您好，12345热线。", channel=Channel.AGENT),
        Segment(start=3.5, end=8.25, text=text, channel=Channel.CALLER, confidence=0.41, marks=("loop", "two readings"),
                heard=text + "？"),
        Segment(start=9.0, end=11.0, text="好的。", channel=Channel.MIXED),
    )  # fmt: skip
    told: dict[str, Any] = {
        "segments": segments, "language": "zh", "source": TranscriptSource.MACHINE, "model": "whisper-turbo",
        "duration_s": 12.0, "speech": ((0.0, 8.0),),
    }  # fmt: skip
    return Transcript(**{**told, **more})


def call(state: CallState = CallState.READY, **more: Any) -> Call:
    recording = Recording(sha256="0" * 64, name="来电.wav", size=9, duration_s=72.0)
    told: dict[str, Any] = {
        "call_id": 7, "state": state, "received_at": AT, "recording": recording, "transcript": transcript(),
        "version": 1, "waiting_s": 64.0,
    }  # fmt: skip
    return Call(**{**told, **more})


def reading(text: str = "井盖没了，快来人。", **more: Any) -> CallReading:
    said = Saying(segment=1, start=3.5, end=8.25, text=text, channel=Channel.CALLER, doubtful=True, confidence=0.41)
    situation = Situation(
        text=text, language="zh", category=Reading(value="road.manhole", confidence=0.9),
        district=Reading(value="nanpu", confidence=0.9), place=None,
        occurred_at=Reading(value="2026-11-22T12:00:00+08:00", confidence=0.9),
        severity=SeverityReading(level=3, reasons=(text,), danger_to_life=True), missing=("place", "people"),
        quantities=(Quantity(what="vehicles", value=2, words=text),),
    )  # fmt: skip
    agent = Saying(segment=2, start=9.0, end=11.0, text=text, channel=Channel.AGENT)
    why = UrgencyReason(key="opening", text=text, words=text, segment=1, doubtful=True)
    told: dict[str, Any] = {
        "situation": situation, "asked": said, "summary": (said,), "guessed": True, "version": 1,
        "promises": (Promise(saying=agent, reply=True, due=AT, due_words=text), Promise(saying=agent, reply=False)),
        "moods": (Mood(key="hurried", words=text, segment=1),), "doubtful": ("category", "severity", "asked"),
        "speakers": (Channel.AGENT, Channel.CALLER, Channel.AGENT), "urgent": True,
        "wants_reply": WantsReply(wanted=True, words=text, segment=1), "urgency": Urgency(level="now", reasons=(why,)),
    }  # fmt: skip
    return CallReading(**{**told, **more})


class Parsed(HTMLParser):
    """Tags and attributes; fails on a tag that is closed in the wrong order, on markup that came from a text, and on
    an id that is given twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "img", "a text became markup"
        assert not [name for name, _ in attrs if name.startswith("on")], "no handlers in the page"
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in ("input", "br", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "script":
            self.text += data
