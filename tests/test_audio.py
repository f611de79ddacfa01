"""Decoding: the same sound from every format, in blocks, whole or broken off, in little memory."""

import contextlib
import json
import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sounds import FORMATS, RATE, Sound, band, noise, tone, write, write_video

from knowledge.audio import Block, blocks, decode
from knowledge.audiofile import AudioProblem
from knowledge.demo.calls import read_demo_calls

ROOT = Path(__file__).parent.parent
SOUND = band(np.concatenate([tone(1.0, 440), noise(1.0, 2, colour=1.0), tone(1.0, 1000), noise(1.0, 3, colour=1.0)]))
RAW = {name: kind for name, (container, kind, *_) in FORMATS.items() if kind.startswith("pcm") or kind == "flac"}


def _alike(one: Sound, other: Sound, *, delay: int = 900) -> tuple[float, int]:
    """The highest correlation of two sounds, and by how many samples the second is later there."""
    count = min(len(one), len(other)) - 2 * delay
    middle = one[delay : delay + count]
    found = [float(np.corrcoef(middle, other[at : at + count])[0, 1]) for at in range(0, 2 * delay, 4)]
    best = int(np.argmax(found))
    return found[best], best * 4 - delay


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_gives_the_sound_that_went_in(name: str, tmp_path: Path) -> None:
    sound = decode(write(tmp_path / "a", SOUND, name))
    assert (sound.dtype, sound.shape[0]) == (np.float32, 1)
    assert sound.shape[1] == pytest.approx(len(SOUND), abs=0.12 * RATE)
    likeness, late = _alike(SOUND, sound[0])
    assert likeness > (0.85 if name == "amr" else 0.9)
    assert abs(late) < 0.05 * RATE


@pytest.mark.parametrize("name", sorted(RAW))
def test_what_is_kept_without_loss_comes_back_without_loss(name: str, tmp_path: Path) -> None:
    sound = decode(write(tmp_path / "a", SOUND, name))[0]
    assert len(sound) == len(SOUND)
    assert np.abs(sound - SOUND)[500:-500].max() < (0.02 if name == "wav A-law" else 0.004)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"amr"}))
def test_channels_of_stereo_are_kept_apart(name: str, tmp_path: Path) -> None:
    left, right = tone(2.0, 400), tone(2.0, 1100)
    sound = decode(write(tmp_path / "a", np.stack([left, right]), name))[:, 3000:-3000]
    hertz = np.abs(np.fft.rfft(sound)).argmax(axis=1) * RATE / sound.shape[1]
    assert hertz == pytest.approx([400, 1100], abs=3)


def test_more_than_two_channels_are_mixed_and_that_is_said(tmp_path: Path) -> None:
    sound = blocks(write(tmp_path / "a", np.stack([SOUND] * 6), "flac"))
    mixed = np.concatenate(list(sound), axis=1)
    assert mixed.shape == (1, len(SOUND))
    assert np.abs(mixed[0] - SOUND)[500:-500].max() < 0.01
    assert sound.notes == ("6 channels mixed into one",)


@pytest.mark.parametrize("count", [3, 8, 9, 12, 16])
def test_a_recorder_with_many_channels_is_heard(count: int, tmp_path: Path) -> None:
    fmt = struct.pack("<HHIIHH", 1, count, RATE, RATE * 2 * count, 2 * count, 16)
    samples = np.repeat((SOUND[:RATE, None] * 32767).astype("<i2"), count, axis=1).tobytes()
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(samples)) + samples
    path = tmp_path / "a"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    heard = decode(path)
    assert heard.shape == (1, RATE)
    assert np.abs(heard[0] - SOUND[:RATE])[500:-500].max() < 0.01


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0, 60.0])
def test_blocks_are_the_whole_cut_up(seconds: float, tmp_path: Path) -> None:
    path = write(tmp_path / "a", np.stack([SOUND, SOUND[::-1]]), "mp3")
    whole, cut = decode(path), list(blocks(path, seconds=seconds))
    assert np.array_equal(np.concatenate(cut, axis=1), whole)
    assert {block.shape[1] for block in cut[:-1]} <= {int(seconds * RATE)}
    assert 0 < cut[-1].shape[1] <= int(seconds * RATE)


def test_a_reading_that_is_given_up_closes_the_file(tmp_path: Path) -> None:
    sound = blocks(write(tmp_path / "a", SOUND), seconds=1.0)
    next(sound)
    sound.close()
    assert list(sound) == []
    assert sound.seconds == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_sound_that_begins_after_the_picture_keeps_its_second(container: str, tmp_path: Path) -> None:
    sound = decode(write_video(tmp_path / "film", tone(2.0, 440), container=container, late=0.5))[0]
    assert np.abs(sound[: int(0.4 * RATE)]).max() < 0.01
    assert np.abs(sound[int(0.6 * RATE) : int(0.8 * RATE)]).max() > 0.1


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"m4a"}))
def test_a_recording_that_breaks_off_is_heard_so_far_and_says_so(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", np.tile(SOUND, 10), name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.55) // 188 * 188 + 7])
    sound = blocks(path)
    heard = np.concatenate(list(sound), axis=1)
    assert 15 * RATE < heard.shape[1] < 26 * RATE
    minutes, seconds = divmod(heard.shape[1] // RATE, 60)
    assert sound.notes == (f"the recording breaks off at {minutes:02}:{seconds:02}",)


def test_a_film_whose_index_comes_first_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "a", np.tile(SOUND, 5), "m4a", movflags="+faststart")
    path.write_bytes(path.read_bytes()[:90_000])
    sound = blocks(path)
    assert 5 * RATE < sum(block.shape[1] for block in sound) < 18 * RATE
    assert sound.notes[0].startswith("the recording breaks off at 00:")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_whole_recording_has_no_notes(name: str, tmp_path: Path) -> None:
    sound = blocks(write(tmp_path / "a", SOUND, name))
    assert [sound.notes for _ in sound] == [()]
    assert sound.notes == ()


@pytest.mark.parametrize("name", ["mp3", "aac", "flac"])
def test_damage_in_the_middle_is_said_and_the_rest_keeps_its_second(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", np.concatenate([np.tile(SOUND, 3), tone(4.0, 700)]), name)
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + 1500] = np.random.default_rng(3).bytes(1500)
    path.write_bytes(data)
    sound = blocks(path)
    heard = np.concatenate(list(sound), axis=1)[0]
    assert len(heard) == pytest.approx(16 * RATE, abs=0.8 * RATE)
    end = np.abs(np.fft.rfft(heard[13 * RATE : 15 * RATE]))
    assert end.argmax() / 2 == pytest.approx(700, abs=10)


def test_a_rate_that_the_header_contradicts_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a", SOUND)
    data = bytearray(path.read_bytes())
    at = data.index(b"fmt ") + 12
    data[at : at + 4] = struct.pack("<I", 11_025)
    path.write_bytes(data)
    sound = blocks(path)
    assert sum(block.shape[1] for block in sound) == pytest.approx(4.0 * 16000 / 11025 * RATE, rel=0.001)
    assert sound.notes == ("the header contradicts itself about the sample rate",)


def test_numbers_that_are_none_become_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "a", SOUND, "wav 48 kHz")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 8 + 96_000
    data[at : at + 12] = struct.pack("<fff", float("nan"), float("inf"), -7.0)
    path.write_bytes(data)
    heard = decode(path)
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0


def test_amr_frames_of_silence_made_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 100)
    assert decode(path).shape == (1, 2 * RATE)


def test_silences_that_a_telephone_left_out_are_there_in_amr(tmp_path: Path) -> None:
    path = write(tmp_path / "a", SOUND, "amr")
    data = path.read_bytes()
    at = 6 + 32 * 50
    path.write_bytes(data[:at] + b"\x7c" * 50 + b"\x44" + bytes(5) + b"\x7c" * 7 + data[at:])
    sound = blocks(path)
    heard = np.concatenate(list(sound), axis=1)
    assert heard.shape[1] == pytest.approx(len(SOUND) + 58 * 320, abs=400)
    assert sound.notes == ()


def test_a_second_part_at_another_rate_goes_on(tmp_path: Path) -> None:
    """Two MP3s joined end to end, as some recorders do: 22 kHz mono, then 44 kHz stereo."""
    first = write(tmp_path / "a", tone(2.0, 440), "mp3", write_xing="0").read_bytes()
    with av.open(str(tmp_path / "b"), "w", format="mp3", options={"write_xing": "0"}) as file:
        stream = file.add_stream("libmp3lame", rate=44_100, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        tones = np.repeat(tone(2.0, 900, rate=44_100)[None], 2, axis=0)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tones), format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    both = tmp_path / "both"
    both.write_bytes(first + (tmp_path / "b").read_bytes())
    heard = decode(both)
    assert heard.shape[0] == 1
    assert heard.shape[1] == pytest.approx(4 * RATE, abs=0.4 * RATE)


def test_too_long_for_one_piece_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + b"\x7c" * 31_000)
    with pytest.raises(AudioProblem) as caught:
        decode(path)
    assert caught.value.kind == "too_long"


def test_every_demo_call_is_decoded_without_a_note() -> None:
    for call in read_demo_calls()[:6]:
        sound = blocks(call.path)
        assert {len(block) for block in sound} == {2 if call.stereo else 1}
        assert sound.notes == ()
        assert sound.seconds > call.segments[-1].end


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("small")
    return {name: write(folder / "a", SOUND[: RATE // 2], name).read_bytes() for name in FORMATS}


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FORMATS)), data=st.data())
def test_damaged_files_end_in_sound_or_in_a_sentence(
    name: str, data: st.DataObject, small: dict[str, bytes], tmp_path: Path
) -> None:
    damaged = bytearray(small[name])
    places = st.integers(0, len(damaged) - 1) | st.integers(0, 200)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        damaged[place % len(damaged)] = value
    path = tmp_path / "damaged"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    heard: list[Block] = []
    with contextlib.suppress(AudioProblem):
        heard += blocks(path)
    assert all(np.isfinite(block).all() and np.abs(block).max() <= 1 for block in heard)


HOUR = """
import json, sys, time
from pathlib import Path
from knowledge.audio import blocks
from knowledge.soundcheck import Soundcheck
from knowledge.voice import VoiceDetector, windows
from knowledge.waveform import WaveformMaker
started, check, drawing, detectors = time.process_time(), Soundcheck(), WaveformMaker(), []
sound = blocks(Path(sys.argv[1]))
for block in sound:
    detectors = detectors or [VoiceDetector() for _ in block]
    for detector, channel in zip(detectors, block):
        detector.hear(channel)
    check.add(block)
    drawing.add(block)
spoken = [detector.finish() for detector in detectors]
cut = windows(spoken[0].spans, levels=spoken[0].levels)
peak = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
memory = int(peak[0]) / 1024
print(json.dumps({"seconds": sound.seconds, "cpu": time.process_time() - started, "megabytes": memory,
                  "windows": len(cut), "slices": drawing.result().peaks.shape, "notes": sound.notes}))
"""


@pytest.mark.slow
def test_an_hour_is_heard_in_a_minute_and_little_memory(tmp_path: Path) -> None:
    call = decode(read_demo_calls()[1].path)
    minute = np.pad(call, ((0, 0), (0, max(60 * RATE - call.shape[1], 0))))[:, : 60 * RATE]
    path = write(tmp_path / "hour", np.tile(minute, 60), "wav A-law")
    done = subprocess.run(
        [sys.executable, "-c", HOUR, str(path)], cwd=ROOT, capture_output=True, check=True, timeout=280, text=True
    )
    found = json.loads(done.stdout)
    assert found["seconds"] == pytest.approx(3600, abs=1)
    assert found["megabytes"] < 300
    assert found["cpu"] < 60
    assert found["windows"] > 60
    assert found["slices"] == [1, 1000, 2]
    assert found["notes"] == []
