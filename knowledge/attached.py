"""Transcripts that somebody else made: plain text, SRT, WebVTT, and JSON (ours and that of openai-whisper).

What a file is, its content says first and its name second. Times that it does not have are not made up. What was said
is taken as it stands; whether it is right is not known here.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from knowledge.call import Channel, Segment, Transcript, TranscriptSource, Word
from knowledge.errors import BadInput
from knowledge.text import clean, language_of

__all__ = ["ENDINGS", "LARGEST_TEXT", "NO_TIMES", "read_attached"]

ENDINGS = (".txt", ".srt", ".vtt", ".json")
LARGEST_TEXT = 20 << 20  # bytes
NO_TIMES = "the transcript has no times"
_ENCODINGS = ("utf-8-sig", "gb18030")
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_SPAN = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_AT = re.compile(rf"^\s*[\[［(（]?{_TIME}[\]］)）]?[\s:：]*(?=\S)")
_BRACKETED = re.compile(rf"^\s*[\[［(（]{_TIME}[\]］)）]")
_VOICE = re.compile(r"<v(?:\.[^ >]+)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>")
_SPEAKER = re.compile(r"^\s*([^\s:：,，。]{1,12}|[A-Za-z]+ ?[A-Za-z]*)\s*[:：]\s*(?=\S)")
_WHO = {
    **dict.fromkeys(("坐席", "话务员", "客服", "接线员", "工作人员", "agent", "operator", "staff"), Channel.AGENT),
    **dict.fromkeys(("来电人", "市民", "群众", "来电", "诉求人", "caller", "citizen", "customer"), Channel.CALLER),
}


def read_attached(content: bytes, name: str) -> Transcript:
    """The transcript in a file. Raises BadInput naming the file and the line that cannot be read."""
    if len(content) > LARGEST_TEXT:
        raise BadInput(f"{name} has more than {LARGEST_TEXT:,} bytes: no transcript is so long; check the file")
    text = _decoded(content, name)
    if not text.strip():
        raise BadInput(f"{name} has no text; attach a transcript as TXT, SRT, VTT or JSON")
    ending = PurePath(name).suffix.lower()
    if text.lstrip()[0] in "{[" and (ending == ".json" or not _AT.match(text)):
        return _from_json(text, name)
    if ending == ".json":
        raise BadInput(f"{name} is not JSON; export it again, or attach it as TXT")
    if text.lstrip().startswith("WEBVTT") or ending in (".srt", ".vtt") or _has_spans(text):
        return _made(_cues(text, name), name)
    return _made(_lines(text), name)


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.count("\0"):
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise BadInput(f"{name} is not a text; attach a transcript as TXT, SRT, VTT or JSON, saved as UTF-8")


def _has_spans(text: str) -> bool:
    return any(_SPAN.match(line) for line in text.split("\n")[:50])


def _seconds(parts: Iterable[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


def _cues(text: str, name: str) -> Iterator[Segment]:
    """Cues of SRT and WebVTT: a line of times, the lines below it up to a blank one."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if "-->" not in line:
            number += 1
            continue
        times = _SPAN.match(line)
        if not times:
            raise BadInput(
                f"{name}, line {number + 1}: {line.strip()[:60]!r} is no time such as 00:00:01,000 --> 00:00:02,500"
            )
        start, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
        if end < start:
            raise BadInput(f"{name}, line {number + 1}: the end lies before the start; mend that line")
        first = number = number + 1
        while number < len(lines) and lines[number].strip():
            number += 1
        channel, said = _spoken(" ".join(lines[first:number]))
        if said:
            yield Segment(start=start, end=end, text=said, channel=channel)


def _spoken(text: str) -> tuple[Channel, str]:
    """Who speaks, where the text names one of the two, and the words without marks."""
    voice = _VOICE.search(text)
    named = unescape(voice.group(1)).strip() if voice else ""
    bare = clean(unescape(_TAG.sub("", text))).replace("\n", " ")
    prefix = _SPEAKER.match(bare)
    if not named and prefix and _WHO.get(prefix.group(1).casefold()):
        named, bare = prefix.group(1), bare[prefix.end() :]
    return _WHO.get(named.casefold(), Channel.MIXED), bare


def _lines(text: str) -> Iterator[Segment]:
    """A sentence or turn a line; where every line begins with a time, it lasts until the next one."""
    lines = [line for line in text.split("\n") if line.strip()]
    timed = [_AT.match(line) for line in lines]
    # a bare 8:30 may be what somebody said
    if not all(timed) or not (len(lines) > 1 or _BRACKETED.match(lines[0])):
        for line in lines:
            channel, said = _spoken(line)
            if said:
                yield Segment(start=0, end=0, text=said, channel=channel)
        return
    starts = [_seconds(match.groups()) for match in timed if match]
    for place, (line, match) in enumerate(zip(lines, timed, strict=True)):
        channel, said = _spoken(line[match.end() :] if match else line)
        following = next((s for s in starts[place + 1 :] if s > starts[place]), starts[place])
        if said:
            yield Segment(start=starts[place], end=following, text=said, channel=channel)


def _made(segments: Iterable[Segment], name: str) -> Transcript:
    found = sorted(segments, key=lambda s: s.start)
    if not found:
        raise BadInput(f"{name} has no words; attach a transcript as TXT, SRT, VTT or JSON")
    end = max(s.end for s in found)
    return Transcript(
        segments=tuple(found),
        language=language_of("\n".join(s.text for s in found)),
        source=TranscriptSource.ATTACHED,
        duration_s=end,
        notes=() if end else (NO_TIMES,),
    )


def _from_json(text: str, name: str) -> Transcript:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{name} is not JSON ({error}); export it again") from error
    except RecursionError as error:
        raise BadInput(f"{name} is nested too deeply for a transcript; check the file") from error
    rows = content.get("segments") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise BadInput(f'{name} has no list of "segments"; export it from Precedent or from whisper')
    segments = [_segment(row, f"{name}, segment {number}") for number, row in enumerate(rows, 1)]
    made = _made([s for s in segments if s.text], name)
    if not isinstance(content, dict):
        return made
    language = content.get("language")
    kept = {"language": language} if language in ("zh", "en", "mixed") else {}
    duration = content.get("duration_s")
    if isinstance(duration, int | float) and math.isfinite(duration) and duration >= made.duration_s:
        kept["duration_s"] = float(duration)
    return made.model_copy(update=kept)


def _segment(row: Any, place: str) -> Segment:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadInput(f'{place} has no "text"; each needs {{"start", "end", "text"}}')
    words = row.get("words")
    values: dict[str, Any] = {
        "start": row.get("start", 0),
        "end": row.get("end", row.get("start", 0)),
        "text": clean(row["text"]).replace("\n", " "),
        "confidence": _confidence(row),
        "channel": row.get("channel", Channel.MIXED),
        "heard": clean(str(row.get("heard") or "")),
        "marks": [str(mark) for mark in row.get("marks") or ()],
        "words": [_word(word) for word in words if isinstance(word, dict)] if isinstance(words, list) else (),
    }
    try:
        found = Segment.model_validate(values)
        [Word.model_validate(word) for word in found.words]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{place}, {where}: {first['msg']}; mend the file") from error
    if not (math.isfinite(found.start) and math.isfinite(found.end)) or found.end < found.start:
        raise BadInput(f"{place}: the end lies before the start; mend the file")
    return found


def _confidence(row: dict[str, Any]) -> Any:
    """As ours says it, else from whisper's mean log-probability."""
    if "confidence" in row:
        return row["confidence"]
    log_probability = row.get("avg_logprob")
    if isinstance(log_probability, int | float) and math.isfinite(log_probability):
        return math.exp(min(0.0, log_probability))
    return 1.0


def _word(word: dict[str, Any]) -> dict[str, Any]:
    """One word as ours or whisper's JSON has it."""
    return {
        "start": word.get("start", 0),
        "end": word.get("end", 0),
        "text": str(word.get("text", word.get("word", ""))).strip(),
        "confidence": word.get("confidence", word.get("probability", 1.0)),
    }
