"""Fits the weights of the matcher's parts and writes knowledge/data/ranker.json.

    python -m eval.ranker

Trained on the gold set's dev half, the same with 15% homophone errors, and on pairs that need no labels: the situation
of each demo case must find its own handling among all handlings (as a message finds its reply). A linear model with
weights of at least 0, by listwise softmax (Cao et al., 2007) and L-BFGS-B; small, readable, monotone in every part.
Prints 5-fold nDCG@10 on the dev half before it writes. The weights for long messages in the file stay as they are: they
are set by hand (see LOG.md).
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.match import BUNDLED
from eval.dataset import Dataset, Query, gold
from eval.measures import ndcg
from eval.noise import homophones
from eval.product import Product
from knowledge.case import Case
from knowledge.casetext import case_text

__all__ = ["main"]

TRAINED = ("matter", "handling", "whole", "words", "sound", "lead", "category", "meaning", "kind")
KEPT = {
    "coverage": 0.0,
    "vector": 0.0,
    "place": 0.05,
    "severity": 0.02,
    "season": 0.02,
    "age": 0.02,
}  # small, for ties among equals
SHARPNESS = 10.0
FOLDS = 5


@dataclass(frozen=True)
class Example:
    """One question: the parts of its candidates (n, parts), their gains (n,), their ids."""

    query: Query
    parts: NDArray[np.float64]
    gains: NDArray[np.float64]
    ids: Sequence[str]


def _examples(data: Dataset) -> list[Example]:
    found = []
    with tempfile.TemporaryDirectory() as home:
        product = Product(data.cases, Path(home))
        names = {s.case_id: s.case.external_id or "" for s in product.workplace.records.all()}
        now = datetime.now(UTC)
        for query in data.queries:
            if query.new or not query.relevant:
                continue
            situation = product.desk.understanding(query.text, now)
            candidates = product.desk.matcher.candidates(situation, now)
            ids = [names[c.case_id] for c in candidates]
            parts = np.asarray([[c.parts[name] for name in TRAINED] for c in candidates])
            gains = np.asarray([2.0 ** query.relevant.get(name, 0) - 1 for name in ids])
            if gains.sum():
                found.append(Example(query, parts, gains / gains.sum(), ids))
    return found


def _fit(sets: Sequence[Sequence[Example]], ridge: float = 0.002) -> NDArray[np.float64]:
    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = ridge * float(weights @ weights), 2 * ridge * weights
        for examples in sets:
            for example in examples:
                scores = SHARPNESS * (example.parts @ weights)
                chances = np.exp(scores - scores.max())
                chances /= chances.sum()
                total -= float(example.gains @ np.log(chances + 1e-12)) / len(examples)
                slope = slope + SHARPNESS * ((chances - example.gains) @ example.parts) / len(examples)
        return total, slope

    start = np.ones(len(TRAINED))
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start)).x)


def _quality(examples: Sequence[Example], weights: NDArray[np.float64]) -> float:
    found = []
    for example in examples:
        order = np.argsort(-(example.parts @ weights), kind="stable")[:10]
        found.append(ndcg([example.ids[i] for i in order], example.query.relevant))
    return float(np.mean(found))


def _handling_pairs(cases: Sequence[Case]) -> Dataset:
    kept = [case for case in cases if case.actions]
    replies = [Case(external_id=c.external_id, situation=case_text(c).handling, language=c.language) for c in kept]
    queries = [
        Query(c.external_id or "", f"{c.title}\n{c.situation}", {c.external_id or "": 3}, c.language or "zh")
        for c in kept
    ]
    return Dataset("situation→handling", replies, queries)


def _fold(query: Query) -> int:
    return hashlib.sha256(f"fold {query.id}".encode()).digest()[0] % FOLDS


def main() -> int:
    """Fits, reports, writes."""
    data = gold("dev")
    noisy = homophones([c.situation for c in data.cases])
    heard = [
        Query(q.id, noisy(q.text, 0.15, 1), q.relevant, q.language, new=q.new)
        for q in data.queries
        if q.language == "zh"
    ]
    dev = _examples(data)
    heard_examples = _examples(Dataset("heard", data.cases, heard))
    pairs = _examples(_handling_pairs(data.cases))
    held_out = []
    for fold in range(FOLDS):
        sets = [[e for e in examples if _fold(e.query) != fold] for examples in (dev, heard_examples)]
        weights = _fit([*sets, pairs])
        held_out += [_quality([e], weights) for e in dev if _fold(e.query) == fold]
    weights = _fit([dev, heard_examples, pairs])
    named = {name: round(float(w), 3) for name, w in zip(TRAINED, weights, strict=True)} | KEPT
    print(f"nDCG@10 on dev: {FOLDS}-fold {np.mean(held_out):.3f}, fitted {_quality(dev, weights):.3f}; {named}")
    best = [float((e.parts @ weights)[np.argmax(e.gains)]) for e in dev]
    content = json.loads(BUNDLED.read_text(encoding="utf-8"))
    content |= {"weights": named, "half": round(float(np.median(best)), 3), "fitted_on": "gold/dev 2026-11"}
    BUNDLED.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
