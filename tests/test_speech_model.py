"""The demonstration speech model: what is said, how it is spoken and seen, that the network is whisper's and learns."""

import re
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
import whisper
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from knowledge.errors import BadInput
from knowledge.speech_model import Corpus, Sentence, read_corpus
from knowledge.speech_model.__main__ import main
from knowledge.speech_model.channel import Channel, mu_law, no_speech, telephone
from knowledge.speech_model.checkpoint import load_state, save_checkpoint, save_state
from knowledge.speech_model.corpus import (
    CANTONESE,
    KINDS,
    LONGEST,
    SHORTEST,
    UNFIT,
    as_said,
    natural_pieces,
    numeral,
)
from knowledge.speech_model.examples import Example, log_mel, make_example, make_examples, phoneme_numbers
from knowledge.speech_model.gate import Clip, Measured, character_errors, listener, make_clips, measure, passes
from knowledge.speech_model.network import Network, Size
from knowledge.speech_model.synthesis import RATE, VARIANTS, Manner, Synthesiser, syllables
from knowledge.speech_model.training import Optimisers, Plan, draw_batch, rate
from knowledge.speech_model.vocabulary import Vocabulary, vocabulary_of
from knowledge.speech_model.window import FULL, Placing, Reader, batched, normalised, place

TINY = Size(width=32, heads=2, encoder_layers=1, decoder_layers=2)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_corpus()


@pytest.fixture(scope="module")
def vocabulary(corpus: Corpus) -> Vocabulary:
    return vocabulary_of(corpus.characters)


@pytest.fixture(scope="module")
def examples(corpus: Corpus) -> list[Example]:
    return make_examples(corpus, Random(5), kinds=KINDS, count=24)


@pytest.fixture
def network(vocabulary: Vocabulary, examples: list[Example]) -> Network:
    torch.manual_seed(3)
    torch.set_num_threads(1)
    return Network(TINY, vocabulary, vocabulary.sounds({}), phonemes=len(phoneme_numbers(examples)))


def _reader(examples: list[Example], vocabulary: Vocabulary, *, frames: int = FULL) -> Reader:
    numbers = phoneme_numbers(examples)
    return Reader(examples, vocabulary=vocabulary, phonemes=numbers, random=Random(2), frames=frames, quiet=2)


@given(st.integers(0, 9999))
def test_a_numeral_can_be_read_back(number: int) -> None:
    units = {"十": 10, "百": 100, "千": 1000}
    value, digit = 0, 0
    for character in numeral(number):
        if character in units:
            value, digit = value + (digit or 1) * units[character], 0
        else:
            digit = "零一二三四五六七八九".index(character)
    assert value + digit == number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("欠了3000元", "欠了三千元"),
        ("2025年8月2日", "2025年八月二日"),
        ("2米深", "两米深"),
        ("13800001234", "13800001234"),
        ("0.5米", "零点五米"),
    ],
)
def test_counted_numbers_are_written_as_said(written: str, said: str) -> None:
    assert as_said(written) == said


@given(st.text("路面积水很深，。！？,12 a“%\n", max_size=80))
def test_natural_pieces_are_short_and_readable(text: str) -> None:
    for piece in natural_pieces(text):
        assert SHORTEST <= len(piece) <= LONGEST
        assert re.fullmatch(r"[\u4e00-\u9fa50-9，。？]+", piece)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_sentence_keeps_to_the_characters(corpus: Corpus, kind: str) -> None:
    random = Random(4)
    drawn = [corpus.draw(random, kind=kind) for _ in range(300)]
    assert all(SHORTEST <= len(s.written) <= LONGEST and s.kind == kind for s in drawn)
    assert set("".join(s.written for s in drawn)) <= corpus.characters
    assert len({s.written for s in drawn}) > 200


def test_the_corpus_is_large_fit_and_held_apart(corpus: Corpus) -> None:
    assert len(corpus.natural) > 20_000
    assert len(corpus.held_out) > 500
    assert len(corpus.words) > 5_000
    assert 1_500 < len(corpus.characters) < 3_000
    assert not corpus.characters & (UNFIT | CANTONESE)
    assert not set(corpus.natural) & set(corpus.held_out)


def test_the_same_seed_draws_the_same_sentences(corpus: Corpus) -> None:
    first, second = ([corpus.draw(Random(9), kind=k) for k in KINDS] for _ in range(2))
    assert first == second


def test_digits_are_spoken_one_by_one() -> None:
    sentence = Sentence("电话13800001234。", "domain")
    assert sentence.spoken == "电话幺三八零零零零幺二三四。"
    assert len(sentence.spoken) == len(sentence.written)


@given(st.text("你好先例不要，。？绿一", min_size=1, max_size=20))
def test_every_character_has_a_syllable_and_no_stop_has(text: str) -> None:
    said = syllables(text)
    assert len(said) == len(text)
    for character, syllable in zip(text, said, strict=True):
        assert bool(re.fullmatch(r"[a-z]+[1-5]", syllable)) == (character not in "，。？")


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("variant", ["", "f2", "m3"])
def test_speech_has_a_time_for_every_character(variant: str, plain: bool) -> None:
    text = "路面积水很深，请尽快处理。"
    speech = Synthesiser().say(text, manner=Manner(variant, plain=plain))
    assert speech is not None
    assert len(speech.characters) == len(text)
    assert [bool(s.what) for s in speech.characters] == [c not in "，。" for c in text]
    assert all(a.end <= b.start + 1e-6 for a, b in zip(speech.characters, speech.characters[1:], strict=False))
    assert 1.5 < speech.characters[-1].end < len(speech.samples) / RATE + 0.2
    inside = speech.samples[int(speech.characters[0].start * RATE) : int(speech.characters[3].end * RATE)]
    assert np.abs(inside).max() > 0.05
    comma = next(s for s in speech.characters if not s.what)
    assert speech.characters[7].start > comma.start + 0.05, "the pause after the comma belongs to no character"


def test_a_syllable_that_the_voice_spells_in_english_is_refused() -> None:
    assert Synthesiser().say("我的兄弟。", manner=Manner()) is None
    assert Synthesiser().say("我的兄弟。", manner=Manner(plain=True)) is not None


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_mu_law_errs_little_and_keeps_the_sign(values: list[float]) -> None:
    sound = np.array(values, np.float32)
    coded = mu_law(sound)
    assert np.all(np.abs(coded - sound) <= np.abs(sound) / 32 + 1e-4)
    assert np.all(coded * sound >= 0)


def test_the_telephone_takes_away_what_is_high() -> None:
    seconds = np.arange(RATE) / RATE
    sound = np.sin(2 * np.pi * 1000 * seconds) * 0.3 + np.sin(2 * np.pi * 6000 * seconds) * 0.3
    for seed in range(8):
        spectrum = np.abs(np.fft.rfft(telephone(sound.astype(np.float32), Random(seed))))
        assert spectrum[6000] < spectrum[1000] / 20


def test_the_channel_keeps_length_and_bounds_and_repeats_itself() -> None:
    speech = np.sin(np.arange(RATE) / 9).astype(np.float32) * 0.1
    for over_telephone in (False, True):
        first, second = (Channel()(speech, Random(6), over_telephone=over_telephone) for _ in range(2))
        assert np.array_equal(first, second)
        assert first.shape == speech.shape
        assert first.dtype == np.float32
        assert 0.05 < np.abs(first).max() <= 1


def test_sounds_without_speech_are_of_the_length_asked_for() -> None:
    sounds = [no_speech(Random(seed), 8_000) for seed in range(30)]
    assert {s.shape for s in sounds} == {(8_000,)}
    assert all(np.isfinite(s).all() and np.abs(s).max() <= 1.1 for s in sounds)


def test_features_are_those_of_whisper(corpus: Corpus) -> None:
    speech = Synthesiser().say("请您稍等。", manner=Manner())
    assert speech is not None
    sound = speech.samples[: len(speech.samples) // 160 * 160]
    ours = log_mel(sound)
    theirs = whisper.log_mel_spectrogram(sound).numpy()
    assert ours.shape == (len(sound) // 160, 80)
    scaled = normalised(ours.astype(np.float32), end=len(ours), zeros_from=len(ours)).T
    assert np.abs(scaled - theirs).max() < 0.01


def test_labels_follow_the_times(examples: list[Example]) -> None:
    numbers = phoneme_numbers(examples)
    for example in examples:
        phonemes, tones = example.labels(numbers)
        assert len(phonemes) == len(tones) == (len(example.mel) + 1) // 2
        said = example.characters[0]
        middle = int((said.start + said.end) / 2 * 50)
        assert tones[middle] == int(said.what[-1])
        assert phonemes[middle] > 0
        assert phonemes[0] == 0


def test_a_window_tells_start_text_and_end_of_every_sentence(
    vocabulary: Vocabulary, examples: list[Example]
) -> None:  # fmt: skip
    placing = Placing(FULL, lead=50, gaps=(40,))
    window = place(examples[:3], placing, vocabulary=vocabulary, phonemes={}, random=Random(1))
    assert window.tokens[:3] == (vocabulary.start, vocabulary.language, vocabulary.task)
    assert window.tokens[-1] == vocabulary.end
    times = [t - vocabulary.time_zero for t in window.tokens if t >= vocabulary.time_zero]
    assert len(times) == 6
    assert times == sorted(times)
    assert times[0] == 5 * round((0.5 + examples[0].start) * 10)
    text = [t for t in window.tokens[3:-1] if t < vocabulary.time_zero]
    assert text == [t for e in examples[:3] for t in vocabulary.encode(e.sentence.written)]
    assert window.targets[0] == vocabulary.language
    assert window.targets[1] == -1
    assert list(window.targets[2:]) == list(window.tokens[3:])
    end = 50 + sum(len(e.mel) for e in examples[:3]) + 80
    assert np.all(window.mel[:, end:] == 0)
    assert np.any(window.mel[:, end - 1] != 0)


def test_a_sentence_that_is_cut_gives_its_start_only(vocabulary: Vocabulary, examples: list[Example]) -> None:
    long = max(examples, key=lambda e: e.end)
    frames = 2 * int(long.end * 50 * 0.7)
    window = place([long], Placing(frames), vocabulary=vocabulary, phonemes={}, random=Random(1))
    assert window.tokens[3:] == (vocabulary.time(long.start), vocabulary.end)


def test_no_speech_gives_an_empty_text(vocabulary: Vocabulary, examples: list[Example]) -> None:
    batch = _reader(examples, vocabulary, frames=600).silent(count=3)
    written = vocabulary.rows[[vocabulary.start, vocabulary.language, vocabulary.task, vocabulary.time_zero]]
    assert np.array_equal(batch.tokens, np.tile(written, (3, 1)))
    placing = Placing(600, noise=log_mel(no_speech(Random(1), RATE)))
    window = place([], placing, vocabulary=vocabulary, phonemes={}, random=Random(1))
    assert window.targets[0] == vocabulary.no_speech


def test_an_earlier_text_is_read_and_not_asked_for(vocabulary: Vocabulary, examples: list[Example]) -> None:
    earlier = (vocabulary.previous, *vocabulary.encode("请您稍等"))
    placing = Placing(FULL, earlier=earlier)
    window = place(examples[:1], placing, vocabulary=vocabulary, phonemes={}, random=Random(1))
    assert window.tokens[: len(earlier)] == earlier
    assert set(window.targets[: len(earlier)]) == {-1}
    assert window.targets[len(earlier)] == vocabulary.language


def test_the_attention_is_asked_for_where_the_character_is(vocabulary: Vocabulary, examples: list[Example]) -> None:
    example = examples[0]
    window = place([example], Placing(FULL), vocabulary=vocabulary, phonemes={}, random=Random(1))
    batch = batched([window], vocabulary)
    first = 4  # start, language, task, time
    middle = int((example.characters[0].start + example.characters[0].end) * 25)
    assert batch.reads[0, first, middle] == 1
    assert batch.follows[0, first - 1, middle] == 1
    assert batch.reads[0, first].sum() < 40
    assert batch.reads[0, first - 1].sum() == 0


def test_tokens_are_single_characters_and_none_is_unfit(vocabulary: Vocabulary, corpus: Corpus) -> None:
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(True, num_languages=99, language="zh", task="transcribe")
    assert tokenizer.decode(list(vocabulary.encode("先例，12345。"))) == "先例，12345。"
    written = {tokenizer.decode([t]) for t in vocabulary.used if t < tokenizer.eot}
    assert not {w for w in written if any(c in UNFIT for c in w)}
    assert not {w for w in written if len(w.strip()) > 1 and "\ufffd" not in w}
    assert 1_000 < len(vocabulary.used) < 2_500
    assert np.all(vocabulary.rows[list(vocabulary.used)] == np.arange(len(vocabulary.used)))


def test_sounds_of_a_token_add_up(vocabulary: Vocabulary) -> None:
    sums = vocabulary.sounds({}).sum(axis=1)
    assert np.all(np.isclose(sums, 3) | (sums == 0))
    assert np.isclose(sums[vocabulary.single], 3).all()


def test_one_step_makes_the_loss_smaller(network: Network, vocabulary: Vocabulary, examples: list[Example]) -> None:
    batch = _reader(examples, vocabulary).singles(900)
    optimisers = Optimisers(network)
    before = float(network.losses(batch, changed=0.0).total.detach())
    optimisers.step(network.losses(batch, changed=0.0).total, 3e-3)
    after = float(network.losses(batch, changed=0.0).total.detach())
    assert after < before - 0.05


def test_the_encoder_alone_can_learn(network: Network, vocabulary: Vocabulary, examples: list[Example]) -> None:
    batch = _reader(examples, vocabulary).singles(900)
    losses = network.losses(batch, words=False)
    assert float(losses.text) == 0
    written = {name: p.detach().clone() for name, p in network.whisper.decoder.named_parameters()}
    before = float(losses.frames.detach())
    Optimisers(network).step(losses.total, 3e-3)
    assert float(network.losses(batch, words=False).frames.detach()) < before
    for name, parameter in network.whisper.decoder.named_parameters():
        assert torch.equal(parameter, written[name]), name


def test_batches_of_all_kinds_have_a_finite_loss(
    network: Network, vocabulary: Vocabulary, examples: list[Example]
) -> None:  # fmt: skip
    reader, random = _reader(examples, vocabulary, frames=600), Random(8)
    for number in range(4):
        losses = network.losses(reader.windows(600, count=2, most=3), own_guesses=bool(number % 2))
        assert torch.isfinite(losses.total)
    assert torch.isfinite(network.losses(reader.silent(count=2)).total)
    assert draw_batch(reader, random, windows=False, frames=900).mel.shape[2] < 900


def test_the_checkpoint_is_the_network_and_whisper_loads_it(
    network: Network, vocabulary: Vocabulary, tmp_path: Path
) -> None:  # fmt: skip
    save_checkpoint(network, tmp_path / "speech.pt")
    loaded = whisper.load_model(str(tmp_path / "speech.pt"), device="cpu").eval()
    mel = torch.randn(1, 80, FULL)
    used = list(vocabulary.used)
    with torch.no_grad():
        ours, theirs = network.listen(mel), loaded.encoder(mel)
        assert functional.cosine_similarity(ours, theirs, dim=-1).min() > 0.999
        scores, _, looks = network.write(torch.tensor([[1, 2, 3]]), ours)
        assert looks[0].shape == (1, TINY.heads, 3, FULL // 2)
        assert torch.allclose(scores, loaded.decoder(torch.tensor([used[1:4]]), ours)[..., used], atol=0.05)
    heard = loaded.transcribe(np.zeros(RATE, np.float32), language="zh", temperature=0.0, fp16=False)
    assert isinstance(heard["text"], str)


def test_a_state_goes_on_where_it_stopped(
    network: Network, vocabulary: Vocabulary, examples: list[Example], tmp_path: Path
) -> None:  # fmt: skip
    numbers = phoneme_numbers(examples)
    save_state(network, numbers, tmp_path / "state.pt")
    other = Network(TINY, vocabulary, vocabulary.sounds({}), phonemes=len(numbers))
    state = load_state(tmp_path / "state.pt")
    assert state["phonemes"] == numbers
    other.restore(state)
    assert torch.allclose(other.embedding(), network.embedding(), atol=1e-5)


def test_a_state_goes_on_with_more_characters(network: Network, vocabulary: Vocabulary) -> None:
    fewer = vocabulary_of(sorted(vocabulary.tokens)[-500:])
    before = Network(TINY, fewer, fewer.sounds({}), phonemes=len(network.beside["phonemes"]) - 1)
    network.restore(before.state())
    both = list(fewer.used)
    assert torch.allclose(before.embedding()[fewer.rows[both]], network.embedding()[vocabulary.rows[both]], atol=1e-5)
    new = [token for token in vocabulary.used if token not in both and vocabulary.single[vocabulary.rows[token]]]
    assert len(new) > 500
    assert network.embedding()[vocabulary.rows[new]].abs().sum(1).min() > 0


def test_a_file_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.pt").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"other\.pt"):
        load_state(tmp_path / "other.pt")
    with pytest.raises(BadInput, match=r"other\.pt"):
        listener(tmp_path / "other.pt")
    assert main(["--out", str(tmp_path / "none" / "speech.pt")]) == 2
    assert main(["--out", str(tmp_path / "speech.pt"), "--minutes", "0"]) == 2
    assert main(["--out", str(tmp_path / "speech.pt"), "--resume", str(tmp_path / "other.pt")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "does not exist" in told[0]


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_rate_never_rises_after_the_beginning(first: float, second: float) -> None:
    earlier, later = sorted((first, second))
    assert 0 < rate(later, step=1000) <= rate(earlier, step=1000) <= 1
    assert rate(0, step=0) < 0.05


def test_resuming_runs_the_last_stage_only(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "speech.pt")
    assert sum(stage.share for stage in plan.stages) == pytest.approx(1)
    resumed = Plan(tmp_path / "speech.pt", resume=tmp_path / "state.pt").stages
    assert [(s.words, s.windows, s.share) for s in resumed] == [(True, True, 1.0)]


def slow_errors(said: str, written: str) -> int:
    """Edit distance by its definition."""
    if not said or not written:
        return len(said) + len(written)
    least = min(slow_errors(said[1:], written), slow_errors(said, written[1:])) + 1
    return min(least, slow_errors(said[1:], written[1:]) + (said[0] != written[0]))


@given(st.text("水路灯", max_size=5), st.text("水路灯", max_size=5))
def test_errors_equal_the_slow_version(said: str, written: str) -> None:
    assert character_errors(said, written) == slow_errors(said, written)
    assert character_errors(said + "。", f"，{written}") == slow_errors(said, written)


def test_the_gate_counts_by_kind_and_says_no() -> None:
    sound = np.zeros(10, np.float32)
    clips = [Clip(kind, "路灯不亮，请修一下。", sound) for kind in ("domain", "domain, telephone", "natural")]
    clips.append(Clip("no speech", "", sound))
    right = measure(lambda _: "路灯不亮请修一下", clips[:3]) | measure(lambda _: "", clips[3:])
    assert right["domain"] == Measured(1, 8, 0, 1)
    assert passes(right)
    assert not passes(right, written=["操"])
    assert not passes(right | {"no speech": Measured(1, 0, 2, 0)})
    assert not passes(right | {"domain": Measured(1, 8, 1, 0)})
    assert not passes({"domain": Measured(1, 8, 0, 1)})


def test_clips_of_every_kind_are_new_to_the_model(corpus: Corpus) -> None:
    clips = make_clips(corpus, Random(3), each=2)
    kinds: list[Any] = [clip.kind for clip in clips]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "domain": 2, "domain, telephone": 2, "words": 2, "natural": 2, "no speech": 2
    }  # fmt: skip
    assert all(clip.text in corpus.held_out for clip in clips if clip.kind == "natural")
    assert all(clip.text not in corpus.natural for clip in clips)
    assert all((clip.text == "") == (clip.kind == "no speech") for clip in clips)


def test_an_example_repeats_itself_but_for_the_breath_of_the_voice(corpus: Corpus) -> None:
    sentence = corpus.draw(Random(1), kind="domain")
    first, second = (
        make_example(sentence, Random(1), synthesiser=Synthesiser(), channel=Channel(), over_telephone=True)
        for _ in range(2)
    )
    assert first is not None
    assert second is not None
    assert abs(len(first[0].mel) - len(second[0].mel)) <= 1
    for one, other in zip(first[0].characters, second[0].characters, strict=True):
        assert one.what == other.what
        assert one.start == pytest.approx(other.start, abs=0.01)


def test_the_voices_are_known_to_the_library() -> None:
    synthesiser = Synthesiser()
    for variant in VARIANTS:
        assert synthesiser.say("你好。", manner=Manner(variant)) is not None


def test_synthesisers_can_be_opened_again_and_take_turns() -> None:
    several = [Synthesiser() for _ in range(3)]
    for _ in range(3):
        for synthesiser in several:
            speech = synthesiser.say("路灯不亮。", manner=Manner("f2"))
            assert speech is not None
            assert speech.phonemes
