from pathlib import Path

import pytest

from assistant.callplan import Model
from assistant.speech import Speech
from knowledge.checkpoints import BUNDLED
from knowledge.errors import BadInput


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_configured_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").write_bytes(b"weights")
    model = Speech(tmp_path, str(tmp_path / "mine.pt")).model()
    assert isinstance(model, Model)
    assert (model.name, model.demo) == ("mine", False)
    assert model.opening().name.endswith("mine"), "nothing is loaded before it hears"


def test_a_named_one_comes_before_the_configured_one(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").write_bytes(b"weights")
    assert "/nowhere/x.pt is not there" in str(Speech(tmp_path, str(tmp_path / "mine.pt")).model("/nowhere/x.pt"))


def test_without_a_real_model_nothing_is_transcribed(tmp_path: Path) -> None:
    said = "only the demonstration model" if BUNDLED.is_file() else "there is no speech model on this machine"
    with pytest.raises(BadInput, match=said):
        Speech(tmp_path).transcribe(tmp_path / "a.wav")


def test_a_wanted_download_that_fails_is_told_beside_what_to_do(tmp_path: Path) -> None:
    speech = Speech(tmp_path, download="small")  # tests have no network
    speech.model()
    speech._fetch.wait(30)
    said = speech._fetch()
    assert said.startswith("small could not be fetched: ")
    if not BUNDLED.is_file():
        assert said in str(speech.model())


def test_a_configured_model_that_is_missing_is_not_replaced_by_a_download(tmp_path: Path) -> None:
    speech = Speech(tmp_path, "/nowhere/x.pt", download="small")
    assert "is not there" in str(speech.model())
    assert speech._fetch() == ""


def test_fetching_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no official speech model"):
        Speech(tmp_path).pull("gpt")
