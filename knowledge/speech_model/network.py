"""The network: openai-whisper's own modules in a small size, with what training needs beside them.

The token embedding is put together from the sounds of a token and a vector of its own; a checkpoint holds their sum
(see checkpoint). Two further layers name phoneme and tone of every frame. Torch and whisper are loaded when a network
is made. It knows no examples and no optimiser.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from knowledge.speech_model.examples import TONE_UNKNOWN
from knowledge.speech_model.vocabulary import SIZE, Vocabulary
from knowledge.speech_model.window import Batch

__all__ = ["Losses", "Network", "Size"]

_TIME_WEIGHT = 0.5  # of a time token against one of a character
_TONES = 6


@dataclass(frozen=True)
class Size:
    """Width, heads, and layers of encoder and decoder; the rest is whisper's. The default has 2.8 M parameters beside
    the token embedding."""

    width: int = 192
    heads: int = 3
    encoder_layers: int = 3
    decoder_layers: int = 2

    def dimensions(self) -> dict[str, int]:
        """As openai-whisper's ModelDimensions."""
        return {
            "n_mels": 80, "n_audio_ctx": 1500, "n_audio_state": self.width, "n_audio_head": self.heads,
            "n_audio_layer": self.encoder_layers, "n_vocab": SIZE, "n_text_ctx": 448, "n_text_state": self.width,
            "n_text_head": self.heads, "n_text_layer": self.decoder_layers,
        }  # fmt: skip


@dataclass(frozen=True)
class Losses:
    """Parts of the loss, each a tensor: text (nats a token), attention (nats for the frames that should be read),
    frames (phonemes and tones); `right` is the share of tokens that the decoder guesses, a number."""

    text: Any
    attention: Any
    frames: Any
    right: float

    @property
    def total(self) -> Any:
        """What is made small."""
        return self.text + self.attention + self.frames


class Network:
    """The parts that learn. `whisper` is a whisper.model.Whisper without token embedding; `beside` holds the rest."""

    def __init__(self, size: Size, vocabulary: Vocabulary, sounds: Any, *, phonemes: int) -> None:
        """`sounds`: see Vocabulary.sounds; `phonemes`: how many are told apart, silence not counted."""
        import torch
        from whisper.model import ModelDimensions, Whisper

        self.size, self.vocabulary = size, vocabulary
        self.whisper: Any = Whisper(ModelDimensions(**size.dimensions()))
        del self.whisper.decoder.token_embedding
        torch.nn.init.normal_(self.whisper.decoder.positional_embedding, std=0.02)
        self._sounds = torch.from_numpy(np.asarray(sounds, np.float32))
        self._single = torch.from_numpy(vocabulary.single)
        width = size.width
        self.beside = torch.nn.ParameterDict(
            {
                "own": torch.randn(len(vocabulary.used), width) * 0.03,
                "sounds": torch.randn(self._sounds.shape[1], width) * 0.04,
                "unused": torch.zeros(1, width),
                "phonemes": torch.randn(phonemes + 1, width) * width**-0.5,
                "tones": torch.randn(_TONES, width) * width**-0.5,
            }
        )

    def embedding(self) -> Any:
        """One row for each used token."""
        return self.beside["own"] + self._sounds @ self.beside["sounds"]

    def parameters(self) -> tuple[list[Any], list[Any]]:
        """Matrices inside the layers, and everything else that learns."""
        named = [(name, p) for name, p in self.whisper.named_parameters() if p.requires_grad]
        inner = [p for name, p in named if p.ndim == 2 and "blocks" in name]
        outer = [p for name, p in named if not (p.ndim == 2 and "blocks" in name)]
        return inner, [*outer, *self.beside.values()]

    def listen(self, mel: Any) -> Any:
        """(batch, 80, frames) to (batch, frames / 2, width); the positions are those of the window's beginning."""
        from torch.nn import functional

        encoder = self.whisper.encoder
        heard = functional.gelu(encoder.conv1(mel))
        heard = functional.gelu(encoder.conv2(heard)).permute(0, 2, 1).float()
        heard = heard + encoder.positional_embedding[: heard.shape[1]]
        for block in encoder.blocks:
            heard, _ = _layer(block, heard, None, None)
        return encoder.ln_post(heard)

    def write(self, tokens: Any, heard: Any) -> tuple[Any, Any, list[Any]]:
        """Scores of the used tokens and of an unused one after each token, and where each decoder layer looks:
        (batch, heads, tokens, frames)."""
        embedding, decoder = self.embedding(), self.whisper.decoder
        text = embedding[tokens] + decoder.positional_embedding[: tokens.shape[1]]
        looks = []
        for block in decoder.blocks:
            text, look = _layer(block, text, heard, decoder.mask)
            looks.append(look)
        text = decoder.ln(text)
        return text @ embedding.T, text @ self.beside["unused"].T, looks

    def losses(self, batch: Batch, *, words: bool = True, own_guesses: bool = False, changed: float = 0.12) -> Losses:
        """The losses on a batch; without `words` those of the frames only. Some of the tokens that the decoder reads
        are replaced, so that it trusts its ears: by its own guesses, or by any others."""
        import torch

        heard = self.listen(torch.from_numpy(batch.mel))
        frames = _named(heard @ self.beside["phonemes"].T, torch.from_numpy(batch.phonemes), -1)
        frames = frames + _named(heard @ self.beside["tones"].T, torch.from_numpy(batch.tones), TONE_UNKNOWN)
        if not words:
            return Losses(torch.zeros(()), torch.zeros(()), frames, 0.0)
        targets = torch.from_numpy(batch.targets)
        read, kept = self._changed(batch, heard, own_guesses=own_guesses, share=changed)
        scores, unused, looks = self.write(read, heard)
        asked = targets >= 0
        scores, wanted = scores[asked].float(), targets[asked]
        rest = unused[asked].float()[:, 0] + float(np.log(SIZE - len(self.vocabulary.used)))
        missed = torch.logaddexp(scores.logsumexp(-1), rest) - scores.gather(1, wanted[:, None])[:, 0]
        is_time = wanted >= int(self.vocabulary.rows[self.vocabulary.time_zero])
        weights = torch.where(is_time, _TIME_WEIGHT, 1.0)
        text = (missed * weights).sum() / weights.sum()
        reads, follows = torch.from_numpy(batch.reads), torch.from_numpy(batch.follows)
        attention = 0.5 * _looked(looks[0][:, 0], reads, reads.any(-1) & kept)
        for head in (0, 1):
            attention = attention + 0.5 * _looked(looks[-1][:, head], follows, follows.any(-1))
        right = float((scores.argmax(-1) == wanted).float().mean())
        return Losses(text, attention, frames, right)

    def _changed(self, batch: Batch, heard: Any, *, own_guesses: bool, share: float) -> tuple[Any, Any]:
        """The tokens to read, and which are as they were."""
        import torch

        tokens = torch.from_numpy(batch.tokens)
        targets = torch.from_numpy(batch.targets)
        may = torch.zeros_like(tokens, dtype=torch.bool)
        may[:, 1:] = (targets[:, :-1] >= 0) & self._single[tokens[:, 1:]]
        if own_guesses:
            with torch.no_grad():
                guessed = self.write(tokens, heard.detach())[0].argmax(-1)
            instead = torch.cat([tokens[:, :1], guessed[:, :-1]], 1)
            may &= self._single[instead] & (torch.rand(tokens.shape) < 0.3)
        else:
            singles = self._single.nonzero()[:, 0]
            instead = singles[torch.randint(len(singles), tokens.shape)]
            may &= torch.rand(tokens.shape) < share
        return torch.where(may, instead, tokens), ~may

    def state(self) -> dict[str, Any]:
        """Everything that was learned, to go on from (see `restore`)."""
        beside = {name: value.detach().clone() for name, value in self.beside.items()}
        return {
            "size": asdict(self.size),
            "used": list(self.vocabulary.used),
            "whisper": self.whisper.state_dict(),
            "beside": beside,
            "embedding": self.embedding().detach(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a state of the same size. Where it has other tokens, the sounds are fitted to its embedding, and
        new tokens begin as the sum of their sounds."""
        import torch

        self.whisper.load_state_dict(state["whisper"])
        with torch.no_grad():
            for name in ("unused", "phonemes", "tones"):
                self.beside[name].copy_(state["beside"][name])
            places = {token: place for place, token in enumerate(state["used"])}
            both = [row for row, token in enumerate(self.vocabulary.used) if token in places]
            wanted = state["embedding"][[places[self.vocabulary.used[row]] for row in both]]
            heard = self._sounds[both]
            inverse = heard.T @ heard + 0.3 * torch.eye(heard.shape[1])
            self.beside["sounds"].copy_(torch.linalg.solve(inverse, heard.T @ wanted))
            self.beside["own"].zero_()
            self.beside["own"][both] = wanted - heard @ self.beside["sounds"]


def _layer(block: Any, text: Any, heard: Any, mask: Any) -> tuple[Any, Any]:
    """One of whisper's layers, and where it looked in what was heard (None without)."""
    text = text + _attend(block.attn, block.attn_ln(text), None, mask, weights=False)[0]
    look = None
    if heard is not None:
        seen, look = _attend(block.cross_attn, block.cross_attn_ln(text), heard, None, weights=True)
        text = text + seen
    return text + block.mlp(block.mlp_ln(text)), look


def _attend(attention: Any, text: Any, source: Any, mask: Any, *, weights: bool) -> tuple[Any, Any]:
    """whisper's attention, with its weights (batch, heads, query, key) where asked."""
    from torch.nn import functional

    source = text if source is None else source
    heads = attention.n_head
    query, key, value = (
        part.unflatten(-1, (heads, -1)).transpose(1, 2)
        for part in (attention.query(text), attention.key(source), attention.value(source))
    )
    if not weights:
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=mask is not None)
        return attention.out(seen.transpose(1, 2).flatten(2)), None
    look = (query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)).softmax(-1)
    return attention.out((look.to(value.dtype) @ value).transpose(1, 2).flatten(2)), look


def _named(scores: Any, labels: Any, unknown: int) -> Any:
    """Cross-entropy of the frames' names; 0 where none is known."""
    from torch.nn import functional

    if not bool((labels != unknown).any()):
        return scores.float().sum() * 0.0
    return functional.cross_entropy(scores.float().flatten(0, 1), labels.flatten(), ignore_index=unknown)


def _looked(look: Any, frames: Any, where: Any) -> Any:
    """How far the attention is from the frames that it should read, in nats; 0 where there is nothing to read."""
    missed = -((look.float() * frames).sum(-1)[where] + 1e-3).log()
    return missed.sum() / max(1, len(missed))
