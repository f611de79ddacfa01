"""Fine-tuning the embedder on accepted and rejected matches, through a gate that can say no.

A model is trained beside the one in use and adopted only where neither the gold questions nor the last accepted matches
are answered worse, and one of them better. Nothing of it stays otherwise. How a model is trained is not known here.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.gate import Asked, Figures, Questions, is_better, is_worse, measure
from assistant.models import BUILT_IN
from assistant.pairs import (
    Accepted,
    Withheld,
    accepted_matches,
    draw,
    last_accepted,
    own_pairs,
    question_pairs,
    spared,
)
from assistant.wiring import Workplace
from knowledge.case import Case, CaseStatus
from knowledge.copies import embedded_text
from knowledge.embedder import Embedder
from knowledge.errors import BadInput
from knowledge.sentence_embedder import SentenceEmbedder
from knowledge.sentence_trainer import Pair, Training, check_packages, train
from knowledge.text import fold

__all__ = ["Compared", "GoldQuestion", "Tuned", "tune"]

GoldQuestion = tuple[str, Mapping[str, int]]  # the text; external ids with grades 1–3
Progress = Callable[[str, int, int], None]  # ("training", "comparing" or "embedding"; done; all)

LEAST_PAIRS = 32
LEAST_GOLD = 10  # questions; fewer would let chance decide
MOST_GOLD = 500
CROWD = 2_000  # cases among which an answer is looked for, besides those that are wanted
LEAST_OWN = 2_000  # pairs of the city's own cases, if there are so many; else as many as there are accepted ones
PART = ".tuning"  # the folder of a model in the making


@dataclass(frozen=True)
class Compared:
    """One set of questions, answered by the embedder in use and by the tuned one."""

    questions: int
    old: Figures
    new: Figures


@dataclass(frozen=True)
class Tuned:
    """What came of it. `rejected` of the `accepted` pairs carry a rejected case; `last` is None where nothing was
    accepted yet; `folder` is empty unless the model was adopted; `passed` is what the gate said."""

    base: str
    accepted: int
    rejected: int
    own: int
    gold: Compared
    last: Compared | None
    passed: bool
    why: str
    folder: str = ""


@dataclass(frozen=True)
class _Material:
    """What is trained on, and what is asked afterwards."""

    accepted: Sequence[Pair]
    own: Sequence[Pair]
    gold: Questions
    last: Questions


def tune(
    workplace: Workplace, *, base: str | None = None, gold: Sequence[GoldQuestion] | None = None,
    training: Training | None = None, dry_run: bool = False, progress: Progress | None = None,
) -> Tuned:  # fmt: skip
    """Trains `base` (the embedder in use, where none is named) and adopts it where the gate says yes; with `dry_run` it
    is compared and dropped. Without `gold` the titles of the spared cases are asked for their situations.

    Raises BadInput for a base that cannot be trained, for a missing package and for too little to learn from, Fault
    for a model that cannot be loaded. Whatever stops it leaves no model behind and the old one in use."""
    base = base or workplace.choice.embedder
    if base == BUILT_IN:
        raise BadInput(
            f'the built-in "{BUILT_IN}" is not trained here; choose a sentence-transformers model first '
            "(`precedent models use NAME`), or name one with --from NAME"
        )
    check_packages()
    training = training or Training()
    material = _material(workplace, gold)
    shown = progress or (lambda stage, done, total: None)
    with _folder(workplace.home) as folder:
        train(base, [*material.accepted, *material.own], folder, training, lambda *done: shown("training", *done))
        first, last = _compare(material, workplace.embedder, SentenceEmbedder(str(folder)), shown)
        passed, why = _decide(first, last)
        tuned = Tuned(
            base=base,
            accepted=len(material.accepted),
            rejected=sum(bool(pair.unwanted) for pair in material.accepted),
            own=len(material.own),
            gold=first,
            last=last,
            passed=passed,
            why=why,
        )
        if dry_run or not passed:
            return tuned
        kept = _keep(folder)
    _adopt(workplace, kept, shown)
    return replace(tuned, folder=str(kept))


def _material(workplace: Workplace, gold: Sequence[GoldQuestion] | None) -> _Material:
    cases = {s.case_id: s.case for s in workplace.records.all() if s.case.status is CaseStatus.APPROVED}
    earlier, newest = last_accepted(accepted_matches(workplace.interactions.export()))
    asked = _from_titles(cases) if gold is None else _from_gold(gold, cases)
    if len(asked.asked) < LEAST_GOLD:
        what = "cases with a title" if gold is None else "of the gold questions that name a case of this case base"
        raise BadInput(
            f"{len(asked.asked)} {what} can be asked about, at least {LEAST_GOLD} are needed to compare models; import "
            "more cases, or give questions with --gold FILE"
        )
    last = _from_accepted(newest, cases)
    withheld = Withheld(
        frozenset(fold(one.text) for one in (*asked.asked, *last.asked)) | {fold(one.question) for one in newest},
        frozenset(i for i, case in cases.items() if spared(i, case)) if gold is None else frozenset(),
    )
    accepted = question_pairs(earlier, cases, withheld)
    own = own_pairs(cases, withheld, max(LEAST_OWN, len(accepted)))
    if len(accepted) + len(own) < LEAST_PAIRS:
        raise BadInput(
            f"there are {len(accepted) + len(own)} pairs to learn from, at least {LEAST_PAIRS} are needed; import more "
            "cases with title, situation and actions, or adopt and reject recommended actions for a while"
        )
    return _Material(accepted, own, asked, last)


def _from_titles(cases: Mapping[int, Case]) -> Questions:
    """The title of each spared case asks for its situation."""
    drawn = sorted((draw(case_id, case), case_id) for case_id, case in cases.items() if spared(case_id, case))
    asked = [Asked(cases[case_id].title or "", {case_id: 3}) for _, case_id in drawn[:MOST_GOLD]]
    return Questions(asked, {case_id: case.situation for case_id, case in _crowd(asked, cases).items()})


def _from_gold(gold: Sequence[GoldQuestion], cases: Mapping[int, Case]) -> Questions:
    """Questions of which at least one wanted case is in the case base."""
    known = {case.external_id: case_id for case_id, case in cases.items() if case.external_id}
    found = [
        Asked(text, {known[name]: grade for name, grade in relevant.items() if name in known})
        for text, relevant in gold
    ]
    return _searched([one for one in found if one.relevant], cases)


def _from_accepted(newest: Sequence[Accepted], cases: Mapping[int, Case]) -> Questions:
    found = [Asked(one.question, {i: 3 for i in one.accepted if i in cases}) for one in newest]
    return _searched([one for one in found if one.relevant], cases)


def _searched(asked: Sequence[Asked], cases: Mapping[int, Case]) -> Questions:
    return Questions(asked, {case_id: embedded_text(case) for case_id, case in _crowd(asked, cases).items()})


def _crowd(asked: Sequence[Asked], cases: Mapping[int, Case]) -> dict[int, Case]:
    """What is wanted, among other cases drawn by lot."""
    wanted = {case_id for one in asked for case_id in one.relevant}
    others = sorted((draw(case_id, case), case_id) for case_id, case in cases.items() if case_id not in wanted)
    kept = wanted | {case_id for _, case_id in others[:CROWD]}
    return {case_id: case for case_id, case in cases.items() if case_id in kept}


def _compare(material: _Material, old: Embedder, new: Embedder, shown: Progress) -> tuple[Compared, Compared | None]:
    total, done = 2 * (material.gold.size() + material.last.size()), 0

    def embedded(count: int) -> None:
        nonlocal done
        done += count
        shown("comparing", done, total)

    first, last = (
        Compared(len(asked.asked), measure(old, asked, embedded), measure(new, asked, embedded))
        for asked in (material.gold, material.last)
    )
    return first, last if last.questions else None


def _decide(gold: Compared, last: Compared | None) -> tuple[bool, str]:
    """What the gate says, with its reason."""
    sets = [("the gold questions", gold)] + ([("the last accepted matches", last)] if last else [])
    worse = [name for name, compared in sets if is_worse(compared.new, compared.old)]
    if worse:
        return False, f"worse on {' and '.join(worse)}"
    better = [name for name, compared in sets if is_better(compared.new, compared.old)]
    return (True, f"better on {' and '.join(better)}, worse on none") if better else (False, "no better on any")


@contextmanager
def _folder(home: Path) -> Iterator[Path]:
    """A folder for a model in the making, which is gone afterwards unless it was renamed. One training at a time, so
    that what a killed one has left can be taken away."""
    models = home / "models"
    with _alone(home):
        models.mkdir(exist_ok=True)
        folder = models.resolve() / PART
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                models.rmdir()  # if nothing else is in it


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    lock = FileLock(home / "tune.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise BadInput(f"another training is running in {home}; wait until it has finished") from error
    try:
        yield
    finally:
        lock.release()


def _keep(folder: Path) -> Path:
    """Renames a model to its day and a hash of its content; the same model is kept once."""
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as stream:
            content.update(hashlib.file_digest(stream, "sha256").digest())
    kept = folder.with_name(f"tuned-{datetime.now(UTC):%Y-%m-%d}-{content.hexdigest()[:8]}")
    if kept.exists():
        shutil.rmtree(kept)
    return folder.rename(kept)


def _adopt(workplace: Workplace, model: Path, shown: Progress) -> None:
    """Changes over to a model; where that is stopped, the model is taken away again."""
    choice = replace(workplace.models.choice(), embedder=str(model))
    try:
        workplace.use_models(choice, lambda *done: shown("embedding", *done))
    finally:
        if workplace.models.choice() != choice:
            shutil.rmtree(model, ignore_errors=True)
