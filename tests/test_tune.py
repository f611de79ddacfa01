"""Fine-tuning the embedder: what is trained on, the gate in both directions, adoption, what is left when it stops."""

import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from assistant import tune as tuning
from assistant.gate import Figures
from assistant.models import Choice
from assistant.tune import Compared, Tuned, tune
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Action, Case, CaseStatus
from knowledge.errors import BadInput, Fault
from knowledge.interactions import ReactionRow, Shown
from knowledge.sentence_trainer import Pair, Training
from knowledge.text import fold
from ui.command import main

for package in ("sentence_transformers", "datasets", "accelerate"):
    pytest.importorskip(package)

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(torch|transformers|sentence_transformers|swigvarlink)"
)
MATTERS = {
    "lamp": "灯",
    "lift": "梯",
    "dog": "犬",
    "wage": "薪",
    "flood": "涝",
    "power": "电",
    "gas": "气",
    "noise": "噪",
}
STREETS = "东西南北中左右上下前后春秋"
DAY = datetime(2026, 3, 1, tzinfo=UTC)
BRISK = Training(epochs=8, learning_rate=0.05)
RUINOUS = Training(learning_rate=1e30)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of our own: one random vector for each word and Chinese character, and their mean."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Sequence, Split, Whitespace

    words = ["[UNK]", *MATTERS, *MATTERS.values(), *STREETS, *"案由处置路"]
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Sequence([Whitespace(), Split(Regex(r"[\u3400-\u9fff]"), "isolated")])
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("base") / "model"
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=24)], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    return str(folder)


def _cases() -> list[Case]:
    """Of each matter one case in each street, told in English in the title, in Chinese in the text."""
    return [
        Case(
            external_id=f"{matter}-{street}",
            title=f"{matter} {street}",
            situation=f"{street}路{sign}",
            actions=(Action(text=f"处置{sign}{street}"),),
        )
        for matter, sign in MATTERS.items()
        for street in STREETS
    ]


def _react(workplace: Workplace, place: int, question: str, reactions: Mapping[int, str]) -> None:
    """Logs a question with one action for each case id, and the reaction to it."""
    at = DAY + timedelta(hours=place)
    workplace.interactions.record(
        f"i-{place}", asked_at=at, actor="a", question=question, language="zh", situation={}, filters={}, candidates=[],
        shown=[Shown("other", "t", 1.0)] * len(reactions), versions={},
        recommendation=json.dumps({"actions": [{"evidence": [{"case_id": case_id}]} for case_id in reactions]}),
    )  # fmt: skip
    for slot, kind in enumerate(reactions.values()):
        row = ReactionRow(f"i-{place}", f"{slot}", kind, slot, None, None, "a", at)
        workplace.interactions.react(row)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, base: str) -> Path:
    """A data folder with 104 cases, and 30 questions with an accepted and a rejected case each."""
    folder = tmp_path_factory.mktemp("filled") / "home"
    opened = open_workplace(folder)
    opened.records.write(_cases())
    opened.models.choose(Choice(base))
    matters = list(MATTERS)
    for place in range(30):
        matter, street = matters[place % len(matters)], STREETS[place % len(STREETS)]
        accepted, rejected = f"{matter}-{street}", f"{matters[(place + 1) % len(matters)]}-{street}"
        ids = [found.case_id for found in map(opened.records.find, (accepted, rejected)) if found]
        _react(opened, place, f"{street} {matter} 案{place}", dict(zip(ids, ("adopt", "reject"), strict=True)))
    opened.engine.dispose()
    return folder


@pytest.fixture
def workplace(tmp_path: Path, filled: Path) -> Iterator[Workplace]:
    opened = open_workplace(shutil.copytree(filled, tmp_path / "home"))
    yield opened
    opened.engine.dispose()


def _left(workplace: Workplace) -> list[str]:
    """The models that lie in the data folder."""
    return sorted(path.name for path in (workplace.home / "models").glob("*"))


def _command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["models", "tune", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_better_model_is_adopted_with_every_case_embedded(workplace: Workplace, base: str) -> None:
    seen: list[tuple[str, int, int]] = []
    tuned = tune(workplace, training=BRISK, progress=lambda *done: seen.append(done))
    assert tuned.passed
    assert tuned.gold.new.hit_at_1 > tuned.gold.old.hit_at_1 + 0.2
    assert tuned.last
    assert tuned.last.questions == 10
    assert (tuned.base, tuned.accepted > 5, tuned.rejected > 5, tuned.own > 100) == (base, True, True, True)
    again = open_workplace(workplace.home)
    assert again.choice == Choice(tuned.folder)
    assert _left(workplace) == [Path(tuned.folder).name]
    assert Path(tuned.folder).name.startswith("tuned-20")
    assert Path(tuned.folder).stat().st_mode & 0o777 == (workplace.home / "models").stat().st_mode & 0o777
    assert again.kept_vectors(again.choice).count == 104
    assert again.desk.ask("东路灯").models["embedder"] == again.embedder.name
    again.engine.dispose()
    assert [stage for stage, done, total in seen if done == total] == ["training", "comparing", "embedding"]
    order = [stage for stage, _, _ in seen]
    assert order == sorted(order, key=["training", "comparing", "embedding"].index)


def test_a_worse_model_is_dropped_with_what_a_killed_training_left(workplace: Workplace, base: str) -> None:
    models = workplace.home / "models"
    for name in (".tuning/part", "tuned-2026-01-01-00000000"):
        (models / name).mkdir(parents=True)
    tuned = tune(workplace, training=RUINOUS)
    assert not tuned.passed
    assert not tuned.folder
    assert tuned.why.startswith("worse on the gold questions")
    assert tuned.gold.new.ndcg_at_10 < tuned.gold.old.ndcg_at_10
    assert workplace.models.choice() == Choice(base)
    assert _left(workplace) == ["tuned-2026-01-01-00000000"]


def _compared(old: float, new: float) -> Compared:
    return Compared(20, Figures(old, old, old), Figures(new, new, new))


@pytest.mark.parametrize(
    ("gold", "last", "passes", "why"),
    [
        ((0.5, 0.6), (0.5, 0.5), True, "better on the gold questions, worse on none"),
        ((0.5, 0.5), (0.5, 0.6), True, "better on the last accepted matches, worse on none"),
        ((0.5, 0.6), None, True, "better on the gold questions, worse on none"),
        ((0.5, 0.5), (0.5, 0.5), False, "no better on any"),
        ((0.5, 0.5), None, False, "no better on any"),
        ((0.5, 0.9), (0.5, 0.49), False, "worse on the last accepted matches"),
        ((0.5, 0.49), (0.5, 0.9), False, "worse on the gold questions"),
        ((0.5, 0.4), (0.5, 0.4), False, "worse on the gold questions and the last accepted matches"),
    ],
)
def test_the_gate_says_no_where_anything_fell(
    gold: tuple[float, float], last: tuple[float, float] | None, passes: bool, why: str
) -> None:
    assert tuning._decide(_compared(*gold), _compared(*last) if last else None) == (passes, why)


def test_what_is_asked_is_never_trained_on(workplace: Workplace) -> None:
    """Held-back questions stay away from training though one of them is the title of a case, and another was asked
    before; so do the cases whose titles are asked."""
    title = "lamp 东"
    ids = [found.case_id for found in map(workplace.records.find, ("lamp-东", "lift-西")) if found]
    _react(workplace, 100, title, {ids[0]: "adopt"})
    _react(workplace, 101, "西 lift 案1", {ids[1]: "edit"})
    material = tuning._material(workplace, None)
    held = {fold(one.text) for one in (*material.last.asked, *material.gold.asked)}
    pairs = [*material.accepted, *material.own]
    assert {fold(title), fold("西 lift 案1")} <= held
    assert not {fold(text) for pair in pairs for text in (pair.question, pair.wanted, pair.unwanted)} & held
    spared = {case_id for one in material.gold.asked for case_id in one.relevant}
    texts = {text for case_id in spared for text in workplace.records.get([case_id])[case_id].case.texts()}
    assert len(spared) > 10
    assert not [p for p in pairs if any(text in (p.wanted, p.unwanted, *p.wanted.splitlines()) for text in texts)]
    assert len(material.last.asked) == 10


def test_rejected_cases_are_the_counter_examples_of_their_question(workplace: Workplace) -> None:
    pairs = [pair for pair in tuning._material(workplace, None).accepted if pair.unwanted]
    assert pairs
    signs = {sign: matter for matter, sign in MATTERS.items()}
    matters = list(MATTERS)
    for pair in pairs:
        matter = pair.question.split()[1]
        after = matters[(matters.index(matter) + 1) % len(matters)]
        assert (signs[pair.wanted[-1]], signs[pair.unwanted[-1]]) == (matter, after)


def test_gold_questions_from_a_file(workplace: Workplace) -> None:
    """Their cases may be trained on then, the questions themselves may not; a question without a known case is none."""
    names = [f"{matter}-{street}" for matter in MATTERS for street in STREETS[:2]]
    asked = [(name.replace("-", " "), {name: 3, "gone": 2}) for name in names]
    material = tuning._material(workplace, [*asked, ("nothing known", {"gone": 3}), ("new", {})])
    assert [one.text for one in material.gold.asked] == [text for text, _ in asked]
    assert {tuple(one.relevant.values()) for one in material.gold.asked} == {(3,)}
    assert Pair("东路灯", "处置灯东") in material.own
    assert not {fold(pair.question) for pair in material.own} & {fold(text) for text, _ in asked}
    with pytest.raises(BadInput, match=r"^9 of the gold questions .* at least 10 are needed"):
        tuning._material(workplace, asked[:9])


def test_among_many_cases_an_answer_is_looked_for_among_some(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "CROWD", 5)
    monkeypatch.setattr(tuning, "MOST_GOLD", 12)
    gold = tuning._material(workplace, None).gold
    assert (len(gold.asked), len(gold.texts)) == (12, 17)
    assert {case_id for one in gold.asked for case_id in one.relevant} < set(gold.texts)


@pytest.mark.parametrize("count", [0, 5, 40])
def test_too_little_to_learn_from_is_said(
    tmp_path: Path, base: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = open_workplace(tmp_path / "home")
    workplace.records.write(_cases()[:count])
    workplace.records.write(
        [Case(external_id=f"d{n}", title="t", situation="s", status=CaseStatus.DRAFT) for n in range(99)]
    )
    with pytest.raises(BadInput, match=r"^\d cases with a title can be asked about, at least 10 are needed .*import"):
        tune(workplace, base=base)
    workplace.records.write([Case(external_id=f"n-{n}", title=f"t{n}", situation="s" * n) for n in range(1, 80)])
    monkeypatch.setattr(tuning, "LEAST_PAIRS", 1_000)
    with pytest.raises(BadInput, match=r"^there are \d+ pairs .*adopt and reject"):
        tune(workplace, base=base)
    assert not (workplace.home / "models").exists()
    workplace.engine.dispose()


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("training", KeyboardInterrupt()),
        ("comparing", Fault("the disk is full")),
        ("embedding", KeyboardInterrupt()),
    ],
)
def test_whatever_stops_it_leaves_nothing(workplace: Workplace, base: str, stage: str, error: BaseException) -> None:
    def stop(reached: str, _done: int, _total: int) -> None:
        if reached == stage:
            assert _left(workplace)
            raise error

    with pytest.raises(type(error)):
        tune(workplace, training=replace(BRISK, epochs=4), progress=stop)
    assert not _left(workplace)
    assert workplace.models.choice() == Choice(base)


def test_one_training_at_a_time(workplace: Workplace) -> None:
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(workplace.home / "tune.lock"):
            taken.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(60)
    with pytest.raises(BadInput, match="another training is running"):
        tune(workplace, training=BRISK)
    done.set()
    holder.join()


def test_the_built_in_one_is_not_trained_and_another_can_be_named(workplace: Workplace, base: str) -> None:
    workplace.models.choose(Choice("meaning"))
    opened = open_workplace(workplace.home)
    with pytest.raises(BadInput, match=r"precedent models use NAME.*--from NAME"):
        tune(opened)
    tuned = tune(opened, base=base, training=RUINOUS)
    assert tuned.base == base
    assert opened.models.choice() == Choice("meaning")
    with pytest.raises(BadInput, match="not trained here"):
        tune(workplace, base="meaning")
    opened.engine.dispose()


def test_the_command(
    capsys: pytest.CaptureFixture[str], workplace: Workplace, tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.models.Training", lambda epochs: replace(BRISK, epochs=4 * epochs))
    gold = tmp_path / "gold.jsonl"
    rows = [
        {"text": f"{matter} {street}", "relevant": {f"{matter}-{street}": 3}} for matter in MATTERS for street in "东西"
    ]
    rows += [{"text": "lamp 南", "relevant": ["lamp-南"]}, {"text": "a poem", "relevant": {}, "new": True}]
    gold.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", encoding="utf-8")
    code, out, err = _command(capsys, "--gold", str(gold), "--dry-run", "--epochs", "2")
    assert code == 0, err
    assert "gold questions (17):\n  old  hit@1 " in out
    assert "last accepted matches (10):" in out
    assert "dry run: it would be adopted (better on " in out
    assert "steps (100%)" in err
    assert "texts (100%)" in err
    assert open_workplace(workplace.home).choice == Choice(base)
    assert not _left(workplace)
    code, out, err = _command(capsys, "--epochs", "2", "--json")
    content: dict[str, Any] = json.loads(out)
    assert (code, err, content["adopted"]) == (0, "", True)
    assert content["gold"]["new"]["hit_at_1"] > content["gold"]["old"]["hit_at_1"]
    assert open_workplace(workplace.home).choice == Choice(content["folder"])


def test_the_command_says_what_became_of_it(capsys: pytest.CaptureFixture[str], workplace: Workplace) -> None:
    from ui.models import _report

    dropped = Tuned("m", 3, 1, 40, _compared(0.5, 0.4), None, passed=False, why="worse on the gold questions")
    assert _report(dropped, dry_run=False).splitlines()[-2:] == [
        "last accepted matches: none yet",
        "the old one stays (worse on the gold questions)",
    ]
    adopted = replace(dropped, passed=True, why="better", folder="/m/tuned-1")
    assert _report(adopted, dry_run=False).splitlines()[-1] == "adopted (better): /m/tuned-1"


@pytest.mark.parametrize(
    ("arguments", "content", "said"),
    [
        (("--epochs", "0"), "", "give a number from 1 to 100"),
        (("--from", " "), "", "is empty"),
        (("--gold", "missing.jsonl"), "", "cannot be read"),
        (("--gold", "gold.jsonl"), "no json", "gold.jsonl, line 1"),
        (("--gold", "gold.jsonl"), '{"text": "a", "relevant": {"x": 3}}\n{"relevant": {}}', "gold.jsonl, line 2"),
        (("--gold", "gold.jsonl"), '{"text": "a", "relevant": {"x": 7}}', "a grade is 1, 2 or 3"),
        (("--gold", "gold.jsonl"), '["a"]', "gold.jsonl, line 1"),
        (("--gold", "gold.jsonl"), "", "0 of the gold questions"),
    ],
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], content: str, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text(content, encoding="utf-8")
    code, out, err = _command(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
