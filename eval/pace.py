"""How long it takes to hear recordings and how much memory: our pipeline, or `whisper.transcribe` alone, each in a
process of its own.

    python -m eval.pace --way ours --checkpoint FILE CALL.opus …

prints one line of JSON: seconds by the clock and of the processor for each file, its length, and the peak of resident
memory. The model is loaded, and has heard a second of silence, before the clock starts.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.audio import decode
from knowledge.hearing import hear
from knowledge.transcriber import SAMPLE_RATE, Sound
from knowledge.voice import speech_spans
from knowledge.whisper_transcriber import WhisperTranscriber

__all__ = ["WAYS", "Pace", "main", "measure_pace", "with_silence", "write_sound"]

WAYS = ("ours", "whisper")


@dataclass(frozen=True)
class Pace:
    """Of one way through some files: seconds by the clock and of the processor, seconds of sound, characters written,
    and peak resident memory in GB."""

    clock_s: float
    processor_s: float
    sound_s: float
    characters: int
    peak_gb: float


def measure_pace(way: str, checkpoint: Path, files: Sequence[Path], *, threads: int, demo: bool) -> Pace:
    """Runs this module in a process of its own."""
    command = [sys.executable, "-m", "eval.pace", "--way", way, "--checkpoint", str(checkpoint)]
    command += ["--threads", str(threads), *(["--demo"] if demo else []), *map(str, files)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return Pace(**json.loads(done.stdout.splitlines()[-1]))


def with_silence(sound: Sound, share: float, *, stretch_s: float = 20.0) -> Sound:
    """The speech of a sound, with as much silence after each `stretch_s` seconds of it that silence has this share."""
    parts = [sound[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] for start, end in speech_spans(sound)]
    speech = np.concatenate(parts)
    size = round(stretch_s * SAMPLE_RATE)
    silence = np.zeros(round(size * share / (1 - share)), np.float32)
    stretches = [speech[at : at + size] for at in range(0, len(speech) - size + 1, size)]
    return np.concatenate([part for stretch in stretches for part in (stretch, silence)])


def write_sound(path: Path, sounds: Sequence[Sound]) -> Path:
    """A wave file of one channel at 16 kHz, written piece by piece."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for sound in sounds:
            file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def _ours(transcriber: WhisperTranscriber) -> Callable[[Path], str]:
    def run(path: Path) -> str:
        return hear(path, transcriber).text()

    return run


def _whisper(transcriber: WhisperTranscriber, language: str | None) -> Callable[[Path], str]:
    """With the defaults of `transcribe`; the sound is decoded by us, since ffmpeg may not be there, and mixed."""
    model = transcriber._model

    def run(path: Path) -> str:
        sound = decode(path).mean(axis=0)
        return str(model.transcribe(sound, language=language, fp16=False)["text"])

    return run


def _peak_gb() -> float:
    """The peak of resident memory. Where there is /proc it is read there: getrusage counts the parent's memory too,
    which a new process shares for a moment."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024 / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures one way in this process."""
    parser = argparse.ArgumentParser(prog="python -m eval.pace", description=__doc__)
    parser.add_argument("--way", choices=WAYS, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--demo", action="store_true", help="the checkpoint is the demonstration model")
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    transcriber = WhisperTranscriber(options.checkpoint, demo=options.demo, threads=options.threads)
    transcriber.hear(np.zeros(SAMPLE_RATE, np.float32), language="zh")
    run = _ours(transcriber) if options.way == "ours" else _whisper(transcriber, "zh" if options.demo else None)
    clock, processor, sound_s, characters = 0.0, 0.0, 0.0, 0
    for path in options.files:
        started, worked = time.perf_counter(), time.process_time()
        characters += len(run(path))
        clock += time.perf_counter() - started
        processor += time.process_time() - worked
        sound_s += _seconds(path)
    found = Pace(round(clock, 2), round(processor, 2), round(sound_s, 1), characters, round(_peak_gb(), 3))
    print(json.dumps(found.__dict__))
    return 0


def _seconds(path: Path) -> float:
    from knowledge.audio import probe

    return probe(path).duration_s


if __name__ == "__main__":
    sys.exit(main())
