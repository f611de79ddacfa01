"""A check-up: which models, indexes and data are in use, and what is missing with what to do about it."""

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from assistant.learning.standing import FIXED
from assistant.wiring import Workplace
from knowledge.checkpoints import NoModel, choose
from knowledge.errors import PrecedentError

__all__ = ["Finding", "checkup"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not ok."""

    name: str
    ok: bool
    state: str
    advice: str = ""


def checkup(workplace: Workplace) -> list[Finding]:
    """Looks at everything; a part that fails is a finding, never an error."""
    free = shutil.disk_usage(workplace.home).free
    findings = [
        Finding(
            "data folder", free > 1 << 30, f"{workplace.home}, {free / (1 << 30):.1f} GiB free", "free some disk space"
        ),
    ]
    findings.append(
        _try("database", lambda: _database(workplace), "see the message; restore a back-up if it is damaged")
    )
    findings.append(
        _try("embedder", lambda: _embedder(workplace), "return to the built-in one: `precedent models use meaning`")
    )
    findings.append(
        _try("reranker", lambda: _reranker(workplace), "switch it off: `precedent models use --reranker none`")
    )
    findings.append(
        _try("indexes", lambda: _copies(workplace), "delete the folder copies: they are rebuilt at the next start")
    )
    findings.append(
        _try(
            "learning", lambda: _learning(workplace), "see the message; `precedent learn replay` tells what is damaged"
        )
    )
    findings.append(
        _try("learned categories", lambda: _categories(workplace), "do without them: `precedent categories forget`")
    )
    findings.append(
        _try("speech", lambda: _speech(workplace), "fetch official weights: `precedent models pull whisper-turbo`")
    )
    findings.append(Finding("language model", True, "none: answers are composed from the cases themselves"))
    for name, package in (("sentence-transformers", "sentence_transformers"), ("chroma", "langchain_chroma")):
        found = importlib.util.find_spec(package) is not None
        state = "installed" if found else f"not installed (optional: pip install precedent[{name}])"
        findings.append(Finding(name, True, state))
    return findings


def _try(name: str, look: Callable[[], tuple[str, bool]], advice: str) -> Finding:
    try:
        state, ok = look()
    except PrecedentError as error:
        return Finding(name, False, str(error), advice)
    return Finding(name, ok, state, advice)


def _database(workplace: Workplace) -> tuple[str, bool]:
    records = workplace.records
    count = records.count()
    total, change = records.count(None), records.last_change()
    state = f"{workplace.engine.dialect.name}, {count} approved cases of {total}, change {change}"
    if count == 0:
        return f"{state}; import cases with `precedent import FILE`, or try `precedent demo`", True
    return f"{state}, {workplace.interactions.count()} interactions", True


def _embedder(workplace: Workplace) -> tuple[str, bool]:
    vector = workplace.embedder.embed(["积水"])
    return f"{workplace.embedder.name}, {vector.shape[1]} numbers", bool(vector.any())


def _learning(workplace: Workplace) -> tuple[str, bool]:
    """The order in force, what is on trial, and whether every model that is needed can be read."""
    learning = workplace.learning
    state = learning.advisor.state()
    standing = state.standing
    for version in {standing.champion, *standing.line} - {FIXED}:
        learning.shelf.get(version)
    tried = "nothing on trial"
    if standing.challenger is not None and state.judgement is not None:
        missing = ", ".join(state.judgement.missing)
        tried = f"{standing.challenger} on trial, " + (f"not held yet: {missing}" if missing else "ready: approve it")
    used = f"{state.unseen} of {state.wanted} choices and outcomes for the next version"
    return f"{standing.champion} in force, {tried}; {state.last} events, {used}", True


def _categories(workplace: Workplace) -> tuple[str, bool]:
    learned = workplace.learned
    if learned is None:
        return "none: categories are read by their words and meaning", True
    return f"{len(learned.labels)} labels ({learned.fitted_on})", True


def _speech(workplace: Workplace) -> tuple[str, bool]:
    """The model that hears recordings; nothing is fetched for the look."""
    speech = workplace.speech
    chosen = choose(speech.home, speech.configured, demo=True)
    if isinstance(chosen, NoModel):
        return chosen.reason, False
    if chosen.demo:
        return f"{chosen.name}: for the demo calls only; recordings wait until a model for real speech is there", True
    return f"{chosen.name}, hears recordings", True


def _reranker(workplace: Workplace) -> tuple[str, bool]:
    name = workplace.choice.reranker
    if not name:
        return "none: the order is that of the matcher", True
    from knowledge.reranker import CrossReranker

    CrossReranker(name).judge("积水", ["桥下积水"])
    return f"{name}, reads the best candidates", True


def _copies(workplace: Workplace) -> tuple[str, bool]:
    copies = workplace.copies
    behind = copies.behind()
    sizes = f"words {copies.words.count()}, vectors {copies.vectors.count()}, profiles {copies.profiles.count()}"
    return (
        f"{sizes}; {'up to date' if not behind else f'{behind} changes behind, caught up at the next question'}",
        True,
    )
