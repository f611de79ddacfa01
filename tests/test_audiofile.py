"""Files that can be heard, and those that cannot: each with its kind and one sentence that says what to do."""

import errno
import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sounds import FORMATS, noise, tone, write, write_video

from knowledge.audio import blocks
from knowledge.audiofile import LARGEST, LONGEST, AudioProblem, clock, probe
from knowledge.errors import BadInput, Fault

SOUND = np.concatenate([tone(1.0, 440), noise(1.0, 2)])
RANDOM = np.random.default_rng(5)


def _problem(path: Path) -> AudioProblem:
    with pytest.raises(AudioProblem) as caught:
        probe(path)
    return caught.value


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_says_how_long_and_how_fast_it_is(name: str, tmp_path: Path) -> None:
    found = probe(write(tmp_path / "call.bin", SOUND, name))
    assert found.duration_s == pytest.approx(2.0, abs=0.12)
    assert (found.channels, found.sample_rate) == (1, FORMATS[name][2])
    assert found.codec == FORMATS[name][1].removeprefix("lib").removeprefix("opencore_").replace("mp3lame", "mp3")


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"amr"}))
def test_stereo_stays_stereo(name: str, tmp_path: Path) -> None:
    assert probe(write(tmp_path / "call.bin", np.stack([SOUND, SOUND[::-1]]), name)).channels == 2


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_a_film_is_heard_by_its_sound(container: str, tmp_path: Path) -> None:
    found = probe(write_video(tmp_path / "film", SOUND, container=container))
    assert (found.duration_s, found.channels) == (pytest.approx(2.0, abs=0.1), 1)


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_a_film_without_sound_is_said_to_have_none(container: str, tmp_path: Path) -> None:
    assert _problem(write_video(tmp_path / "film", None, container=container)).kind == "no_audio_track"


def _changed(path: Path, mark: bytes, offset: int, new: bytes) -> Path:
    """A file with some bytes changed, counted from a mark in it."""
    data = bytearray(path.read_bytes())
    at = data.index(mark) + offset
    data[at : at + len(new)] = new
    path.write_bytes(data)
    return path


def _zipped(path: Path) -> Path:
    """An archive that would unpack to a thousand times its size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("call.wav", bytes(20_000_000))
    return path


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _sparse(path: Path, data: bytes, size: int) -> Path:
    """A large file of which the disk keeps little."""
    path.write_bytes(data)
    os.truncate(path, size)
    return path


def _wav_header(rate: int, size: int) -> bytes:
    """Of a mono WAV of 8 bits."""
    fmt = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", size)
    )


BAD = {
    "empty": ("empty", lambda p: _written(p, b"")),
    "text renamed to wav": ("not_audio", lambda p: _written(p, "来电人反映路面积水。\n".encode() * 500)),
    "a picture": ("not_audio", lambda p: _written(p, b"\x89PNG\r\n\x1a\n" + bytes(3000))),
    "random bytes": ("not_audio", lambda p: _written(p, RANDOM.bytes(200_000))),
    "zeros": ("not_audio", lambda p: _written(p, bytes(100_000))),
    "a playlist": ("not_audio", lambda p: _written(p, b"#EXTM3U\n#EXTINF:9,\nfile:///etc/hostname\n")),
    "a list to join": ("not_audio", lambda p: _written(p, b"ffconcat version 1.0\nfile /etc/hostname\n")),
    "a picture in a container": ("not_audio", lambda p: _written(p, b"RIFF\x40\0\0\0WEBPVP8 " + bytes(64))),
    "a bomb": ("archive", _zipped),
    "encrypted": ("encrypted", lambda p: _written(p, b"Salted__" + RANDOM.bytes(5000))),
    "copy protection": ("encrypted", lambda p: _changed(write(p, SOUND, "m4a"), b"mp4a", 0, b"enca")),
    "an unknown codec": ("unknown_codec", lambda p: _changed(write(p, SOUND), b"fmt ", 8, b"\x99\x99")),
    "no sound at all": ("too_short", lambda p: _written(p, _wav_header(8000, 0))),
    "a twentieth of a second": ("too_short", lambda p: write(p, SOUND[:800])),
    "no index": ("cut_off", lambda p: _written(p, write(p, SOUND, "m4a").read_bytes()[:4000])),
    "one sample a second": ("broken", lambda p: _changed(write(p, SOUND), b"fmt ", 12, struct.pack("<I", 1))),
    "sixty channels": ("broken", lambda p: _changed(write(p, SOUND), b"fmt ", 10, struct.pack("<H", 60))),
    "too long": ("too_long", lambda p: _sparse(p, _wav_header(2000, 23_000_000), 23_000_044)),
    "a byte for every 20 ms": ("too_long", lambda p: _written(p, b"#!AMR\n" + b"\x7c" * 575_000)),
    "too large": ("too_large", lambda p: _sparse(p, _wav_header(8000, 2**31), LARGEST + 1)),
    "a folder": ("not_audio", lambda p: p.mkdir() or p),
    "nothing there": ("missing", lambda p: p),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_cannot_be_heard_says_why_in_a_sentence(name: str, tmp_path: Path) -> None:
    kind, make = BAD[name]
    problem = _problem(make(tmp_path / "call.wav"))
    assert (problem.kind, isinstance(problem, BadInput)) == (kind, True)
    assert ": " in str(problem)
    assert "\n" not in str(problem)
    assert len(str(problem)) < 120
    assert "{" not in str(problem)


def test_special_files_are_not_waited_for(tmp_path: Path) -> None:
    assert _problem(Path("/dev/zero")).kind == "not_audio"


class _FailingFile(io.BytesIO):
    """A file on a disk that fails once its head has been read."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 8_000:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


class _FailingPath(type(Path())):  # type: ignore[misc]
    """A path to such a file."""

    def open(self, *_: object, **__: object) -> io.BytesIO:  # type: ignore[override]
        return _FailingFile(self.read_bytes())

    def read_bytes(self) -> bytes:
        return Path(self).read_bytes()


def test_a_disk_that_fails_is_not_the_recordings_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a", SOUND)
    with pytest.raises(Fault, match="Input/output error"):
        list(blocks(_FailingPath(path)))


def test_a_problem_crosses_from_one_process_to_another() -> None:
    problem = AudioProblem("too_long", limit="3:10:00")
    copy = pickle.loads(pickle.dumps(problem))
    assert (type(copy), copy.kind, str(copy)) == (AudioProblem, "too_long", str(problem))


NAMES = [
    "concat:a|b.wav",
    "http:x.wav",
    "-i.wav",
    "%03d.png",
    "录音 1.m3u8",
    "a\nb.mp3",
    "crypto+file:x",
    "..wav",
    "pipe:0",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = tmp_path / "made"
    write(path, SOUND)
    assert probe(path.rename(tmp_path / name)).duration_s == 2.0


def test_a_header_that_lies_about_the_length_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "call", SOUND, "webm")
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # the duration: an element of eight bytes
    data[at : at + 8] = struct.pack(">d", 1e9)
    path.write_bytes(data)
    assert probe(path).duration_s == pytest.approx(2.0, abs=0.1)


def test_an_mp3_without_a_count_is_counted(tmp_path: Path) -> None:
    found = probe(write(tmp_path / "call", SOUND, "mp3", write_xing="0"))
    assert (found.duration_s, found.promised_s) == (pytest.approx(2.0, abs=0.15), None)


def test_a_track_that_begins_late_is_as_long_as_the_player_says(tmp_path: Path) -> None:
    found = probe(write_video(tmp_path / "film", SOUND, late=0.5))
    assert found.duration_s == pytest.approx(2.5, abs=0.05)


def test_the_limit_is_three_hours_and_a_little() -> None:
    assert clock(LONGEST) == "3:10:00"
