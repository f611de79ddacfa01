"""Speech for a sentence, with the exact time of every character, through espeak-ng (espeakng-loader).

Mandarin only, in pinyin or in characters. The library keeps its state globally: one Synthesiser in a process at a time.
It knows nothing of telephone lines; see channel.
"""

import ctypes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from knowledge.errors import Fault

__all__ = ["RATE", "VARIANTS", "Manner", "Span", "Speech", "Synthesiser", "syllables"]

RATE = 16_000  # samples a second
# The known voices: variants of espeak-ng's Mandarin, the plain one being "". The first five are twice as frequent.
VARIANTS = ("", "f2", "m3", "f3", "Annie", "m1", "m2", "m5")
_SOURCE_RATE = 22_050
_SYNCHRONOUS, _WITH_PHONEMES, _UTF8, _CHARACTERS = 2, 1, 1, 1
_SPEED, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4  # numbers of espeak's parameters
_WORD, _PHONEME = 1, 7  # types of espeak's events
_PAUSES = ("_:", "_")
_QUIET = 0.004
_TAIL = 800  # samples kept after the last loud one
_SHORTEST = RATE // 10
_MUTE = re.compile(r"[jqx]iong\d")  # espeak-ng 1.52 reads these syllables as English letters
_STOPPING = "，。？"
_STOPS = str.maketrans(_STOPPING, ",.?")


@dataclass(frozen=True)
class Manner:
    """How somebody speaks: a variant of VARIANTS, words a minute, pitch and its range (0–99), and whether espeak reads
    characters (`plain`) or pinyin."""

    variant: str = ""
    speed: int = 175
    pitch: int = 50
    span: int = 50
    plain: bool = False

    @classmethod
    def drawn(cls, random: Random) -> "Manner":
        """A known voice at a usual speed."""
        variant = random.choice(VARIANTS[:5] * 2 + VARIANTS[5:])
        numbers = random.randint(150, 200), random.randint(35, 65), random.randint(35, 65)
        return cls(variant, *numbers, plain=random.random() < 0.35)

    @property
    def voice(self) -> str:
        """espeak's name of the voice.

        >>> Manner("f2").voice, Manner(plain=True).voice
        ('cmn-latn-pinyin+f2', 'cmn')
        """
        base = "cmn" if self.plain else "cmn-latn-pinyin"
        return f"{base}+{self.variant}" if self.variant else base


@dataclass(frozen=True)
class Span:
    """`what` from `start` to `end`, in seconds."""

    start: float
    end: float
    what: str


@dataclass(frozen=True)
class Speech:
    """Samples in -1..1 at RATE; spans of the phonemes, and of each character of the sentence in its order, the `what`
    of a Han character being its syllable with tone (a stop has none and no length of its own)."""

    samples: NDArray[np.float32]
    phonemes: tuple[Span, ...]
    characters: tuple[Span, ...]


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def syllables(text: str) -> tuple[str, ...]:
    """One syllable with its tone (1–5) for each character, third-tone sandhi applied; "" for a stop.

    >>> syllables("你好，绿园。")
    ('ni2', 'hao3', '', 'lv4', 'yuan2', '')
    """
    from pypinyin import Style, lazy_pinyin

    said: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|.", text):
        if run[0] in _STOPPING:
            said.append("")
            continue
        read = lazy_pinyin(run, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True)
        said += [syllable.replace("ü", "v") for syllable in read]
    return tuple(said)


class Synthesiser:
    """espeak-ng, opened once. Raises Fault where the library is missing."""

    def __init__(self) -> None:
        self._chunks: list[NDArray[np.int16]] = []
        self._events: list[tuple[int, int, float, str]] = []  # type, text position, seconds, name
        self._callback = self._taking()  # kept, or it is collected while the library still calls it

    def say(self, spoken: str, *, manner: Manner) -> Speech | None:
        """A sentence of Han characters and ，。？ as speech. "No times known" (None) is a normal result, for a sentence
        that the voice cuts into words of its own or cannot read; draw another one."""
        said = syllables(spoken)
        if len(said) != len(spoken) or (not manner.plain and _MUTE.search(" ".join(said))):
            return None
        words = spoken if manner.plain else _pinyin(spoken, said)
        samples = self._speak(words, manner)
        length = len(samples) / _SOURCE_RATE
        starts = self._by_position() if manner.plain else self._by_order(spoken)
        spans = _character_spans(spoken, said, starts, self._pauses(), length)
        if spans is None:
            return None
        phonemes = self._phonemes(length)
        sound = resample_poly(samples, 320, 441).astype(np.float32)
        loud = np.flatnonzero(np.abs(sound) > _QUIET)
        if len(loud) < _SHORTEST:
            return None
        first = max(0, int(loud[0]) - 400)
        return Speech(sound[first : int(loud[-1]) + _TAIL], _moved(phonemes, first), _moved(spans, first))

    @cached_property
    def _library(self) -> Any:
        try:
            import espeakng_loader
        except ImportError as error:
            raise Fault("espeakng-loader is not installed; run: pip install espeakng-loader") from error
        library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        folder = str(espeakng_loader.get_data_path()).encode()
        library.espeak_Terminate()  # opening it twice without closing corrupts its memory
        if library.espeak_Initialize(_SYNCHRONOUS, 0, folder, _WITH_PHONEMES) != _SOURCE_RATE:
            raise Fault(f"espeak-ng did not open at {_SOURCE_RATE} samples a second; install espeakng-loader anew")
        return library

    def _taking(self) -> Callable[..., int]:
        def take(samples: Any, count: int, events: Any) -> int:
            if samples and count > 0:
                self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            number = 0
            while events[number].type:
                event = events[number]
                name = event.name.decode("utf-8", "replace").lstrip("',") if event.type == _PHONEME else ""
                self._events.append((event.type, event.text_position, event.sample / _SOURCE_RATE, name))
                number += 1
            return 0

        return _CALLBACK(take)

    def _speak(self, words: str, manner: Manner) -> NDArray[np.float32]:
        self._library.espeak_SetSynthCallback(self._callback)  # another Synthesiser may have set its own
        if self._library.espeak_SetVoiceByName(manner.voice.encode()):
            raise Fault(f"espeak-ng has no voice {manner.voice!r}; install espeakng-loader anew")
        numbers = {_SPEED: manner.speed, _VOLUME: 70, _PITCH: manner.pitch, _RANGE: manner.span}
        for parameter, value in numbers.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        self._chunks.clear()
        self._events.clear()
        data = words.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, _CHARACTERS, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        whole = np.concatenate(self._chunks or [np.zeros(1, np.int16)])
        return whole.astype(np.float32) / np.float32(32_768)

    def _words(self) -> list[tuple[int, float]]:
        """Text position (from 1) and start of each word; espeak's stray events, which go backwards, are dropped."""
        found: list[tuple[int, float]] = []
        for kind, position, seconds, _ in self._events:
            if kind == _WORD and (not found or position > found[-1][0]):
                found.append((position, seconds))
        return found

    def _by_position(self) -> list[tuple[int, float]]:
        """Character index and start of each word that was read from characters."""
        return [(position - 1, seconds) for position, seconds in self._words()]

    def _by_order(self, spoken: str) -> list[tuple[int, float]]:
        """Character index and start of each syllable that was read from pinyin; empty if the numbers differ."""
        indexes = [i for i, c in enumerate(spoken) if c not in _STOPPING]
        starts = [seconds for _, seconds in self._words()]
        return list(zip(indexes, starts, strict=True)) if len(indexes) == len(starts) else []

    def _pauses(self) -> list[float]:
        return [seconds for kind, _, seconds, name in self._events if kind == _PHONEME and name in _PAUSES]

    def _phonemes(self, length: float) -> list[Span]:
        named = [(s, name) for kind, _, s, name in self._events if kind == _PHONEME and name != "_|"]
        ends = [start for start, _ in named[1:]] + [length]
        return [Span(start, end, name) for (start, name), end in zip(named, ends, strict=True)]


def _pinyin(spoken: str, said: Sequence[str]) -> str:
    """Syllables with blanks between, stops at the syllable before them."""
    words = " ".join(s or c.translate(_STOPS) for s, c in zip(said, spoken, strict=True))
    return re.sub(r" (?=[,.?])", "", words)


def _character_spans(
    spoken: str, said: Sequence[str], starts: Sequence[tuple[int, float]], pauses: Sequence[float], length: float
) -> list[Span] | None:
    """A span for every character; a word's time is shared out evenly. None where a character has no time."""
    spans: list[Span | None] = [None] * len(spoken)
    if not starts or starts[0][0] or any(i >= len(spoken) or not said[i] for i, _ in starts):
        return None
    for (index, start), (after, end) in zip(starts, [*starts[1:], (len(spoken), length)], strict=True):
        end = min([end, *(p for p in pauses if start < p < end)])
        covered = [i for i in range(index, after) if said[i]]
        step = (end - start) / len(covered)
        for number, i in enumerate(covered):
            spans[i] = Span(start + number * step, start + (number + 1) * step, said[i])
    known: list[Span] = []
    for span, stop in zip(spans, (not s for s in said), strict=True):
        if span is None and not stop:
            return None
        known.append(span or Span(known[-1].end, known[-1].end, ""))
    return known


def _moved(spans: Sequence[Span], samples: int) -> tuple[Span, ...]:
    return tuple(Span(s.start - samples / RATE, s.end - samples / RATE, s.what) for s in spans)
