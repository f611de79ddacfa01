"""Which label a text belongs to, learned from labelled texts: kernel ridge on characters, their pairs, and stems.

Terms count by how rare they are and how much they speak for one label. It knows no taxonomy and no meanings.
"""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import BadInput
from knowledge.grams import runs_of
from knowledge.ridge import Row, matrix, solve, unit

__all__ = ["FOLDS", "Classifier", "Fitted", "fit", "fit_held_out", "read_classifier", "terms"]

FLOOR = 0.3  # what a term counts that says nothing of the label, beside 1.3 for one that decides it
SMOOTHING = 2.0  # made-up texts for each term, spread as the labels are
FOLDS = 5  # for the texts held out
LEAST = 2  # a term stands in at least so many texts
SHARPNESSES = np.geomspace(0.1, 50.0, 80)
Floats = NDArray[np.float64]


def terms(text: str) -> list[str]:
    """Han characters and pairs of neighbours within a run, and stems of other words; nothing with a digit.

    >>> terms("桥下积水 A3 buses")
    ['桥', '下', '积', '水', '桥下', '下积', '积水', 'buse']
    """
    found: list[str] = []
    for run in runs_of(text):
        if "\u3400" <= run[0] <= "\u9fff":
            found += [*run, *(run[i : i + 2] for i in range(len(run) - 1))]
        elif run.isalpha():
            found.append(run)
    return found


@dataclass(frozen=True)
class Classifier:
    """Fitted weights. `vocabulary` gives the row of a term, `relevance` (terms,) what it counts; `weights` (terms,
    labels) times `scales` (labels,) and `bias` (labels,) give scores, which `sharpness` turns into shares; `prior`
    (labels,) are the labels' shares of the training texts. `trust` (0..1) is what it counts beside another reading;
    `fitted_on` says in words what it learned from."""

    labels: tuple[str, ...]
    vocabulary: Mapping[str, int]
    relevance: NDArray[np.float32]
    weights: NDArray[np.int8]
    scales: Floats
    bias: Floats
    prior: Floats
    sharpness: float = 1.0
    trust: float = 1.0
    fitted_on: str = ""

    def knows(self, text: str) -> float:
        """The share (0..1) of the text's terms that it has learned of; 0 for a text without terms."""
        found = terms(text)
        return sum(term in self.vocabulary for term in found) / max(len(found), 1)

    def shares(self, text: str) -> dict[str, float]:
        """How much the text is like each label: in 0..1, sum 1, the likeliest first, equals in the order of `labels`. A
        text without a known term gets the labels' shares of the training texts."""
        shares = self.shares_of([text])[0]
        return {self.labels[place]: float(shares[place]) for place in np.argsort(-shares, kind="stable")}

    def shares_of(self, texts: Sequence[str]) -> Floats:
        """The same for many: shape (len(texts), len(labels)), columns in the order of `labels`."""
        rows = [_row(Counter(terms(text)), self.vocabulary) for text in texts]
        known = np.asarray([len(places) > 0 for places, _ in rows], dtype=bool)
        return np.where(known[:, None], _softmax(self.sharpness * self._scores(rows)), self.prior)

    def _scores(self, rows: Sequence[Row]) -> Floats:
        found = np.zeros((len(rows), len(self.labels)))
        for number, (places, values) in enumerate(rows):
            found[number] = unit(values * self.relevance[places]) @ self.weights[places].astype(np.float32)
        return found * self.scales + self.bias

    def save(self, path: Path) -> None:
        """Writes a compressed .npz without pickles; read_classifier gives the same classifier again."""
        names = ("labels", "relevance", "weights", "scales", "bias", "prior", "sharpness", "trust", "fitted_on")
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in names}
        with path.open("wb") as stream:
            np.savez_compressed(stream, vocabulary=np.asarray([*self.vocabulary], dtype=np.str_), **arrays)


def read_classifier(path: Path) -> Classifier:
    """A saved classifier; BadInput where the file is missing or is none."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            arrays: dict[str, NDArray[Any]] = {name: kept[name] for name in kept.files}
        labels, vocabulary = (arrays.pop(name).tolist() for name in ("labels", "vocabulary"))
        single = {name: arrays.pop(name).item() for name in ("sharpness", "trust", "fitted_on")}
        fields: dict[str, Any] = {**single, **arrays}
        found = Classifier(tuple(labels), {term: i for i, term in enumerate(vocabulary)}, **fields)
        wide, high = (len(labels),), (len(vocabulary),)
        shapes = {"relevance": high, "weights": high + wide, "scales": wide, "bias": wide, "prior": wide}
        if wrong := [name for name, shape in shapes.items() if arrays[name].shape != shape]:
            raise ValueError(f"{' and '.join(wrong)} of another size")
    except (
        OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, BadZipFile, zlib.error
    ) as error:  # fmt: skip
        raise BadInput(f"{path} is no saved classifier ({error}); fit it anew and save it") from error
    return found


@dataclass(frozen=True)
class Fitted:
    """A classifier, and `held_out` (texts, labels): the shares that each of its texts gets from one that never saw the
    text's fold."""

    classifier: Classifier
    held_out: Floats


def fit(texts: Sequence[str], labels: Sequence[str], *, ridge: float = 0.2) -> Classifier:
    """Learns from texts and their labels, the same every time. `ridge` > 0 is for a label of mean size, in proportion
    for others (Cawley, 2006); the less alike the texts and the questions, the more is right. `sharpness` has the least
    log loss on texts held out, neighbours together, since they are often related. Raises BadInput for no texts, one
    label only, or lengths that differ."""
    return fit_held_out(texts, labels, ridge=ridge).classifier


def fit_held_out(texts: Sequence[str], labels: Sequence[str], *, ridge: float = 0.2) -> Fitted:
    """As `fit`, with what five parts of it, each fitted without one fold, say of the texts of that fold. Only their
    common sharpness was chosen on these texts."""
    names = tuple(sorted(set(labels)))
    if len(texts) != len(labels) or len(names) < 2:
        raise BadInput(f"{len(texts)} texts, {len(labels)} labels of {len(names)} kinds; give as many, of two kinds")
    counted = [Counter(terms(text)) for text in texts]
    answers = np.searchsorted(names, labels)
    fold, held_out = np.empty(len(texts), dtype=int), np.zeros((len(texts), len(names)))
    for label, places in ((label, np.flatnonzero(answers == label)) for label in range(len(names))):
        fold[places] = (label + np.arange(len(places)) * FOLDS // len(places)) % FOLDS
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        part = _fitted([counted[i] for i in outside], answers[outside], names, ridge)
        held_out[inside] = part._scores([_row(counted[i], part.vocabulary) for i in inside])
    losses = [-np.log(_softmax(s * held_out)[range(len(texts)), answers] + 1e-12).mean() for s in SHARPNESSES]
    sharpness = float(SHARPNESSES[np.argmin(losses)])
    whole = replace(_fitted(counted, answers, names, ridge), sharpness=sharpness)
    return Fitted(whole, _softmax(sharpness * held_out))


def _fitted(counted: Sequence[Counter[str]], answers: Any, names: tuple[str, ...], ridge: float) -> Classifier:
    seen = Counter(term for count in counted for term in count)
    vocabulary = {term: place for place, term in enumerate(sorted(term for term, n in seen.items() if n >= LEAST))}
    rows = [_row(count, vocabulary) for count in counted]
    held = np.zeros((len(vocabulary), len(names)))  # texts of each label that hold the term
    for (places, _), answer in zip(rows, answers, strict=True):
        held[places, answer] += 1
    size = np.bincount(answers, minlength=len(names))
    share = np.maximum(size, 1) / len(counted)
    rate = held / share + SMOOTHING
    decided = (rate.max(axis=1) / rate.sum(axis=1) * len(names) - 1) / (len(names) - 1)  # 0 says nothing, 1 all
    rarity = np.log((1 + len(counted)) / (1 + held.sum(axis=1))) + 1
    relevance = (rarity * (FLOOR + decided)).astype(np.float32)
    table = matrix([(places, unit(values * relevance[places])) for places, values in rows], len(vocabulary))
    dual = solve(table, ridge * (share * len(names))[answers], 2 * np.eye(len(names))[answers] - 1)
    weights = table.T @ dual
    scales = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-12) / 127
    small = np.round(weights / scales).astype(np.int8)
    return Classifier(names, vocabulary, relevance, small, scales, dual.sum(axis=0), size / len(counted))


def _row(count: Mapping[str, int], vocabulary: Mapping[str, int]) -> Row:
    known = [(vocabulary[term], n) for term, n in count.items() if term in vocabulary]
    places = np.asarray([place for place, _ in known], dtype=np.intp)
    return places, 1 + np.log(np.asarray([n for _, n in known], dtype=np.float32))


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
