"""Matching: from a situation to similar cases, each with its score, parts and reasons.

Candidates come from the word index and the vector index; every candidate is then compared field by field, and the
weighted sum of the parts makes the score. It decides nothing about "no precedent": that is the verdict.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import similarity
from assistant.answer import Match, Replacement, Situation
from assistant.reasons import Reasons
from knowledge.categories import Categoriser
from knowledge.copies import Copies
from knowledge.filter import Wanted
from knowledge.places import Gazetteer
from knowledge.records import Columns

__all__ = ["Candidate", "Matcher", "Ranker", "read_ranker"]

BUNDLED = Path(__file__).parent.parent / "knowledge" / "data" / "ranker.json"


@dataclass(frozen=True)
class Ranker:
    """Weights of the parts, each at least 0, and the weighted sum at which a case counts as half alike. They are
    fitted by eval.ranker; every part only ever raises the score."""

    weights: Mapping[str, float]
    half: float
    fitted_on: str

    def __call__(self, parts: Mapping[str, float]) -> float:
        """The score in 0..1."""
        return round(similarity.saturate(sum(w * parts[name] for name, w in self.weights.items()), self.half), 6)


def read_ranker(path: Path | None = None) -> Ranker:
    """Reads a ranker.json; the bundled one by default."""
    content = json.loads((path or BUNDLED).read_text(encoding="utf-8"))
    return Ranker(content["weights"], content["half"], content["fitted_on"])


@dataclass(frozen=True)
class Candidate:
    """A case that was compared: its score and parts, before the best ones are read in full."""

    case_id: int
    score: float
    parts: dict[str, float]


@dataclass(frozen=True)
class Matcher:
    """Finds similar cases. `word_limit` and `vector_limit` bound the candidates of each index."""

    copies: Copies
    categoriser: Categoriser
    gazetteer: Gazetteer
    reasons: Reasons
    ranker: Ranker
    word_limit: int = 150
    vector_limit: int = 60

    def candidates(
        self, situation: Situation, now: datetime, wanted: Wanted | None = None, exclude: Sequence[int] = ()
    ) -> tuple[Candidate, ...]:
        """All compared cases, best first; ties by the newer id first."""
        wanted = wanted or Wanted()
        text = situation.text
        asked = self._asked(situation)
        words = dict(self.copies.words.search(text, self.word_limit, wanted, asked))
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
        compared = []
        for row, case_id in enumerate(ids):
            parts = {name: float(values[row]) for name, values in texts.items()}
            parts["vector"] = vectors.get(case_id, 0.0)
            parts |= self._fields(situation, asked, columns[case_id], moment, now)
            parts = {name: round(min(max(value, 0.0), 1.0), 4) for name, value in parts.items()}
            compared.append(Candidate(case_id, self.ranker(parts), parts))
        return tuple(sorted(compared, key=lambda c: (-c.score, -c.case_id)))

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

    def _asked(self, situation: Situation) -> dict[str, float]:
        scores = self.categoriser.scores(situation.text)
        total = sum(scores.values()) + 0.5
        return {name: score / total for name, score in scores.items()}

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
