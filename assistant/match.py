"""Matching: from a situation to similar cases, each with its score, parts and reasons.

Candidates come from the word index and the vector index; every candidate is then compared field by field, and the
weighted parts make the score. It decides nothing about "no precedent": that is the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant import similarity
from assistant.answer import Match, Replacement, Situation
from assistant.reasons import Reasons
from knowledge.categories import Categoriser
from knowledge.copies import Copies
from knowledge.filter import Wanted
from knowledge.places import Gazetteer
from knowledge.records import Columns

__all__ = ["WEIGHTS", "Candidate", "Matcher"]

# Weights of the parts; they sum to 1. Measured by eval.retrieval on development rows, see eval/LOG.md.
WEIGHTS: Mapping[str, float] = {
    "text": 0.15,
    "matter": 0.12,
    "handling": 0.17,
    "coverage": 0.28,
    "words": 0.0,  # brings candidates, but made the order worse
    "vector": 0.05,
    "category": 0.19,
    "place": 0.01,
    "severity": 0.01,
    "season": 0.01,
    "age": 0.01,
}
TEXT_HALF = 0.09  # a cosine of grams at which two texts count as half alike
HANDLING_HALF = 0.15


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
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
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
        vectors = self._nearest(text, wanted)
        ids = sorted((words.keys() | vectors.keys()) - set(exclude))
        columns = self.copies.records.columns(ids)
        ids = [i for i in ids if i in columns]
        if not ids:
            return ()
        texts = self.copies.profiles.compare(text, ids)
        best_words = max(words.values(), default=1.0)
        moment = datetime.fromisoformat(situation.occurred_at.value) if situation.occurred_at else now
        compared = []
        for row, case_id in enumerate(ids):
            parts = {
                "text": similarity.saturate(float(texts["whole"][row]), TEXT_HALF),
                "matter": similarity.saturate(float(texts["matter"][row]), TEXT_HALF),
                "words": words.get(case_id, 0.0) / best_words,
                "coverage": float(texts["coverage"][row]),
                "handling": similarity.saturate(float(texts["handling"][row]), HANDLING_HALF),
                "vector": max(vectors.get(case_id, 0.0), 0.0),
                **self._fields(situation, asked, columns[case_id], moment, now),
            }
            parts = {name: round(min(value, 1.0), 4) for name, value in parts.items()}
            score = sum(self.weights[name] * value for name, value in parts.items())
            compared.append(Candidate(case_id, round(min(score, 1.0), 6), parts))
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

    def _nearest(self, text: str, wanted: Wanted) -> dict[int, float]:
        if self.vector_limit < 1:
            return {}
        allowed = None
        if not wanted.is_open:
            import numpy as np

            allowed = np.asarray(self.copies.records.select(wanted), dtype=np.int64)
        vector = self.copies.embedder.embed([text])[0]
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
