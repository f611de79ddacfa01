"""A transcript as a file for other programs: SRT, WebVTT, plain text, JSON, and a DOCX for people.

It writes what it is given: masking is done before. Doubtful sentences are marked in what people read.
"""

import re
from collections.abc import Callable
from io import BytesIO

from knowledge.call import Channel, Segment, Transcript
from knowledge.errors import BadInput, Fault
from knowledge.text import clean

__all__ = ["FORMATS", "clock", "export"]

_NAMES = {
    "zh": {Channel.AGENT: "坐席", Channel.CALLER: "来电人"},
    "en": {Channel.AGENT: "Agent", Channel.CALLER: "Caller"},
}
_DOUBT = {"zh": "［存疑］", "en": "[doubtful]"}
_BLANKS = re.compile(r"\s+")
# what XML 1.0, and so DOCX, cannot hold
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clock(seconds: float, *, mark: str = ".", hours: bool = True) -> str:
    """Seconds as a time; thousandths are rounded. Without `hours` they are left out as long as there are none, and so
    are the thousandths.

    >>> clock(3661.5), clock(3661.5, mark=","), clock(41.2, hours=False), clock(3661, hours=False)
    ('01:01:01.500', '01:01:01,500', '00:41', '1:01:01')
    """
    if not hours:
        whole = int(seconds)
        rest = f"{whole // 60 % 60:02}:{whole % 60:02}"
        return f"{whole // 3600}:{rest}" if whole >= 3600 else rest
    thousandths = round(seconds * 1000)
    whole, part = divmod(thousandths, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{part:03}"


def export(transcript: Transcript, format: str, *, title: str = "", language: str | None = None) -> tuple[bytes, str]:
    """The file's bytes (text as UTF-8) and its media type. `format` is one of FORMATS; speakers are named in `language`
    (that of the transcript by default); `title` stands on top of TXT and DOCX. Raises BadInput for another format,
    Fault where the library for DOCX is missing."""
    if format not in FORMATS:
        raise BadInput(f"there is no format {format!r}; use {', '.join(FORMATS)}")
    names = "en" if (language or transcript.language) == "en" else "zh"
    writer, media_type = FORMATS[format]
    return writer(transcript, title, names), media_type


def _line(text: str) -> str:
    """One line that no reader takes for a time or for the end of a cue."""
    return _BLANKS.sub(" ", clean(text)).replace("-->", "→").strip()


def _who(segment: Segment, names: str, mark: str = "") -> str:
    name = _NAMES[names].get(segment.channel)
    return "" if name is None else name + (mark or ("：" if names == "zh" else ": "))


def _srt(transcript: Transcript, title: str, names: str) -> bytes:
    cues = [
        f"{number}\n{clock(s.start, mark=',')} --> {clock(s.end, mark=',')}\n{_who(s, names)}{_line(s.text)}\n"
        for number, s in enumerate(transcript.segments, 1)
    ]
    return "\n".join(cues).encode()


def _vtt(transcript: Transcript, title: str, names: str) -> bytes:
    cues = ["WEBVTT\n"]
    for s in transcript.segments:
        said = _line(s.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        voice = _NAMES[names].get(s.channel)
        spoken = f"<v {voice}>{said}" if voice else said
        cues.append(f"{clock(s.start)} --> {clock(s.end)}\n{spoken}\n")
    return "\n".join(cues).encode()


def _timed(transcript: Transcript) -> bool:
    return any(s.end for s in transcript.segments)


def _txt(transcript: Transcript, title: str, names: str) -> bytes:
    timed = _timed(transcript)
    lines = [title] if title else []
    for s in transcript.segments:
        at = f"[{clock(s.start, hours=False)}] " if timed else ""
        lines.append(f"{at}{_who(s, names)}{_line(s.text)}{_DOUBT[names] if s.doubtful else ''}")
    return ("\n".join(lines) + "\n").encode()


def _json(transcript: Transcript, title: str, names: str) -> bytes:
    return transcript.model_dump_json(indent=1).encode()


def _docx(transcript: Transcript, title: str, names: str) -> bytes:
    try:
        from docx import Document
    except ImportError as error:
        raise Fault("DOCX needs python-docx; install it with pip install 'precedent[hotline]'") from error
    document = Document()
    if title:
        document.add_heading(_NO_XML.sub("", title), level=1)
    timed = _timed(transcript)
    for s in transcript.segments:
        paragraph = document.add_paragraph()
        if timed:
            paragraph.add_run(f"{clock(s.start, hours=False)}  ").italic = True
        paragraph.add_run(_who(s, names)).bold = True
        paragraph.add_run(_NO_XML.sub("", _line(s.text)))
        if s.doubtful:
            paragraph.add_run(_DOUBT[names]).italic = True
    for note in transcript.notes:
        document.add_paragraph(_NO_XML.sub("", note))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


FORMATS: dict[str, tuple[Callable[[Transcript, str, str], bytes], str]] = {
    "srt": (_srt, "application/x-subrip"),
    "vtt": (_vtt, "text/vtt"),
    "txt": (_txt, "text/plain"),
    "json": (_json, "application/json"),
    "docx": (_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
