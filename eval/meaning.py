"""Trains the meaning of words (knowledge.meaning) on the kinds of matter, and measures it on kinds that it never saw.

    python -m eval.meaning --check     trains on nine tenths of the kinds, reports on the rest
    python -m eval.meaning             trains on all, writes knowledge/data/meaning.npz (about two minutes, 2 cores)

Multiple negatives ranking loss (Henderson et al., 2017) over pairs of sayings of one kind, either language, half of the
features of each dropped; sparse Adam with one cycle of the learning rate. Needs PyTorch;
using the table does not.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from knowledge.embedder import unit
from knowledge.grams import BUCKETS, Grams
from knowledge.lexicon import Lexicon, read_lexicon
from knowledge.matters import Matter, read_matters
from knowledge.meaning import BUNDLED, Kind, Meaning, features
from knowledge.taxonomy import read_taxonomy
from knowledge.text import language_of

__all__ = ["main", "nearest_hits", "train"]

KIND_WEIGHTS = np.asarray([1.0, 1.0, 2.0, 0.4, 0.7], np.float32)  # terms, characters, concepts, parts, syllables
Encoded = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True)
class Training:
    """How it is trained; chosen on gold/dev (see LOG.md)."""

    dimension: int = 128
    steps: int = 1_400
    batch: int = 256
    temperature: float = 0.1
    dropped: float = 0.5
    rate: float = 0.02
    least: int = 3  # sayings that a feature must stand in
    seed: int = 0


def train(matters: Sequence[Matter], lexicon: Lexicon, training: Training | None = None) -> Meaning:
    """A trained table with the centre of each kind."""
    training = training or Training()
    sayings = [[features(text, lexicon) for text in (*m.says, m.zh, m.en)] for m in matters]
    ids, frequencies = np.unique(np.concatenate([g.ids for of in sayings for g in of]), return_counts=True)
    kept = frequencies >= training.least
    ids, frequencies = ids[kept].astype(np.uint32), frequencies[kept]
    rarity = np.log((1 + sum(map(len, sayings))) / (1 + frequencies)).astype(np.float32)
    scales = KIND_WEIGHTS[ids // np.uint32(BUCKETS)] * rarity / rarity.mean()
    encoded = [[e for g in of if len((e := _encode(g, ids, scales))[0])] for of in sayings]
    return _quantised(_trained(encoded, len(ids), training), ids, scales, matters, lexicon)


def _trained(encoded: Sequence[Sequence[Encoded]], size: int, training: Training) -> NDArray[np.float32]:
    """The weights, shape (size, dimension)."""
    torch.manual_seed(training.seed)
    rng, drops = random.Random(training.seed), np.random.default_rng(training.seed)
    table = torch.nn.EmbeddingBag(size, training.dimension, mode="sum", sparse=True)
    torch.nn.init.normal_(table.weight, std=0.1)
    optimiser = torch.optim.SparseAdam(list(table.parameters()), lr=training.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, training.rate, total_steps=training.steps)
    usable = [number for number, of in enumerate(encoded) if len(of) > 1]
    for _ in range(training.steps):
        chosen = rng.sample(usable, min(training.batch, len(usable)))
        pairs = [rng.sample(encoded[number], 2) for number in chosen]
        left, right = (_embed(table, [pair[side] for pair in pairs], training.dropped, drops) for side in (0, 1))
        scores = left @ right.T / training.temperature
        wanted = torch.arange(len(pairs))
        loss = torch.nn.functional.cross_entropy(scores, wanted) + torch.nn.functional.cross_entropy(scores.T, wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()  # type: ignore[no-untyped-call]
        schedule.step()
    return np.asarray(table.weight.detach().numpy())


def _encode(grams: Grams, ids: NDArray[np.uint32], scales: NDArray[np.float32]) -> Encoded:
    places = np.minimum(np.searchsorted(ids, grams.ids), len(ids) - 1)
    known = ids[places] == grams.ids
    places = places[known]
    return places.astype(np.int64), ((1.0 + np.log(grams.counts[known])) * scales[places]).astype(np.float32)


def _embed(
    table: torch.nn.EmbeddingBag, texts: Sequence[Encoded], dropped: float, drops: np.random.Generator
) -> torch.Tensor:
    kept = []
    for places, weights in texts:
        mask = drops.random(len(places)) > dropped
        mask[int(drops.integers(len(places)))] = True
        kept.append((places[mask], weights[mask]))
    starts = np.cumsum([0, *[len(places) for places, _ in kept[:-1]]])
    summed = table(
        torch.from_numpy(np.concatenate([places for places, _ in kept])),
        torch.from_numpy(starts),
        per_sample_weights=torch.from_numpy(np.concatenate([weights for _, weights in kept])),
    )
    return torch.nn.functional.normalize(summed, dim=-1)


def _quantised(
    weights: NDArray[np.float32], ids: NDArray[np.uint32], scales: NDArray[np.float32], matters: Sequence[Matter],
    lexicon: Lexicon,
) -> Meaning:  # fmt: skip
    """8 bits a number, one scale for each feature; the centres are the mean of the sayings."""
    vectors = weights * scales[:, None]
    largest = np.abs(vectors).max(axis=1) / 127
    table = np.round(vectors / np.maximum(largest, 1e-9)[:, None]).astype(np.int8)
    kinds = tuple(Kind(m.id, m.leaf, m.zh, m.en) for m in matters)
    meaning = Meaning(lexicon, ids, table, largest.astype(np.float16), kinds, np.zeros((0, table.shape[1]), np.float32))
    centres = unit(np.stack([meaning.embed(m.says).mean(axis=0) for m in matters])).astype(np.float16)
    return Meaning(lexicon, ids, table, largest.astype(np.float16), kinds, centres.astype(np.float32))


def nearest_hits(meaning: Meaning, matters: Sequence[Matter]) -> dict[str, float]:
    """Of all sayings of these kinds: whose nearest other saying is of the same kind, in 0..1; `across` looks only at
    sayings of the other language."""
    texts = [(number, text) for number, m in enumerate(matters) for text in m.says]
    kinds = np.asarray([number for number, _ in texts])
    chinese = np.asarray([language_of(text) == "zh" for _, text in texts])
    vectors = meaning.embed([text for _, text in texts])
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    across = np.where(chinese[:, None] == chinese[None], -2, scores)
    return {
        "any": float((kinds[scores.argmax(axis=1)] == kinds).mean()),
        "across": float((kinds[across.argmax(axis=1)] == kinds).mean()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, and measures or writes."""
    parser = argparse.ArgumentParser(prog="python -m eval.meaning", description=__doc__)
    parser.add_argument("--check", action="store_true", help="measure on kinds left out; write nothing")
    options = parser.parse_args(arguments)
    matters = list(read_matters())
    lexicon = read_lexicon(read_taxonomy())
    if options.check:
        held_out = set(random.Random(1).sample(range(len(matters)), len(matters) // 10))
        meaning = train([m for n, m in enumerate(matters) if n not in held_out], lexicon)
        print(nearest_hits(meaning, [matters[n] for n in sorted(held_out)]))
        return 0
    meaning = train(matters, lexicon)
    np.savez_compressed(
        BUNDLED,
        ids=meaning.ids,
        table=meaning.table,
        scales=meaning.scales,
        centres=meaning.centres.astype(np.float16),
        kind_ids=np.asarray([k.id for k in meaning.kinds]),
        kind_leaves=np.asarray([k.leaf for k in meaning.kinds]),
        kind_zh=np.asarray([k.zh for k in meaning.kinds]),
        kind_en=np.asarray([k.en for k in meaning.kinds]),
    )
    print(f"{len(matters)} kinds, {len(meaning.ids)} features, {BUNDLED.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
