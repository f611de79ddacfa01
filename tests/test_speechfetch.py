import threading
from collections.abc import Callable
from pathlib import Path

from assistant.speechfetch import SpeechFetch
from knowledge.errors import Fault

LONG = 30.0


def test_nothing_is_fetched_without_a_name() -> None:
    def pull(name: str, progress: Callable[[int, int], None]) -> Path:
        raise AssertionError(name)

    assert SpeechFetch("", pull)() == ""


def test_progress_is_told_and_it_runs_once_at_a_time() -> None:
    asked: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def pull(name: str, progress: Callable[[int, int], None]) -> Path:
        asked.append(name)
        progress(12_000_000, 484_000_000)
        begun.set()
        assert go.wait(LONG)
        return Path(name)

    fetch = SpeechFetch("small", pull)
    assert fetch().startswith("small is being fetched")
    assert begun.wait(LONG)
    assert fetch() == "small is being fetched: 12 of 484 MB"
    go.set()
    fetch.wait(LONG)
    assert fetch() == "small was fetched"
    assert asked == ["small"]


def test_a_failure_is_told_and_left_alone_for_a_while() -> None:
    tries: list[str] = []

    def pull(name: str, progress: Callable[[int, int], None]) -> Path:
        tries.append(name)
        raise Fault("there is no network; copy the file")

    fetch = SpeechFetch("small", pull)
    for _ in range(3):
        fetch()
        fetch.wait(LONG)
    assert fetch() == "small could not be fetched: there is no network; copy the file"
    assert len(tries) == 1
    eager = SpeechFetch("small", pull, again_s=0.0)
    for _ in range(2):
        eager()
        eager.wait(LONG)
    assert len(tries) == 3
