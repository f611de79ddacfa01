"""The decoder: token for token as openai-whisper's, for windows of any length, each as if it were alone."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from small_whisper import random_checkpoint

from knowledge.whisper_decoder import Decoded, decode
from knowledge.whisper_transcriber import WhisperTranscriber

THIRTY = 1500  # frames


@pytest.fixture(scope="module", params=[3, 8])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("whisper") / "nonsense.pt"
    return WhisperTranscriber(random_checkpoint(path, request.param), threads=1)._model


def task(model: Any, **options: Any) -> Any:
    from whisper.decoding import DecodingOptions, DecodingTask

    return DecodingTask(model, replace(DecodingOptions(language="zh", fp16=False), **options))


def features(model: Any, *frames: int) -> list[Any]:
    import torch

    dice = torch.Generator().manual_seed(5)
    return [torch.randn((count, model.dims.n_audio_state), generator=dice) for count in frames]


def heard(model: Any, sounds: Sequence[Any], most: int = 40, **options: Any) -> list[Decoded]:
    return decode(model, task(model, **options), sounds, [most] * len(sounds))


@pytest.mark.parametrize("prompt", [None, "云州市，铁路新村"])
def test_it_writes_what_openai_whisper_writes(model: Any, prompt: str | None) -> None:
    import torch

    sounds = features(model, *[THIRTY] * 6)
    expected = task(model, prompt=prompt, sample_len=40).run(torch.stack(sounds))
    found = heard(model, sounds, prompt=prompt)
    assert [list(one.tokens) for one in found] == [one.tokens for one in expected]
    assert [one.log_probability for one in found] == pytest.approx([one.avg_logprob for one in expected], abs=1e-4)
    assert [one.no_speech for one in found] == pytest.approx([one.no_speech_prob for one in expected], rel=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_windows_of_several_lengths_are_heard_as_if_alone(model: Any, temperature: float) -> None:
    sounds = features(model, 100, 300, 50, 300, THIRTY)
    found = heard(model, sounds, temperature=temperature)
    for sound, one in zip(sounds, found, strict=True):
        (alone,) = heard(model, [sound], temperature=temperature)
        assert one.tokens == alone.tokens
        assert one.chances == pytest.approx(alone.chances, abs=1e-3)
        assert one.attention == pytest.approx(alone.attention, abs=1e-3)


def test_each_token_has_its_chance_and_where_was_looked(model: Any) -> None:
    heads = len(model.alignment_heads.indices()[0])
    for one, frames in zip(heard(model, features(model, 100, 300)), (100, 300), strict=True):
        assert len(one.chances) == len(one.tokens) + one.ended
        assert all(chance <= 1e-5 for chance in one.chances)
        assert sum(one.chances) / (len(one.tokens) + 1) == pytest.approx(one.log_probability)
        assert one.attention.shape == (len(one.chances), heads, frames)
        assert np.isfinite(one.attention).all()


def test_it_tells_where_openai_whisper_would_have_looked(model: Any) -> None:
    import torch
    from whisper.model import disable_sdpa

    asked = task(model)
    (sound,) = features(model, 300)
    (one,) = decode(model, asked, [sound], [25])
    seen: dict[int, Any] = {}
    hooks = [
        block.cross_attn.register_forward_hook(lambda _, __, out, layer=layer: seen.__setitem__(layer, out[1]))
        for layer, block in enumerate(model.decoder.blocks)
    ]
    with torch.no_grad(), disable_sdpa():
        model.decoder(torch.tensor([[*asked.initial_tokens, *one.tokens]]), sound[None])
    for hook in hooks:
        hook.remove()
    expected = [seen[layer][0, head] for layer, head in model.alignment_heads.indices().T.tolist()]
    before = len(asked.initial_tokens) - 1
    for head, attention in enumerate(expected):
        rows = attention[before : before + len(one.attention)].numpy()
        assert one.attention[: len(rows), head] == pytest.approx(rows, abs=1e-3)


def test_each_window_has_its_own_limit(model: Any) -> None:
    sounds = features(model, 100, 100, 100)
    whole = heard(model, sounds, most=30)
    cut = decode(model, task(model), sounds, [30, 4, 12])
    assert [one.tokens for one in cut] == [one.tokens[:most] for one, most in zip(whole, (30, 4, 12), strict=True)]
    assert [len(one.tokens) <= most for one, most in zip(cut, (30, 4, 12), strict=True)] == [True] * 3
    assert not any(one.ended for one in cut if len(one.tokens) in (30, 4, 12))


def test_it_writes_no_further_than_the_model_reaches(model: Any) -> None:
    (one,) = heard(model, features(model, 50), most=10_000)
    assert len(one.tokens) <= model.dims.n_text_ctx


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_time_stamps_never_fall(model: Any, temperature: float) -> None:
    asked = task(model, temperature=temperature)
    begin, end = asked.tokenizer.timestamp_begin, asked.tokenizer.eot
    banned = {*asked._get_suppress_tokens(), asked.tokenizer.no_timestamps, end}
    for one in decode(model, asked, features(model, *[100] * 8), [60] * 8):
        assert begin <= one.tokens[0] <= begin + 50
        stamps = [token for token in one.tokens if token >= begin]
        assert stamps == sorted(stamps)
        assert not banned & set(one.tokens)
        for before, after in pairwise(one.tokens):
            assert not (before >= begin and after >= begin) or one.tokens[0] != before


def test_a_temperature_throws_dice(model: Any) -> None:
    sounds = features(model, *[100] * 6)
    likeliest = [one.tokens for one in heard(model, sounds)]
    assert [one.tokens for one in heard(model, sounds, temperature=1e-4)] == likeliest
    assert [one.tokens for one in heard(model, sounds, temperature=1.0)] != likeliest
    assert heard(model, []) == []


def test_dice_fall_as_the_chances_are() -> None:
    import torch

    from knowledge.whisper_decoder import _chosen

    scores = torch.log(torch.tensor([[0.5, 0.2, 0.0, 0.25, 0.05]]))
    times = 4  # the last one is a time stamp
    found = [_chosen(scores, times, 1.0, (place + 0.5) / 1000) for place in range(1000)]
    counts = np.bincount([tokens[0] for tokens, _ in found], minlength=5)
    assert counts.tolist() == pytest.approx([500, 200, 0, 250, 50], abs=1)
    assert {round(float(np.exp(chances[0])), 3) for _, chances in found} == {0.5, 0.2, 0.25, 0.05}
    assert [_chosen(scores, times, 1.0, dice)[0] for dice in (1e-12, 1.0)] == [[0], [4]]
    assert _chosen(torch.log(torch.tensor([[0.2, 0.2, 0.2, 0.15, 0.25]])), times, 0.0, 1.0)[0] == [4]
