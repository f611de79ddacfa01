"""Fits and measures the verdict: is there a precedent for a question, and how sure is that?

    python -m eval.verdict                 measures the bundled model on the gold set's dev half
    python -m eval.verdict --half test     on the test half (for the table in LOG.md only)
    python -m eval.verdict --fit           fits it on that and the calibration questions, writes verdict.json

Reports AUROC of new against the rest, expected calibration error (10 bins), false precedents at the threshold (new
questions that were called same or similar) and missed ones, and the reliability by bin. The threshold is the lowest
with at most 5% false precedents in 10-fold cross-validation.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from assistant.verdict import BUNDLED, features
from eval.dataset import Dataset, calibration, gold
from eval.product import Product

__all__ = ["calibration_error", "main"]

SEEN = ("kind", "meaning", "outside", "clearness")
NEW_SHARE = 0.23  # of questions without precedent, as in the gold set; the calibration questions have a half
FALSE_PRECEDENTS = 0.05


def calibration_error(chances: Sequence[float], labels: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al., 2015): the mean gap between chance and share, weighted by bin.

    >>> calibration_error([0.0, 1.0], [False, True])
    0.0
    """
    p, y = np.asarray(chances, float), np.asarray(labels, float)
    place = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[place == b].mean() - y[place == b].mean()) * (place == b).mean() for b in set(place.tolist())]
    return float(sum(gaps))


def _measured(data: Dataset) -> tuple[list[dict[str, float]], list[bool], list[float], list[str]]:
    """For each question: the model's features, whether it has a precedent, the model's chance of one, its label."""
    rows, known, chances, labels = [], [], [], []
    with tempfile.TemporaryDirectory() as home:
        product = Product(data.cases, Path(home))
        for query in data.queries:
            situation, verdict, matches = product.answer(query.text, 10)
            rows.append(features(situation, matches, datetime.now(UTC)))
            known.append(not query.new)
            chances.append(1.0 - verdict.probabilities["new"])
            labels.append(verdict.label.value)
    return rows, known, chances, labels


def _fit(rows: Sequence[dict[str, float]], known: Sequence[bool]) -> dict[str, object]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x = np.asarray([[row[name] for name in SEEN] for row in rows])
    spread = x.std(axis=0)
    x = x / spread
    y = np.asarray(known)
    model = LogisticRegression(C=1.0, max_iter=5_000)
    weights = np.where(y, (1 - NEW_SHARE) / y.mean(), NEW_SHARE / (1 - y.mean()))
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, x, y, cv=folds, method="predict_proba", params={"sample_weight": weights})[:, 1]
    model.fit(x, y, sample_weight=weights)
    chosen = _strict(held_out.tolist(), known)
    print("fitted, 10-fold: " + _report(held_out.tolist(), known, chosen))
    coefficients = model.coef_[0] / spread
    precedent = {name: round(float(c), 4) for name, c in zip(SEEN, coefficients, strict=True)}
    content = json.loads(BUNDLED.read_text(encoding="utf-8"))
    content["precedent"] = {"intercept": round(float(model.intercept_[0]), 4), **precedent}
    content["threshold"] = round(chosen, 3)
    content["fitted_on"] = f"gold/dev and calibration, {len(known)} questions"
    return dict(content)


def _strict(chances: Sequence[float], known: Sequence[bool]) -> float:
    """The lowest threshold (at least 0.5) above which at most 5% of the new questions lie."""
    new = sorted((c for c, k in zip(chances, known, strict=True) if not k), reverse=True)
    allowed = int(FALSE_PRECEDENTS * len(new))
    return max(0.5, new[allowed] + 1e-3) if new else 0.5


def _report(chances: Sequence[float], known: Sequence[bool], threshold: float) -> str:
    from sklearn.metrics import roc_auc_score

    called = np.asarray(chances) >= threshold
    truth = np.asarray(known)
    return (
        f"{len(truth)} questions, AUROC {roc_auc_score(truth, chances):.3f}, "
        f"calibration error {calibration_error(chances, known):.3f}, threshold {threshold:.2f}: "
        f"false precedents {called[~truth].mean():.1%}, missed {(~called[truth]).mean():.1%}"
    )


def _reliability(chances: Sequence[float], known: Sequence[bool], bins: int = 5) -> str:
    """A reliability diagram in text (DeGroot and Fienberg, 1983): what was said, and how often it was so."""
    p, y = np.asarray(chances), np.asarray(known)
    lines = ["| chance of a precedent | questions | said | so | |", "|---|---|---|---|---|"]
    for number in range(bins):
        inside = np.minimum((p * bins).astype(int), bins - 1) == number
        if inside.any():
            said, so = float(p[inside].mean()), float(y[inside].mean())
            bounds = f"{number / bins:.1f}–{(number + 1) / bins:.1f}"
            lines.append(f"| {bounds} | {inside.sum()} | {said:.2f} | {so:.2f} | {'█' * round(20 * so)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures or fits."""
    parser = argparse.ArgumentParser(prog="python -m eval.verdict", description=__doc__)
    parser.add_argument("--half", choices=["dev", "test"], default="dev")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args(arguments)
    rows, known, chances, labels = _measured(gold("dev" if options.fit else options.half))
    if options.fit:
        more_rows, more_known, _, _ = _measured(calibration())
        rows, known = rows + more_rows, known + more_known
        content = _fit(rows, known)
        BUNDLED.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"written: {BUNDLED.name} {content['precedent']}")
        return 0
    threshold = json.loads(BUNDLED.read_text(encoding="utf-8"))["threshold"]
    print(f"gold/{options.half}: {_report(chances, known, threshold)}")
    print(_reliability(chances, known))
    print({label: labels.count(label) for label in sorted(set(labels))})
    return 0


if __name__ == "__main__":
    sys.exit(main())
