"""Voices: none in noise, tones, hum and music, all of them in the demo calls; windows cut where it is silent."""

import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import KINDS, RATE, Sound, noise, tone, wordless

from knowledge.audio import decode
from knowledge.demo.calls import DemoCall, read_demo_calls
from knowledge.voice import FRAME, LONGEST_WINDOW, Span, Speech, VoiceDetector, speech_spans, windows

CALLS = [
    call for call in read_demo_calls() if call.external_id in ("DH-0001", "DH-0002", "DH-0010", "DH-0020", "DH-0024")
]
SPEECH = Path(__file__).parent.parent.parent / "shared" / "data" / "speech"


def _hear(sound: Sound, *sizes: int) -> Speech:
    """Hears a sound in pieces of the sizes given, then the rest."""
    detector = VoiceDetector()
    at = 0
    for size in sizes:
        detector.hear(sound[at : at + size])
        at += size
    detector.hear(sound[at:])
    return detector.finish()


@pytest.fixture(scope="module")
def sounds() -> dict[str, Sound]:
    return {call.external_id: decode(call.path) for call in CALLS}


def test_nobody_speaks_in_noise_tones_hum_and_music() -> None:
    heard: Counter[str] = Counter()
    count = 0
    for kind, sound in wordless(132, 10.0):
        heard[kind] += bool(speech_spans(sound))
        count += 1
    assert (count, set(heard)) == (132, set(KINDS))
    assert not +heard


def _hum(seed: int) -> Sound:
    """Mains hum that sets in suddenly, sometimes with noise: the model alone takes one in twenty for a voice."""
    source = np.random.default_rng(seed)
    base, count = float(source.choice([50, 60, 100])), int(source.integers(1, 14))
    sound = tone(8.0, *(base * k for k in range(1, count + 1)), level=float(source.uniform(0.1, 0.6)))
    sound[: int(source.uniform(0, 3) * RATE)] *= 0.01
    return sound + noise(8.0, seed, level=float(source.choice([0.001, 0.01])), colour=1.0)


def test_hum_that_the_model_takes_for_a_voice_is_none() -> None:
    found = [_hear(_hum(seed)) for seed in range(120)]
    assert sum(bool((speech.probabilities > 0.5).sum() > 8) for speech in found) >= 2
    assert not [speech.spans for speech in found if speech.spans]


def _frames(spans: tuple[Span, ...] | list[Span], count: int) -> np.ndarray:
    seconds = (np.arange(count) + 0.5) * FRAME / RATE
    return np.array([any(start <= s < end for start, end in spans) for s in seconds])


def _turns(call: DemoCall, channel: int) -> list[Span]:
    speaker = ("agent", "caller")[channel]
    return [(turn.start, turn.end) for turn in call.segments if not call.stereo or turn.speaker == speaker]


def test_who_speaks_in_the_demo_calls_is_heard(sounds: dict[str, Sound]) -> None:
    said = heard = silent = wrong = 0
    for call in CALLS:
        for channel, sound in enumerate(sounds[call.external_id]):
            speech = _hear(sound)
            found = _frames(speech.spans, len(speech.levels))
            turns = _frames(_turns(call, channel), len(speech.levels))
            far = ~np.convolve(turns, np.ones(31), "same").astype(bool)
            said, heard = said + int(turns.sum()), heard + int((found & turns).sum())
            silent, wrong = silent + int(far.sum()), wrong + int((found & far).sum())
    assert heard / said > 0.99
    assert silent > 3000
    assert wrong / silent < 0.01


def test_a_quieter_voice_is_still_a_voice(sounds: dict[str, Sound]) -> None:
    sound = sounds["DH-0002"][0]
    assert _hear(sound * 0.05).seconds > 0.9 * _hear(sound).seconds


def test_a_voice_over_noise_is_heard(sounds: dict[str, Sound]) -> None:
    sound = sounds["DH-0001"][0]
    noisy = sound + noise(len(sound) / RATE + 1, 3, level=0.12, colour=1.0)[: len(sound)]
    assert _hear(noisy).seconds > 0.85 * _hear(sound).seconds


@pytest.mark.parametrize("seed", range(4))
def test_pieces_make_no_difference(seed: int, sounds: dict[str, Sound]) -> None:
    sound = sounds["DH-0010"][1][: 25 * RATE]
    source = random.Random(seed)
    whole = _hear(sound)
    cut = _hear(sound, *(source.choice([0, 1, 511, 512, 513, 70_000, 16_000]) for _ in range(20)))
    assert cut.spans == whole.spans
    assert np.allclose(cut.probabilities, whole.probabilities, atol=1e-4)
    assert np.allclose(cut.levels, whole.levels, atol=1e-3)


def test_blocks_of_two_channels_are_mixed(sounds: dict[str, Sound]) -> None:
    sound = sounds["DH-0001"]
    blocks = [sound[:, at : at + 60 * RATE] for at in range(0, sound.shape[1], 60 * RATE)]
    assert speech_spans(blocks) == speech_spans(sound.mean(axis=0)) != ()


def _slow_probabilities(sound: Sound) -> list[float]:
    """The model for single frames, one after another."""
    from importlib.util import find_spec

    import onnxruntime

    found = find_spec("silero_vad")
    assert found is not None
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / "data" / "silero_vad_16k_op15.onnx"
    model = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state, context = np.zeros((2, 1, 128), dtype=np.float32), np.zeros(64, dtype=np.float32)
    values = []
    for at in range(0, len(sound) - FRAME + 1, FRAME):
        frame = np.concatenate([context, sound[at : at + FRAME]])
        value, state = model.run(None, {"input": frame[None], "state": state, "sr": np.array(RATE)})
        context = frame[-64:]
        values.append(float(value[0, 0]))
    return values


def test_probabilities_are_those_of_the_model_frame_by_frame(sounds: dict[str, Sound]) -> None:
    sound = sounds["DH-0001"][0][: 400 * FRAME]
    assert np.allclose(_hear(sound).probabilities, _slow_probabilities(sound), atol=0.005)


def test_spans_are_in_order_apart_and_within_the_sound(sounds: dict[str, Sound]) -> None:
    for sound in sounds.values():
        spans = speech_spans(sound)
        assert all(0 <= start < end <= sound.shape[1] / RATE for start, end in spans)
        assert all(end - start >= 0.25 for start, end in spans)
        assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_a_voice_up_to_the_last_sample_is_kept(sounds: dict[str, Sound]) -> None:
    start, end = _hear(sounds["DH-0002"][0]).spans[0]
    part = sounds["DH-0002"][0][int(start * RATE) : int((start + min(end - start, 2.0) - 0.2) * RATE)]
    assert speech_spans(part)[-1][1] == pytest.approx(len(part) / RATE, abs=0.01)


@pytest.mark.parametrize("count", [0, 1, 511, 1600])
def test_very_little_is_no_speech(count: int) -> None:
    speech = _hear(np.full(count, 0.1, dtype=np.float32))
    assert (speech.spans, speech.seconds) == ((), 0)
    assert len(speech.levels) == len(speech.probabilities) == -(-count // FRAME)


def test_real_voices_are_heard_where_they_are_at_hand() -> None:
    clips = sorted(SPEECH.rglob("*.wav")) if SPEECH.is_dir() else []
    for clip in clips:
        sound = decode(clip)
        assert _hear(sound[0]).seconds > 0.5 * sound.shape[1] / RATE
    assert len(CALLS) == 5  # the bundled calls are heard above in any case


def test_torch_is_not_loaded() -> None:
    code = "import sys, numpy\nfrom knowledge.voice import speech_spans\n"
    code += "speech_spans(numpy.zeros(16000, dtype='float32'))\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parent.parent)


SPANS = st.lists(st.tuples(st.floats(0.0, 8.0), st.floats(0.3, 70.0)), max_size=30).map(
    lambda steps: [
        (sum(map(sum, steps[:place])) + gap, sum(map(sum, steps[:place])) + gap + length)
        for place, (gap, length) in enumerate(steps)
    ]
)


@given(SPANS, st.floats(2.0, 30.0), st.booleans())
def test_windows_hold_all_speech_and_are_short_enough(spans: list[Span], longest: float, with_levels: bool) -> None:
    end = spans[-1][1] if spans else 0.0
    levels = np.random.default_rng(1).normal(-40, 10, int(end * RATE / FRAME) + 1).astype(np.float32)
    found = windows(spans, longest=longest, levels=levels if with_levels else None)
    assert all(0 < end - start <= longest + 1e-5 for start, end in found)
    assert all(one[1] <= other[0] + 1e-6 for one, other in pairwise(found))
    for start, end in spans:
        inside = sum(min(end, last) - max(start, first) for first, last in found if first < end and last > start)
        assert inside == pytest.approx(end - start, abs=0.01)
    edges = {edge for span in spans for edge in span}
    cut = [edge for window in found for edge in window if edge not in edges]
    assert all(any(start < edge < end and end - start > longest for start, end in spans) for edge in cut)
    assert all(end - start >= min(longest / 4, min(e - s for s, e in spans)) - 0.001 for start, end in found)


def test_a_window_ends_at_the_longest_silence_of_its_second_half() -> None:
    spans = [(0.0, 5.0), (8.0, 16.0), (17.5, 20.0), (20.4, 26.0), (26.5, 34.0)]
    assert windows(spans) == ((0.0, 16.0), (17.5, 34.0))


def test_long_silence_is_in_no_window() -> None:
    assert windows([(0.0, 1.0), (5.5, 7.0), (8.0, 9.0)]) == ((0.0, 1.0), (5.5, 9.0))


def test_a_long_span_is_cut_where_it_is_quietest() -> None:
    levels = np.full(int(60 * RATE / FRAME), -20.0, dtype=np.float32)
    levels[int(19.0 * RATE / FRAME) : int(19.3 * RATE / FRAME)] = -50.0
    first, second, *_ = windows([(0.0, 50.0)], levels=levels)
    assert first[1] == second[0] == pytest.approx(19.15, abs=0.1)


def test_without_levels_it_is_cut_when_it_must_be() -> None:
    assert windows([(1.0, 60.0)]) == ((1.0, 29.0), (29.0, 53.0), (53.0, 60.0))
    assert LONGEST_WINDOW == 28.0
