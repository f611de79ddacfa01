"""Calls in words: states, progress, times, why a call rests, what makes it urgent; in the language of the page.

Pure functions. Nothing here is escaped: it returns text, not HTML. Reasons come as English sentences; the ones that are
known are told apart by those sentences, an unknown one is given back as it is.
"""

import re
from datetime import date, datetime, timedelta
from functools import cache

from assistant.callreading import CallReading
from assistant.urgency import UrgencyReason
from knowledge.audiofile import AudioProblem
from knowledge.call import Call, CallState
from knowledge.subtitles import clock
from ui.texts import Texts
from ui.wording import CITY_TIME, LIKELY, SURE, Wording

__all__ = [
    "AT_WORK",
    "PULL",
    "category_of",
    "day_of",
    "duration",
    "hedge",
    "moment",
    "progress",
    "reason",
    "sounds",
    "status",
    "urgencies",
]

AT_WORK = (CallState.RECEIVED, CallState.DECODING, CallState.TRANSCRIBING, CallState.UNDERSTANDING)
_SOUNDS = ("wav", "mp3", "m4a", "ogg", "opus", "amr", "flac")
PULL = "precedent models pull whisper-turbo"
_KINDS = (
    *("missing", "empty", "not_audio", "archive", "encrypted", "no_audio_track", "unknown_codec", "too_large"),
    *("too_long", "too_short", "broken", "cut_off"),
)
# Sentences of the jobs, by how they begin.
_BEGINNINGS = (
    ("the call could not be transcribed", "unheard"),
    ("the call could not be understood", "ununderstood"),
    ("the call has no recording", "waiting_sound"),
    ("the program that transcribes ended", "died"),
)
_FILE_NAME = r"(?:.{1,200}?: )?"  # who knows the name puts it before


@cache
def _audio_reasons() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The sentence of each kind of AudioProblem as a pattern, its limit as a group."""
    found = []
    for kind in _KINDS:
        sentence = re.escape(str(AudioProblem(kind, limit="\0"))).replace(re.escape("\0"), "(.{1,20}?)")
        found.append((kind, re.compile(_FILE_NAME + sentence, re.DOTALL)))
    return tuple(found)


def reason(t: Texts, call: Call) -> tuple[str, bool]:
    """Why a call rests, one sentence, and whether it is in the page's language; empty where there is nothing to say.

    >>> from ui.texts import texts_in
    >>> said = "the recording is longer than 3:10:00: cut it into parts"
    >>> call = Call(call_id=1, state="failed", received_at="2026-11-20T08:00:00Z", reason=said)
    >>> reason(texts_in("zh"), call)
    ('录音长于 3:10:00：请分成几段。', True)
    """
    told = call.reason
    if call.state is CallState.WAITING:
        kind = "waiting_sound" if call.recording is None else "waiting"
        if kind == "waiting" and "only the demonstration model" in told:
            kind = "waiting_demo"
        elif kind == "waiting" and told.startswith("the configured speech model"):
            kind = "waiting_configured"
        return t(f"hotline_reason.{kind}", command=PULL), True
    for kind, pattern in _audio_reasons():
        if found := pattern.fullmatch(told):
            limit = found[1] if found.groups() else ""
            return t(f"hotline_reason.{kind}", limit=limit, sounds=sounds(t)), True
    for beginning, kind in _BEGINNINGS:
        if told.startswith(beginning):
            return t(f"hotline_reason.{kind}"), True
    return told, t.language == "en"


def sounds(t: Texts) -> str:
    """The kinds of recordings that people know, as a list."""
    return t("list.mark").join(_SOUNDS)


def status(t: Texts, call: Call) -> str:
    """The state in words."""
    return t(f"hotline_state.{call.state}")


def progress(t: Texts, call: Call) -> str:
    """How many seconds of audio are done; empty unless somebody hears the call."""
    if call.state is not CallState.TRANSCRIBING:
        return ""
    done, total = clock(call.progress_s, hours=False), duration(call)
    if not total:
        return t("hotline_state.progress_only", done=done)
    return t("hotline_state.progress", done=done, total=total)


def duration(call: Call) -> str:
    """How long the recording is; empty where that is not known."""
    known = call.recording.duration_s if call.recording else None
    if known is None and call.transcript is not None:
        known = call.transcript.duration_s
    return clock(known, hours=False) if known else ""


def moment(words: Wording, at: datetime, now: datetime) -> str:
    """When a call came in, by the city's clock: the day in words where it is near, without the year where it is this
    one."""
    t, local, today = words.t, at.astimezone(CITY_TIME), now.astimezone(CITY_TIME).date()
    time = f"{local:%H:%M}"
    for days, key in ((0, "today_at"), (1, "yesterday_at")):
        if local.date() == today - timedelta(days=days):
            return t(f"hotline_row.{key}", time=time)
    day = day_of(words, local.date(), year=local.year != today.year)
    return f"{day} {time}"


def day_of(words: Wording, day: date, *, year: bool = False) -> str:
    """A day in words.

    >>> from ui.texts import texts_in
    >>> from knowledge.places import Gazetteer
    >>> from knowledge.taxonomy import read_taxonomy
    >>> day_of(Wording(texts_in("zh"), read_taxonomy(), Gazetteer(())), date(2026, 11, 2))
    '11月2日'
    """
    said = words.moment(datetime(day.year, day.month, day.day, tzinfo=CITY_TIME))
    if year:
        return said
    return said.removeprefix(f"{day.year}年") if words.t.language == "zh" else said.removesuffix(f" {day.year}")


def category_of(words: Wording, reading: CallReading) -> str | None:
    """The category that was understood, or None where none is clear."""
    situation = reading.situation
    return words.category(situation.category.value) if situation.category and not situation.unclear else None


def hedge(t: Texts, reading: CallReading) -> str:
    """How sure the category is, in a word; empty where it stands by itself."""
    sure = reading.situation.category.confidence if reading.situation.category else 1.0
    if reading.situation.unclear or sure >= SURE:
        return ""
    return t("hotline_row.likely" if sure >= LIKELY else "hotline_row.unsure")


def urgencies(t: Texts, reading: CallReading) -> tuple[tuple[str, UrgencyReason], ...]:
    """Each reason for the urgency in the page's language, with the words that it was read from."""
    found: dict[str, UrgencyReason] = {}
    for why in reading.urgency.reasons:
        key = f"hotline_urgent.{why.key}"
        found.setdefault(t(key) if key in t.entries else why.text, why)
    return tuple(found.items())
