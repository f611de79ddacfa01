"""Bytes of sound files: what is something else, what is cut short, what contradicts itself."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import FORMATS, noise, write

from knowledge.container import contradicts_itself, counts_its_frames, cut_short, foreign

SOUND = noise(3.0, 1)
TOLD = ("wav 8 kHz", "wav 48 kHz", "wav A-law", "m4a", "ogg", "aiff", "mpegts")  # formats that show where they end


def _zip(encrypted: bool) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("call.wav", b"RIFF")
    found = bytearray(held.getvalue())
    found[6] |= encrypted
    return bytes(found)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (_zip(encrypted=False), "archive"),
        (_zip(encrypted=True), "encrypted"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "archive"),
        (b"Rar!\x1a\x07\x01\0", "archive"),
        (b"\x1f\x8b\x08\0\0\0", "archive"),
        (b"Salted__\x01\x02\x03", "encrypted"),
        (b"-----BEGIN PGP MESSAGE-----", "encrypted"),
        (b"%PDF-1.7\n\0", "not_audio"),
        (b"\x89PNG\r\n\x1a\n\0", "not_audio"),
        (b"#EXTM3U\n#EXTINF:9,\nfile:///etc/hostname\n", "not_audio"),
        (b"ffconcat version 1.0\nfile other.wav\n", "not_audio"),
        (b"<?xml version='1.0'?><MPD></MPD>", "not_audio"),
        ("你好，我要反映一个问题。".encode(), "not_audio"),
        ("你好，我要反映一个问题。".encode("gb18030"), "not_audio"),
        (b"caller: the road is flooded\r\n", "not_audio"),
    ],
)
def test_what_is_no_recording_is_known_by_its_first_bytes(head: bytes, kind: str) -> None:
    assert foreign(head) == kind


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_recording_is_taken_for_something_else(name: str, tmp_path: Path) -> None:
    assert foreign(write(tmp_path / "a", SOUND, name).read_bytes()[:4096]) is None


@given(st.text(min_size=20))
def test_text_is_text_wherever_it_is_cut(text: str) -> None:
    head = ("来电" + "".join(c for c in text if c.isprintable())).encode()
    assert all(foreign(head[:cut]) == "not_audio" for cut in range(3, len(head)))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_whole_file_is_not_cut_short(name: str, tmp_path: Path) -> None:
    data = write(tmp_path / "a", SOUND, name).read_bytes()
    assert not cut_short(io.BytesIO(data), len(data))


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_cut_file_is_cut_short(name: str, share: float, tmp_path: Path) -> None:
    data = write(tmp_path / "a", SOUND, name).read_bytes()
    data = data[: int(len(data) * share) | 1]
    assert cut_short(io.BytesIO(data), len(data))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_recorder_that_did_not_know_the_length_promised_none(size: int, tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "a", SOUND).read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", size)
    assert not cut_short(io.BytesIO(data), len(data))


def test_a_header_counted_with_the_sound_is_forgiven(tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "a", SOUND).read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", len(data))
    assert not cut_short(io.BytesIO(data), len(data))


def test_a_sample_rate_that_does_not_fit_is_seen(tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "a", SOUND).read_bytes())
    assert not contradicts_itself(io.BytesIO(data), len(data))
    at = data.index(b"fmt ") + 12
    data[at : at + 4] = struct.pack("<I", 8_000)
    assert contradicts_itself(io.BytesIO(data), len(data))


def test_an_mp3_tells_how_many_frames_it_has_or_does_not(tmp_path: Path) -> None:
    data = write(tmp_path / "a", SOUND, "mp3").read_bytes()
    assert counts_its_frames(io.BytesIO(data))
    assert not counts_its_frames(io.BytesIO(write(tmp_path / "b", SOUND, "mp3", write_xing="0").read_bytes()))


@given(st.binary(max_size=600), st.sampled_from([b"", b"RIFF", b"FORM", b"OggS", b"\0\0\0\x20ftyp", b"ID3", b"G"]))
def test_any_bytes_have_an_answer(tail: bytes, head: bytes) -> None:
    file = io.BytesIO(head + tail)
    assert foreign(head + tail) in ("archive", "encrypted", "not_audio", None)
    assert cut_short(file, len(head + tail)) in (True, False)
    assert contradicts_itself(file, len(head + tail)) in (True, False)
    assert counts_its_frames(file) in (True, False)
