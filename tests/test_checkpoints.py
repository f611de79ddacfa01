"""Which speech model: the stated order, never another one than was configured, and a sentence where there is none."""

import hashlib
from pathlib import Path

import pytest

from knowledge import checkpoints, weights
from knowledge.checkpoints import Checkpoint, CheckpointKind, NoModel, choose, obtain, official_name, open_transcriber
from knowledge.errors import Fault


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the official weights of these tests are the bytes of their names."""
    sums = {name: hashlib.sha256(name.encode()).hexdigest() for name in weights.OFFICIAL}
    monkeypatch.setattr(checkpoints, "OFFICIAL", sums)
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def put(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(name.encode())
    return path


def cores(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: count)


@pytest.mark.parametrize(
    ("count", "order"),
    [
        (8, ["large-v3-turbo", "large-v3", "large-v2", "large-v1", "medium", "small", "base", "tiny"]),
        (2, ["large-v3-turbo", "medium", "small", "large-v3", "large-v2", "large-v1", "base", "tiny"]),
    ],
)
def test_official_weights_in_order(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, count: int, order: list[str]
) -> None:
    cores(monkeypatch, count)
    for name in order:
        put(cache, name)
    for name in order:
        found = choose(tmp_path, "", cache)
        assert found == Checkpoint(CheckpointKind.OFFICIAL, name, cache / f"{name}.pt", name)
        (cache / f"{name}.pt").unlink()
    assert isinstance(choose(tmp_path, "", cache), NoModel)


def test_the_data_folder_has_weights_too(tmp_path: Path, cache: Path) -> None:
    path = put(tmp_path / "models", "small")
    assert choose(tmp_path, "", cache) == Checkpoint(CheckpointKind.OFFICIAL, "small", path, "small")


def test_a_broken_download_counts_as_none(tmp_path: Path, cache: Path) -> None:
    put(cache, "tiny")
    (cache / "large-v3-turbo.pt").write_bytes(b"large-v3-tur")
    found = choose(tmp_path, "", cache)
    assert isinstance(found, Checkpoint)
    assert found.name == "tiny"


def test_the_configured_one_comes_first(tmp_path: Path, cache: Path) -> None:
    put(cache, "large-v3-turbo")
    mine = put(tmp_path, "mine")
    assert choose(tmp_path, str(mine), cache) == Checkpoint(CheckpointKind.CONFIGURED, "mine", mine)
    put(cache, "base")
    assert choose(tmp_path, "base", cache) == Checkpoint(CheckpointKind.CONFIGURED, "base", cache / "base.pt", "base")
    turbo = choose(tmp_path, "turbo", cache)
    assert isinstance(turbo, Checkpoint)
    assert turbo.path == cache / "large-v3-turbo.pt"


@pytest.mark.parametrize(
    ("configured", "says"),
    [
        ("small", "run `precedent models pull whisper-small`"),
        ("whisper-turbo", "run `precedent models pull whisper-large-v3-turbo`"),
        ("/nowhere/mine.pt", "check its path"),
    ],
)
def test_a_configured_one_that_is_missing_is_not_replaced(
    tmp_path: Path, cache: Path, configured: str, says: str
) -> None:
    put(cache, "base")
    found = choose(tmp_path, configured, cache)
    assert isinstance(found, NoModel)
    assert found.reason.startswith(f"the configured speech model {configured} is not there")
    assert says in found.reason


def test_a_folder_without_a_model_is_refused(tmp_path: Path, cache: Path) -> None:
    found = choose(tmp_path, str(tmp_path), cache)
    assert isinstance(found, NoModel)
    assert "without model.bin" in found.reason


def test_without_any_model_the_reason_says_what_to_do(tmp_path: Path, cache: Path) -> None:
    found = choose(tmp_path, "", cache, bundled=tmp_path / "demo.pt")
    assert isinstance(found, NoModel)
    for part in ("`precedent models pull whisper-turbo`", str(tmp_path / "models"), "type or attach the transcript"):
        assert part in found.reason
    assert "demonstration" not in found.reason


def test_the_demonstration_model_is_never_silent(tmp_path: Path, cache: Path) -> None:
    demo = put(tmp_path, "demo")
    found = choose(tmp_path, "", cache, bundled=demo)
    assert isinstance(found, NoModel)
    assert "or let the demonstration model try" in found.reason
    allowed = choose(tmp_path, "", cache, demo=True, bundled=demo)
    assert allowed == Checkpoint(CheckpointKind.DEMO, "demo", demo)
    assert allowed.demo
    put(cache, "tiny")
    better = choose(tmp_path, "", cache, demo=True, bundled=demo)
    assert isinstance(better, Checkpoint)
    assert not better.demo


def test_the_demonstration_model_stays_one_where_it_is_configured(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = put(tmp_path, "demo")
    monkeypatch.setattr(checkpoints, "BUNDLED", demo)
    found = choose(tmp_path, str(demo), cache)
    assert isinstance(found, Checkpoint)
    assert found.demo


def test_a_download_comes_before_the_demonstration(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(name: str, folder: Path, *, progress: object = None) -> Path:
        asked.append(name)
        return put(folder, name)

    monkeypatch.setattr(checkpoints, "pull", fetch)
    nothing = obtain(tmp_path, "", cache)
    assert isinstance(nothing, NoModel)
    assert asked == []
    found = obtain(tmp_path, "", cache, demo=True, download="small")
    assert found == Checkpoint(CheckpointKind.OFFICIAL, "small", tmp_path / "models" / "small.pt", "small")
    assert obtain(tmp_path, "", cache, download="small") == found
    assert asked == ["small"]


def test_a_download_that_fails_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, folder: Path, *, progress: object = None) -> Path:
        raise Fault("the weights cannot be fetched (no network)")

    monkeypatch.setattr(checkpoints, "pull", fail)
    found = obtain(tmp_path, "", cache, download="small")
    assert isinstance(found, NoModel)
    assert found.reason.endswith("(the weights cannot be fetched (no network))")


def test_names_as_people_say_them() -> None:
    assert [official_name(name) for name in ("turbo", "large", "whisper-turbo", "whisper-base", "mine")] == [
        "large-v3-turbo",
        "large-v3",
        "large-v3-turbo",
        "base",
        "mine",
    ]


def test_a_transcriber_of_each_engine_opens_without_loading(tmp_path: Path) -> None:
    file = open_transcriber(Checkpoint(CheckpointKind.DEMO, "demo", tmp_path / "demo.pt"))
    assert (file.name, file.demo) == ("openai-whisper demo", True)
    folder = open_transcriber(Checkpoint(CheckpointKind.CONFIGURED, "fast", tmp_path), threads=1)
    assert (folder.name, folder.demo) == ("faster-whisper fast", False)
