"""Word times: where the decoder looked there the word is; marks go with their word."""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.wordtimes import FRAME_S, warp, words


@cache
def tokenizer() -> Any:
    import warnings

    from whisper.tokenizer import get_tokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # openai-whisper leaves the file open
        return get_tokenizer(True, num_languages=99, language="zh", task="transcribe")


def attention(bounds: list[int], frames: int, heads: int = 2) -> NDArray[np.float32]:
    """Each token looks at the frames between its bounds, what comes next at the rest."""
    found = np.zeros((len(bounds), heads, frames), np.float32)
    for row, (first, last) in enumerate(zip(bounds, [*bounds[1:], frames], strict=True)):
        found[row, :, first:last] = 9.0
    return found + np.random.default_rng(1).normal(0, 0.1, found.shape).astype(np.float32)


def test_a_word_is_where_the_decoder_looked() -> None:
    text = tokenizer().encode("水管漏了，没人来。")
    bounds = [20 + 30 * place for place in range(len(text) + 1)]
    found = words(tokenizer(), text, [-0.1] * len(text), attention(bounds, 400))
    assert "".join(word.text for word in found) == "水管漏了，没人来。"
    assert found[3].text == "了，"
    assert all(word.probability == pytest.approx(np.exp(-0.1)) for word in found)
    firsts = np.cumsum([0, *(len(tokenizer().encode(word.text)) for word in found)])
    for word, first in zip(found[1:], firsts[1:], strict=False):
        assert word.start == pytest.approx(bounds[first] * FRAME_S, abs=2 * FRAME_S)
    for word, other in pairwise(found):
        assert word.start <= word.end <= other.start + 1e-9
    assert found[0].start == 0.0


def test_a_word_is_as_sure_as_its_tokens() -> None:
    text = tokenizer().encode("三号楼")
    chances = [-0.2 * place for place in range(len(text))]
    found = words(tokenizer(), text, chances, attention([10 * place for place in range(len(text) + 1)], 80))
    assert found[0].probability == 1.0
    assert [word.probability for word in found] == sorted((word.probability for word in found), reverse=True)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_few_frames_are_enough(frames: int) -> None:
    text = tokenizer().encode("三号楼停电")
    found = words(tokenizer(), text, [-0.1] * len(text), np.ones((len(text) + 1, 2, frames), np.float32))
    assert "".join(word.text for word in found) == "三号楼停电"
    assert all(0 <= word.start <= word.end <= frames * FRAME_S for word in found)


def test_no_text_has_no_words() -> None:
    assert words(tokenizer(), [], [], np.ones((1, 2, 50), np.float32)) == ()


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
