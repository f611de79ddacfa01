"""The command `precedent models`: which models are in use, and changing them. It loads no model to list them."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.models import BUILT_IN
from assistant.wiring import Workplace
from knowledge.errors import BadInput
from knowledge.level import LANGUAGES, pair

__all__ = ["models"]


def models(options: Namespace, workplace: Workplace) -> None:
    """Runs the command. Raises BadInput for nothing to do, Fault for a model that cannot be loaded."""
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
    shown = _Progress(quiet=options.json)
    workplace.use_models(choice, shown)


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
    """How many cases are embedded, on stderr: in one line where a person watches, else at each tenth."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._tenth = -1

    def __call__(self, done: int, total: int) -> None:
        if self._quiet:
            return
        said = f"embedding: {done:,} of {total:,} cases ({done / total:.0%})"
        if sys.stderr.isatty():
            print(f"\r{said}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif (tenth := 10 * done // total) > self._tenth:
            self._tenth = tenth
            print(said, file=sys.stderr, flush=True)
