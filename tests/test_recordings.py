import hashlib
import io
import os
import resource
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import BadInput, Fault, NotFound
from knowledge.recordings import Recordings, TooLarge, display_name, media_type


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path / "recordings", largest=3_000_000)


def files(recordings: Recordings) -> list[str]:
    return sorted(str(p.relative_to(recordings.folder)) for p in recordings.folder.rglob("*") if p.is_file())


def test_a_recording_is_kept_by_its_content(recordings: Recordings) -> None:
    content = os.urandom(2_500_000)
    digest = hashlib.sha256(content).hexdigest()
    kept = recordings.keep(io.BytesIO(content), "来电.wav")
    assert (kept.sha256, kept.size, kept.name) == (digest, len(content), "来电.wav")
    assert kept.path == recordings.path(digest) == recordings.folder / digest[:2] / f"{digest}.bin"
    assert kept.path.read_bytes() == content
    assert files(recordings) == [f"{digest[:2]}/{digest}.bin"]


def test_the_same_content_is_one_file(recordings: Recordings) -> None:
    first = recordings.keep(io.BytesIO(b"sound"), "a.wav")
    written = first.path.stat().st_mtime_ns
    second = recordings.keep(io.BytesIO(b"sound"), "b.wav")
    assert (second.path, second.name) == (first.path, "b.wav")
    assert first.path.stat().st_mtime_ns == written
    assert len(files(recordings)) == 1


def test_a_file_that_was_cut_short_is_mended(recordings: Recordings) -> None:
    kept = recordings.keep(io.BytesIO(b"sound"), "a.wav")
    kept.path.write_bytes(b"sou")
    assert recordings.keep(io.BytesIO(b"sound"), "a.wav").path.read_bytes() == b"sound"


def test_an_empty_one_is_refused(recordings: Recordings) -> None:
    with pytest.raises(BadInput, match=r"a\.wav is empty \(0 bytes\)"):
        recordings.keep(io.BytesIO(b""), "a.wav")
    assert files(recordings) == []


def test_one_that_is_too_large_is_refused_and_leaves_nothing(recordings: Recordings) -> None:
    with pytest.raises(TooLarge, match="more than 3,000,000 bytes"):
        recordings.keep(io.BytesIO(bytes(3_000_001)), "a.wav")
    assert files(recordings) == []
    assert recordings.keep(io.BytesIO(bytes(3_000_000)), "a.wav").size == 3_000_000


def test_an_upload_that_breaks_off_leaves_nothing(recordings: Recordings) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        recordings.keep(Broken(), "a.wav")  # type: ignore[arg-type]
    with recordings.writer("a.wav") as writer:
        writer.write(b"half")
    assert files(recordings) == []


def test_two_hundred_at_once(recordings: Recordings) -> None:
    contents = [os.urandom(1_000 + number) for number in range(100)] * 2
    start = threading.Barrier(8)

    def keep(part: int) -> list[str]:
        start.wait()
        return [recordings.keep(io.BytesIO(c), f"{part}.wav").sha256 for c in contents[part::8]]

    with ThreadPoolExecutor(8) as pool:
        found = {digest for some in pool.map(keep, range(8)) for digest in some}
    assert len(found) == len(files(recordings)) == 100
    for digest in found:
        assert hashlib.sha256(recordings.path(digest).read_bytes()).hexdigest() == digest


FULL = """
import io, resource, signal, sys
from pathlib import Path
from knowledge.errors import Fault
from knowledge.recordings import Recordings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
recordings = Recordings(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
try:
    recordings.keep(io.BytesIO(bytes(4_000_000)), "long.wav")
except Fault as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(recordings.keep(io.BytesIO(b"short"), "short.wav").size)
"""


def test_a_full_disk_is_told_and_leaves_nothing(recordings: Recordings) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(recordings.folder)], capture_output=True, text=True, check=True, timeout=60
    )
    said, size = done.stdout.splitlines()
    assert said.startswith("the disk is full: nothing of this recording was kept; free some space and send it again")
    assert size == "5"
    assert len(files(recordings)) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("a file")
    with pytest.raises(Fault, match="check the rights of the data folder"):
        Recordings(tmp_path / "recordings").keep(io.BytesIO(b"x"), "a.wav")


def test_reading_by_range(recordings: Recordings) -> None:
    content = os.urandom(2_200_000)
    digest = recordings.keep(io.BytesIO(content), "a.wav").sha256
    for start, end in ((0, None), (0, 5), (10, 10), (1_048_570, 1_048_590), (2_199_999, None), (5, 99_000_000)):
        assert b"".join(recordings.read(digest, start, end)) == content[start:end]


@pytest.mark.parametrize("digest", ["0" * 64, "../" * 21 + "x", "", "..", "/etc/passwd", "A" * 64])
def test_nothing_but_a_recording_is_opened(recordings: Recordings, digest: str) -> None:
    recordings.keep(io.BytesIO(b"x"), "a.wav")
    with pytest.raises(NotFound, match="is not in the data folder"):
        recordings.path(digest)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("来电 1.wav", "来电 1.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.mp3", "a.mp3"),
        ("a\x00b\nc\x1b[31m.wav", "ab c[31m.wav"),
        ("\u202ewav.exe", "wav.exe"),
        ("", "recording"),
        ("..", "recording"),
        ("/", "recording"),
        ("   ", "recording"),
        ("folder/", "folder"),
    ],
)
def test_names_to_show(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text(max_size=400))
def test_a_shown_name_is_harmless_and_stays_as_it_is(name: str) -> None:
    shown = display_name(name)
    assert 0 < len(shown) <= 200
    assert not set(shown) & set("/\\\n\r\0")
    assert shown not in (".", "..")
    assert shown.isprintable() or shown == display_name(shown)


def test_a_long_name_keeps_its_ending() -> None:
    shown = display_name("长" * 300 + ".wav")
    assert (len(shown), shown[-5:]) == (200, "….wav")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"OggS\x00", "audio/ogg"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"<html><script>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_media_types(recordings: Recordings, start: bytes, kind: str) -> None:
    assert media_type(start) == kind
    if start:
        assert recordings.media_type(recordings.keep(io.BytesIO(start), "a").sha256) == kind
