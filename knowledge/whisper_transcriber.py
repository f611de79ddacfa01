"""openai-whisper behind the transcriber seam: a checkpoint file, several windows in one decoding, times of words.

It never fetches weights: which checkpoint, and whether one is fetched, is decided elsewhere. No text is carried from
one window to the next. The heavy import happens when the first window is heard.
"""

import hashlib
import math
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.errors import Fault
from knowledge.transcriber import SAMPLE_RATE, Heard, HeardWord, Sound

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.decoding import DecodingResult
    from whisper.tokenizer import Tokenizer

__all__ = ["WINDOW_S", "WhisperTranscriber"]

WINDOW_S = 30.0  # what the model looks at; shorter windows are filled with silence
SHORT_S = 2.0  # multiples of which the demonstration model looks at
TOKENS_A_SECOND = 20  # the most that speech takes; a model that has lost itself is cut off there
REMEMBERED = 16  # windows whose features are kept, so that language, text and a second reading encode once
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
        self._features: OrderedDict[bytes, Tensor] = OrderedDict()

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
            _, chances = self._model.detect_language(self._encoded([window]))
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
        import torch
        from whisper.decoding import DecodingOptions, DecodingTask
        from whisper.tokenizer import get_tokenizer

        model = self._model
        if not windows:
            return []
        most = min(self._most, 20 + math.ceil(TOKENS_A_SECOND * max(map(len, windows)) / SAMPLE_RATE))
        options = DecodingOptions(
            sample_len=most,
            language=language if model.is_multilingual else "en",
            temperature=temperature,
            prompt=prompt if prompt and not self._demo else None,
            fp16=False,
        )
        try:
            features = self._encoded(windows)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(round(100 * temperature))
                task = DecodingTask(model, options)
                task._get_audio_features = lambda encoded: encoded  # it would take short features for sound
                results: list[DecodingResult] = task.run(features)
            tokenizer = get_tokenizer(
                model.is_multilingual, num_languages=model.num_languages, language=options.language, task="transcribe"
            )
            return self._heard(tokenizer, features, results, [len(window) / SAMPLE_RATE for window in windows], most)
        except FOREIGN as error:
            raise self._fault("hear", error) from error

    def _heard(
        self,
        tokenizer: "Tokenizer",
        features: "Tensor",
        results: Sequence["DecodingResult"],
        seconds: Sequence[float],
        most: int,
    ) -> list[tuple[Heard, ...]]:
        """Pieces of text with their words; a piece's log-probability is that of its words where they are known."""
        from knowledge.alignment import FRAME_S, align

        pieces = [
            [] if _is_silence(result) else _pieces(tokenizer, result.tokens, length, most)
            for result, length in zip(results, seconds, strict=True)
        ]
        texts = [[token for _, _, tokens in of_one for token in tokens] for of_one in pieces]
        frames = [min(math.ceil(length / FRAME_S), self._model.dims.n_audio_ctx) for length in seconds]
        words = align(self._model, tokenizer, features, texts, frames)
        return [
            _with_words(tokenizer, of_one, result, list(said))
            for of_one, result, said in zip(pieces, results, words, strict=True)
        ]

    @property
    def _most(self) -> int:
        """Tokens after which the model is cut off."""
        return int(self._model.dims.n_text_ctx) // 2

    def _encoded(self, windows: Sequence[Sound]) -> "Tensor":
        """The encoder's features (windows, frames, width); those of the last windows are remembered. The demonstration
        model learned from short windows as they are, the others from 30 s always."""
        import torch
        from whisper.audio import log_mel_spectrogram, pad_or_trim

        longest = max(map(len, windows)) / SAMPLE_RATE
        seconds = min(math.ceil(longest / SHORT_S) * SHORT_S or SHORT_S, WINDOW_S) if self._demo else WINDOW_S
        size = round(seconds * SAMPLE_RATE)
        keys = [hashlib.blake2b(window.tobytes() + str(size).encode(), digest_size=16).digest() for window in windows]
        new = [place for place, key in enumerate(keys) if key not in self._features]
        found = {key: self._features[key] for key in keys if key in self._features}
        if new:
            padded = [pad_or_trim(np.ascontiguousarray(windows[place], dtype=np.float32), size) for place in new]
            mels = torch.stack([log_mel_spectrogram(sound, self._model.dims.n_mels) for sound in padded])
            with torch.no_grad():
                encoded = _encode(self._model.encoder, mels)
            found |= {keys[place]: encoded[row].clone() for row, place in enumerate(new)}
        for key in keys:
            self._features[key] = found[key]
            self._features.move_to_end(key)
        while len(self._features) > REMEMBERED:
            self._features.popitem(last=False)
        return torch.stack([found[key] for key in keys])

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


def _encode(encoder: Any, mels: "Tensor") -> "Tensor":
    """The encoder over windows of any length up to 30 s; its own `forward` takes 30 s only."""
    from torch.nn.functional import gelu

    found = gelu(encoder.conv2(gelu(encoder.conv1(mels)))).permute(0, 2, 1)
    found = found + encoder.positional_embedding[: found.shape[1]]
    for block in encoder.blocks:
        found = block(found)
    encoded: Tensor = encoder.ln_post(found)
    return encoded


def _load_tokens(model: Any) -> None:
    """Openai-whisper keeps its table of tokens once it was read, and leaves the file to be closed by chance."""
    from whisper.tokenizer import get_tokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        get_tokenizer(model.is_multilingual, num_languages=model.num_languages)


def _is_silence(result: "DecodingResult") -> bool:
    return bool(result.no_speech_prob > SILENT and result.avg_logprob < UNLIKELY)


def _pieces(
    tokenizer: "Tokenizer", tokens: Sequence[int], seconds: float, most: int
) -> list[tuple[float, float, list[int]]]:
    """The text between time stamps, as (start, end, tokens), within the window's `seconds`. What stands after the last
    stamp reaches to the end; if the model was cut off there it is left out, so that it can be heard anew."""
    pieces: list[tuple[float, float, list[int]]] = []
    start, text = 0.0, list[int]()
    for token in tokens:
        if token < tokenizer.eot:
            text.append(token)
        elif token >= tokenizer.timestamp_begin:
            at = min((token - tokenizer.timestamp_begin) * 0.02, seconds)
            if text:
                pieces.append((start, max(at, start), text))
                text = []
            start = at
    if text and not (pieces and len(tokens) >= most - 1):
        pieces.append((start, seconds, text))
    return pieces


def _with_words(
    tokenizer: "Tokenizer",
    pieces: Sequence[tuple[float, float, list[int]]],
    result: "DecodingResult",
    words: list[HeardWord],
) -> tuple[Heard, ...]:
    """Gives each piece the words that its text is made of."""
    from knowledge.loops import compression_ratio

    heard = []
    for start, end, tokens in pieces:
        text = tokenizer.decode(tokens).strip()
        own: list[HeardWord] = []
        length = 0
        while words and length < len(tokenizer.decode(tokens)):
            own.append(words.pop(0))
            length += len(own[-1].text)
        chances = [math.log(max(word.probability, 1e-6)) for word in own]
        log_probability = sum(chances) / len(chances) if chances else float(result.avg_logprob)
        if text:
            heard.append(
                Heard(
                    start,
                    end,
                    text,
                    min(log_probability, 0.0),
                    min(max(float(result.no_speech_prob), 0.0), 1.0),
                    compression_ratio(text),
                    float(result.temperature),
                    tuple(own),
                )
            )
    return tuple(heard)
