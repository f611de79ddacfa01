"""Which speech model is used, and where its file is: the configured one, official weights in the cache, a download, or
the bundled demonstration model.

    configured > official in the cache (large-v3-turbo, large-v3, large-v2, medium, small, base, tiny) > download > demo

On fewer than four cores the large ones stand behind `small`: turbo keeps about real time there, they take two to three
times as long as the call. How a model hears is not known here; how weights are fetched, `knowledge.weights` knows.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from knowledge.errors import PrecedentError
from knowledge.transcriber import Transcriber
from knowledge.weights import OFFICIAL, default_cache, intact, pull

__all__ = [
    "BUNDLED",
    "Checkpoint",
    "CheckpointKind",
    "NoModel",
    "choose",
    "obtain",
    "official_name",
    "open_transcriber",
]

BUNDLED = Path(__file__).parent / "speech_model" / "demo.pt"
_ORDER = ("large-v3-turbo", "large-v3", "large-v2", "large-v1", "medium", "small", "base", "tiny")
_ORDER_ON_FEW = ("large-v3-turbo", "medium", "small", "large-v3", "large-v2", "large-v1", "base", "tiny")
FEW = 4  # cores under which that order holds
_SAME = {"turbo": "large-v3-turbo", "large": "large-v3", "whisper-turbo": "large-v3-turbo"}


class CheckpointKind(StrEnum):
    """Where a checkpoint came from, in the order of preference."""

    CONFIGURED = "configured"
    OFFICIAL = "official"
    DEMO = "demo"


@dataclass(frozen=True)
class Checkpoint:
    """A model at hand: a file for openai-whisper, a folder for faster-whisper. `official` is the official name of its
    weights, empty for others."""

    kind: CheckpointKind
    name: str
    path: Path
    official: str = ""

    @property
    def demo(self) -> bool:
        """Whether it is the demonstration model, which must not hear real recordings unless a person says so."""
        return self.kind is CheckpointKind.DEMO


@dataclass(frozen=True)
class NoModel:
    """There is none; `reason` says in one sentence what to do."""

    reason: str


def choose(
    home: Path, configured: str = "", cache: Path | None = None, *, demo: bool = False, bundled: Path = BUNDLED
) -> Checkpoint | NoModel:
    """The best checkpoint at hand; nothing is fetched. `configured` is a path, or an official name in the cache (also
    in `home`/models); `cache` is openai-whisper's unless given. `demo` allows the bundled demonstration model: for demo
    calls, and for real ones if a person said so. A configured model that is not there is NoModel, not another one."""
    folders = (home / "models", cache or default_cache())
    if configured:
        return _configured(configured, folders)
    for name in _ORDER if (os.cpu_count() or 1) >= FEW else _ORDER_ON_FEW:
        found = _in_cache(name, folders, home)
        if found is not None:
            return Checkpoint(CheckpointKind.OFFICIAL, name, found, name)
    if demo and bundled.is_file():
        return Checkpoint(CheckpointKind.DEMO, "demo", bundled)
    offer = ", or let the demonstration model try" if bundled.is_file() and not demo else ""
    return NoModel(
        "there is no speech model on this machine: run `precedent models pull whisper-turbo` where there is a network, "
        f"or copy official weights into {folders[0]}, or type or attach the transcript{offer}"
    )


def obtain(
    home: Path,
    configured: str = "",
    cache: Path | None = None,
    *,
    demo: bool = False,
    download: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Checkpoint | NoModel:
    """As `choose`; where neither a configured nor an official checkpoint is there, `download` (an official name, empty
    for none) is fetched first, `progress` getting (bytes, all of them). Where that fails the demonstration model or
    NoModel stands, with the reason."""
    found = choose(home, configured, cache, demo=demo)
    missing = isinstance(found, NoModel) or found.demo
    if not missing or configured or not download:
        return found
    try:
        pull(download, home / "models", progress=progress)
    except PrecedentError as error:
        return found if isinstance(found, Checkpoint) else NoModel(f"{found.reason} ({error})")
    return choose(home, configured, cache, demo=demo)


def open_transcriber(checkpoint: Checkpoint, threads: int = 0) -> Transcriber:
    """The transcriber for a checkpoint, on that many threads (0: as many as there are cores). Nothing is loaded before
    the first window is heard."""
    if checkpoint.path.is_dir():
        from knowledge.faster_whisper_transcriber import FasterWhisperTranscriber

        return FasterWhisperTranscriber(checkpoint.path, checkpoint=checkpoint.name, threads=threads)
    from knowledge.whisper_transcriber import WhisperTranscriber

    return WhisperTranscriber(
        checkpoint.path,
        checkpoint=checkpoint.name,
        official=checkpoint.official,
        demo=checkpoint.demo,
        threads=threads,
    )


def _configured(configured: str, folders: tuple[Path, ...]) -> Checkpoint | NoModel:
    name = official_name(configured)
    path = Path(configured).expanduser()
    if path.is_dir() and not (path / "model.bin").is_file():
        return NoModel(f"the configured speech model {configured} is a folder without model.bin: name another one")
    if path.exists():
        kind = CheckpointKind.DEMO if path.resolve() == BUNDLED.resolve() else CheckpointKind.CONFIGURED
        return Checkpoint(kind, path.name.removesuffix(".pt"), path, path.stem if path.stem in OFFICIAL else "")
    for folder in folders:
        if name in OFFICIAL and (folder / f"{name}.pt").is_file():
            return Checkpoint(CheckpointKind.CONFIGURED, name, folder / f"{name}.pt", name)
    fetch = f": run `precedent models pull whisper-{name}`" if name in OFFICIAL else ": check its path"
    return NoModel(f"the configured speech model {configured} is not there{fetch}")


def official_name(name: str) -> str:
    """The official name of weights as people call them.

    >>> official_name("whisper-turbo"), official_name("small"), official_name("/models/mine.pt")
    ('large-v3-turbo', 'small', '/models/mine.pt')
    """
    plain = name.removeprefix("whisper-") if name.removeprefix("whisper-") in (*OFFICIAL, *_SAME) else name
    return _SAME.get(plain, plain)


def _in_cache(name: str, folders: tuple[Path, ...], home: Path) -> Path | None:
    """The file of official weights, whose bytes were proved once; a broken download counts as none."""
    for folder in folders:
        path = folder / f"{name}.pt"
        if path.is_file() and intact(path, OFFICIAL[name], home):
            return path
    return None
