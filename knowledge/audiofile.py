"""Files with sound in them: which of them can be heard, how long they are, and which of their tracks it is.

They are opened by what is in them. A name is never looked at and never handed on, so that neither an extension nor a
playlist can lead to another file. How they are decoded, knowledge.audio knows.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EINVAL
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, BinaryIO

from knowledge.container import HEAD, contradicts_itself, counts_its_frames, cut_short, foreign
from knowledge.errors import BadInput, Fault

if TYPE_CHECKING:
    from av import AudioCodecContext, AudioStream
    from av.container import InputContainer

__all__ = ["LARGEST", "LONGEST", "SHORTEST", "AudioProblem", "Opened", "Probe", "clock", "open_sound", "probe"]

LARGEST = 4 * 1024**3  # bytes
LONGEST = 3 * 3600 + 600.0  # seconds
SHORTEST = 0.1  # seconds
_CHANNELS = 16
_RATES = range(2_000, 384_001)
_FORMATS = "wav,w64,mp3,mov,mp4,m4a,3gp,3g2,mj2,ogg,amr,flac,matroska,webm,avi,aac,asf,mpegts,aiff,caf,au"
_CODECS = (
    *("aac", "aac_latm", "ac3", "alac", "amrnb", "amrwb", "eac3", "flac", "g722", "g723_1", "g726", "g729", "gsm"),
    *("gsm_ms", "ilbc", "libopencore_amrnb", "libopencore_amrwb", "libopus", "mp1float", "mp2", "mp2float", "mp3"),
    *("mp3float", "opus", "speex", "truespeech", "vorbis", "wavpack", "wmalossless", "wmapro", "wmav1", "wmav2"),
    "wmavoice",
)
_GUESSED = {"mp3", "aac", "mpegts", "amr"}  # formats whose header does not tell the length
_PROBLEMS = {
    "missing": "the recording is not there any more: upload it again",
    "empty": "the file is empty (0 bytes): upload the recording again",
    "not_audio": "this is not a recording that can be read: upload wav, mp3, m4a, ogg, opus, amr, flac or a video",
    "archive": "this is an archive, not a recording: unpack it and upload the files in it",
    "encrypted": "the file is encrypted: upload the recording without a password or copy protection",
    "no_audio_track": "there is no sound in this file: upload one with an audio track",
    "unknown_codec": "the sound is coded in a way that cannot be read: convert the recording to wav, mp3 or m4a",
    "too_large": "the file is larger than {limit} GB: upload the sound without the picture, or cut it into parts",
    "too_long": "the recording is longer than {limit}: cut it into parts",
    "too_short": "there is less than a tenth of a second of sound in the file: upload the whole recording",
    "broken": "the recording is damaged and none of it can be decoded: get it from the recorder again",
    "cut_off": "the file ends before the index without which it cannot be read: copy it from the recorder again",
}


class AudioProblem(BadInput):
    """A file that cannot be heard. The text is one sentence without the file's name, since recordings are kept by
    their content: who knows the name puts it before. `kind` is stable, for pages in other languages: missing, empty,
    not_audio, archive, encrypted, no_audio_track, unknown_codec, too_large, too_long, too_short, broken, cut_off."""

    def __init__(self, kind: str, **values: object) -> None:
        super().__init__(_PROBLEMS[kind].format(**values))
        self.kind = kind

    def __reduce__(self) -> tuple[Any, ...]:  # it crosses from worker processes
        return _problem, (self.kind, str(self))


def _problem(kind: str, text: str) -> AudioProblem:
    problem = AudioProblem(kind, limit="")
    problem.args = (text,)
    return problem


@dataclass(frozen=True)
class Probe:
    """What a recording says of itself: seconds, channels as recorded, Hz, codec. `promised_s` is the length in its
    header where that is no guess: what is decoded is compared with it."""

    duration_s: float
    channels: int
    sample_rate: int
    codec: str
    promised_s: float | None = None


class _Bytes:
    """A file without its name: PyAV would hand the name to ffmpeg."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError, ValueError) as error:  # a damaged file may point anywhere
            if isinstance(error, OSError) and error.errno != EINVAL:
                raise
            return -EINVAL

    def tell(self) -> int:
        return self._file.tell()


@dataclass(frozen=True)
class Opened:
    """An open file, its audio track, and what it promises."""

    container: "InputContainer"
    stream: "AudioStream"
    decoder: "AudioCodecContext"
    probe: Probe
    short: bool  # whether the file ends before its structure does
    doubtful_rate: bool

    @property
    def begins(self) -> float:
        """Seconds on the file's clock at which playing begins."""
        return (self.container.start_time or 0) / 1_000_000


@contextlib.contextmanager
def open_sound(path: Path) -> Iterator[Opened]:
    """The file with its best audio track, after everything that can be said without decoding. Raises AudioProblem, and
    Fault where the disk fails."""
    import av

    try:
        with path.open("rb") as file:
            size = _size(path)
            if kind := foreign(file.read(HEAD)):
                raise AudioProblem(kind)
            short, doubtful = cut_short(file, size), contradicts_itself(file, size)
            counted = counts_its_frames(file)
            file.seek(0)
            options = {"format_whitelist": _FORMATS, "protocol_whitelist": "none", "codec_whitelist": _codecs()}
            try:
                container = av.open(_Bytes(file), "r", options=options)
            except (av.FFmpegError, ValueError):
                raise AudioProblem("cut_off" if short else "not_audio") from None
            with container:
                stream = _track(container)
                about = _probe(container, stream, counts=counted)
                yield Opened(container, stream, _decoder(stream), about, short, doubtful)
    except FileNotFoundError:
        raise AudioProblem("missing") from None
    except IsADirectoryError:
        raise AudioProblem("not_audio") from None
    except av.FFmpegError:
        raise AudioProblem("broken") from None
    except OSError as error:
        raise Fault(f"a recording cannot be read ({error.strerror}): check the disk and its permissions") from error


def _size(path: Path) -> int:
    """Bytes, from 1 to LARGEST."""
    stat = path.stat()
    if not S_ISREG(stat.st_mode):
        raise AudioProblem("not_audio")
    if not stat.st_size:
        raise AudioProblem("empty")
    if stat.st_size > LARGEST:
        raise AudioProblem("too_large", limit=LARGEST // 1024**3)
    return stat.st_size


@cache
def _codecs() -> str:
    """Sound only: pictures and subtitles are never decoded."""
    import av

    return ",".join([*_CODECS, *sorted(c for c in av.codecs_available if c.startswith(("pcm_", "adpcm_")))])


def _track(container: "InputContainer") -> "AudioStream":
    """The audio track that a player would take."""
    from av import AudioStream

    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise AudioProblem("no_audio_track")
    context = stream.codec_context
    if context is None or context.name not in _codecs().split(","):
        raise AudioProblem("unknown_codec")
    if "mov" in container.format.name and _tag(context) in ("enca", "drms"):
        raise AudioProblem("encrypted")
    if not 0 < context.channels <= _CHANNELS or context.sample_rate not in _RATES:
        raise AudioProblem("broken")
    return stream


def _decoder(stream: "AudioStream") -> "AudioCodecContext":
    """The track's own decoder; for AMR one that knows the silences which telephones leave out."""
    import av

    name = f"libopencore_{stream.codec_context.name}"
    if name not in av.codecs_available:
        return stream.codec_context
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout = stream.codec_context.sample_rate, "mono"
    return decoder


def _tag(context: "AudioCodecContext") -> str:
    try:
        return context.codec_tag
    except UnicodeDecodeError:  # four bytes that are no letters
        return ""


def probe(path: Path) -> Probe:
    """Reads the header, and the packets where the header does not tell the length; nothing is decoded. Raises
    AudioProblem, also for what is shorter than SHORTEST or longer than LONGEST."""
    with open_sound(path) as opened:
        return opened.probe


def _probe(container: "InputContainer", stream: "AudioStream", *, counts: bool) -> Probe:
    """What the header says; `counts` is whether an MP3 has the number of its frames."""
    names = set(container.format.name.split(","))
    alone = all(other.type == "audio" for other in container.streams)  # otherwise the picture may be longer
    header = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    if header is None and alone and container.duration:
        header = container.duration / 1_000_000
    guessed = bool(names & _GUESSED) and not ("mp3" in names and counts)
    duration = _counted(container, stream) if header is None or header > LONGEST or guessed else header
    if stream.start_time and stream.time_base:  # a track that begins later than the picture
        duration += max(float(stream.start_time * stream.time_base) - (container.start_time or 0) / 1_000_000, 0.0)
    if duration < SHORTEST:
        raise AudioProblem("too_short")
    if duration > LONGEST:
        raise AudioProblem("too_long", limit=clock(LONGEST))
    context = stream.codec_context
    promised = None if guessed or not alone or header is None else round(header, 3)
    codec = context.name.removesuffix("float")
    return Probe(round(duration, 3), context.channels, context.sample_rate, codec, promised)


def _counted(container: "InputContainer", stream: "AudioStream") -> float:
    """Seconds in the packets of the track, counted up to just over LONGEST."""
    import av

    seconds = 0.0
    with contextlib.suppress(av.FFmpegError, IndexError):  # the latter where tracks appear on the way
        for packet in container.demux(stream):
            seconds += float((packet.duration or 0) * (packet.time_base or 0))
            if seconds > LONGEST:
                break
    container.seek(0)
    return seconds


def clock(seconds: float) -> str:
    """A time as people write it.

    >>> clock(41.7), clock(11400)
    ('00:41', '3:10:00')
    """
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"
