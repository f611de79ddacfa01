"""The synthesiser espeak-ng, called in process through the library that the package espeakng-loader brings.

It speaks what it is given, in pinyin or English; how a text is read is decided in `reading`, what the telephone makes
of it in `line`.
"""

import ctypes
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadInput, Fault

__all__ = ["RATE", "Manner", "Synthesiser"]

RATE = 22_050  # samples a second
_SYNCHRONOUS, _UTF8, _CHARACTERS = 2, 1, 1
_SPEED, _PITCH = 1, 3  # numbers of espeak's parameters
_SEED = 1  # espeak varies loudness and length at random
_SILENCE = 0.004  # of full scale
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True)
class Manner:
    """How somebody speaks: espeak's voice (cmn+f2, en-us+m3), words a minute (80–450), pitch (0–99)."""

    voice: str
    speed: int
    pitch: int

    def voice_for(self, language: str) -> str:
        """The same person's voice for pinyin (zh) or English (en): the accent changes, the variant stays.

        >>> Manner("cmn+f2", 180, 50).voice_for("zh"), Manner("cmn+f2", 180, 50).voice_for("en")
        ('cmn-latn-pinyin+f2', 'en-us+f2')
        """
        accent, _, variant = self.voice.partition("+")
        if language == "zh":
            accent = "cmn-latn-pinyin"  # cmn itself misreads 这儿, 一会儿, 过 and others
        elif accent == "cmn":
            accent = "en-us"
        return f"{accent}+{variant}" if variant else accent


class Synthesiser:
    """A private copy of the library. Espeak keeps its state, which colours what it says next, for as long as it is
    loaded: whoever wants the same sound again opens another one."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise Fault("espeakng-loader is not installed; run: pip install espeakng-loader") from error
        with TemporaryDirectory(prefix="espeak-", ignore_cleanup_errors=True) as folder:
            copy = shutil.copy(espeakng_loader.get_library_path(), folder)  # one path is loaded only once
            self._library = ctypes.CDLL(copy)
        rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
        if rate != RATE:
            raise Fault(
                f"espeak-ng opened with {rate} samples a second instead of {RATE}; install espeakng-loader anew"
            )
        self._chunks: list[NDArray[np.int16]] = []
        self._callback = self._make_callback()  # kept here, or it is collected while the library still calls it
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))

    def say(self, words: str, language: str, *, manner: Manner) -> NDArray[np.float32]:
        """Speech in -1..1 at RATE, one channel, without silence at its ends; `words` are pinyin or English."""
        voice = manner.voice_for(language)
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise BadInput(f"espeak-ng has no voice {voice!r}; see espeak-ng --voices and --voices=variant")
        self._library.espeak_SetParameter(_SPEED, manner.speed, 0)
        self._library.espeak_SetParameter(_PITCH, manner.pitch, 0)
        self._chunks.clear()
        data = words.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, _CHARACTERS, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._chunks:
            raise BadInput(f"espeak-ng says nothing for {words!r}; give it words")
        samples = np.concatenate(self._chunks).astype(np.float32) / np.float32(32_768)
        loud = np.flatnonzero(np.abs(samples) > _SILENCE)
        return samples[loud[0] : loud[-1] + 1] if loud.size else samples

    def _make_callback(self) -> Callable[..., int]:
        def take(samples: Any, count: int, _events: Any) -> int:
            if samples and count > 0:
                self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            return 0

        return _CALLBACK(take)
