import wave
from pathlib import Path

import numpy as np
import pytest

from knowledge.audio import decode
from knowledge.playable import is_playable, write_wav


@pytest.mark.parametrize("channels", [1, 2])
def test_the_wav_holds_the_sound(tmp_path: Path, channels: int) -> None:
    source = np.random.default_rng(1).uniform(-1, 1, (channels, 40_000)).astype(np.float32)
    write_wav(np.split(source, [16_000, 32_000], axis=1), tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (channels, 16_000, 40_000)
    assert np.abs(decode(tmp_path / "a.wav") - source).max() < 1e-4


def test_what_is_too_loud_is_cut_not_turned_around(tmp_path: Path) -> None:
    write_wav([np.array([[2.0, -2.0]] * 1, dtype=np.float32).repeat(2_000, axis=1)], tmp_path / "a.wav")
    found = decode(tmp_path / "a.wav")
    assert found.max() == pytest.approx(1, abs=1e-3)
    assert found.min() == pytest.approx(-1, abs=1e-3)


def test_what_browsers_play() -> None:
    assert is_playable("audio/mp4", "aac")
    assert not is_playable("application/octet-stream", "wmav2")
    assert not is_playable("audio/amr", "amrnb")
