"""The drawn shape: nothing that was loud is missing from it, nothing is in it that was not there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import RATE, noise

from knowledge.errors import Fault
from knowledge.waveform import Waveform, WaveformMaker, waveform


@given(st.integers(1, 60_000), st.integers(1, 1200), st.integers(1, 2), st.integers(100, 9000))
def test_the_shape_equals_the_slow_version(count: int, slices: int, channels: int, size: int) -> None:
    sound = np.stack([noise(count / RATE + 0.001, place, level=0.9)[:count] for place in range(channels)])
    found = waveform((sound[:, at : at + size] for at in range(0, count, size)), slices=slices)
    fine = -(-count // 160)
    assert found.peaks.shape == (channels, min(slices, fine), 2)
    shown = found.peaks.shape[1]
    for place in {0, shown // 2, shown - 1}:
        first, last = place * fine // shown * 160, (place + 1) * fine // shown * 160
        part = sound[:, first : last if place < shown - 1 else count] * 127
        assert np.array_equal(found.peaks[:, place, 0], np.rint(part.min(axis=1)))
        assert np.array_equal(found.peaks[:, place, 1], np.rint(part.max(axis=1)))


def test_the_length_is_that_of_the_sound() -> None:
    assert waveform([np.zeros((1, RATE)), np.zeros((1, RATE // 2))]).seconds == 1.5


def test_nothing_has_no_shape() -> None:
    assert waveform([]).peaks.shape == (1, 0, 2)
    assert waveform([np.zeros((2, 0), dtype=np.float32)]).seconds == 0


@given(st.integers(0, 3000), st.integers(1, 2))
def test_what_is_kept_comes_back(count: int, channels: int) -> None:
    made = waveform([np.stack([noise(0.3, place)[:count] for place in range(channels)])])
    again = Waveform.from_bytes(made.as_bytes())
    assert np.array_equal(again.peaks, made.peaks)
    assert again.seconds == made.seconds


@pytest.mark.parametrize("kept", [b"", b"WF1", b"RIFF" + bytes(100), b"WF1" + bytes(24) + b"x"])
def test_anything_else_is_not_a_shape(kept: bytes) -> None:
    with pytest.raises(Fault, match="waveform"):
        Waveform.from_bytes(kept)


def test_a_result_may_be_asked_for_on_the_way() -> None:
    maker = WaveformMaker()
    maker.add(np.full((1, 1000), 0.5, dtype=np.float32))
    assert maker.result(2).peaks.tolist() == [[[64, 64], [64, 64]]]
    maker.add(np.full((1, 1000), -1.0, dtype=np.float32))
    assert maker.result(2).peaks.tolist() == [[[64, 64], [-127, 64]]]
