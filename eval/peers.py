"""What others would do with the same cases and questions: the peers that the product is measured beside.

Each peer is built from case texts and gives a function from a question to the best external ids. Peers see title,
situation, place and actions, as the product does.
"""

from collections.abc import Callable, Sequence

import numpy as np

from knowledge.case import Case
from knowledge.casetext import case_text
from knowledge.grams import cut, pairs

__all__ = ["PEERS", "Ranker", "bm25_pairs", "bm25_words", "tfidf"]

Ranker = Callable[[str, int], list[str]]


def _texts(cases: Sequence[Case]) -> list[str]:
    found = []
    for case in cases:
        texts = case_text(case)
        found.append(f"{texts.title}\n{texts.situation}\n{texts.handling}".strip())
    return found


def _ids(cases: Sequence[Case]) -> list[str]:
    return [case.external_id or str(place) for place, case in enumerate(cases)]


def _bm25(cases: Sequence[Case], tokens: Callable[[str], list[str]]) -> Ranker:
    import bm25s

    index = bm25s.BM25()
    index.index([tokens(text) or ["∅"] for text in _texts(cases)], show_progress=False)
    ids = _ids(cases)

    def rank(text: str, k: int) -> list[str]:
        asked = [t for t in dict.fromkeys(tokens(text)) if t in index.vocab_dict]
        if not asked:
            return []
        scores = index.get_scores(asked)
        best = np.argsort(-scores, kind="stable")[:k]
        return [ids[i] for i in best if scores[i] > 0]

    return rank


def bm25_words(cases: Sequence[Case]) -> Ranker:
    """BM25 (bm25s, its defaults) over words cut by rjieba."""
    return _bm25(cases, cut)


def bm25_pairs(cases: Sequence[Case]) -> Ranker:
    """BM25 over pairs of characters (words in other scripts)."""
    return _bm25(cases, pairs)


def tfidf(cases: Sequence[Case]) -> Ranker:
    """tf-idf of characters 1–3, sublinear, cosine (scikit-learn)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32)
    matrix = vectorizer.fit_transform(_texts(cases))
    ids = _ids(cases)

    def rank(text: str, k: int) -> list[str]:
        scores = (matrix @ vectorizer.transform([text]).T).toarray().ravel()
        best = np.argsort(-scores, kind="stable")[:k]
        return [ids[i] for i in best if scores[i] > 0]

    return rank


PEERS: dict[str, Callable[[Sequence[Case]], Ranker]] = {
    "BM25 words": bm25_words,
    "BM25 character pairs": bm25_pairs,
    "tf-idf characters 1–3": tfidf,
}
