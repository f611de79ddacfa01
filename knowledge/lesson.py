"""A lesson: what a city's own labelled texts teach about its categories, measured on texts held out, kept if it helps.

It changes nothing but one file; readers take that up when they are next opened.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from knowledge.categories import READ, Categoriser
from knowledge.classifier import Classifier, fit_held_out, read_classifier
from knowledge.errors import BadInput, Fault
from knowledge.labelled import Labelled
from knowledge.mixture import Mixture

__all__ = ["Lesson", "forget", "learn", "macro_f1", "read_learned"]

TRUSTS = tuple(round(0.1 * step, 1) for step in range(1, 11))
# Where the meaning knows some of the labels it is not given up to texts of one style: with 2,308 long letters, labelled
# with five groups of the bundled taxonomy, short questions of these groups (gold/dev) are read as well as before up to
# this trust, and worse beyond it, though letters held out are told better the higher it is.
BESIDE_MEANING = 0.4
SURE = 2.0  # standard deviations (sign test) that the gain is above chance
FLOOR = 0.001  # probability below which a miss costs no more
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Lesson:
    """What came of it: the number of texts, of those of each label, the macro-F1 (0..1) of telling the labels of texts
    held out as categories are read without this lesson (`present`), by the classifier `alone`, and by both `together`;
    how many texts are told rightly only with it (`gained`) or only without it (`lost`); the trust that was chosen, and
    whether it is `kept`."""

    texts: int
    labels: Mapping[str, int]
    present: float
    alone: float
    together: float
    gained: int
    lost: int
    trust: float
    kept: bool


def macro_f1(told: Sequence[str], right: Sequence[str]) -> float:
    """The mean over the right labels of F1 (0..1), all texts together.

    >>> macro_f1(["a", "a", "b"], ["a", "b", "b"])
    0.6666666666666666
    """
    hits = Counter(one for one, other in zip(told, right, strict=True) if one == other)
    said, meant = Counter(told), Counter(right)
    return float(np.mean([2 * hits[label] / (said[label] + meant[label]) for label in meant]))


def learn(labelled: Labelled, categoriser: Categoriser, path: Path, *, now: datetime | None = None) -> Lesson:
    """Fits, measures on five parts held out, and writes `path` if and only if the labels of texts held out are told
    better with the lesson than by the categoriser without one, and beyond chance better than by that and than by always
    naming the commonest label; else what stood there stays. The trust is that of the least log loss, one for all."""
    base = replace(categoriser, learned=None)
    fitted = fit_held_out(labelled.texts, labelled.labels)
    classifier = fitted.classifier
    mixture = base.mixture(classifier.labels)
    read = [base.scores(text) for text in labelled.texts]
    learned = [dict(zip(classifier.labels, row, strict=True)) for row in fitted.held_out.tolist()]
    known = [classifier.knows(text) for text in labelled.texts]

    def together(trust: float) -> list[Shares]:
        return [mixture(r, own, trust * k) for r, own, k in zip(read, learned, known, strict=True)]

    most = 1.0 if mixture.new >= set(mixture.covers) else BESIDE_MEANING
    trust = min((one for one in TRUSTS if one <= most), key=lambda one: _loss(together(one), labelled.labels, mixture))
    told = [_told(shares, mixture) for shares in (read, learned, together(trust))]
    before, alone, after = (macro_f1(one, labelled.labels) for one in told)
    sizes = dict(Counter(labelled.labels).most_common())
    gained, lost = _compared(told[2], told[0], labelled.labels)
    guessed = _compared(told[2], [next(iter(sizes))] * len(read), labelled.labels)
    kept = after > before and _beyond_chance(gained, lost) and _beyond_chance(*guessed)
    if kept:
        day = f"{now or datetime.now(UTC):%Y-%m-%d}"
        said = f"{len(labelled.texts)} texts, {day}: macro-F1 {after:.3f}, without them {before:.3f}"
        _write(replace(classifier, trust=trust, fitted_on=said), path)
    return Lesson(len(labelled.texts), sizes, before, alone, after, gained, lost, trust, kept)


def _told(read: Sequence[Shares], mixture: Mixture) -> list[str]:
    """The label that covers the category with the largest share, chosen as Categoriser.read does; "" for none."""
    best = [max(((share, name) for name, share in shares.items()), default=(0.0, "")) for shares in read]
    return [mixture.label_of(name) if share >= READ else "" for share, name in best]


def _compared(told: Sequence[str], other: Sequence[str], right: Sequence[str]) -> tuple[int, int]:
    """How many texts are told rightly in the first way only, and in the second only."""
    pairs = Counter((a == label, b == label) for a, b, label in zip(told, other, right, strict=True))
    return pairs[True, False], pairs[False, True]


def _beyond_chance(gained: int, lost: int) -> bool:
    """The sign test (McNemar, 1947), roughly."""
    return gained - lost > SURE * math.sqrt(gained + lost)


def _loss(read: Sequence[Shares], right: Sequence[str], mixture: Mixture) -> float:
    """The mean log loss of the shares of the right labels."""
    meant = [
        sum(s.get(category, 0.0) for category in mixture.covers[label]) for s, label in zip(read, right, strict=True)
    ]
    return float(-np.log(np.maximum(meant, FLOOR)).mean())


def _write(classifier: Classifier, path: Path) -> None:
    """Whole or not at all: a reader never sees half a file."""
    temporary = path.with_name(f"{path.name}.part")
    classifier.save(temporary)
    temporary.replace(path)


def read_learned(path: Path) -> Classifier | None:
    """What was learned; None where nothing was. Raises Fault for a damaged file."""
    if not path.exists():
        return None
    try:
        return read_classifier(path)
    except BadInput as error:
        raise Fault(
            f"{path} is damaged; learn it anew with `precedent categories learn FILE`, "
            "or do without it: `precedent categories forget`"
        ) from error


def forget(path: Path) -> bool:
    """Removes what was learned, damaged or not; False where there was nothing."""
    known = path.exists()
    path.unlink(missing_ok=True)
    return known
