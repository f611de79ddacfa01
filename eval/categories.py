"""How often the category of a text is told right: by the classifier, beside its peers, and for the gold questions.

    python -m eval.categories [--file FILE] [--folds 5] [--seeds 0 1 2]    any CSV of text,label
    python -m eval.categories --gold dev                                   words, classifier and mixtures of the two

For a file: macro-F1, mean of stratified folds; the peers are linear support vector machines on tf-idf (scikit-learn:
sublinear, else its defaults). For gold questions: the classifier learns from the sayings of knowledge.matters ("other"
and "chat" among its labels); how often the leaf and its group are right. Weights are chosen on the dev half, and the
test half cannot be asked.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.dataset import SHARED, Dataset, Query, gold
from knowledge.categories import Categoriser
from knowledge.classifier import fit
from knowledge.errors import BadInput, PrecedentError
from knowledge.grams import cut
from knowledge.matters import Matter, read_matters
from knowledge.sheet import read_rows
from knowledge.taxonomy import read_taxonomy

__all__ = ["accuracy", "main", "mixed", "read_labelled"]

FILE = SHARED / "citizen_messages" / "category_train.csv"
MATTERS_RIDGE = 8.0  # chosen on kinds of matter left out: new matters are said in other words
WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the classifier beside the words
Predictor = Callable[[Sequence[str]], list[str]]
Learner = Callable[[Sequence[str], Sequence[str]], Predictor]
Shares = Mapping[str, float]


def read_labelled(path: Path, folds: int = 2) -> tuple[list[str], list[str]]:
    """Texts and labels of a table with these two columns; rows that lack one of them are left out. Raises BadInput
    where the file or a column is missing, a row cannot be read, or a label has fewer rows than there are folds."""
    if not path.is_file():
        raise BadInput(f"{path} is missing; put the shared data beside the project, or name a CSV of text,label")
    if folds < 2:
        raise BadInput(f"{folds} folds leave nothing to learn from or to ask; give at least 2")
    pairs = []
    for row in read_rows(path):
        if row.problem:
            raise BadInput(f"{path}, row {row.number}: {row.problem}")
        if missing := {"text", "label"} - {*row.values}:
            raise BadInput(f"{path} has no column {' and '.join(sorted(missing))}; its columns must be text,label")
        text, label = (str(row.values[name] or "").strip() for name in ("text", "label"))
        if text and label:
            pairs.append((text, label))
    sizes = Counter(label for _, label in pairs)
    if len(sizes) < 2 or min(sizes.values()) < folds:
        raise BadInput(f"{path} has the labels {dict(sizes)}; {folds} folds need two labels, each in {folds} rows")
    return [text for text, _ in pairs], [label for _, label in pairs]


def _classifier(texts: Sequence[str], labels: Sequence[str]) -> Predictor:
    fitted = fit(texts, labels)
    return lambda asked: [fitted.labels[best] for best in fitted.shares_of(asked).argmax(axis=1)]


def _svm(analyzer: str | Callable[[str], list[str]]) -> Learner:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    def learn(texts: Sequence[str], labels: Sequence[str]) -> Predictor:
        sizes = (1, 3) if analyzer == "char" else (1, 1)
        vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=sizes, sublinear_tf=True, dtype=np.float32)
        fitted = make_pipeline(vectorizer, LinearSVC(random_state=0)).fit(texts, labels)
        return lambda asked: [str(label) for label in fitted.predict(asked)]

    return learn


def _macro_f1(
    learn: Learner, texts: Sequence[str], labels: Sequence[str], folds: int, seed: int
) -> tuple[float, float]:
    """The mean of macro-F1 over the folds, and the seconds that all took."""
    from sklearn.metrics import f1_score
    from sklearn.model_selection import StratifiedKFold

    started, found = time.perf_counter(), []
    for inside, outside in StratifiedKFold(folds, shuffle=True, random_state=seed).split(texts, labels):
        predict = learn([texts[i] for i in inside], [labels[i] for i in inside])
        told = predict([texts[i] for i in outside])
        found.append(f1_score([labels[i] for i in outside], told, average="macro"))
    return float(np.mean(found)), time.perf_counter() - started


def accuracy(told: Sequence[str | None], queries: Sequence[Query]) -> tuple[float, float]:
    """The shares (0..1) of the questions whose leaf is told, and whose group (before the dot) is told; None is wrong.

    >>> accuracy(["road.works", None], [Query("a", "", {}, category="road.light"), Query("b", "", {}, category="x.y")])
    (0.0, 0.5)
    """
    right = [q.category or "" for q in queries]
    leaves = [one == other for one, other in zip(told, right, strict=True)]
    groups = [(one or "").split(".")[0] == other.split(".")[0] for one, other in zip(told, right, strict=True)]
    return float(np.mean(leaves)), float(np.mean(groups))


def mixed(words: Shares, learned: Shares, weight: float) -> str:
    """The category with the largest sum of both shares, the learned ones times `weight`; the first by name of equals.

    >>> mixed({"road.works": 0.3}, {"road.works": 0.2, "road.light": 0.4}, 1.0)
    'road.works'
    """
    sums = {name: words.get(name, 0.0) + weight * learned.get(name, 0.0) for name in {*words, *learned}}
    return min(sums, key=lambda name: (-sums[name], name))


def _gold(data: Dataset, matters: Iterable[Matter], ridge: float) -> None:
    """Prints the table for the gold questions that have a category."""
    queries = [query for query in data.queries if query.category is not None]
    pairs = [(saying, matter.leaf) for matter in matters for saying in matter.says]
    started = time.perf_counter()
    fitted = fit([saying for saying, _ in pairs], [leaf for _, leaf in pairs], ridge=ridge)
    seconds = time.perf_counter() - started
    reader = Categoriser(read_taxonomy())
    words = [reader.scores(query.text) for query in queries]
    started = time.perf_counter()
    learned = [fitted.shares(query.text) for query in queries]
    each = 1000 * (time.perf_counter() - started) / len(queries)
    leaves = [{name: share for name, share in shares.items() if "." in name} for shares in learned]
    readings = [reader.read(query.text) for query in queries]
    rows: dict[str, list[str | None]] = {"words": [reading.category if reading else None for reading in readings]}
    for name, shares in (("classifier", learned), ("classifier, leaves only", leaves)):
        rows[name] = [mixed({}, one, 1.0) for one in shares]
    for weight in WEIGHTS:
        rows[f"words + {weight:g} · classifier"] = [mixed(*pair, weight) for pair in zip(words, learned, strict=True)]
    rows["words, else classifier"] = [mixed(*pair, 1e-6) for pair in zip(words, learned, strict=True)]
    print(f"{data.name}: {len(queries)} questions with a category; words read from {sum(map(bool, readings))} of them")
    print(f"learned from {len(pairs)} sayings in {seconds:.0f} s (ridge {ridge:g}, sharpness {fitted.sharpness:.2f},")
    print(f"{len(fitted.vocabulary)} terms, {len(fitted.labels)} labels); shares of a text in {each:.2f} ms\n")
    print("| told by | leaf | group | leaf, zh | leaf, en | other or chat |\n" + "|---" * 6 + "|")
    for name, told in rows.items():
        print(f"| {name} | {' | '.join(_cells(told, queries))} |")


def _cells(told: Sequence[str | None], queries: Sequence[Query]) -> list[str]:
    cells = [f"{share:.3f}" for share in accuracy(told, queries)]
    for language in ("zh", "en"):
        own = [(one, query) for one, query in zip(told, queries, strict=True) if query.language == language]
        cells.append(f"{accuracy([one for one, _ in own], [q for _, q in own])[0]:.3f}" if own else "–")
    return [*cells, str(sum(one in ("other", "chat") for one in told))]


def _file(path: Path, folds: int, seeds: Sequence[int]) -> None:
    """Prints the table for a file."""
    texts, labels = read_labelled(path, folds)
    print(f"{path.name}: {len(texts)} texts, {len(set(labels))} labels, {folds} folds\n")
    heads = [f"macro-F1, seed {seed}" for seed in seeds]
    print(f"| learner | {' | '.join(heads)} | mean | s a fold |\n" + "|---" * (len(seeds) + 3) + "|")
    peers = {"LinearSVC, tf-idf of characters 1–3": _svm("char"), "LinearSVC, tf-idf of words": _svm(cut)}
    for name, learn in {"**Classifier**": _classifier, **peers}.items():
        found = [_macro_f1(learn, texts, labels, folds, seed) for seed in seeds]
        cells = [f"{score:.4f}" for score in [*(f1 for f1, _ in found), np.mean([f1 for f1, _ in found])]]
        cells.append(f"{sum(seconds for _, seconds in found) / folds / len(seeds):.1f}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a Markdown table; 2 where the data are missing or are of another kind."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.categories", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", "--seeds", dest="seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--gold", choices=["dev"])
    parser.add_argument("--matters", type=Path, help="for --gold: another folder of kinds of matter")
    parser.add_argument("--ridge", type=float, default=MATTERS_RIDGE, help="for --gold")
    options = parser.parse_args(arguments)
    try:
        if options.gold:
            matters = read_matters(options.matters) if options.matters else read_matters()
            _gold(gold(options.gold), matters, options.ridge)
        else:
            _file(options.file, options.folds, options.seeds)
    except PrecedentError as error:
        print(f"eval.categories: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
