"""Word times: as openai-whisper finds them, without its second run of the encoder and its compiler."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_whisper import random_checkpoint

from knowledge.alignment import align, warp
from knowledge.whisper_transcriber import WhisperTranscriber


@given(st.integers(1, 7), st.integers(1, 9), st.integers(0, 999))
def test_the_way_is_as_cheap_as_any(rows: int, columns: int, seed: int) -> None:
    cost = np.random.default_rng(seed).integers(0, 9, (rows, columns)).astype(float)
    down, right = warp(cost)
    assert (down[0], right[0], down[-1], right[-1]) == (0, 0, rows - 1, columns - 1)
    steps = np.stack([np.diff(down), np.diff(right)])
    assert set(map(tuple, steps.T.tolist())) <= {(0, 1), (1, 0), (1, 1)}
    assert cost[down, right].sum() == slow_cheapest(cost)


def slow_cheapest(cost: NDArray[np.float64]) -> float:
    """The cost of the cheapest way, cell by cell."""
    total = np.full((cost.shape[0] + 1, cost.shape[1] + 1), np.inf)
    total[0, 0] = 0
    for row in range(1, total.shape[0]):
        for column in range(1, total.shape[1]):
            before = min(total[row - 1, column - 1], total[row - 1, column], total[row, column - 1])
            total[row, column] = cost[row - 1, column - 1] + before
    return float(total[-1, -1])


def test_words_are_where_openai_whisper_finds_them(tmp_path: Path) -> None:
    import torch
    from whisper.timing import find_alignment, merge_punctuations
    from whisper.tokenizer import get_tokenizer

    model = WhisperTranscriber(random_checkpoint(tmp_path / "nonsense.pt"))._model
    tokenizer = get_tokenizer(True, num_languages=model.num_languages, language="zh", task="transcribe")
    texts = [tokenizer.encode(text) for text in ("水管漏了，没人来。", "", "三号楼停电", "Hello, operator 12345.")]
    mels = torch.randn((4, 80, 3000), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        features = model.encoder(mels)
    frames = [500, 500, 1500, 300]
    found = align(model, tokenizer, features, texts, frames)
    assert found[1] == ()
    for text, mel, count, words in zip(texts, mels, frames, found, strict=True):
        expected = find_alignment(model, tokenizer, text, mel, 2 * count)
        merge_punctuations(expected, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        expected = [timing for timing in expected if timing.word]
        assert [word.text for word in words] == [timing.word for timing in expected]
        assert [word.start for word in words] == pytest.approx([t.start for t in expected], abs=0.021)
        assert [word.end for word in words] == pytest.approx([t.end for t in expected], abs=0.021)
        assert [word.probability for word in words] == pytest.approx([t.probability for t in expected], abs=1e-4)
