"""A hand-written transcriber and hearing, module-level so that spawned worker processes can import them.

A "recording" is a text that says what happens: the first line is what is heard; a line "seconds 3" makes it last that
long (a tenth of a second each), "die" ends the process, "die once FILE" does so unless the file exists, "bad" is a
recording that cannot be heard, "bug" is a mistake of the program.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge.call import Segment, Transcript, TranscriptSource
from knowledge.errors import BadInput, Fault
from knowledge.hearing import Stopped
from knowledge.transcriber import Heard, Sound, Transcriber


@dataclass(frozen=True)
class FakeTranscriber:
    """Hears one sentence in every window."""

    name: str = "fake"
    demo: bool = False

    def language(self, window: Sound) -> tuple[str, float]:
        return "zh", 1.0

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> Iterable[Heard]:
        yield Heard(0.0, len(window) / 16_000, "桥下积水了", -0.1, 0.0, 1.0, temperature)


@dataclass(frozen=True)
class FakeProbe:
    duration_s: float
    channels: int = 1
    sample_rate: int = 8_000
    codec: str = "fake"


def open_fake(name: str = "fake") -> FakeTranscriber:
    if name == "broken":
        raise Fault("the model broken.pt cannot be loaded; fetch it again")
    return FakeTranscriber(name)


def _script(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def fake_probe(path: Path) -> FakeProbe:
    return FakeProbe(sum(float(words[1]) for words in _script(path) if words[0] == "seconds"))


def fake_hear(
    path: Path,
    transcriber: Transcriber,
    *,
    prompt: str = "",
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Transcript:
    said, *rest = _script(path)
    done = 0.0
    for words in rest:
        if words[0] == "die" and not (len(words) > 2 and Path(words[2]).exists()):
            if len(words) > 2:
                Path(words[2]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if words[0] == "bad":
            raise BadInput("the recording holds no sound; record it again")
        if words[0] == "bug":
            raise ZeroDivisionError("a mistake")
        if words[0] == "seconds":
            for _ in range(int(words[1])):
                time.sleep(0.1)
                done += 1
                if progress:
                    progress(done)
                if stop and stop():
                    raise Stopped
    text = " ".join(said)
    segment = Segment(start=0, end=max(done, 1), text=text, confidence=0.9)
    return Transcript(
        segments=(segment,), language="zh", source=TranscriptSource.MACHINE, model=transcriber.name,
        duration_s=max(done, 1),
    )  # fmt: skip
