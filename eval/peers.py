"""What others would do with the same cases and questions: the peers that the product is measured beside.

Each peer is built from case texts and gives a function from a question to the best external ids. Peers see title,
situation, place and actions, as the product does.
"""

from collections.abc import Callable, Sequence

import numpy as np
from langchain_core.embeddings import Embeddings

from knowledge.case import Case
from knowledge.casetext import case_text
from knowledge.grams import cut, pairs
from knowledge.sentence_embedder import SentenceEmbedder

__all__ = ["PEERS", "Ranker", "bm25_pairs", "bm25_words", "cbrkit_attributes", "chroma", "tfidf"]

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


class _Model(Embeddings):
    """A sentence-transformers model as LangChain wants it."""

    def __init__(self, model: str) -> None:
        self._embedder = SentenceEmbedder(model)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [vector.tolist() for vector in self._embedder.embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self.embed_documents([text])[0]


def chroma(cases: Sequence[Case], model: str) -> Ranker:
    """What most retrieval apps do: LangChain with Chroma in process and a sentence-transformers model, by its name or
    folder."""
    from langchain_chroma import Chroma

    store = Chroma("peer", embedding_function=_Model(model), collection_configuration={"hnsw": {"space": "cosine"}})
    ids = _ids(cases)
    texts = _texts(cases)
    for start in range(0, len(texts), 500):
        store.add_texts(texts[start : start + 500], ids=ids[start : start + 500])

    def rank(text: str, k: int) -> list[str]:
        return [document.id or "" for document in store.similarity_search(text, k)]

    return rank


def cbrkit_attributes(cases: Sequence[Case]) -> Ranker:
    """cbrkit's attribute-value similarity: n-grams of the title and of the situation, their mean. It compares with
    every case in Python and is slow."""
    import cbrkit

    measure = cbrkit.sim.attribute_value(
        attributes={"title": cbrkit.sim.strings.ngram(2), "situation": cbrkit.sim.strings.ngram(2)},
        aggregator=cbrkit.sim.aggregator(pooling="mean"),
    )
    base = {
        name: {"title": case.title or "", "situation": case.situation}
        for name, case in zip(_ids(cases), cases, strict=True)
    }

    def rank(text: str, k: int) -> list[str]:
        scores = measure(base, {"title": text, "situation": text})
        return sorted(scores, key=lambda name: -scores[name].value)[:k]

    return rank


PEERS: dict[str, Callable[[Sequence[Case]], Ranker]] = {
    "BM25 words": bm25_words,
    "BM25 character pairs": bm25_pairs,
    "tf-idf characters 1–3": tfidf,
    "cbrkit attributes": cbrkit_attributes,
}
