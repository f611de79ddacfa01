"""What the bytes of a sound file say before anything decodes it: is it something else altogether, is it shorter than it
promises, does its header contradict itself.

It reads a few headers and never a name; whether the sound inside can be decoded, knowledge.audio knows.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["HEAD", "contradicts_itself", "counts_its_frames", "cut_short", "foreign"]

HEAD = 4096  # bytes that tell what a file is
_TAIL = 70_000  # an Ogg page has at most 65,307 bytes
_CARELESS = 1024  # bytes by which the size in a header may be too large: some recorders count the header too
_SOUND_CHUNKS = (b"data", b"SSND", b"LIST")
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # what a recorder writes that doesn't know the length yet

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\x1f\x8b\x08", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"Salted__", "encrypted"),
    (b"-----BEGIN PGP MESSAGE", "encrypted"),
    (b"age-encryption.org/", "encrypted"),
    (b"%PDF-", "not_audio"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_audio"),
    (b"\x89PNG\r\n", "not_audio"),
    (b"\xff\xd8\xff", "not_audio"),
    (b"GIF8", "not_audio"),
    (b"#EXTM3U", "not_audio"),
    (b"ffconcat", "not_audio"),
    (b"SQLite format 3", "not_audio"),
    (b"\x7fELF", "not_audio"),
    (b"MZ", "not_audio"),
)


def foreign(head: bytes) -> str | None:
    """What else a file is by its first bytes: "archive", "encrypted", "not_audio"; None where it may be a recording.

    >>> zipped = b"PK" + bytes([3, 4, 20, 0, 0, 0])
    >>> foreign(zipped), foreign(zipped[:6] + bytes([1])), foreign(b"RIFF" + bytes(8))
    ('archive', 'encrypted', None)
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "encrypted" if len(head) > 6 and head[6] & 1 else "archive"
    if found := next((kind for magic, kind in _FOREIGN if head.startswith(magic)), None):
        return found
    return "not_audio" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether there are letters only, in UTF-8 or in GB 18030; the headers of all sound files but AMR's hold zeros."""
    if not head or b"\0" in head or head.startswith(b"#!AMR"):
        return False
    if any(byte < 32 and byte not in b"\t\n\r\x0c" for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the last character may be cut in two
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False


def cut_short(file: BinaryIO, size: int) -> bool:
    """Whether the file ends before its own structure does: sizes of RIFF, AIFF and MP4, the last page of Ogg, whole
    packets of MPEG-TS. False where the format does not tell."""
    file.seek(0)
    head = file.read(HEAD)
    if head[:4] in (b"RIFF", b"FORM"):
        order = "<I" if head[:4] == b"RIFF" else ">I"
        ends = (at + length for name, at, length in _chunks(file, order, size) if name in _SOUND_CHUNKS)
        return any(end > size + _CARELESS for end in ends)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return any(end > size for end in _box_ends(file, size))
    if head.startswith(b"OggS"):
        file.seek(max(size - _TAIL, 0))
        tail = file.read(_TAIL)
        last = tail.rfind(b"OggS")
        return last < 0 or len(tail) < last + 6 or not tail[last + 5] & 4
    if head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G":
        return bool(size % 188)
    return False


def counts_its_frames(file: BinaryIO) -> bool:
    """Whether an MP3 says in its first frame how many there are; without that its length is a guess."""
    file.seek(0)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        file.seek(10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    frame = file.read(512)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


def contradicts_itself(file: BinaryIO, size: int) -> bool:
    """Whether the header of a PCM WAV names a sample rate that its bytes a second don't agree with."""
    file.seek(0)
    if file.read(4) != b"RIFF":
        return False
    for name, at, length in _chunks(file, "<I", size):
        if name == b"fmt " and length >= 16:
            file.seek(at)
            body = file.read(16)
            if len(body) < 16:
                return False
            code, _, rate, bytes_a_second, frame, _ = struct.unpack("<HHIIHH", body)
            return code in (1, 3, 6, 7) and bytes_a_second != 0 and bytes_a_second != rate * frame
    return False


def _chunks(file: BinaryIO, order: str, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place of the body and length as promised, of each chunk at the top of a RIFF or FORM file; a length that
    the recorder did not know ends the file and is not given."""
    at = 12
    while at + 8 <= size:
        file.seek(at)
        header = file.read(8)
        if len(header) < 8:
            return
        (length,) = struct.unpack(order, header[4:])
        if length in _UNKNOWN_SIZES and header[:4] in _SOUND_CHUNKS:
            return
        yield header[:4], at + 8, length
        at += 8 + length + length % 2


def _box_ends(file: BinaryIO, size: int) -> Iterator[int]:
    """Where each box at the top of an MP4 file promises to end."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        (length,) = struct.unpack(">I", header[:4])
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
        if length < 8:  # 0: up to the end of the file
            return
        at += length
        yield at
