"""Speaks the demo calls: `python -m knowledge.demo.calls.build [ID …] [--to FOLDER]` writes a recording of each and,
in reference.jsonl, the exact times of its turns.

A call's random choices follow from its id, so that the same texts give the same recordings. It does not judge the
pronunciation.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.demo.calls import FOLDER, DemoCall, Segment, Turn, read_demo_calls
from knowledge.demo.calls.line import RATE, band, noise, noise_level, write_opus
from knowledge.demo.calls.reading import passages
from knowledge.demo.calls.voice import RATE as SPOKEN_RATE
from knowledge.demo.calls.voice import Manner, Synthesiser
from knowledge.errors import NotFound, PrecedentError

__all__ = ["Recording", "main", "speak"]

BIT_RATE = {False: 12_000, True: 24_000}  # bits a second by whether it is stereo
TAIL = 0.5  # seconds after the last word
_SPEEDS = {"agent": (178, 192), "caller": (166, 200)}
_LEVELS = {"agent": (0.5, 0.7), "caller": (0.25, 0.7)}  # peak, of full scale

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A spoken call: samples in -1..1, shape (1 or 2, count), at `line.RATE`, and the turns with their times."""

    samples: NDArray[np.float32]
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """The length."""
        return float(self.samples.shape[1] / RATE)


def speak(call: DemoCall) -> Recording:
    """Speaks a call and sends it over the line; the same call sounds the same whatever was spoken before."""
    synthesiser = Synthesiser()
    random = np.random.default_rng([int(c) for c in call.external_id.encode()])
    manners = {
        speaker: Manner(voice, int(random.integers(*_SPEEDS[speaker])), int(random.integers(42, 60)))
        for speaker, voice in (("agent", call.agent_voice), ("caller", call.caller_voice))
    }
    levels = {speaker: float(random.uniform(*_LEVELS[speaker])) for speaker in manners}
    segments: list[Segment] = []
    spoken: list[NDArray[np.float32]] = []
    now = 0.0
    for turn in call.turns:
        sound = _turn(turn, call.language, manners[turn.speaker], synthesiser)
        start = round(now + turn.pause_s, 3)
        now = start + len(sound) / RATE
        segments.append(Segment(start, round(now, 3), turn.speaker, turn.text))
        spoken.append(sound * np.float32(levels[turn.speaker] / np.abs(sound).max()))
    return Recording(_mix(call, segments, spoken, random), tuple(segments))


def _turn(turn: Turn, language: str, manner: Manner, synthesiser: Synthesiser) -> NDArray[np.float32]:
    """A turn in the telephone band, at `line.RATE`."""
    parts = []
    for passage in passages(turn.text, language):
        parts.append(np.zeros(round(passage.pause_s * SPOKEN_RATE), dtype=np.float32))
        parts.append(synthesiser.say(passage.words, passage.language, manner=manner))
    return band(np.concatenate(parts), SPOKEN_RATE)


def _mix(
    call: DemoCall, segments: Sequence[Segment], spoken: Sequence[NDArray[np.float32]], random: np.random.Generator
) -> NDArray[np.float32]:
    """Both speakers on one channel, or the agent left and the caller right; the noise is the caller's."""
    count = round((max(segment.end for segment in segments) + TAIL) * RATE)
    samples = np.zeros((2 if call.stereo else 1, count), dtype=np.float32)
    for segment, sound in zip(segments, spoken, strict=True):
        channel = 1 if call.stereo and segment.speaker == "caller" else 0
        start = round(segment.start * RATE)
        samples[channel, start : start + len(sound)] += sound
    said = np.concatenate([s for segment, s in zip(segments, spoken, strict=True) if segment.speaker == "caller"])
    strength = noise_level(call.noise, random) * float(np.sqrt(np.mean(said**2)))
    samples[-1] += np.float32(strength) * noise(call.noise, count, random)
    return samples


def build(calls: Sequence[DemoCall], folder: Path) -> float:
    """Writes the recordings of some calls and reference.jsonl into a folder; returns the seconds spoken in all."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, seconds, size = [], 0.0, 0
    for number, call in enumerate(calls, start=1):
        recording = speak(call)
        path = folder / f"{call.external_id}.opus"
        write_opus(path, recording.samples, bit_rate=BIT_RATE[call.stereo])
        row = {"external_id": call.external_id, "segments": [asdict(segment) for segment in recording.segments]}
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
        seconds += recording.seconds
        size += path.stat().st_size
        logger.info("%s of %s: %s, %.1f s", number, len(calls), call.external_id, recording.seconds)
    (folder / "reference.jsonl").write_text("".join(lines), encoding="utf-8")
    logger.info("%s calls, %.1f minutes, %.2f MB in %s", len(calls), seconds / 60, size / 1e6, folder)
    return seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds the calls named, all by default; reference.jsonl then holds these only."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.demo.calls.build", description="Speaks the demo calls.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="calls to speak, all by default; needs --to")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write, beside the texts by default")
    options = parser.parse_args(arguments)
    if options.ids and not options.to:
        parser.error("some calls only would replace the reference of all; name another folder with --to")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    calls = read_demo_calls()
    try:
        unknown = set(options.ids) - {call.external_id for call in calls}
        if unknown:
            raise NotFound(f"no demo call {', '.join(sorted(unknown))}; they are {calls[0].external_id} and following")
        build([c for c in calls if not options.ids or c.external_id in options.ids], options.to or FOLDER)
    except PrecedentError as error:
        logger.error("%s", error)
        return 2 if isinstance(error, NotFound) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
