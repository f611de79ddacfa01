"""Official weights of openai-whisper: their addresses and sums, fetched so that a broken connection goes on where it
stopped, and never in place before every byte is proved.

Which of them is used is not known here.
"""

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from knowledge.errors import BadInput, Fault

__all__ = ["OFFICIAL", "default_cache", "intact", "pull"]

_AT = "https://openaipublic.azureedge.net/main/whisper/models"
# Name and SHA-256, which is also part of the address; as in openai-whisper 20250625, without those for English only.
OFFICIAL: Mapping[str, str] = {
    "tiny": "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
    "base": "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
    "small": "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
    "medium": "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
    "large-v1": "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
    "large-v2": "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
    "large-v3": "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
    "large-v3-turbo": "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
}
TIMEOUT_S = 20.0  # without a byte
TRIES = 5  # in vain, where something had come before
WAIT_S = 2.0  # longer each time
_PIECE = 1 << 20


def default_cache(base: str = "") -> Path:
    """Where openai-whisper keeps its weights; `base` is the value of XDG_CACHE_HOME, empty where that is not set."""
    return (Path(base) if base else Path.home() / ".cache") / "whisper"


def intact(path: Path, sha256: str, home: Path) -> bool:
    """Whether a file has this sum. What was found is remembered in `home`/weights.json for as long as the file's size
    and time stay, since reading 1.6 GB takes seconds."""
    stat = path.stat()
    key, mark = str(path.resolve()), f"{stat.st_size}-{stat.st_mtime_ns}-{sha256}"
    memory = home / "weights.json"
    known = _remembered(memory)
    if key not in known or known[key][0] != mark:
        right = _sum(path) == sha256
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{memory}.lock", timeout=30):
            known = _remembered(memory) | {key: (mark, right)}
            temporary = memory.with_suffix(".tmp")
            temporary.write_text(json.dumps(known), encoding="utf-8")
            temporary.replace(memory)
    return bool(known[key][1])


def _remembered(memory: Path) -> dict[str, tuple[str, bool]]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: tuple(value) for key, value in content.items()} if isinstance(content, dict) else {}


def pull(
    name: str,
    folder: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    at: str = _AT,
    official: Mapping[str, str] = OFFICIAL,
) -> Path:
    """Fetches official weights into a folder and gives their path; what is there already and intact is left. A
    download that broke off goes on where it stopped, also in a later call. `progress` gets (bytes, all of them), 0 for
    all where the server does not say. Raises BadInput for a name that is not official, Fault without a network, for a
    full disk, for a wrong sum (the file is then removed), and where another process fetches the same."""
    if name not in official:
        raise BadInput(f"{name} is no official speech model; choose one of {', '.join(official)}")
    sha256, target = official[name], folder / f"{name}.pt"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{target}.lock", timeout=1):
            if target.is_file() and _sum(target) == sha256:
                return target
            part = target.with_suffix(".part")
            _fetch(f"{at}/{sha256}/{name}.pt", part, progress)
            if _sum(part) != sha256:
                part.unlink()
                raise Fault(f"the weights of {name} came damaged (their SHA-256 is wrong); pull them once more")
            part.replace(target)
    except Timeout as error:
        raise Fault(f"another process is fetching {name} into {folder}; wait for it, or stop it first") from error
    return target


def _fetch(url: str, part: Path, progress: Callable[[int, int], None] | None) -> None:
    """The bytes at an address into a file, going on after what is there; tried anew while bytes come."""
    failures = 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        try:
            if _continue(url, part, have, progress):
                return
            said = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
                return  # all of it is there; its sum will tell
            raise Fault(
                f"the server refuses {url} ({error.code} {error.reason}); try later, or another model"
            ) from error
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            said = str(getattr(error, "reason", error)) or type(error).__name__
        except OSError as error:
            raise Fault(
                f"{part} cannot be written ({error.strerror}); make room on the disk, then pull again"
            ) from error
        grown = part.exists() and part.stat().st_size > have
        failures = 0 if grown else failures + 1
        if failures < (TRIES if have else 1):
            time.sleep(WAIT_S * failures)
        else:
            raise Fault(
                f"the weights cannot be fetched ({said}); connect this machine to the network and pull again, or copy "
                f"{part.stem}.pt from another machine into {part.parent}"
            )


def _continue(url: str, part: Path, have: int, progress: Callable[[int, int], None] | None) -> bool:
    """Takes what comes; gives whether all of it came."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            have = 0  # the server begins anew
        length = int(answer.headers.get("Content-Length") or 0)
        total = have + length if length else 0
        with part.open("ab" if have else "wb") as file:
            while piece := answer.read(_PIECE):
                file.write(piece)
                have += len(piece)
                if progress:
                    progress(have, total)
    return not total or have >= total


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
