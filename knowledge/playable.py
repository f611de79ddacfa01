"""A recording as something that every browser plays: itself, or a WAV file made from its sound.

What a browser plays is told by the format of the file and the codec in it. It keeps no file by itself.
"""

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.transcriber import SAMPLE_RATE

__all__ = ["is_playable", "write_wav"]

_TYPES = ("audio/wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/webm", "audio/aac")
_CODECS = ("aac", "flac", "mp3", "mp3float", "opus", "pcm_s16le", "pcm_s24le", "pcm_u8", "pcm_f32le", "vorbis")


def is_playable(media_type: str, codec: str | None) -> bool:
    """Whether browsers play it; by its media type alone where the codec is not known yet.

    >>> is_playable("audio/ogg", "opus"), is_playable("audio/wav", "gsm_ms"), is_playable("audio/amr", None)
    (True, False, False)
    """
    return media_type in _TYPES and (codec is None or codec in _CODECS)


def write_wav(blocks: Iterable[NDArray[np.float32]], path: Path) -> None:
    """Writes blocks of 16 kHz sound, shape (channels, samples), -1..1, as 16-bit WAV; they are taken one at a time."""
    with wave.open(str(path), "wb") as sound:
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        for number, block in enumerate(blocks):
            if number == 0:
                sound.setnchannels(len(block))
            sound.writeframes(np.rint(block.T.clip(-1, 1) * 32_767).astype("<i2").tobytes())
