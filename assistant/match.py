"""Matching: from a situation to similar cases, each with its score, parts and reasons.

Candidates come from the word index and the vector index; every candidate is then compared field by field, and the
weighted sum of the parts makes the score. It decides nothing about "no precedent": that is the verdict.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import similarity
from assistant.answer import Match, Replacement, Situation
from assistant.reasons import Reasons
from assistant.rerank import TYPICAL, Reranking
from knowledge.categories import Categoriser
from knowledge.copies import Copies, embedded_text
from knowledge.filter import Wanted
from knowledge.kinds import Knownness
from knowledge.level import LIKE, Level, pair
from knowledge.places import Gazetteer
from knowledge.records import Columns

__all__ = ["Candidate", "Matcher", "Ranker", "foreignness", "literalness", "longness", "read_ranker"]

LONG_FROM = 60  # units, see longness
SHARED_FROM = 0.1  # share of a question's words in one case
_WORDS = re.compile(r"[a-zA-Z]+")
BUNDLED = Path(__file__).parent.parent / "knowledge" / "data" / "ranker.json"


@dataclass(frozen=True)
class Ranker:
    """Weights of the parts, each at least 0, and the weighted sum at which a case counts as half alike; every part only
    ever raises the score. `weights` are for short questions in other words than the cases, fitted by eval.ranker;
    `long_weights` for long messages, and for cases in which the question's words stand."""

    weights: Mapping[str, float]
    half: float
    long_weights: Mapping[str, float]
    long_half: float
    fitted_on: str

    def __call__(self, parts: Mapping[str, float], length: float = 0.0) -> float:
        """The score in 0..1; `length` (0..1, see longness) goes from the one set of weights to the other. A case in
        which the question's words stand (see literalness) is judged by the words, where that raises it."""
        literal = literalness(parts.get("coverage", 0.0))
        short = sum(w * parts[name] for name, w in self.weights.items()) / self.half
        if not (length or literal):
            return round(similarity.saturate(short, 1.0), 6)
        long = sum(w * parts[name] for name, w in self.long_weights.items()) / self.long_half
        strength = (1.0 - length) * short + length * long
        return round(similarity.saturate(strength + literal * max(long - strength, 0.0), 1.0), 6)

    def counting(self, part: str, weight: float, typical: float) -> "Ranker":
        """The same with a weight for one part more, which is `typical` in a case that is half alike."""
        return replace(
            self,
            weights={**self.weights, part: weight},
            half=self.half + weight * typical,
            long_weights={**self.long_weights, part: weight},
            long_half=self.long_half + weight * typical,
        )


def longness(text: str) -> float:
    """How long a question is: 0 up to 60 Han characters or 30 other words, 1 from twice that on.

    >>> longness("桥下积水"), longness("水" * 90), longness("water " * 200)
    (0.0, 0.5, 1.0)
    """
    han = sum("\u3400" <= character <= "\u9fff" for character in text)
    units = han + 2 * len(_WORDS.findall(text))
    return min(max((units - LONG_FROM) / LONG_FROM, 0.0), 1.0)


def literalness(coverage: float) -> float:
    """How far a case is to be judged by the question's words, 0..1, by the share of their weight that stands in it: 0
    up to a tenth, 1 from a fifth on.

    >>> literalness(0.08), literalness(0.6)
    (0.0, 1.0)
    """
    return min(max((coverage - SHARED_FROM) / SHARED_FROM, 0.0), 1.0)


def foreignness(asked: Knownness, cases: Knownness) -> float:
    """How far question and cases are about other things than a city's matters, 0..1: there the built-in meaning tells
    little, and the words tell more, as in a long message. The median case of a city has an outside share of .004
    to .02 and a clearness of .58 to .70, that of scientific abstracts and of documentation .08 to .21 and .45 to .48.

    >>> foreignness(Knownness(0.9, 0.3), Knownness(0.02, 0.6)), foreignness(Knownness(0.1, 0.5), Knownness(0.15, 0.45))
    (0.0, 1.0)
    """
    of_cases = max(_ramp(cases.outside, 0.04, 0.1), _ramp(-cases.clearness, -0.54, -0.48))
    return of_cases * max(_ramp(asked.outside, 0.0, 0.05), _ramp(-asked.clearness, -0.65, -0.55))


def _ramp(value: float, nothing: float, full: float) -> float:
    return min(max((value - nothing) / (full - nothing), 0.0), 1.0)


def read_ranker(path: Path | None = None) -> Ranker:
    """Reads a ranker.json; the bundled one by default."""
    content = json.loads((path or BUNDLED).read_text(encoding="utf-8"))
    return Ranker(
        content["weights"], content["half"], content["long_weights"], content["long_half"], content["fitted_on"]
    )


@dataclass(frozen=True)
class Candidate:
    """A case that was compared: its score and parts, before the best ones are read in full."""

    case_id: int
    score: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Matcher:
    """Finds similar cases. `word_limit` and `vector_limit` bound the candidates of each index. An outside embedder has
    `levels`, and its vectors count for `vector_weight` in the languages that it reads; the built-in one has none, for
    its cosine is the part `meaning`."""

    copies: Copies
    categoriser: Categoriser
    gazetteer: Gazetteer
    reasons: Reasons
    ranker: Ranker
    word_limit: int = 150
    vector_limit: int = 60
    levels: Mapping[str, Level] = field(default_factory=dict)
    vector_weight: float = 0.0
    reranking: Reranking | None = None

    def candidates(
        self, situation: Situation, now: datetime, wanted: Wanted | None = None, exclude: Sequence[int] = ()
    ) -> tuple[Candidate, ...]:
        """All compared cases, best first; ties by the newer id first."""
        wanted = wanted or Wanted()
        text = situation.text
        asked_of = Knownness(situation.outside, situation.clearness)
        length = max(longness(text), foreignness(asked_of, self.copies.profiles.knownness()))
        asked = self._asked(situation)
        words = dict(self.copies.words.search(text, round(self.word_limit * (1 + length)), wanted, asked))
        vector = self.copies.embedder.embed([text])[0]
        near = self._nearest(vector, wanted)
        ids = sorted((words.keys() | near.keys()) - set(exclude))
        columns = self.copies.records.columns(ids)
        ids = [i for i in ids if i in columns]
        if not ids:
            return ()
        texts = self.copies.profiles.compare(text, ids)
        vectors = dict(self.copies.vectors.search(vector, len(ids), np.asarray(ids, dtype=np.int64)))
        moment = datetime.fromisoformat(situation.occurred_at.value) if situation.occurred_at else now
        ranker = self.ranker.counting("vector", self.vector_weight, LIKE) if self._reads(situation) else self.ranker
        found = []
        for row, case_id in enumerate(ids):
            parts = {name: float(values[row]) for name, values in texts.items()}
            parts["vector"] = self._vector(situation, columns[case_id], vectors.get(case_id, 0.0), parts["meaning"])
            parts |= self._fields(situation, asked, columns[case_id], moment, now)
            found.append({name: round(min(max(value, 0.0), 1.0), 4) for name, value in parts.items()})
        compared = [Candidate(i, ranker(parts, length), parts) for i, parts in zip(ids, found, strict=True)]
        return self._reranked(text, ranker, length, _in_order(compared))

    def read(self, candidates: Sequence[Candidate], situation: Situation, now: datetime, top: int) -> tuple[Match, ...]:
        """The best `top` candidates in full, with reasons in the situation's language and what replaced them."""
        chosen = candidates[:top]
        stored = self.copies.records.get([c.case_id for c in chosen])
        matches = []
        for candidate in chosen:
            if candidate.case_id not in stored:
                continue  # removed since it was compared
            case = stored[candidate.case_id].case
            age_days = max((now - case.occurred_at).days, 0) if case.occurred_at else None
            match = Match(
                case_id=candidate.case_id,
                external_id=case.external_id,
                score=candidate.score,
                parts=candidate.parts,
                why=(),
                case=case,
                age_days=age_days,
                replaced_by=self._replacement(case.superseded_by),
            )
            matches.append(match.model_copy(update={"why": self.reasons(situation, match)}))
        return tuple(matches)

    def _nearest(self, vector: NDArray[np.float32], wanted: Wanted) -> dict[int, float]:
        if self.vector_limit < 1:
            return {}
        allowed = None
        if not wanted.is_open:
            allowed = np.asarray(self.copies.records.select(wanted), dtype=np.int64)
        return dict(self.copies.vectors.search(vector, self.vector_limit, allowed))

    def _reads(self, situation: Situation) -> bool:
        level = self.levels.get(pair(situation.language, situation.language))
        return level is not None and level.reads

    def _vector(self, situation: Situation, columns: Columns, cosine: float, meaning: float) -> float:
        """The cosine on the common scale; where the embedder can't bring the question's language and the case's
        together, the built-in meaning stands in, so that a case is not held back for its language."""
        if not self.levels:
            return cosine
        level = self.levels.get(pair(situation.language, columns.language or situation.language))
        return level(cosine) if level and level.reads else min(meaning, LIKE)

    def _reranked(
        self, text: str, ranker: Ranker, length: float, compared: tuple[Candidate, ...]
    ) -> tuple[Candidate, ...]:
        """The best read together with the question, where there is a reranker that can."""
        if self.reranking is None:
            return compared
        best = [c.case_id for c in compared[: self.reranking.limit]]
        stored = self.copies.records.get(best)
        best = [i for i in best if i in stored]
        judged = self.reranking(text, [embedded_text(stored[i].case) for i in best])
        if not judged:
            return compared
        judgements = dict(zip(best, judged, strict=True))
        ranker = ranker.counting("reranker", self.reranking.weight, TYPICAL)
        again = []
        for candidate in compared:
            parts = {**candidate.parts, "reranker": round(judgements.get(candidate.case_id, 0.0), 4)}
            again.append(Candidate(candidate.case_id, ranker(parts, length), parts))
        return _in_order(again)

    def _asked(self, situation: Situation) -> dict[str, float]:
        return self.categoriser.scores(situation.text)

    def _fields(
        self, situation: Situation, asked: Mapping[str, float], columns: Columns, moment: datetime, now: datetime
    ) -> dict[str, float]:
        return {
            "category": similarity.category(asked, columns.category),
            "place": similarity.place(
                situation.district.value if situation.district else None,
                situation.place.value if situation.place else None,
                columns.district,
                columns.place,
                self.gazetteer,
            ),
            "severity": similarity.severity(situation.severity.level, columns.severity),
            "season": similarity.season(moment, columns.occurred_at),
            "age": similarity.age(now, columns.occurred_at),
        }

    def _replacement(self, external_id: str | None) -> Replacement | None:
        if not external_id:
            return None
        found = self.copies.records.find(external_id)
        if found is None:
            return Replacement(case_id=0, external_id=external_id, title=external_id)
        return Replacement(case_id=found.case_id, external_id=external_id, title=found.case.heading())


def _in_order(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda c: (-c.score, -c.case_id)))
