"""The transcriber seam: one contract for openai-whisper and faster-whisper, on a model that writes nonsense."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from small_whisper import as_ctranslate2, random_checkpoint

from knowledge.errors import Fault
from knowledge.faster_whisper_transcriber import FasterWhisperTranscriber
from knowledge.transcriber import SAMPLE_RATE, Heard, HearsMany, Sound, Transcriber
from knowledge.whisper_transcriber import WhisperTranscriber

Open = Callable[[], Transcriber]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_checkpoint(tmp_path_factory.mktemp("whisper") / "nonsense.pt")


@pytest.fixture(scope="session")
def folder(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_ctranslate2(checkpoint, tmp_path_factory.mktemp("ctranslate2") / "nonsense")


@pytest.fixture(scope="session", params=["openai-whisper", "faster-whisper"])
def transcriber(request: pytest.FixtureRequest, checkpoint: Path) -> Transcriber:
    if request.param == "openai-whisper":
        return WhisperTranscriber(checkpoint, threads=1)
    return FasterWhisperTranscriber(request.getfixturevalue("folder"), threads=1, precision="float32")


def sound(seconds: float, seed: int = 1) -> Sound:
    """Noise that comes and goes."""
    count = round(seconds * SAMPLE_RATE)
    swell = np.sin(np.arange(count) / SAMPLE_RATE * 9) ** 2
    return (np.random.default_rng(seed).standard_normal(count) * swell * 0.1).astype(np.float32)


def test_it_names_engine_and_checkpoint(transcriber: Transcriber) -> None:
    engine, checkpoint = transcriber.name.split(" ")
    assert engine in ("openai-whisper", "faster-whisper")
    assert checkpoint == "nonsense"
    assert not transcriber.demo


def test_it_tells_a_language(transcriber: Transcriber) -> None:
    language, chance = transcriber.language(sound(3))
    assert language.isalpha()
    assert 0 < chance <= 1
    assert transcriber.language(sound(3)) == (language, pytest.approx(chance))


@pytest.mark.parametrize("seconds", [0.1, 2.0, 7.5, 30.0])
def test_text_lies_within_the_window(transcriber: Transcriber, seconds: float) -> None:
    pieces = tuple(transcriber.hear(sound(seconds), language="zh"))
    for piece in pieces:
        assert 0 <= piece.start <= piece.end <= seconds + 1e-6
        assert piece.text == piece.text.strip() != ""
        assert piece.log_probability <= 0
        assert 0 <= piece.no_speech <= 1
        assert piece.compression > 0
        assert piece.temperature == 0.0
        for word in piece.words:
            assert 0 <= word.start <= word.end <= seconds + 0.03
            assert 0 <= word.probability <= 1
    assert [p.start for p in pieces] == sorted(p.start for p in pieces)


def test_a_model_of_nonsense_writes_something(transcriber: Transcriber) -> None:
    pieces = tuple(transcriber.hear(sound(5), language="zh"))
    assert pieces
    assert any(piece.words for piece in pieces)


def test_the_same_window_gives_the_same_text(transcriber: Transcriber) -> None:
    first = tuple(transcriber.hear(sound(4), language="en"))
    transcriber.language(sound(2, seed=9))
    assert tuple(transcriber.hear(sound(4), language="en")) == first


def test_a_higher_temperature_is_said(transcriber: Transcriber) -> None:
    assert {piece.temperature for piece in transcriber.hear(sound(4), language="en", temperature=0.4)} == {0.4}


def test_openai_whisper_repeats_itself_at_any_temperature(checkpoint: Path) -> None:
    transcriber = WhisperTranscriber(checkpoint, threads=1)
    first = transcriber.hear(sound(4), language="en", temperature=1.0)
    assert transcriber.hear(sound(4), language="en", temperature=1.0) == first
    assert [piece.text for piece in transcriber.hear(sound(4), language="en")] != [piece.text for piece in first]


def test_nothing_is_heard_in_nothing(transcriber: Transcriber) -> None:
    for piece in transcriber.hear(np.zeros(0, np.float32), language="zh"):
        assert piece.end == 0


def test_a_prompt_is_taken(transcriber: Transcriber) -> None:
    for piece in transcriber.hear(sound(2), language="zh", prompt="云州市，铁路新村，城市管理局" * 40):
        assert "云州市，铁路新村" not in piece.text


@pytest.mark.parametrize("demo", [False, True])
@pytest.mark.parametrize("temperature", [0.0, 0.4])
def test_several_at_once_as_one_by_one(checkpoint: Path, demo: bool, temperature: float) -> None:
    transcriber = WhisperTranscriber(checkpoint, demo=demo, threads=2)
    assert isinstance(transcriber, HearsMany)
    windows = [sound(seconds, seed) for seed, seconds in enumerate((3, 1, 5.5, 2.2, 0))]
    together = transcriber.hear_all(windows, language="zh", temperature=temperature)
    for pieces, window in zip(together, windows, strict=True):
        alone = transcriber.hear(window, language="zh", temperature=temperature)
        assert [(p.text, p.start, p.end) for p in pieces] == [(p.text, p.start, p.end) for p in alone]
        assert [p.log_probability for p in pieces] == pytest.approx([p.log_probability for p in alone], abs=1e-3)
        assert [len(p.words) for p in pieces] == [len(p.words) for p in alone]
    assert transcriber.hear_all([], language="zh") == []


def test_more_than_memory_allows_is_heard_in_rounds(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transcriber = WhisperTranscriber(checkpoint, demo=True, threads=1)
    windows = [sound(seconds, seed) for seed, seconds in enumerate((2, 4, 2, 6, 1))]
    expected = transcriber.hear_all(windows, language="zh")
    monkeypatch.setattr("knowledge.whisper_transcriber.TOGETHER_S", 6.0)
    assert transcriber._rounds(windows) == [[3], [1, 0], [2, 4]]
    found = transcriber.hear_all(windows, language="zh")
    assert [[p.text for p in one] for one in found] == [[p.text for p in one] for one in expected]


def test_the_demonstration_model_looks_at_short_windows(checkpoint: Path) -> None:
    for demo, sizes in ((True, [2, 2, 6, 30, 30]), (False, [30] * 5)):
        transcriber = WhisperTranscriber(checkpoint, demo=demo, threads=1)
        assert [transcriber._size(sound(s)) / SAMPLE_RATE for s in (0, 2, 4.5, 29, 31)] == sizes
        assert all(0 <= piece.start <= piece.end <= 4.5 for piece in transcriber.hear(sound(4.5), language="zh"))


@pytest.mark.parametrize("content", [None, b"", b"no weights", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "small.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Fault, match=r"small\.pt cannot be loaded .*precedent models pull"):
        WhisperTranscriber(path).language(sound(1))


def test_a_damaged_folder_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Fault, match=r"model\.bin is missing"):
        FasterWhisperTranscriber(tmp_path).language(sound(1))
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(Fault, match=r"tokenizer\.json is missing"):
        FasterWhisperTranscriber(tmp_path).hear(sound(1), language="zh")
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    with pytest.raises(Fault, match="copy its folder anew"):
        FasterWhisperTranscriber(tmp_path).hear(sound(1), language="zh")


def test_both_engines_hear_the_same_language(checkpoint: Path, folder: Path) -> None:
    one = WhisperTranscriber(checkpoint, threads=1).language(sound(20))
    other = FasterWhisperTranscriber(folder, threads=1, precision="float32").language(sound(20))
    assert one[0] == other[0]
    assert one[1] == pytest.approx(other[1], abs=0.05)


def test_word_times_follow_one_another(checkpoint: Path) -> None:
    pieces = WhisperTranscriber(checkpoint, threads=1).hear(sound(6), language="zh")
    words = [word for piece in pieces for word in piece.words]
    assert all(earlier.start <= later.start + 1e-9 for earlier, later in pairwise(words))
    assert all(isinstance(piece, Heard) for piece in pieces)
