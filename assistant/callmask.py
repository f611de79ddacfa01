"""Calls without personal data, and the way back for a sentence that was corrected while it was masked.

What is personal is found by `knowledge.privacy`; who may look behind the mask is asked by the hotline, which writes
it down.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.call import Call, Transcript

__all__ = ["CallMask"]

_MASKED = re.compile(r"［[^［］\n]{1,8}］|\[[A-Za-z -]{1,16}\]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?")  # a field, not something said

MaskAll = Callable[[tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True)
class CallMask:
    """Masks with a function over texts that follow one another, which gives as many texts as it was given."""

    mask_all: MaskAll

    def transcript(self, transcript: Transcript) -> Transcript:
        """Without personal data, in what was heard and in the words too."""
        texts = self.mask_all(tuple(segment.text for segment in transcript.segments))
        heard = self.mask_all(tuple(segment.heard for segment in transcript.segments))
        segments = []
        for segment, text, first in zip(transcript.segments, texts, heard, strict=True):
            same = text == segment.text and first == segment.heard
            changed = {"text": text, "heard": first, "words": ()}  # one word may hold half of a number
            segments.append(segment if same else segment.model_copy(update=changed))
        return transcript.model_copy(update={"segments": tuple(segments)})

    def call(self, call: Call) -> Call:
        """Without personal data in the transcript, in what was understood, and in the name of the file."""
        changed: dict[str, Any] = {}
        if call.transcript is not None:
            changed["transcript"] = self.transcript(call.transcript)
        if call.reading:
            reading = self._reading(json.loads(call.reading), call.transcript)
            changed["reading"] = json.dumps(reading, ensure_ascii=False)
        if call.recording is not None:
            changed["recording"] = call.recording.model_copy(update={"name": self.text(call.recording.name)})
        return call.model_copy(update=changed)

    def text(self, text: str) -> str:
        """One text by itself, line by line."""
        return "\n".join(self.mask_all(tuple(text.split("\n"))))

    def said(self, text: str, transcript: Transcript | None) -> str:
        """A text from a call, masked in the light of its whole transcript: a name told once is one wherever it
        stands."""
        return str(self._reading(text, transcript))

    def _reading(self, reading: Any, transcript: Transcript | None) -> Any:
        """Every text of a JSON value, in the light of the transcript (a name told once is one wherever it stands)."""
        told = [segment.text for segment in transcript.segments] if transcript else []
        texts = list(dict.fromkeys(_texts(reading)))
        lines = [text.split("\n") for text in texts]
        masked = iter(self.mask_all((*told, *(line for some in lines for line in some)))[len(told) :])
        known = {text: "\n".join(next(masked) for _ in some) for text, some in zip(texts, lines, strict=True)}
        return _put(reading, known)

    def restored(self, edited: str, transcript: Transcript, index: int) -> str:
        """The edited text of a masked sentence with the personal data where its masks still stand, kind by kind in
        their order. A mask that was not there before stays."""
        original = transcript.segments[index].text
        masked = self.mask_all(tuple(segment.text for segment in transcript.segments))[index]
        if masked == original:
            return edited
        pieces, masks = _MASKED.split(masked), _MASKED.findall(masked)
        behind = re.fullmatch("(.*?)".join(map(re.escape, pieces)), original, re.DOTALL)
        if behind is None:
            return edited
        left: dict[str, list[str]] = {}
        for mask, value in zip(masks, behind.groups(), strict=True):
            left.setdefault(mask, []).append(value)
        return _MASKED.sub(lambda found: left[found[0]].pop(0) if left.get(found[0]) else found[0], edited)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, without the names of fields and without moments."""
    if isinstance(value, str):
        if not _MOMENT.fullmatch(value):
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _put(value: Any, known: Mapping[str, str]) -> Any:
    """The JSON value with other texts."""
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, dict):
        return {name: _put(item, known) for name, item in value.items()}
    return [_put(item, known) for item in value] if isinstance(value, list) else value
