"""Hearing: demo calls through the whole pipeline with a hand-written transcriber; sound that is no speech gives no
words."""

import wave
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge import demo
from knowledge.audio import AudioProblem, Blocks, blocks, decode
from knowledge.call import Channel, TranscriptSource
from knowledge.hearing import DEMO_LONGEST, NOBODY, OTHER_LANGUAGE, UNHEARD, Stopped, hear
from knowledge.takes import AROUND, LONGEST
from knowledge.transcriber import SAMPLE_RATE, Heard, Sound

CALLS = Path(demo.__file__).parent / "calls"
STEREO, MONO = CALLS / "DH-0001.opus", CALLS / "DH-0002.opus"


@dataclass
class Listener:
    """Writes how many windows it has heard, and remembers their seconds."""

    spoken: str = "zh"
    text: str = "第{}句"
    name: str = "listener"
    demo: bool = False
    windows: list[float] = field(default_factory=list)
    asked: int = 0
    prompts: set[str] = field(default_factory=set)

    def language(self, window: Sound) -> tuple[str, float]:
        self.asked += 1
        return self.spoken, 0.99

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> Iterable[Heard]:
        assert window.dtype == np.float32
        assert window.ndim == 1
        self.windows.append(len(window) / SAMPLE_RATE)
        self.prompts.add(prompt)
        text = self.text.format(len(self.windows))
        return [Heard(0.0, len(window) / SAMPLE_RATE, text, -0.1, 0.0, 1.0, temperature)] if text else []


def write(path: Path, sound: NDArray[np.float32]) -> Path:
    """A wave file of (channels, samples) at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(sound))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").T.tobytes())
    return path


@pytest.fixture(scope="module")
def stereo() -> NDArray[np.float32]:
    return decode(STEREO)


@pytest.fixture(scope="module")
def mono() -> NDArray[np.float32]:
    return decode(MONO)


def test_channels_are_heard_apart() -> None:
    listener, told = Listener(), list[float]()
    found = hear(STEREO, listener, prompt="铁路新村", progress=told.append)
    assert {segment.channel for segment in found.segments} == {Channel.AGENT, Channel.CALLER}
    assert [s.start for s in found.segments] == sorted(s.start for s in found.segments)
    assert (found.language, found.source, found.model) == ("zh", TranscriptSource.MACHINE, "listener")
    assert told == sorted(told)
    assert told[-1] == found.duration_s == pytest.approx(68.7, abs=0.3)
    assert found.real_time_factor is not None
    assert found.real_time_factor > 0
    assert found.notes == ()
    assert listener.prompts == {"铁路新村"}
    swapped = hear(STEREO, Listener(), left=Channel.CALLER)
    other = {Channel.AGENT: Channel.CALLER, Channel.CALLER: Channel.AGENT}
    assert [s.channel for s in swapped.segments] == [other[s.channel] for s in found.segments]


def test_only_speech_is_heard_in_windows_that_the_model_bears() -> None:
    listener = Listener()
    found = hear(MONO, listener)
    assert {segment.channel for segment in found.segments} == {Channel.MIXED}
    spoken = sum(end - start for start, end in found.speech)
    assert spoken - 0.1 <= sum(listener.windows) <= spoken + 2 * AROUND * len(found.speech)
    assert max(listener.windows) <= LONGEST + 2 * AROUND
    for segment in found.segments:
        assert 0 <= segment.start < segment.end <= found.duration_s


def test_the_demonstration_model_hears_short_windows() -> None:
    listener = Listener(demo=True)
    hear(MONO, listener)
    assert max(listener.windows) <= DEMO_LONGEST + 2 * AROUND
    assert listener.asked == 0


@pytest.mark.parametrize("path", [STEREO, MONO])
def test_a_long_recording_is_decoded_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Remembers(Listener):
        """Keeps what it hears."""

        sounds: list[Sound] = field(default_factory=list)

        def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> Iterable[Heard]:
            self.sounds.append(window)
            return super().hear(window, language=language, prompt=prompt, temperature=temperature)

    once, again, opened = Remembers(), Remembers(), list[float]()

    def counted(path: Path, *, seconds: float = 60.0) -> Blocks:
        opened.append(seconds)
        return blocks(path, seconds=seconds)

    monkeypatch.setattr("knowledge.hearing.blocks", counted)
    short = hear(path, once)
    assert len(opened) == 1
    monkeypatch.setattr("knowledge.hearing.KEPT_S", short.duration_s - 1)
    long = hear(path, again)
    assert len(opened) == 4  # to find the voices, to tell the language, to hear
    assert (long.segments, long.speech, long.notes) == (short.segments, short.speech, short.notes)
    assert len(again.sounds) == len(once.sounds)
    assert all(np.array_equal(a, b) for a, b in zip(again.sounds, once.sounds, strict=True))


def test_a_channel_recorded_twice_is_heard_once(tmp_path: Path, mono: NDArray[np.float32]) -> None:
    one = hear(write(tmp_path / "mono.wav", mono[:, : 20 * SAMPLE_RATE]), once := Listener())
    both = np.concatenate([mono, mono * 0.999])[:, : 20 * SAMPLE_RATE]
    two = hear(write(tmp_path / "twice.wav", both), twice := Listener())
    assert {segment.channel for segment in two.segments} == {Channel.MIXED}
    assert twice.windows == pytest.approx(once.windows, abs=0.1)
    assert two.speech[0] == pytest.approx(one.speech[0], abs=0.1)


def test_one_silent_channel_leaves_a_mixed_call(tmp_path: Path, mono: NDArray[np.float32]) -> None:
    sound = np.concatenate([np.zeros_like(mono), mono])[:, : 15 * SAMPLE_RATE]
    found = hear(write(tmp_path / "right.wav", sound), Listener())
    assert found.segments
    assert {segment.channel for segment in found.segments} == {Channel.MIXED}


@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_nobody_speaks(tmp_path: Path, kind: str) -> None:
    seconds = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    sounds = {
        "silence": np.zeros_like(seconds),
        "noise": 0.1 * np.random.default_rng(1).standard_normal(len(seconds)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * seconds),
    }
    listener, told = Listener(), list[float]()
    found = hear(write(tmp_path / "sound.wav", sounds[kind][None].astype(np.float32)), listener, progress=told.append)
    assert (found.segments, found.speech, found.notes) == ((), (), (NOBODY,))
    assert listener.windows == []
    assert told == [6.0]


def test_a_model_that_understands_nothing_is_told() -> None:
    found = hear(MONO, Listener(text=""))
    assert found.segments == ()
    assert found.notes == (UNHEARD,)
    assert found.speech


@pytest.mark.parametrize(
    ("spoken", "language", "notes"), [("en", "en", ()), ("yue", "zh", ()), ("ja", "zh", (OTHER_LANGUAGE,))]
)
def test_the_language_is_told_by_the_longest_windows(spoken: str, language: str, notes: tuple[str, ...]) -> None:
    found = hear(MONO, Listener(spoken=spoken))
    assert (found.language, found.notes) == (language, notes)


def test_it_stops_between_windows(mono: NDArray[np.float32], tmp_path: Path) -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    listener = Listener()
    with pytest.raises(Stopped):
        hear(MONO, listener, stop=stop)
    assert asked == 5
    with pytest.raises(Stopped):
        hear(MONO, listener, stop=lambda: True)


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_text("这不是录音", encoding="utf-8")
    with pytest.raises(AudioProblem):
        hear(path, Listener())


def test_two_languages_in_one_call(tmp_path: Path, mono: NDArray[np.float32]) -> None:
    @dataclass
    class Both(Listener):
        """English in every second window."""

        def language(self, window: Sound) -> tuple[str, float]:
            self.asked += 1
            return ("zh", 0.99) if self.asked <= 3 or self.asked % 2 else ("en", 0.99)

    assert hear(write(tmp_path / "both.wav", np.tile(mono, 2)), Both()).language == "mixed"
