"""Measures of the sound: what was put in is what is found, whatever the blocks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import RATE, Sound, band, noise, tone, write

from knowledge.demo.calls import read_demo_calls
from knowledge.soundcheck import ChannelCheck, Check, Soundcheck, check

WIDE = noise(6.0, 4, level=0.5)


def _check(*channels: Sound, size: int = 10**9) -> Check:
    listener = Soundcheck()
    sound = np.stack(channels)
    for first in range(0, sound.shape[1], size):
        listener.add(sound[:, first : first + size])
    return listener.result()


def test_a_good_recording_has_no_notes() -> None:
    found = _check(WIDE)
    assert found.notes == ()
    assert found.seconds == 6.0
    assert found.worth_hearing == (0,)


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1, 0.01])
def test_levels_are_those_of_a_tone(level: float) -> None:
    channel = _check(tone(3.0, 1000, level=level)).channels[0]
    decibels = 20 * np.log10(level)
    assert channel.peak_db == pytest.approx(decibels, abs=0.1)
    assert channel.mean_db == pytest.approx(decibels - 3.01, abs=0.1)
    assert channel.loud_db == pytest.approx(decibels - 3.01, abs=1)


@pytest.mark.parametrize(
    ("sound", "note"),
    [
        (WIDE * 0.01, "very quiet"),
        ((WIDE * 8).clip(-1, 1), "clipped"),
        (band(WIDE), "telephone band"),
        (WIDE * 0, "silent"),
        (WIDE * 0 + 1 / 32768, "silent"),
    ],
)
def test_each_note_says_what_was_done_to_the_sound(sound: Sound, note: str) -> None:
    assert _check(sound.astype(np.float32)).notes == (note,)


def test_a_sound_may_come_near_the_limit_without_being_clipped() -> None:
    assert "clipped" not in _check(WIDE / np.abs(WIDE).max() * 0.999).notes


@pytest.mark.parametrize("high", [1000.0, 3400.0, 5000.0, 7000.0])
def test_the_highest_frequency_is_where_the_band_ends(high: float) -> None:
    assert _check(band(WIDE, 100.0, high)).channels[0].highest_hz == pytest.approx(high, abs=100)


def test_silence_is_counted() -> None:
    found = _check(np.concatenate([WIDE, WIDE[: 2 * RATE] * 0])).channels[0]
    assert found.silence == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("change", [1.0, 0.5, -1.0])
def test_one_voice_on_two_channels_is_one(change: float) -> None:
    found = _check(WIDE * change, WIDE)
    assert found.same
    assert found.worth_hearing == ((1,) if abs(change) < 1 else (0,))


def test_two_voices_are_two_even_where_one_is_heard_through_the_other() -> None:
    other = noise(6.0, 5, level=0.5)
    assert not _check(WIDE, other).same
    assert not _check(WIDE, WIDE + 0.1 * other).same
    assert _check(WIDE, other).worth_hearing == (0, 1)


def test_a_silent_side_is_named_and_not_listened_to() -> None:
    found = _check(WIDE, WIDE * 0)
    assert found.notes == ("silent (right)",)
    assert (found.worth_hearing, found.same) == ((0,), False)
    nothing = _check(WIDE * 0, WIDE * 0)
    assert (nothing.notes, nothing.worth_hearing, nothing.same) == (("silent",), (), True)


def test_a_note_on_both_sides_is_said_once() -> None:
    assert _check(band(WIDE), band(noise(6.0, 9))).notes == ("telephone band",)
    assert _check(WIDE, band(noise(6.0, 9))).notes == ("telephone band (right)",)


@given(st.integers(1, 40).map(lambda count: count * 2048), st.floats(0.0, 1.0))
def test_blocks_make_no_difference(size: int, share: float) -> None:
    sound = (WIDE * share).astype(np.float32)
    whole, cut = _check(sound, WIDE), _check(sound, WIDE, size=size)
    assert (cut.notes, cut.same, cut.seconds) == (whole.notes, whole.same, whole.seconds)
    for one, other in zip(whole.channels, cut.channels, strict=True):
        assert one.mean_db == pytest.approx(other.mean_db, abs=0.1)
        assert one.silence == pytest.approx(other.silence, abs=0.02)
        assert one.highest_hz == other.highest_hz


def test_nothing_has_no_channels() -> None:
    assert Soundcheck().result() == Check(0.0, (), same=False, notes=())
    assert Check(0.0, (), same=False, notes=()).worth_hearing == ()


def test_a_file_is_checked_with_what_its_decoding_had_to_say(tmp_path: Path) -> None:
    path = write(tmp_path / "a", band(np.tile(WIDE, 2)))
    path.write_bytes(path.read_bytes()[: 9 * RATE * 2])
    assert check(path).notes == ("the recording breaks off at 00:08", "telephone band")


def test_the_demo_calls_came_over_a_telephone() -> None:
    for call in read_demo_calls()[:8]:
        found = check(call.path)
        assert found.notes == ("telephone band",)
        assert found.worth_hearing == ((0, 1) if call.stereo else (0,))
        assert all(isinstance(channel, ChannelCheck) and channel.silence < 0.95 for channel in found.channels)
