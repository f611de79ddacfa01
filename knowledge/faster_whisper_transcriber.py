"""faster-whisper behind the transcriber seam: a folder with a CTranslate2 model, in 8 bits on the processor.

It never fetches a model: the folder is there or it is a Fault. The heavy import happens when the first window is heard.
"""

import math
from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.errors import Fault
from knowledge.loops import compression_ratio
from knowledge.transcriber import SAMPLE_RATE, Heard, HeardWord, Sound

__all__ = ["FasterWhisperTranscriber"]

TOKENS_A_SECOND = 20  # the most that speech takes
FOREIGN = (AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)


class FasterWhisperTranscriber:
    """Transcriber on faster-whisper. Raises Fault, with what to do, where package or model are missing or damaged."""

    def __init__(self, folder: Path, *, checkpoint: str = "", threads: int = 0, precision: str = "int8") -> None:
        self._folder = folder
        self._checkpoint = checkpoint or folder.name
        self._threads = threads
        self._precision = precision

    @property
    def name(self) -> str:
        """See Transcriber.name."""
        return f"faster-whisper {self._checkpoint}"

    @property
    def demo(self) -> bool:
        """See Transcriber.demo."""
        return False

    def language(self, window: Sound) -> tuple[str, float]:
        """See Transcriber.language."""
        try:
            language, chance, _ = self._model.detect_language(window)
        except FOREIGN as error:
            raise self._fault("tell the language", error) from error
        return str(language), min(max(float(chance), 0.0), 1.0)

    def hear(self, window: Sound, *, language: str, prompt: str = "", temperature: float = 0.0) -> tuple[Heard, ...]:
        """See Transcriber.hear. The same window gives the same text at temperature 0 only."""
        model = self._model
        if not len(window):
            return ()
        try:
            segments, _ = model.transcribe(
                window,
                language=language,
                beam_size=1,
                best_of=1,
                temperature=[temperature],
                compression_ratio_threshold=None,
                condition_on_previous_text=False,
                initial_prompt=prompt or None,
                word_timestamps=True,
                max_new_tokens=min(200, 20 + math.ceil(TOKENS_A_SECOND * len(window) / SAMPLE_RATE)),
            )
            return tuple(h for segment in segments if (h := _heard(segment, len(window) / SAMPLE_RATE, temperature)))
        except FOREIGN as error:
            raise self._fault("hear", error) from error

    @cached_property
    def _model(self) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise Fault(
                "faster-whisper is not installed; run `pip install precedent[faster-whisper]`, or configure a "
                "checkpoint of openai-whisper"
            ) from error
        try:
            for needed in ("model.bin", "tokenizer.json"):  # without the latter it would ask the network for one
                if not (self._folder / needed).is_file():
                    raise FileNotFoundError(f"{needed} is missing")
            return WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type=self._precision,
                cpu_threads=self._threads,
                local_files_only=True,
            )
        except FOREIGN as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise Fault(
                f"the speech model in {self._folder} cannot be loaded ({said}); copy its folder anew, or configure "
                "another checkpoint"
            ) from error

    def _fault(self, what: str, error: Exception) -> Fault:
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        return Fault(f"the speech model {self.name} failed to {what} ({said}); retry the call, or use another model")


def _heard(segment: Any, seconds: float, temperature: float) -> Heard | None:
    """A segment of faster-whisper within the window's seconds; None for one without text."""
    text = segment.text.strip()
    if not text:
        return None
    words = tuple(_word(word, seconds) for word in segment.words or ())
    chances = [math.log(max(word.probability, 1e-6)) for word in words]
    start = min(max(float(segment.start), 0.0), seconds)
    return Heard(
        start,
        min(max(float(segment.end), start), seconds),
        text,
        min(sum(chances) / len(chances) if chances else float(segment.avg_logprob), 0.0),
        min(max(float(segment.no_speech_prob), 0.0), 1.0),
        compression_ratio(text),
        temperature,
        words,
    )


def _word(word: Any, seconds: float) -> HeardWord:
    start = min(max(float(word.start), 0.0), seconds)
    end = min(max(float(word.end), start), seconds)
    return HeardWord(start, end, word.word, min(max(float(word.probability), 0.0), 1.0))
