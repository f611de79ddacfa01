"""A recording as a transcript: where somebody speaks, in which language, what is said, and how sure that is.

The file is decoded block by block, once to find the voices, and where it is long once more to cut out what they say, so
that an hour never lies in memory. Only what the voice detector takes for speech is ever shown to the model, so silence,
noise and music on hold cannot become words. Which model hears is not known here, nor what a call means.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.audio import Block, blocks
from knowledge.call import Channel, Segment, Transcript, TranscriptSource
from knowledge.readings import Reader
from knowledge.segments import segments
from knowledge.takes import LONGEST, Span, Take, cut_out, takes
from knowledge.transcriber import Sound, Transcriber
from knowledge.voice import VoiceDetector, windows

__all__ = ["NOBODY", "OTHER_LANGUAGE", "UNHEARD", "Stopped", "hear"]

NOBODY = "nobody speaks in this recording"
UNHEARD = "somebody speaks, but the model understood nothing"
OTHER_LANGUAGE = "this may be spoken in another language than Chinese or English"
LISTENED_S = 10.0  # seconds of a block while voices are looked for: the next is decoded meanwhile
KEPT_S = 600.0  # seconds of sound of one channel (38 MB) up to which it is kept, so that it need not be decoded again
DEMO_LONGEST = 6.0  # seconds; the demonstration model knows single sentences
ASKED = 3  # the longest takes tell the call's language
SAME = 0.001  # power of the difference of two channels, as a share of theirs, under which they are one
_LANGUAGES = {"zh": "zh", "yue": "zh", "en": "en"}

Wanted = Sequence[tuple[Take, int]]  # takes with the row of their channel in the blocks, -1 for the mean of all


class Stopped(Exception):
    """The hearing was given up between two windows because `stop` said so; nothing of it is kept."""


@dataclass(frozen=True)
class _Voices:
    """Where somebody speaks: the takes in the order of their start, the spans of all channels, what the file's decoding
    had to say, and the sound of a short one (None for a long one)."""

    seconds: float
    wanted: Wanted
    speech: tuple[Span, ...]
    notes: tuple[str, ...]
    kept: tuple[Block, ...] | None


def hear(
    path: Path,
    transcriber: Transcriber,
    *,
    prompt: str = "",
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    left: Channel = Channel.AGENT,
    longest: float | None = None,
) -> Transcript:
    """The transcript of a recording. `prompt` holds names that may occur; `progress` gets the seconds of audio that are
    done, never falling, after each few windows; `stop` is asked between them (raises Stopped). `left` says who is on
    the left channel of a stereo recording, the other one is on the right; two channels that are the same are one, and
    so are two of which one is silent. `longest` seconds are shown to the model at once, as many as it can bear where
    not given. Where nobody speaks the transcript has no segments and the note NOBODY. Raises AudioProblem for what is
    no recording, Fault where the model fails."""
    started = time.perf_counter()
    voices = _listen(path, stop, left, longest or (DEMO_LONGEST if transcriber.demo else LONGEST))
    found: list[Segment] = []
    languages: set[str] = set()
    notes = voices.notes if voices.wanted else (*voices.notes, NOBODY)
    if voices.wanted:
        language, surely = _language(path, voices, transcriber, stop)
        notes = notes if surely else (*notes, OTHER_LANGUAGE)
        done = 0.0
        for readings in Reader(transcriber, language, prompt)(_sounds(path, voices.wanted, voices.kept, stop)):
            for reading in readings:
                new = segments(reading, voices.speech)
                found += new
                languages |= {reading.language} if new else set()
            done = max([done, *(reading.take.end for reading in readings)])
            if progress:
                progress(min(done, voices.seconds))
        notes = notes if found else (*notes, UNHEARD)
        languages = languages or {language}
    if progress:
        progress(voices.seconds)
    return Transcript(
        segments=tuple(sorted(found, key=lambda segment: (segment.start, segment.end))),
        language="mixed" if len(languages) > 1 else next(iter(languages), "zh"),
        source=TranscriptSource.MACHINE,
        model=transcriber.name,
        duration_s=voices.seconds,
        speech=voices.speech,
        notes=notes,
        real_time_factor=round((time.perf_counter() - started) / voices.seconds, 4) if voices.seconds else None,
    )


def _listen(path: Path, stop: Callable[[], bool] | None, left: Channel, longest: float) -> _Voices:
    """First decoding: the voices of each channel."""
    sound = blocks(path, seconds=LISTENED_S)
    detectors: list[VoiceDetector] = []
    kept: list[Block] | None = []
    power = difference = 0.0
    with ThreadPoolExecutor(2) as pool:
        waiting: list[Future[None]] = []
        for block in sound:
            _go_on(stop)
            detectors = detectors or [VoiceDetector() for _ in block]
            _finish(waiting)
            waiting = [pool.submit(detector.hear, channel) for detector, channel in zip(detectors, block, strict=True)]
            if len(block) == 2:
                power += float(np.square(block).sum())
                difference += float(np.square(block[0] - block[1]).sum())
            kept = [*kept, block] if kept is not None and sound.seconds * len(block) <= KEPT_S else None
        _finish(waiting)
    found = [detector.finish() for detector in detectors]
    speaking = [row for row, speech in enumerate(found) if speech.spans]
    if len(speaking) == 2 and difference <= SAME * power:
        speaking = speaking[:1]
    right = Channel.CALLER if left is Channel.AGENT else Channel.AGENT
    apart = len(speaking) == 2
    wanted = []
    for row in speaking:
        channel = (left, right)[row] if apart else Channel.MIXED
        levels = found[row].levels
        parts = [part for span in found[row].spans for part in windows([span], longest=longest, levels=levels)]
        wanted += [(take, row) for take in takes(parts, channel, longest=longest)]
    wanted.sort(key=lambda entry: (entry[0].start, entry[0].end))
    speech = _merged([span for row in speaking for span in found[row].spans])
    return _Voices(round(sound.seconds, 3), wanted, speech, sound.notes, None if kept is None else tuple(kept))


def _finish(waiting: Iterable["Future[None]"]) -> None:
    for one in waiting:
        one.result()


def _language(
    path: Path, voices: _Voices, transcriber: Transcriber, stop: Callable[[], bool] | None
) -> tuple[str, bool]:
    """zh or en, by the longest takes, each weighed by its seconds and the model's certainty; and whether it is surely
    one of them."""
    if transcriber.demo:
        return "zh", True  # it was taught no other
    longest = sorted(voices.wanted, key=lambda entry: -entry[0].seconds)[:ASKED]
    weights: dict[str, float] = {}
    for _, sound in _sounds(path, sorted(longest, key=lambda entry: entry[0].start), voices.kept, stop):
        language, chance = transcriber.language(sound)
        weights[language] = weights.get(language, 0.0) + chance * len(sound)
    language = max(weights, key=weights.__getitem__)
    if language in _LANGUAGES:
        return _LANGUAGES[language], True
    known = {name: weights.get(name, 0.0) for name in _LANGUAGES}
    return _LANGUAGES[max(known, key=known.__getitem__)], False


def _sounds(
    path: Path, wanted: Wanted, kept: Sequence[Block] | None, stop: Callable[[], bool] | None
) -> Iterator[tuple[Take, Sound]]:
    """The takes with their sound, from what was kept or from another decoding of the file."""
    sound = blocks(path) if kept is None else None
    try:
        for (take, _), cut in zip(wanted, cut_out(sound or kept or (), wanted), strict=True):
            _go_on(stop)
            yield take, cut
    finally:
        if sound:
            sound.close()


def _go_on(stop: Callable[[], bool] | None) -> None:
    if stop is not None and stop():
        raise Stopped("the hearing was stopped; retry the call to hear it from the beginning")


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """All seconds of some spans as spans in order that don't touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
