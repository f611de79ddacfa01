"""The command `precedent models`: which models are in use, changing them, and fine-tuning the embedder. It loads no
model to list them."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.gate import Figures
from assistant.goldorder import read_gold
from assistant.models import BUILT_IN
from assistant.tune import Compared, Tuned, tune
from assistant.wiring import Workplace
from knowledge.errors import BadInput
from knowledge.level import LANGUAGES, pair
from knowledge.sentence_trainer import Training

__all__ = ["models"]

MOST_EPOCHS = 100
UNITS = {"training": "steps", "comparing": "texts", "embedding": "cases"}


def models(options: Namespace, workplace: Workplace) -> None:
    """Runs the command. Raises BadInput for nothing to do, Fault for a model that cannot be loaded."""
    if options.action == "tune":
        _tune(options, workplace)
        return
    if options.action == "use":
        _use(options, workplace)
    content = _state(workplace)
    print(json.dumps(content, ensure_ascii=False) if options.json else _readable(content))


def _use(options: Namespace, workplace: Workplace) -> None:
    if options.name is None and options.reranker is None:
        raise BadInput("name an embedder, or a reranker with --reranker; `precedent models` lists what can be used")
    choice = workplace.models.choice()
    if options.name is not None:
        choice = replace(choice, embedder=_placed(options.name))
    if options.reranker is not None:
        choice = replace(choice, reranker="" if options.reranker.strip() == "none" else _placed(options.reranker))
    workplace.use_models(choice, _Progress("embedding", quiet=options.json))


def _tune(options: Namespace, workplace: Workplace) -> None:
    if not 1 <= options.epochs <= MOST_EPOCHS:
        raise BadInput(f"--epochs {options.epochs}: give a number from 1 to {MOST_EPOCHS}")
    bars: dict[str, _Progress] = {}

    def shown(stage: str, done: int, total: int) -> None:
        bars.setdefault(stage, _Progress(stage, quiet=options.json))(done, total)

    tuned = tune(
        workplace,
        base=None if options.base is None else _placed(options.base),
        gold=None if options.gold is None else read_gold(options.gold),
        training=Training(epochs=options.epochs),
        dry_run=options.dry_run,
        progress=shown,
    )
    if options.json:
        print(json.dumps({**asdict(tuned), "adopted": bool(tuned.folder)}, ensure_ascii=False))
        return
    print(_report(tuned, dry_run=options.dry_run))
    if tuned.folder:
        print(_readable(_state(workplace)))


def _report(tuned: Tuned, *, dry_run: bool) -> str:
    rows = [
        f"trained on {tuned.accepted:,} pairs from accepted matches ({tuned.rejected:,} with a rejected case) and "
        f"{tuned.own:,} of the city's own cases",
        *_figures("gold questions", tuned.gold),
        *(_figures("last accepted matches", tuned.last) if tuned.last else ["last accepted matches: none yet"]),
    ]
    if tuned.folder:
        return "\n".join([*rows, f"adopted ({tuned.why}): {tuned.folder}"])
    ending = "it would be adopted" if tuned.passed else "the old one stays"
    return "\n".join([*rows, f"{'dry run: ' if dry_run else ''}{ending} ({tuned.why})"])


def _figures(name: str, compared: Compared) -> list[str]:
    def said(figures: Figures) -> str:
        return f"hit@1 {figures.hit_at_1:.3f}, nDCG@10 {figures.ndcg_at_10:.3f}, MRR@10 {figures.mrr_at_10:.3f}"

    return [f"{name} ({compared.questions}):", f"  old  {said(compared.old)}", f"  new  {said(compared.new)}"]


def _placed(name: str) -> str:
    """A folder by its whole path, so that the choice holds wherever the next command runs."""
    name = name.strip()
    if not name:
        raise BadInput("the name of the model is empty; `precedent models` lists what can be used")
    path = Path(name).expanduser()
    return str(path.resolve()) if name != BUILT_IN and path.is_dir() else name


def _state(workplace: Workplace) -> dict[str, Any]:
    choice = workplace.models.choice()
    kept = workplace.kept_vectors(choice)
    levels = workplace.models.known_levels(kept.model)
    return {
        "embedder": {
            "chosen": choice.embedder,
            "name": kept.model,
            "dimension": kept.dimension,
            "embedded": kept.count,
            "cases": workplace.records.count(),
        },
        "languages": {
            language: {**asdict(level), "separation": level.separation, "reads": level.reads}
            for language, level in levels.items()
        },
        "reranker": choice.reranker or None,
        "usable": {
            "built_in": BUILT_IN,
            "sentence_transformers": find_spec("sentence_transformers") is not None,
        },
    }


def _readable(content: dict[str, Any]) -> str:
    embedder, languages = content["embedder"], content["languages"]
    rows = [
        f"embedder: {embedder['chosen']} ({embedder['name']}, {embedder['dimension'] or '?'} numbers), "
        f"{embedder['embedded']} of {embedder['cases']} cases embedded"
    ]
    if languages:
        used = [name for name in LANGUAGES if languages.get(pair(name, name), {}).get("reads")]
        left = [name for name in LANGUAGES if name not in used]
        rows.append(f"  its vectors count for questions in: {', '.join(used) or 'no language'}")
        if left:
            rows.append(f"  not for {', '.join(left)}: it hardly tells kinds of matter apart there")
        if not languages.get(pair(*LANGUAGES), {}).get("reads"):
            rows.append("  a case in another language than the question is compared by the built-in meaning")
    rows.append(f"reranker: {content['reranker'] or 'none'}")
    usable = content["usable"]
    rows.append(f"can be used: {BUILT_IN} (built in)")
    if usable["sentence_transformers"]:
        rows.append("  any sentence-transformers model by its name or folder: `precedent models use NAME`")
        rows.append("  any cross-encoder with one output: `precedent models use --reranker NAME`")
    else:
        rows.append("  others: first `pip install precedent[sentence-transformers]`")
    return "\n".join(rows)


class _Progress:
    """How far a stage has come, on stderr: in one line where a person watches, else at each tenth."""

    def __init__(self, stage: str, *, quiet: bool) -> None:
        self._stage = stage
        self._quiet = quiet
        self._tenth = -1

    def __call__(self, done: int, total: int) -> None:
        if self._quiet:
            return
        said = f"{self._stage}: {done:,} of {total:,} {UNITS[self._stage]} ({done / total:.0%})"
        if sys.stderr.isatty():
            print(f"\r{said}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif (tenth := 10 * done // total) > self._tenth:
            self._tenth = tenth
            print(said, file=sys.stderr, flush=True)
