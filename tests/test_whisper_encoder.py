"""The encoder: as openai-whisper's own over 30 s, for short windows by themselves, and each window once."""

from collections.abc import Sequence
from threading import Thread
from typing import Any

import numpy as np
import pytest
from small_whisper import random_checkpoint

from knowledge.transcriber import SAMPLE_RATE, Sound
from knowledge.whisper_encoder import FRAME, REMEMBERED_S, Encoder
from knowledge.whisper_transcriber import WhisperTranscriber

THIRTY = 30 * SAMPLE_RATE


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return WhisperTranscriber(random_checkpoint(tmp_path_factory.mktemp("whisper") / "nonsense.pt"), threads=1)._model


def noise(seconds: float, seed: int = 1) -> Sound:
    count = round(seconds * SAMPLE_RATE)
    return (np.random.default_rng(seed).standard_normal(count) * 0.1).astype(np.float32)


class Counted(Encoder):
    """Remembers how many windows it has encoded."""

    count = 0

    def _encoded(self, windows: Sequence[Sound], size: int) -> list[Any]:
        self.count += len(windows)
        return super()._encoded(windows, size)


def test_thirty_seconds_are_encoded_as_openai_whisper_does(model: Any) -> None:
    import torch
    from whisper.audio import log_mel_spectrogram, pad_or_trim

    with torch.no_grad():
        expected = model.encoder(log_mel_spectrogram(pad_or_trim(noise(4)))[None])[0]
    (found,) = Encoder(model)([noise(4)], [THIRTY])
    assert torch.allclose(found, expected, atol=1e-4)


def test_short_windows_are_encoded_by_themselves(model: Any) -> None:
    import torch

    windows = [noise(4.5), noise(1, seed=2), noise(5, seed=3), noise(0)]
    sizes = [6 * SAMPLE_RATE, 2 * SAMPLE_RATE, 6 * SAMPLE_RATE, 2 * SAMPLE_RATE]
    together = Encoder(model)(windows, sizes)
    assert [len(features) for features in together] == [size // FRAME for size in sizes]
    for window, size, features in zip(windows, sizes, together, strict=True):
        assert torch.allclose(features, Encoder(model)([window], [size])[0], atol=1e-4)


def test_a_window_is_encoded_once(model: Any) -> None:
    encoder = Counted(model)
    first = encoder([noise(2), noise(2), noise(2, seed=2)], [THIRTY, 2 * SAMPLE_RATE, THIRTY])
    again = encoder([noise(2, seed=2), noise(2)], [THIRTY, 2 * SAMPLE_RATE])
    assert encoder.count == 3
    assert again[0] is first[2]
    assert again[1] is first[1]


def test_few_features_are_remembered(model: Any) -> None:
    encoder, fit = Counted(model), int(REMEMBERED_S // 30)
    for seed in range(fit + 3):
        encoder([noise(0.2, seed)], [THIRTY])
    assert sum(map(len, encoder._known.values())) * FRAME / SAMPLE_RATE <= REMEMBERED_S
    encoder([noise(0.2, fit + 2), noise(0.2, 3)], [THIRTY, THIRTY])
    assert encoder.count == fit + 3
    encoder([noise(0.2, 2)], [THIRTY])
    assert encoder.count == fit + 4


def test_more_than_is_remembered_may_be_asked_for(model: Any) -> None:
    count = int(REMEMBERED_S // 30) + 2
    assert len(Encoder(model)([noise(0.1, seed) for seed in range(count)], [THIRTY] * count)) == count


def test_several_threads_ask_at_once(model: Any) -> None:
    encoder, found = Encoder(model), dict[int, list[Any]]()

    def ask(first: int) -> None:
        found[first] = [encoder([noise(1, seed)], [2 * SAMPLE_RATE])[0] for seed in range(first, first + 20)]

    threads = [Thread(target=ask, args=(first,)) for first in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(bool((a == b).all()) for a, b in zip(found[0][5:], found[5], strict=False))
