"""Training a sentence-transformers model: it learns, the same from the same seed, and says what is missing."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.errors import BadInput, Fault
from knowledge.sentence_embedder import SentenceEmbedder
from knowledge.sentence_trainer import Pair, Training, check_packages, train

for package in ("sentence_transformers", "datasets", "accelerate"):
    pytest.importorskip(package)

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(torch|transformers|sentence_transformers|swigvarlink)"
)
WORDS = {
    "灯": "lamp",
    "梯": "lift",
    "犬": "dog",
    "薪": "wage",
    "水": "flood",
    "电": "power",
    "气": "gas",
    "噪": "noise",
}
PAIRS = [Pair(f"{one}{n}", f"{other} {n}") for one, other in WORDS.items() for n in "123456"]
BRISK = Training(epochs=10, learning_rate=5e-3, batch=16)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A BERT of one layer with random weights that reads single characters."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab={word: place for place, word in enumerate(words)}).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(32)]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder / "model"), create_model_card=False)
    return str(folder / "model")


def _right(folder: str | Path) -> float:
    """The share of the words whose own translation is the nearest."""
    embedder = SentenceEmbedder(str(folder))
    cosines = embedder.embed(list(WORDS)) @ embedder.embed(list(WORDS.values())).T
    return float(np.mean(cosines.argmax(axis=1) == np.arange(len(WORDS))))


def test_it_learns_and_does_so_twice_the_same(base: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    train(base, PAIRS, tmp_path / "one", BRISK, lambda *done: seen.append(done))
    assert _right(base) < 0.5
    assert _right(tmp_path / "one") > 0.8
    assert seen == [(step, seen[-1][0]) for step in range(1, len(seen) + 1)]
    assert len(seen) >= 10 * len(PAIRS) // 16
    train(base, PAIRS, tmp_path / "two", BRISK, None)
    embedders = [SentenceEmbedder(str(tmp_path / name)) for name in ("one", "two")]
    assert np.array_equal(*(embedder.embed(list(WORDS)) for embedder in embedders))
    assert not [path for path in (tmp_path / "one").rglob("*") if path.suffix == ".md"]
    assert capfd.readouterr().out == ""


def test_what_was_rejected_moves_away(base: str, tmp_path: Path) -> None:
    against = [Pair(f"灯{n}", f"lamp {n}", f"noise {n}") for n in "123456"]
    train(base, [*against, *PAIRS[6:12]], tmp_path / "tuned", BRISK, None)

    def likeness(folder: str | Path) -> float:
        vectors: Any = SentenceEmbedder(str(folder)).embed(["灯", "lamp", "noise"])
        return float(vectors[0] @ vectors[1] - vectors[0] @ vectors[2])

    assert likeness(tmp_path / "tuned") > max(likeness(base), 0.2)


@pytest.mark.parametrize("name", ["no/such-model", "/nowhere/at/all"])
def test_a_base_that_cannot_be_loaded_says_what_to_do(name: str, tmp_path: Path) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(Fault, match=r"cannot be trained .*--from"):
        train(name, PAIRS, tmp_path / "tuned", BRISK, None)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    check_packages()
    monkeypatch.setattr("knowledge.sentence_trainer.PACKAGES", ("json", "no_such_package_a", "no_such_package_b"))
    with pytest.raises(
        BadInput, match=r"needs no_such_package_a, no_such_package_b; run `pip install precedent\[tune\]`"
    ):
        check_packages()
