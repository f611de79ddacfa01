"""When each word was said, and how sure the model was of it: read off where a Whisper decoder looked while it wrote.

As openai-whisper's `find_alignment`, which shows the text to the decoder once more for this; here the attention is that
of the writing itself, so that no second run is needed. What a text means, and whether it is right, is not known here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knowledge.transcriber import HeardWord

if TYPE_CHECKING:
    from whisper.tokenizer import Tokenizer

__all__ = ["FRAME_S", "warp", "words"]

FRAME_S = 0.02  # seconds of one frame of features
_WIDTH = 7  # frames of the median filter
_BEFORE = "\"'“¿([{-"
_AFTER = "\"'.。,，!！?？:：”)]}、"


def words(
    tokenizer: "Tokenizer", text: Sequence[int], chances: Sequence[float], attention: NDArray[np.float32]
) -> tuple[HeardWord, ...]:
    """The words of a text (characters in Chinese; its tokens without time stamps) in seconds from the window's start,
    in order, marks with the word beside them. `chances` are the log-probabilities of its tokens; `attention`
    (tokens + 1, heads, frames), before its softmax, is where the decoder looked before it wrote each of them and what
    came next."""
    from whisper.timing import WordTiming, merge_punctuations

    spelled, tokens = tokenizer.split_to_word_tokens([*text, tokenizer.eot])
    if len(tokens) <= 1 or not attention.shape[-1]:
        return ()
    bounds = np.pad(np.cumsum([len(group) for group in tokens[:-1]]), (1, 0))
    rows, columns = warp(-_sharpened(attention))
    begins = columns[np.pad(np.diff(rows), (1, 0), constant_values=1).astype(bool)] * FRAME_S
    said = np.exp(np.asarray(chances))
    timings = [
        WordTiming(word, group, float(begins[a]), float(begins[b]), float(np.mean(said[a:b])))
        for word, group, a, b in zip(spelled[:-1], tokens[:-1], bounds[:-1], bounds[1:], strict=True)
    ]
    merge_punctuations(timings, _BEFORE, _AFTER)
    return tuple(HeardWord(t.start, t.end, t.word, min(max(t.probability, 0.0), 1.0)) for t in timings if t.word)


def _sharpened(attention: NDArray[np.float32]) -> NDArray[np.float32]:
    """Attention (tokens, heads, frames) as shares, each frame set against the other tokens, smoothed, and averaged over
    the heads: (tokens, frames)."""
    shares = np.exp(attention - attention.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    shares = (shares - shares.mean(axis=0)) / (shares.std(axis=0) + 1e-9)
    if shares.shape[-1] > _WIDTH // 2:
        padded = np.pad(shares, ((0, 0), (0, 0), (_WIDTH // 2, _WIDTH // 2)), mode="reflect")
        around = np.lib.stride_tricks.sliding_window_view(padded, _WIDTH, axis=-1)
        shares = np.partition(around, _WIDTH // 2, axis=-1)[..., _WIDTH // 2]
    return np.asarray(shares.mean(axis=1), dtype=np.float32)


def warp(cost: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dynamic time warping: the cheapest way through `cost` (rows, columns) from corner to corner, as row and column of
    each step. Steps go down, right or both; of equal ones the step to the right is taken, then both.

    >>> [part.tolist() for part in warp(np.array([[0.0, 9.0, 9.0], [9.0, 0.0, 0.0]]))]
    [[0, 1, 1], [0, 1, 2]]
    """
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(
        rows
    ):  # a row at once: to come from the left is to have gone on along it from where it was entered
        along = np.cumsum(cost[row], dtype=np.float64)
        entered = np.minimum(total[row, :-1], total[row, 1:])
        total[row + 1, 1:] = along + np.minimum.accumulate(entered - (along - cost[row]))
    path = []
    row_at, column_at = rows, columns
    while row_at > 0 and column_at > 0:
        path.append((row_at - 1, column_at - 1))
        down, right = total[row_at - 1, column_at], total[row_at, column_at - 1]
        both = total[row_at - 1, column_at - 1]
        to_the_right = right <= both and right <= down
        row_at -= not to_the_right
        column_at -= to_the_right or not down < both
    steps = np.array(path[::-1], dtype=np.int64)
    return steps[:, 0], steps[:, 1]
