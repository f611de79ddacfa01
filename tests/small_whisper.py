"""Speech models for the tests: a tiny one with random weights, as openai-whisper's file and as a CTranslate2 folder."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

DIMS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 64,
    "n_audio_head": 2,
    "n_audio_layer": 1,
    "n_vocab": 51865,
    "n_text_ctx": 448,
    "n_text_state": 64,
    "n_text_head": 2,
    "n_text_layer": 2,
}


def random_checkpoint(path: Path, seed: int = 3) -> Path:
    """Writes a checkpoint that openai-whisper loads; it writes nonsense, and always the same."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Whisper(ModelDimensions(**DIMS))
        with torch.no_grad():
            model.decoder.positional_embedding.normal_(std=0.3)
            model.decoder.token_embedding.weight.normal_(std=0.3)
    torch.save({"dims": DIMS, "model_state_dict": model.state_dict()}, path)
    return path


def as_ctranslate2(checkpoint: Path, folder: Path) -> Path:
    """The same weights as a folder for faster-whisper."""
    import torch
    from ctranslate2.specs.whisper_spec import WhisperSpec

    loaded = torch.load(checkpoint, weights_only=True)
    dims, state = loaded["dims"], {k: v.float().numpy() for k, v in loaded["model_state_dict"].items()}
    spec = WhisperSpec(dims["n_audio_layer"], dims["n_audio_head"], dims["n_text_layer"], dims["n_text_head"])
    for name in ("conv1", "conv2"):
        getattr(spec.encoder, name).weight = state[f"encoder.{name}.weight"]
        getattr(spec.encoder, name).bias = state[f"encoder.{name}.bias"]
    spec.encoder.position_encodings.encodings = state["encoder.positional_embedding"]
    _norm(spec.encoder.layer_norm, state, "encoder.ln_post")
    spec.decoder.embeddings.weight = state["decoder.token_embedding.weight"]
    spec.decoder.projection.weight = state["decoder.token_embedding.weight"]
    spec.decoder.position_encodings.encodings = state["decoder.positional_embedding"]
    _norm(spec.decoder.layer_norm, state, "decoder.ln")
    for side, layers in (("encoder", spec.encoder.layer), ("decoder", spec.decoder.layer)):
        for number, layer in enumerate(layers):
            _layer(layer, state, f"{side}.blocks.{number}")
    tokens = _tokenizer(folder)
    spec.register_vocabulary(tokens)
    languages = [place for place, token in enumerate(tokens) if token.startswith("<|") and 50258 < place < 50358]
    heads = range(dims["n_text_head"])
    layers_from = dims["n_text_layer"] // 2
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [220, 50257]
    spec.config.lang_ids = languages
    spec.config.alignment_heads = [(n, h) for n in range(layers_from, dims["n_text_layer"]) for h in heads]
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(folder))
    return folder


def _norm(spec: Any, state: dict[str, Any], name: str) -> None:
    spec.gamma, spec.beta = state[f"{name}.weight"], state[f"{name}.bias"]


def _linear(spec: Any, state: dict[str, Any], *names: str) -> None:
    """One matrix, or several side by side; a missing bias is nought."""
    weights = [state[f"{name}.weight"] for name in names]
    spec.weight = np.concatenate(weights)
    spec.bias = np.concatenate(
        [state.get(f"{name}.bias", np.zeros(len(w), w.dtype)) for name, w in zip(names, weights, strict=True)]
    )


def _layer(spec: Any, state: dict[str, Any], name: str) -> None:
    _norm(spec.self_attention.layer_norm, state, f"{name}.attn_ln")
    _linear(spec.self_attention.linear[0], state, *(f"{name}.attn.{part}" for part in ("query", "key", "value")))
    _linear(spec.self_attention.linear[1], state, f"{name}.attn.out")
    if f"{name}.cross_attn.query.weight" in state:
        _norm(spec.attention.layer_norm, state, f"{name}.cross_attn_ln")
        _linear(spec.attention.linear[0], state, f"{name}.cross_attn.query")
        _linear(spec.attention.linear[1], state, f"{name}.cross_attn.key", f"{name}.cross_attn.value")
        _linear(spec.attention.linear[2], state, f"{name}.cross_attn.out")
    _norm(spec.ffn.layer_norm, state, f"{name}.mlp_ln")
    _linear(spec.ffn.linear_0, state, f"{name}.mlp.0")
    _linear(spec.ffn.linear_1, state, f"{name}.mlp.2")


def _tokenizer(folder: Path) -> list[str]:
    """Writes tokenizer.json with whisper's own tokens; gives all of them in order."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers.convert_slow_tokenizer import bytes_to_unicode
    from whisper.tokenizer import get_encoding

    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # openai-whisper leaves the file open
        encoding = get_encoding("multilingual", num_languages=99)
    letters = bytes_to_unicode()
    ranks = encoding._mergeable_ranks
    vocabulary = {"".join(letters[byte] for byte in token): rank for token, rank in ranks.items()}
    merges = []
    for token in sorted(ranks, key=ranks.__getitem__):
        cuts = [
            (ranks[token[:k]], ranks[token[k:]], k)
            for k in range(1, len(token))
            if token[:k] in ranks and token[k:] in ranks
        ]
        for _, _, k in sorted(cuts):
            merges.append(tuple("".join(letters[byte] for byte in part) for part in (token[:k], token[k:])))
    made = Tokenizer(models.BPE(vocabulary, merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = sorted(encoding._special_tokens.items(), key=lambda entry: entry[1])
    made.add_special_tokens([AddedToken(token, special=True) for token, rank in special if rank < 50364])
    made.save(str(folder / "tokenizer.json"))
    return [*sorted(vocabulary, key=vocabulary.__getitem__), *(token for token, _ in special)]
