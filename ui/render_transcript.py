"""The transcript of a call as HTML: its sentences with time, speaker and doubt, where they come from, and its versions.

Pure functions: records in, a string out, every value escaped. What is private was masked before. The buttons carry
`data-do`, which `static/call.js` understands.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape

from assistant.callreading import CallReading
from knowledge.call import Call, Channel, Segment, Transcript, TranscriptSource
from knowledge.call_log import Reveal
from knowledge.calls import TranscriptVersion
from knowledge.subtitles import clock
from ui.texts import Texts
from ui.wording import Wording, percent

__all__ = ["at", "doubt", "reveals", "sentences", "source", "versions"]

_LONG = 150  # sentences from which on those out of sight are not laid out
_SHOWN = 40  # changes of one version that are shown
_ALIKE = 0.5  # share of two texts that must agree for one to be shown inside the other
_PIECES = re.compile(r"[A-Za-z0-9']+\s*|.", re.DOTALL)
_DEMO_MODEL = "demo"
NAMELESS = ("", "api", "page")  # authors that are nobody's name


def at(seconds: float) -> str:
    """An offset as people read it.

    >>> at(41.2), at(3661)
    ('00:41', '1:01:01')
    """
    return clock(seconds, hours=False)


def doubt(t: Texts, hint: str = "") -> str:
    """The mark of what was heard badly, in words."""
    title = f' title="{escape(hint)}"' if hint else ""
    return f'<span class="doubt"{title}>{escape(t("call_text.doubt"))}</span>'


def sentences(words: Wording, call: Call, reading: CallReading | None) -> str:
    """The list of sentences; a speaker that was guessed is marked as guessed."""
    t, transcript = words.t, call.transcript
    if transcript is None:
        return f'<p class="muted">{escape(t("call.nothing"))}</p>'
    timed = call.recording is not None and any(segment.end for segment in transcript.segments)
    guesses: Sequence[Channel] = ()
    if reading and reading.version == call.version and len(reading.speakers) == len(transcript.segments):
        guesses = reading.speakers
    rows = "".join(
        _sentence(t, index, segment, guesses[index] if guesses else segment.channel, timed=timed)
        for index, segment in enumerate(transcript.segments)
    )
    lang = {"zh": "zh-CN", "en": "en"}.get(transcript.language, "zh-CN")
    length = " is-long" if len(transcript.segments) > _LONG else ""
    return f'<ol class="sentences{length}" id="sentences" lang="{lang}">{rows}</ol>'


def _sentence(t: Texts, index: int, segment: Segment, heard_as: Channel, *, timed: bool) -> str:
    number = index + 1
    time = ""
    if timed:
        shown = at(segment.start)
        hint = escape(t("call_text.play", at=shown))
        time = f'<button type="button" class="at" data-do="play" title="{hint}" aria-label="{hint}">{shown}</button>'
    heard = ""
    if segment.heard and segment.heard != segment.text:
        heard = f' data-heard="{escape(segment.heard)}"'
    mark = doubt(t, _why_doubtful(t, segment)) if segment.doubtful else ""
    edit = escape(t("call_text.edit_hint", n=number))
    return (
        f'<li class="sentence{" is-doubtful" if segment.doubtful else ""}" id="s-{index}" data-index="{index}" '
        f'data-start="{segment.start:.2f}" data-end="{segment.end:.2f}" tabindex="-1"{heard}>'
        f"{time}{_speaker(t, segment.channel, heard_as)}"
        f'<p class="said"><span class="text">{escape(segment.text)}</span>{mark}</p>'
        f'<button type="button" class="edit" data-do="edit" title="{edit}" aria-label="{edit}">'
        f"{escape(t('call_text.edit'))}</button></li>"
    )


def _speaker(t: Texts, known: Channel, heard_as: Channel) -> str:
    guessed = known is Channel.MIXED and heard_as is not Channel.MIXED
    name = t(f"call_text.{heard_as.value}")
    hint = t("call_text.guessed") if guessed else t("call_text.speaker_hint", who=name)
    return (
        f'<button type="button" class="who who-{heard_as.value}{" is-guessed" if guessed else ""}" data-do="speaker" '
        f'data-channel="{known.value}" title="{escape(hint)}">{escape(name)}{"?" if guessed else ""}</button>'
    )


def _why_doubtful(t: Texts, segment: Segment) -> str:
    told = percent(segment.confidence)
    names = [t(key) for key in (f"call_mark.{mark.split()[0]}" for mark in segment.marks) if key in t.entries]
    if not names:
        return t("call_text.doubt_title", p=told)
    return t("call_text.doubt_marks", p=told, marks=t("list.mark").join(names))


def source(words: Wording, call: Call) -> str:
    """Where the words come from, in one line; what was only for demonstration stands out."""
    t, transcript = words.t, call.transcript
    if transcript is None:
        return ""
    said = _came_from(t, transcript)
    if transcript.source is TranscriptSource.PERSON and transcript.model:
        said = t("call_source.person_first", model=transcript.model)
    if transcript.real_time_factor and transcript.source is TranscriptSource.MACHINE:
        share = percent(transcript.real_time_factor)
        said += t("list.comma") + t("call_source.speed", share=share)
    special = transcript.source is TranscriptSource.REFERENCE or _is_demo(transcript)
    return f'<p class="source-line{" is-demo" if special else ""}">{escape(said)}</p>'


def _is_demo(transcript: Transcript) -> bool:
    return _DEMO_MODEL in transcript.model.casefold()


def _came_from(t: Texts, transcript: Transcript) -> str:
    if transcript.source is not TranscriptSource.MACHINE:
        return t(f"call_source.{transcript.source.value}")
    return t("call_source.demo_model" if _is_demo(transcript) else "call_source.machine", model=transcript.model)


def versions(words: Wording, known: Sequence[TranscriptVersion]) -> str:
    """Every version, the newest first, each with what it changed in the one before."""
    rows = [
        _version(words, version, known[place - 1] if place else None, is_last=place == len(known) - 1)
        for place, version in enumerate(known)
    ]
    return f'<ol class="versions">{"".join(reversed(rows))}</ol>'


def _version(words: Wording, version: TranscriptVersion, before: TranscriptVersion | None, *, is_last: bool) -> str:
    t = words.t
    who = t(f"call_versions.{version.transcript.source.value}")
    if version.author in NAMELESS and version.transcript.source is TranscriptSource.PERSON:
        who += f" · {t('call_source.unknown')}"
    elif version.author not in NAMELESS and version.author not in set(TranscriptSource):
        who += f" · {version.author}"
    head = t("call_versions.by", n=version.version, who=who, at=words.moment(version.written_at))
    mark = f' <b class="chip">{escape(t("call_versions.now"))}</b>' if is_last else ""
    told = f'<p class="muted">{escape(t("call_versions.first"))}</p>'
    if before is not None:
        told = _changes(t, before.transcript.segments, version.transcript.segments)
    return f"<li><h3>{escape(head)}{mark}</h3>{told}</li>"


def _changes(t: Texts, before: Sequence[Segment], after: Sequence[Segment]) -> str:
    """The sentences that differ, as removed and inserted passages."""
    old, new = [s.text for s in before], [s.text for s in after]
    rows: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for place in range(max(b - a, d - c)):
            one = old[a + place] if a + place < b else ""
            two = new[c + place] if c + place < d else ""
            start = (after[c + place] if c + place < d else before[a + place]).start
            rows.append(f'<li><span class="at">{at(start)}</span><p>{_difference(one, two)}</p></li>')
    if not rows:
        return f'<p class="muted">{escape(t("call_versions.none"))}</p>'
    left = len(rows) - _SHOWN
    more = f'<p class="muted">{escape(t.count("call_versions.more", left))}</p>' if left > 0 else ""
    title = escape(t.count("call_versions.changes", len(rows)))
    return f'<details><summary>{title}</summary><ul class="changes">{"".join(rows[:_SHOWN])}</ul>{more}</details>'


def _difference(old: str, new: str) -> str:
    """Two texts in one: what was taken out and what was put in, by words, in Chinese by characters; two texts with
    little in common stand one after the other."""
    one, two = _PIECES.findall(old), _PIECES.findall(new)
    matched = SequenceMatcher(None, one, two, autojunk=False)
    steps = matched.get_opcodes() if matched.ratio() >= _ALIKE else [("replace", 0, len(one), 0, len(two))]
    pieces = []
    for kind, a, b, c, d in steps:
        gone, come = "".join(one[a:b]), "".join(two[c:d])
        if kind == "equal":
            pieces.append(escape(gone))
            continue
        pieces.append(f"<del>{escape(gone)}</del>" if gone else "")
        pieces.append(f"<ins>{escape(come)}</ins>" if come else "")
    return "".join(pieces)


def reveals(words: Wording, known: Sequence[Reveal]) -> str:
    """Who looked at the personal data, when and why, the newest first."""
    if not known:
        return f'<p class="muted">{escape(words.t("call_private.log_none"))}</p>'
    rows = "".join(
        f"<li><b>{escape(one.actor)}</b> {escape(one.reason)} "
        f'<span class="muted">{escape(words.moment(one.at))}</span></li>'
        for one in reversed(known)
    )
    return f'<ul class="looks">{rows}</ul>'
