"""When each word was said, and how sure the model was of it: read off a Whisper decoder's attention to the sound.

The text is shown to the decoder once more beside the features that the encoder already gave; where its alignment heads
look, there the word is (as openai-whisper's `find_alignment`, whose second run of the encoder this saves, and without
its compiler: several texts at once). What a text means, and whether it is right, is not known here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from knowledge.transcriber import HeardWord

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.model import Whisper
    from whisper.tokenizer import Tokenizer

__all__ = ["FRAME_S", "align", "warp"]

FRAME_S = 0.02  # seconds of one frame of features
_TOKENS = 512  # shown to the decoder at once: the chances of all tokens take 0.2 MB for each of them
_WIDTH = 7  # frames of the median filter
_BEFORE = "\"'“¿([{-"
_AFTER = "\"'.。,，!！?？:：”)]}、"

Aligned = tuple[HeardWord, ...]


def align(
    model: "Whisper", tokenizer: "Tokenizer", features: "Tensor", texts: Sequence[Sequence[int]], frames: Sequence[int]
) -> list[Aligned]:
    """The words of each text (its tokens without time stamps) in seconds from the window's start, in order.
    `features` (texts, frames, width) are the encoder's; `frames` says how many of each belong to the sound."""
    found: list[Aligned] = [()] * len(texts)
    kept = sorted((place for place, text in enumerate(texts) if text), key=lambda place: len(texts[place]))
    while kept:
        count = max(1, min(len(kept), _TOKENS // (len(texts[kept[-1]]) + len(_opening(tokenizer)) + 1)))
        kept, some = kept[:-count], kept[-count:]
        looked = _look(model, tokenizer, features[some], [texts[place] for place in some])
        for place, (attention, chances) in zip(some, looked, strict=True):
            matrix = _sharpened(attention[..., : max(frames[place], 1)])[len(_opening(tokenizer)) - 1 : -1]
            found[place] = _words(tokenizer, texts[place], warp(-matrix), chances)
    return found


def _opening(tokenizer: "Tokenizer") -> list[int]:
    return [*tokenizer.sot_sequence, tokenizer.no_timestamps]


def _look(
    model: "Whisper", tokenizer: "Tokenizer", features: "Tensor", texts: Sequence[Sequence[int]]
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """For each text the attention of the alignment heads (heads, tokens, frames), before its softmax, and the
    probability of each of its tokens."""
    import torch
    from whisper.model import disable_sdpa

    opening, longest = _opening(tokenizer), max(map(len, texts))
    rows = [[*opening, *text, *[tokenizer.eot] * (longest - len(text) + 1)] for text in texts]
    seen: dict[int, Tensor] = {}
    chosen: dict[int, list[int]] = {}
    for layer, head in model.alignment_heads.indices().T.tolist():
        chosen.setdefault(layer, []).append(head)

    def keep(layer: int) -> Any:
        return lambda module, given, out: seen.__setitem__(layer, out[1][:, chosen[layer]])

    hooks = [model.decoder.blocks[layer].cross_attn.register_forward_hook(keep(layer)) for layer in chosen]
    try:
        with torch.no_grad(), disable_sdpa():
            logits = model.decoder(torch.tensor(rows), features)
    finally:
        for hook in hooks:
            hook.remove()
    attention = torch.cat([seen[layer] for layer in sorted(chosen)], dim=1).float().numpy()
    found = []
    for row, text in enumerate(texts):
        before = logits[row, len(opening) - 1 : len(opening) - 1 + len(text), : tokenizer.eot]
        said = before.gather(1, torch.tensor(text)[:, None])[:, 0] - before.logsumexp(dim=-1)
        found.append((attention[row][:, : len(opening) + len(text) + 1], said.exp().numpy()))
    return found


def _sharpened(heads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Attention (heads, tokens, frames) as shares, each frame set against the other tokens, smoothed, and averaged."""
    heads = heads - heads.max(axis=-1, keepdims=True)
    shares = np.exp(heads)
    shares /= shares.sum(axis=-1, keepdims=True)
    shares = (shares - shares.mean(axis=-2, keepdims=True)) / (shares.std(axis=-2, keepdims=True) + 1e-9)
    if shares.shape[-1] > _WIDTH // 2:
        padded = np.pad(shares, ((0, 0), (0, 0), (_WIDTH // 2, _WIDTH // 2)), mode="reflect")
        around = np.lib.stride_tricks.sliding_window_view(padded, _WIDTH, axis=-1)
        shares = np.partition(around, _WIDTH // 2, axis=-1)[..., _WIDTH // 2]
    return np.asarray(shares.mean(axis=0), dtype=np.float32)


def warp(cost: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dynamic time warping: the cheapest way through `cost` (rows, columns) from corner to corner, as row and column of
    each step. Steps go down, right or both; of equal ones the step to the right is taken, then both.

    >>> [part.tolist() for part in warp(np.array([[0.0, 9.0, 9.0], [9.0, 0.0, 0.0]]))]
    [[0, 1, 1], [0, 1, 2]]
    """
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    came = np.zeros((rows + 1, columns + 1), dtype=np.int8)
    for diagonal in range(2, rows + columns + 1):  # all cells with row + column = diagonal at once
        row = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        column = diagonal - row
        both, down, right = total[row - 1, column - 1], total[row - 1, column], total[row, column - 1]
        step = np.where((right <= both) & (right <= down), 2, np.where(down < both, 1, 0))
        total[row, column] = cost[row - 1, column - 1] + np.choose(step, (both, down, right))
        came[row, column] = step
    came[0, :], came[:, 0] = 2, 1
    path = []
    row_at, column_at = rows, columns
    while row_at > 0 or column_at > 0:
        path.append((row_at - 1, column_at - 1))
        step_back = came[row_at, column_at]
        row_at -= step_back != 2
        column_at -= step_back != 1
    steps = np.array(path[::-1], dtype=np.int64)
    return steps[:, 0], steps[:, 1]


def _words(
    tokenizer: "Tokenizer", text: Sequence[int], path: tuple[NDArray[np.int64], NDArray[np.int64]], said: NDArray[Any]
) -> Aligned:
    """Words (characters in Chinese) with their times; marks belong to the word beside them."""
    from whisper.timing import WordTiming, merge_punctuations

    words, tokens = tokenizer.split_to_word_tokens([*text, tokenizer.eot])
    if len(tokens) <= 1:
        return ()
    bounds = np.pad(np.cumsum([len(group) for group in tokens[:-1]]), (1, 0))
    jumps = np.pad(np.diff(path[0]), (1, 0), constant_values=1).astype(bool)
    times = path[1][jumps] * FRAME_S
    timings = [
        WordTiming(word, group, float(times[a]), float(times[b]), float(np.mean(said[a:b])))
        for word, group, a, b in zip(words[:-1], tokens[:-1], bounds[:-1], bounds[1:], strict=True)
    ]
    merge_punctuations(timings, _BEFORE, _AFTER)
    return tuple(HeardWord(t.start, t.end, t.word, min(max(t.probability, 0.0), 1.0)) for t in timings if t.word)
