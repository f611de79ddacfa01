"""openai-whisper behind the transcriber seam: a checkpoint file, several windows in one decoding, times of words.

It never fetches weights: which checkpoint, and whether one is fetched, is decided elsewhere. No text is carried from
one window to the next. The heavy import happens when the first window is heard.
"""

import math
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from knowledge.errors import Fault
from knowledge.transcriber import SAMPLE_RATE, Heard, HeardWord, Sound
from knowledge.whisper_encoder import Encoder

if TYPE_CHECKING:
    from whisper.decoding import DecodingTask
    from whisper.tokenizer import Tokenizer

    from knowledge.whisper_decoder import Decoded

__all__ = ["WINDOW_S", "WhisperTranscriber"]

WINDOW_S = 30.0  # what the model looks at; shorter windows are filled with silence
SHORT_S = 2.0  # multiples of which the demonstration model looks at
TOKENS_A_SECOND = 20  # the most that speech takes; a model that has lost itself is cut off there
TOGETHER_S = 240.0  # seconds of windows in one decoding
SILENT = 0.6  # probability that nobody speaks, over which an unlikely text is dropped, as openai-whisper does
UNLIKELY = -1.0  # mean log-probability under which it is
FOREIGN = (AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)


class WhisperTranscriber:
    """Transcriber on openai-whisper. `official` names the official weights in the file, whose alignment heads are
    known; `demo` marks the demonstration model, which was never taught to heed a prompt. Raises Fault, with what to do,
    where package or weights are missing or damaged."""

    def __init__(
        self, path: Path, *, checkpoint: str = "", official: str = "", demo: bool = False, threads: int = 0
    ) -> None:
        self._path = path
        self._checkpoint = checkpoint or official or path.stem
        self._official = official
        self._demo = demo
        self._threads = threads

    @property
    def name(self) -> str:
        """See Transcriber.name."""
        return f"openai-whisper {self._checkpoint}"

    @property
    def demo(self) -> bool:
        """See Transcriber.demo."""
        return self._demo

    def language(self, window: Sound) -> tuple[str, float]:
        """See Transcriber.language."""
        if not self._model.is_multilingual:
            return "en", 1.0
        try:
            _, chances = self._model.detect_language(self._encoder([window], [self._size(window)])[0][None])
        except FOREIGN as error:
            raise self._fault("tell the language", error) from error
        language = max(chances[0], key=chances[0].__getitem__)
        return language, min(float(chances[0][language]), 1.0)

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> tuple[Heard, ...]:
        """See Transcriber.hear."""
        return self.hear_all([window], language=language, prompt=prompt, temperature=temperature)[0]

    def hear_all(
        self, windows: Sequence[Sound], *, language: str, prompt: str = "", temperature: float = 0.0
    ) -> list[tuple[Heard, ...]]:
        """See HearsMany.hear_all. The same windows at the same temperature give the same text."""
        from whisper.decoding import DecodingOptions, DecodingTask

        model = self._model
        options = DecodingOptions(
            language=language if model.is_multilingual else "en",
            temperature=temperature,
            prompt=prompt if prompt and not self._demo else None,
            fp16=False,
        )
        try:
            task = DecodingTask(model, options)
            found: dict[int, tuple[Heard, ...]] = {}
            for places in self._rounds(windows):
                found |= dict(zip(places, self._heard(task, [windows[place] for place in places]), strict=True))
            return [found[place] for place in range(len(windows))]
        except FOREIGN as error:
            raise self._fault("hear", error) from error

    def _rounds(self, windows: Sequence[Sound]) -> list[list[int]]:
        """Places of the windows, the longest first, as many together as memory allows."""
        rounds: list[list[int]] = []
        left = 0
        for place in sorted(range(len(windows)), key=lambda place: -len(windows[place])):
            size = self._size(windows[place])
            if size > left:
                rounds.append([])
                left = round(TOGETHER_S * SAMPLE_RATE)
            rounds[-1].append(place)
            left -= size
        return rounds

    def _heard(self, task: "DecodingTask", windows: Sequence[Sound]) -> list[tuple[Heard, ...]]:
        """What is heard of some windows. They are divided among the threads, each of which reckons by itself: the
        matrices of one step are too small to be worth waiting for one another."""
        import torch

        threads = min(self._at_once, len(windows))
        shares = [range(first, len(windows), threads) for first in range(threads)]
        if threads == 1:
            return self._pieces(task, windows)
        try:
            with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                heard = pool.map(lambda share: self._pieces(task, [windows[place] for place in share]), shares)
                found = dict(zip(chain(*shares), chain(*heard), strict=True))
        finally:
            torch.set_num_threads(self._at_once)  # what a thread sets holds for all
        return [found[place] for place in range(len(windows))]

    def _pieces(self, task: "DecodingTask", windows: Sequence[Sound]) -> list[tuple[Heard, ...]]:
        from knowledge.whisper_decoder import decode

        features = self._encoder(windows, [self._size(window) for window in windows])
        most = [min(self._most, 20 + len(window) * TOKENS_A_SECOND // SAMPLE_RATE) for window in windows]
        return [
            () if _is_silence(decoded) else _heard(task, decoded, len(window) / SAMPLE_RATE)
            for window, decoded in zip(windows, decode(self._model, task, features, most), strict=True)
        ]

    @property
    def _most(self) -> int:
        """Tokens after which the model is cut off."""
        return int(self._model.dims.n_text_ctx) // 2

    def _size(self, window: Sound) -> int:
        """Samples that the model looks at. The demonstration model learned from short windows as they are, the others
        from 30 s always."""
        if not self._demo:
            return round(WINDOW_S * SAMPLE_RATE)
        return round(min(max(math.ceil(len(window) / SAMPLE_RATE / SHORT_S), 1) * SHORT_S, WINDOW_S) * SAMPLE_RATE)

    @cached_property
    def _at_once(self) -> int:
        """Threads that decode."""
        import torch

        return self._threads or torch.get_num_threads()

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self._model)

    @cached_property
    def _model(self) -> Any:
        try:
            import torch
            import whisper
        except ImportError as error:
            raise Fault(
                "openai-whisper is not installed; run `pip install precedent[hotline]`, then retry the call"
            ) from error
        try:
            if self._threads:
                torch.set_num_threads(self._threads)
            model = whisper.load_model(str(self._path.resolve()), device="cpu")  # a file: nothing is fetched
            heads = getattr(whisper, "_ALIGNMENT_HEADS", {}).get(self._official)
            if heads is not None:
                model.set_alignment_heads(heads)
            _load_tokens(model)
            return model
        except (EOFError, UnpicklingError, *FOREIGN) as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise Fault(
                f"the speech model {self._path} cannot be loaded ({said}); fetch it anew with "
                "`precedent models pull`, or configure another checkpoint"
            ) from error

    def _fault(self, what: str, error: Exception) -> Fault:
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        return Fault(f"the speech model {self.name} failed to {what} ({said}); retry the call, or use another model")


def _load_tokens(model: Any) -> None:
    """Openai-whisper keeps its table of tokens once it was read, and leaves the file to be closed by chance."""
    from whisper.tokenizer import get_tokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        get_tokenizer(model.is_multilingual, num_languages=model.num_languages)


def _is_silence(decoded: "Decoded") -> bool:
    return decoded.no_speech > SILENT and decoded.log_probability < UNLIKELY


def _pieces(tokenizer: "Tokenizer", decoded: "Decoded", seconds: float) -> list[tuple[float, float, list[int]]]:
    """The text between time stamps, as start, end, and places of its tokens, within the window's `seconds`. What stands
    after the last stamp reaches to the end; if the model was cut off there it is left out, so that it can be heard
    anew."""
    pieces: list[tuple[float, float, list[int]]] = []
    start, text = 0.0, list[int]()
    for place, token in enumerate(decoded.tokens):
        if token < tokenizer.eot:
            text.append(place)
        elif token >= tokenizer.timestamp_begin:
            at = min((token - tokenizer.timestamp_begin) * 0.02, seconds)
            if text:
                pieces.append((start, max(at, start), text))
                text = []
            start = at
    if text and (decoded.ended or not pieces):
        pieces.append((start, seconds, text))
    return pieces


def _heard(task: "DecodingTask", decoded: "Decoded", seconds: float) -> tuple[Heard, ...]:
    """The pieces of a window's text, each with the words that it is made of. A piece's log-probability is the mean of
    its tokens."""
    from knowledge.loops import compression_ratio
    from knowledge.wordtimes import FRAME_S, words

    tokenizer = task.tokenizer
    pieces = _pieces(tokenizer, decoded, seconds)
    places = [place for _, _, text in pieces for place in text]
    if not places:
        return ()
    looked = [*places, min(places[-1] + 1, len(decoded.attention) - 1)]
    left = list(
        words(
            tokenizer,
            [decoded.tokens[place] for place in places],
            [decoded.chances[place] for place in places],
            decoded.attention[looked][..., : max(math.ceil(seconds / FRAME_S), 1)],
        )
    )
    heard = []
    for start, end, text in pieces:
        written = tokenizer.decode([decoded.tokens[place] for place in text])
        own: list[HeardWord] = []
        length = 0
        while left and length < len(written):
            own.append(left.pop(0))
            length += len(own[-1].text)
        if written.strip():
            heard.append(
                Heard(
                    start,
                    end,
                    written.strip(),
                    min(sum(decoded.chances[place] for place in text) / len(text), 0.0),
                    min(max(decoded.no_speech, 0.0), 1.0),
                    compression_ratio(written.strip()),
                    float(task.options.temperature),
                    tuple(own),
                )
            )
    return tuple(heard)
