"""Settings: what a city may choose, read from settings.toml in the data folder. Only the wiring uses them."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from knowledge.errors import BadInput

__all__ = ["Settings", "home_folder", "read_settings"]

HEAVIEST = 10.0  # all weights of ranker.json together are about half of this
MOST_AT_ONCE = 64  # processes, and threads of each


@dataclass(frozen=True)
class Settings:
    """Every setting with its default. `database` is a path or an SQLAlchemy URL (empty: precedent.sqlite in the data
    folder); `embedder` is "meaning" or the name or folder of a sentence-transformers model (`precedent models use`
    overrules it); `vector_weight` and `reranker_weight` are what an outside embedder and a reranker count for in the
    score; `vectors` is "faiss" or "chroma"; `speech_model` is the name or file of a checkpoint (empty: the best at
    hand); `speech_download` names official weights ("small", "turbo") that are fetched where there are none;
    `hotline_workers` processes hear calls (0: those of another program), each with `hotline_threads` threads;
    taxonomy, gazetteer and dangers are the city's own where their files lie in the data folder."""

    database: str = ""
    embedder: str = "meaning"
    vector_weight: float = 0.5
    reranker_weight: float = 0.5
    vectors: str = "faiss"
    chroma_host: str = "127.0.0.1"
    chroma_port: int = 8000
    speech_model: str = ""
    speech_download: str = ""
    hotline_workers: int = 1
    hotline_threads: int = 2
    city_zh: str = "云州市"
    city_en: str = "Yunzhou"


def home_folder(given: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The data folder: the given one, else PRECEDENT_HOME, else ~/.precedent."""
    return Path(given or environment.get("PRECEDENT_HOME") or Path.home() / ".precedent").expanduser()


def read_settings(home: Path) -> Settings:
    """Reads settings.toml where there is one. Raises BadInput naming the setting that is wrong."""
    path = home / "settings.toml"
    if not path.is_file():
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}; mend it or move it away") from error
    known = {f.name: type(f.default) for f in fields(Settings)}
    for name, value in content.items():
        if name not in known:
            raise BadInput(f"{path}: there is no setting {name!r}; known are {', '.join(sorted(known))}")
        if type(value) is not known[name]:  # true is an int, too
            raise BadInput(f"{path}: {name} must be of type {known[name].__name__}, not {value!r}")
    found = Settings(**content)
    for name in ("vector_weight", "reranker_weight"):
        if not 0 <= getattr(found, name) <= HEAVIEST:  # nan is neither
            raise BadInput(f"{path}: {name} must lie between 0 and {HEAVIEST:g}, not {getattr(found, name)}")
    for name, least in (("hotline_workers", 0), ("hotline_threads", 1)):
        if not least <= getattr(found, name) <= MOST_AT_ONCE:
            raise BadInput(f"{path}: {name} must lie between {least} and {MOST_AT_ONCE}, not {getattr(found, name)}")
    return found
