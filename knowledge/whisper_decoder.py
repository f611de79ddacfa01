"""Text tokens out of an encoder's features: a Whisper decoder over several windows at once, one token at a time.

It follows openai-whisper's `DecodingTask` (greedy, or by chance at a temperature; its rules of time stamps), which
reckons with windows of 30 s and carries finished ones along to the end. Here windows may be of any length, what is
finished leaves, and each distribution over the vocabulary, the greatest part of the work of a small model, is gone
through once. What the tokens say, and whether it is believed, is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor
    from whisper.decoding import DecodingTask

__all__ = ["Decoded", "decode"]

_LEAVE = 0.75  # share of rows still open under which the finished ones leave


@dataclass(frozen=True)
class Decoded:
    """The tokens of one window with its time stamps, without the end, and whether it came to one; the log-probability
    of each and of the end, and their mean; the probability that nobody speaks; and where the alignment heads looked
    before each token and the end (tokens, heads, frames), before the softmax."""

    tokens: tuple[int, ...]
    ended: bool
    chances: tuple[float, ...]
    log_probability: float
    no_speech: float
    attention: NDArray[np.float32]


def decode(model: Any, task: "DecodingTask", features: Sequence["Tensor"], most: Sequence[int]) -> list[Decoded]:
    """What the model writes of each window, from its features (frames, width), in their order, and so many
    tokens of it at most. `task` gives language, prompt and temperature. A window's text does not hang on the others: at
    a temperature all throw the same dice."""
    import torch

    if not features:
        return []
    rules = _Rules.of(task, model)
    opening = list(task.initial_tokens)
    steps = min(max(most), model.dims.n_text_ctx - len(opening) + 1)
    temperature = float(task.options.temperature)
    dice = torch.rand(steps, generator=torch.Generator().manual_seed(round(100 * temperature))).tolist()
    rows = [_Row(limit) for limit in most]
    with torch.inference_mode():
        memory = _Memory(model, features, len(opening) + steps)
        hidden = memory.go_on(torch.tensor([opening] * len(rows)))
        nobody = _no_speech(model, task, hidden[:, task.sot_index])
        open_rows = rows
        for step in range(steps):
            scores = _scores(model, hidden[:, -1])
            rules.apply(scores, open_rows)
            tokens, chances = _chosen(scores, rules.stamps, temperature, 1.0 - dice[step])
            for row, token, chance, looked in zip(open_rows, tokens, chances, [*memory.looked], strict=True):
                row.take(token, chance, looked, rules.end)
            left = [place for place, row in enumerate(open_rows) if not row.done]
            if not left or step + 1 == steps:
                break
            if len(left) <= _LEAVE * len(open_rows):
                memory.keep(left)
                open_rows = [open_rows[place] for place in left]
                tokens = [tokens[place] for place in left]
            hidden = memory.go_on(torch.tensor(tokens)[:, None])
    return [row.closed(silent, len(sound)) for row, silent, sound in zip(rows, nobody, features, strict=True)]


@dataclass
class _Row:
    """What has been written of one window."""

    most: int
    tokens: list[int] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    looked: list[NDArray[np.float32]] = field(default_factory=list)
    ended: bool = False

    @property
    def done(self) -> bool:
        return self.ended or len(self.tokens) >= self.most

    def take(self, token: int, chance: float, looked: NDArray[np.float32], end: int) -> None:
        if self.done:
            return
        self.chances.append(chance)
        self.looked.append(looked)
        self.ended = token == end
        if not self.ended:
            self.tokens.append(token)

    def closed(self, no_speech: float, frames: int) -> Decoded:
        mean = sum(self.chances) / (len(self.tokens) + 1)
        attention = np.stack(self.looked)[:, :, :frames]
        return Decoded(tuple(self.tokens), self.ended, tuple(self.chances), mean, no_speech, attention)


@dataclass(frozen=True)
class _Rules:
    """What may come next, as in openai-whisper: time stamps in pairs, never falling, the first within a second."""

    banned: "Tensor"
    end: int  # the token that ends a text; ordinary ones are below it
    stamps: int  # the first time stamp
    latest: int  # the last one that a text may begin with

    @classmethod
    def of(cls, task: "DecodingTask", model: Any) -> "_Rules":
        import torch

        tokenizer = task.tokenizer
        banned = torch.tensor([*task._get_suppress_tokens(), tokenizer.no_timestamps])
        first = task.options.max_initial_timestamp or 0.0
        latest = tokenizer.timestamp_begin + round(first * model.dims.n_audio_ctx / 30)
        return cls(banned, tokenizer.eot, tokenizer.timestamp_begin, latest)

    def apply(self, scores: "Tensor", rows: Sequence[_Row]) -> None:
        """Makes impossible, in place, what may not come next; `scores` (rows, tokens)."""
        scores.index_fill_(1, self.banned, -np.inf)
        table = scores.numpy()
        for place, row in enumerate(rows):
            tokens = row.tokens
            if not tokens:
                table[place, : self.stamps] = -np.inf
                table[place, self.latest + 1 :] = -np.inf
                continue
            closed = len(tokens) < 2 or tokens[-2] >= self.stamps
            is_stamp = tokens[-1] >= self.stamps
            if is_stamp:
                table[place, slice(self.stamps, None) if closed else slice(0, self.end)] = -np.inf
            last = next((token for token in reversed(tokens) if token >= self.stamps), None)
            if last is not None:
                table[place, self.stamps : last + (0 if is_stamp and not closed else 1)] = -np.inf


class _Memory:
    """Keys and values of a decoder's layers: those of the sound, and those of the tokens so far."""

    def __init__(self, model: Any, features: Sequence["Tensor"], room: int) -> None:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        decoder = self._decoder = model.decoder
        self._length = 0
        self._aligned: dict[int, list[int]] = {}  # layer and its heads whose attention tells the time
        for layer, head in model.alignment_heads.indices().T.tolist():
            self._aligned.setdefault(layer, []).append(head)
        self.looked: NDArray[np.float32] = np.zeros((0, 0, 0), np.float32)  # by them last: (rows, heads, frames)
        frames = torch.tensor([len(sound) for sound in features])
        padded = pad_sequence(list(features), batch_first=True)
        inside = torch.arange(padded.shape[1]) < frames[:, None]
        self._inside = None if bool(inside.all()) else inside[:, None, None, :]
        self._heads = decoder.blocks[0].attn.n_head
        self._sound = [
            (self._split(block.cross_attn.key(padded)), self._split(block.cross_attn.value(padded)))
            for block in decoder.blocks
        ]
        shape = (len(features), self._heads, room, padded.shape[2] // self._heads)
        self._text = [(torch.empty(shape), torch.empty(shape)) for _ in decoder.blocks]

    def go_on(self, tokens: "Tensor") -> "Tensor":
        """The hidden state (rows, tokens, width) of the next tokens of each row."""
        from torch.nn.functional import scaled_dot_product_attention as attend

        decoder, count = self._decoder, tokens.shape[1]
        start, end = self._length, self._length + count
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[start:end]
        looked = []
        for layer, (block, (keys, values), heard) in enumerate(
            zip(decoder.blocks, self._text, self._sound, strict=True)
        ):
            given = block.attn_ln(x)
            keys[:, :, start:end] = self._split(block.attn.key(given))
            values[:, :, start:end] = self._split(block.attn.value(given))
            asked = self._split(block.attn.query(given))
            seen = attend(asked, keys[:, :, :end], values[:, :, :end], is_causal=count > 1)
            x = x + block.attn.out(_together(seen))
            asked = self._split(block.cross_attn.query(block.cross_attn_ln(x)))
            if layer in self._aligned:
                looked.append(_attention(asked[:, self._aligned[layer], -1:], heard[0][:, self._aligned[layer]]))
            x = x + block.cross_attn.out(_together(attend(asked, *heard, attn_mask=self._inside)))
            x = x + block.mlp(block.mlp_ln(x))
        self._length = end
        self.looked = np.concatenate(looked, axis=1)
        hidden: Tensor = decoder.ln(x)
        return hidden

    def keep(self, rows: Sequence[int]) -> None:
        """Forgets all rows but these."""
        import torch

        chosen = torch.tensor(rows)
        for kept in (self._sound, self._text):
            for layer, (keys, values) in enumerate(kept):  # one by one: those of a large model fill gigabytes
                kept[layer] = (keys[chosen], values[chosen])
        self._inside = None if self._inside is None else self._inside[chosen]

    def _split(self, x: "Tensor") -> "Tensor":
        """(rows, tokens, width) by heads: (rows, heads, tokens, width of a head)."""
        return x.view(*x.shape[:2], self._heads, -1).transpose(1, 2)


def _attention(asked: "Tensor", keys: "Tensor") -> NDArray[np.float32]:
    """Of one token (rows, heads, 1, width) to each frame (rows, heads, frames, width), before the softmax."""
    found: NDArray[np.float32] = ((asked * keys.shape[-1] ** -0.5) @ keys.mT)[:, :, 0].float().numpy()
    return found


def _together(x: "Tensor") -> "Tensor":
    return x.transpose(1, 2).flatten(start_dim=2)


def _scores(model: Any, hidden: "Tensor") -> "Tensor":
    """Of each token of the vocabulary, before the softmax: (rows, tokens)."""
    scores: Tensor = hidden @ model.decoder.token_embedding.weight.T
    return scores


def _no_speech(model: Any, task: "DecodingTask", hidden: "Tensor") -> list[float]:
    if task.tokenizer.no_speech is None:
        return [float("nan")] * len(hidden)
    found: list[float] = _scores(model, hidden).softmax(dim=-1)[:, task.tokenizer.no_speech].tolist()
    return found


def _chosen(scores: "Tensor", stamps: int, temperature: float, dice: float) -> tuple[list[int], list[float]]:
    """The next token of each row and its log-probability: the likeliest, or by `dice` in (0, 1] at a temperature. Where
    all time stamps (from `stamps` on) together are likelier than any one text token it is a time stamp."""
    import torch

    text, times = scores[:, :stamps], scores[:, stamps:]
    likeliest = torch.from_numpy(text.numpy().argmax(axis=1))
    best = text.gather(1, likeliest[:, None])
    of_times = times.logsumexp(dim=1)
    timed = of_times > best[:, 0]
    of_text = (text - best.clamp_min(-1e30)).exp_().sum(dim=1).log() + best[:, 0]
    total = torch.where(timed, of_times, torch.logaddexp(of_text, of_times))
    if temperature == 0:
        token = torch.where(timed, times.argmax(dim=1) + stamps, likeliest)
    else:
        shares = scores.masked_fill(timed[:, None] & (torch.arange(scores.shape[1]) < stamps), -np.inf)
        shares = ((shares - shares.amax(dim=1, keepdim=True)) / temperature).exp_().cumsum(dim=1)
        token = torch.searchsorted(shares, shares[:, -1:] * dice)[:, 0]
    return token.tolist(), (scores.gather(1, token[:, None])[:, 0] - total).tolist()
