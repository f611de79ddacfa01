"""Earlier calls and cases on the same matter as a call, each with a probability and the reasons; and calls as evidence.

A logistic model over the place, the kind of matter, the words, the sound and the days between two calls; its
coefficients come from samematter.json, fitted by eval.samematter on pairs of demo calls. Words heard badly weigh less,
and match by their sound (see knowledge.callindex). It joins nothing by itself.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from assistant.answer import CallEvidence, Match, Situation
from assistant.matterwords import matter_reasons
from assistant.saying import Saying, sayings
from assistant.similarity import saturate
from knowledge.call import Call
from knowledge.callindex import CallIndex, CallSource, CallText
from knowledge.case import Moment
from knowledge.text import language_of

__all__ = ["MatterModel", "Related", "SameMatter", "pair_features", "read_matter_model"]

BUNDLED = Path(__file__).parent.parent / "knowledge" / "data" / "samematter.json"
CANDIDATES = 80
LEAST = 0.2  # probability from which on a call is shown
NEAR = 0.35  # likeness in meaning from which on a call speaks of what a question asks
HALF = 0.25  # mean of meaning and words at which a call is half as good an evidence as can be
DAYS = 14.0


class Related(BaseModel):
    """An earlier call or case: `id` is its call_id or case_id; `probability` that it is the same matter, with its
    `parts` in 0..1; `why` says it in words. `doubtful` where it, or the call at hand, was heard badly."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["call", "case"]
    id: int
    external_id: str | None
    probability: float = Field(ge=0, le=1)
    parts: dict[str, float]
    why: tuple[str, ...]
    at: Moment | None = None
    matter_id: int | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class MatterModel:
    """Coefficients by feature, plus `intercept`, and the probability from which on two are called one matter."""

    coefficients: Mapping[str, float]
    threshold: float
    fitted_on: str

    def __call__(self, features: Mapping[str, float]) -> float:
        """The probability in 0..1."""
        total = sum(c if name == "intercept" else c * features[name] for name, c in self.coefficients.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


@lru_cache(maxsize=4)
def read_matter_model(path: Path = BUNDLED) -> MatterModel:
    """Reads a samematter.json; the bundled one by default."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return MatterModel(content["coefficients"], content["threshold"], content["fitted_on"])


def pair_features(one: CallText, other: CallText, parts: Mapping[str, float], days: float) -> dict[str, float]:
    """What the model sees of two calls, each in 0..1: whether they name the same place (`place`), known ones but only
    others (`elsewhere`), the same district, another building (`house`); likeness in words, sound, meaning and kind;
    `recent` falls from 1 by the days between them."""
    place = float(bool(one.places & other.places or one.shared_addresses(other)))
    found = {
        "place": place,
        "elsewhere": float(bool(one.places and other.places) and not place),
        "district": float(bool(one.districts & other.districts)),
        "house": float(bool(one.houses and other.houses) and not one.houses & other.houses),
        "recent": math.exp(-abs(days) / DAYS),
        **{name: float(parts[name]) for name in ("whole", "sound", "meaning", "kind")},
    }
    found["here"] = place * found["meaning"]
    return found


@dataclass(frozen=True)
class SameMatter:
    """Finds what is on the same matter. `near` gives the similar cases of a situation (the desk's matcher); without it
    there are calls only."""

    index: CallIndex
    source: CallSource
    near: Callable[[Situation, datetime], Sequence[Match]] | None = None
    model: MatterModel = field(default_factory=read_matter_model)

    def __call__(
        self, call: Call, now: datetime, *, situation: Situation | None = None, limit: int = 5
    ) -> tuple[Related, ...]:
        """Other calls, and cases where the call's `situation` is given, that are likely on the same matter: the
        likeliest first, ties by the newer one, at most `limit`."""
        text = self.index.read(call)
        language = language_of(text.whole)
        found = self._calls(call, text, language)
        if situation is not None and self.near is not None:
            found += self._cases(call, text, self.near(situation, now), language)
        likely = [related for related in found if related.probability >= LEAST]
        return tuple(sorted(likely, key=lambda r: (-r.probability, r.kind, -r.id))[:limit])

    def compared(self, call: Call, text: CallText) -> list[tuple[Call, CallText, dict[str, float]]]:
        """Every candidate with its texts and the features of the pair."""
        ids = [i for i in self.index.candidates(self._asked(text), CANDIDATES) if i != call.call_id]
        if not ids:
            return []
        parts = self.index.compare(text, ids)
        found = []
        for row, other in enumerate(self.source.get(i) for i in ids):
            theirs = self.index.read(other)
            days = (call.received_at - other.received_at).total_seconds() / 86_400
            own = {name: float(values[row]) for name, values in parts.items()}
            found.append((other, theirs, pair_features(text, theirs, own, days)))
        return found

    def _asked(self, text: CallText) -> str:
        names = [self.index.texts.gazetteer.by_id[place].zh for place in sorted(text.places)]
        return "\n".join([" ".join(names), text.whole])

    def _calls(self, call: Call, text: CallText, language: str) -> list[Related]:
        return [
            Related(
                kind="call",
                id=other.call_id,
                external_id=other.external_id,
                probability=round(self.model(features), 4),
                parts={name: round(value, 4) for name, value in features.items()},
                why=matter_reasons(
                    text, theirs, features, call.received_at - other.received_at, self._shared(text, other), language,
                    self.index.texts.gazetteer,
                ),
                at=other.received_at,
                matter_id=other.matter_id,
                doubtful=bool(text.doubtful or theirs.doubtful),
            )
            for other, theirs, features in self.compared(call, text)
        ]  # fmt: skip

    def _shared(self, text: CallText, other: Call) -> str | None:
        """The kind of matter that both are most alike in, where both are clearly of it."""
        shared = self.index.profiles.shared_kind(text.whole, other.call_id)
        if shared is None or shared.kind.leaf == "chat" or min(shared.asked, shared.theirs) < LEAST:
            return None
        return shared.kind.zh if language_of(text.whole) == "zh" else shared.kind.en

    def _cases(self, call: Call, text: CallText, matches: Sequence[Match], language: str) -> list[Related]:
        found = []
        for match in matches:
            named = f"{match.case.place or ''}\n{match.case.situation}"
            theirs = self.index.texts.plain(named)
            days = (
                (call.received_at - match.case.occurred_at).total_seconds() / 86_400 if match.case.occurred_at else 1e4
            )
            features = pair_features(text, theirs, match.parts, days)
            found.append(
                Related(
                    kind="case",
                    id=match.case_id,
                    external_id=match.external_id,
                    probability=round(self.model(features), 4),
                    parts={name: round(value, 4) for name, value in features.items()},
                    why=match.why,
                    at=match.case.occurred_at,
                    doubtful=bool(text.doubtful),
                )
            )
        return found

    def related_calls(self, situation: Situation, *, limit: int = 3) -> tuple[CallEvidence, ...]:
        """Calls that speak of what a question asks, each with the sentence that says it best; the best first, ties by
        the newer call. Nothing where no call comes near."""
        ids = self.index.candidates(situation.text, CANDIDATES)
        parts = self.index.profiles.compare(situation.text, ids) if ids else {}
        ranked = sorted(
            ((float(0.5 * parts["meaning"][row] + 0.5 * parts["whole"][row]), i) for row, i in enumerate(ids)),
            reverse=True,
        )
        found = []
        for likeness, call_id in ranked[:limit]:
            call = self.source.get(call_id)
            best = self._sentence(situation.text, call)
            if best is None or parts["meaning"][ids.index(call_id)] < NEAR:
                continue
            found.append(
                CallEvidence(
                    call_id=call_id,
                    external_id=call.external_id,
                    received_at=call.received_at,
                    segment=best.segment,
                    start=best.start,
                    sentence=best.text,
                    score=round(saturate(likeness, HALF), 4),
                    doubtful=best.doubtful,
                )
            )
        return tuple(found)

    def _sentence(self, asked: str, call: Call) -> Saying | None:
        """The caller's sentence that means most what is asked; a doubtful one only where it is much nearer."""
        said = sayings(call.transcript) if call.transcript else ()
        told = [saying for saying in said if saying.channel.value != "agent"] or list(said)
        if not told:
            return None
        meaning = self.index.meaning
        vectors = meaning.embed([saying.text for saying in told])
        near = vectors @ meaning.embed([asked])[0]
        weights = [(0.3 + s.confidence if s.doubtful else 1.0) * min(len(s.text) / 8, 1.0) for s in told]
        return told[int((near * np.asarray(weights, dtype=np.float32)).argmax())]
