"""Recordings as files, named by their content: written while they are hashed, kept whole or not at all, read by range.

The same sound under two names is one file. The name under which it came is for people to read and is never opened. What
a file sounds like is not known here; its format is told from its first bytes, only to say it to a browser.
"""

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

from knowledge.errors import BadInput, Fault, NotFound
from knowledge.text import clean

__all__ = ["CHUNK", "LARGEST", "Kept", "Recordings", "TooLarge", "Writer", "display_name", "media_type"]

CHUNK = 1 << 20  # bytes
LARGEST = 4 << 30  # bytes
_LONGEST_NAME = 200  # characters
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
)


class TooLarge(BadInput):
    """More bytes than a recording may have (HTTP 413)."""


@dataclass(frozen=True)
class Kept:
    """A file that is kept: the SHA-256 of its bytes, their number, the name to show, and where it lies."""

    sha256: str
    size: int
    name: str
    path: Path


def display_name(name: str) -> str:
    """A name that can be shown: the last part of a path, without control characters and marks that turn the direction
    of reading, at most 200 characters of which the ending is kept; "recording" for nothing.

    >>> display_name("../../etc/passwd"), display_name("C:\\\\calls\\\\来电\\x00 1.wav"), display_name("/")
    ('passwd', '来电 1.wav', 'recording')
    """
    last = clean(name.replace("\\", "/")).replace("\n", " ").rstrip("/ ").rpartition("/")[2].strip()
    if last in ("", ".", ".."):
        return "recording"
    if len(last) <= _LONGEST_NAME:
        return last
    stem, dot, ending = last.rpartition(".")
    ending = dot + ending if dot and len(ending) <= 10 else ""
    return f"{(stem or last)[: _LONGEST_NAME - 1 - len(ending)]}…{ending}"


def media_type(start: bytes) -> str:
    """The media type of a file that begins so; never one that a browser would run or lay out."""
    for place, sign, kind in _SIGNS:
        if start[place : place + len(sign)] == sign:
            return kind
    return "application/octet-stream"


class Writer:
    """One file on its way in. Left without `finish`, it leaves nothing behind. Raises TooLarge, and Fault for a full
    disk."""

    def __init__(self, folder: Path, name: str, largest: int) -> None:
        self._folder, self._name, self._largest = folder, display_name(name), largest
        self._hash, self._size = hashlib.sha256(), 0
        incoming = folder / "incoming"
        with _faults(folder):
            incoming.mkdir(parents=True, exist_ok=True)
            self._path = incoming / f"{uuid4().hex}.part"
            self._file = self._path.open("wb")

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        self._size += len(data)
        if self._size > self._largest:
            raise TooLarge(f"{self._name} has more than {self._largest:,} bytes; cut the recording into parts")
        self._hash.update(data)
        with _faults(self._folder):
            self._file.write(data)

    def finish(self) -> Kept:
        """Keeps the file under its content; one that is there already stays. Raises BadInput for an empty one."""
        if not self._size:
            raise BadInput(f"{self._name} is empty (0 bytes); record or export it again")
        digest = self._hash.hexdigest()
        path = self._folder / digest[:2] / f"{digest}.bin"
        with _faults(self._folder):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if not (path.is_file() and path.stat().st_size == self._size):
                path.parent.mkdir(exist_ok=True)
                self._path.replace(path)
                _sync(path.parent)
        return Kept(digest, self._size, self._name, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError:
            if kind is None:
                raise
        finally:
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Recordings:
    """The files of one data folder. `largest` bounds one of them, in bytes."""

    folder: Path
    largest: int = LARGEST

    def writer(self, name: str) -> Writer:
        """A file on its way in, for bytes that come piece by piece."""
        return Writer(self.folder, name, self.largest)

    def keep(self, stream: BinaryIO, name: str) -> Kept:
        """Keeps what a stream holds from here to its end. Raises BadInput for nothing or too much, Fault for a disk
        that is full; then nothing is left."""
        with self.writer(name) as writer:
            while data := stream.read(CHUNK):
                writer.write(data)
            return writer.finish()

    def path(self, sha256: str) -> Path:
        """Where the file with this content lies. Raises NotFound."""
        path = self.folder / sha256[:2] / f"{sha256}.bin"
        if not _HASH.fullmatch(sha256) or not path.is_file():
            raise NotFound(f"the recording {sha256[:12]} is not in the data folder; restore it from a back-up")
        return path

    def beside(self, sha256: str, ending: str) -> Path:
        """Where something derived from the recording is kept (it may be removed at any time)."""
        return self.path(sha256).with_suffix(ending)

    def media_type(self, sha256: str) -> str:
        """The media type, told from the first bytes. Raises NotFound."""
        with self.path(sha256).open("rb") as stream:
            return media_type(stream.read(16))

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to and without `end` (None: to the end), in pieces. Raises NotFound."""
        return _pieces(self.path(sha256), start, end)


def _pieces(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            data = stream.read(CHUNK if left is None else min(CHUNK, left))
            if not data:
                return
            left = None if left is None else left - len(data)
            yield data


def _sync(folder: Path) -> None:
    """Makes a rename in the folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _faults(folder: Path) -> Iterator[None]:
    """Failures of the disk as a Fault in plain words."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Fault(
                f"the disk is full: nothing of this recording was kept; free some space and send it again ({folder})"
            ) from error
        raise Fault(f"{folder} cannot be written ({error.strerror}); check the rights of the data folder") from error
