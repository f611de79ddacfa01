"""Training what words mean (eval.meaning): it learns from a corpus of a few kinds, the same from the same seed."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from eval import meaning as training
from eval.meaning import Training, nearest_hits, train
from knowledge.lexicon import Lexicon
from knowledge.matters import Matter
from knowledge.meaning import Kind, Meaning, read_meaning

NO_WORDS = Lexicon(())  # no concept joins the languages: what joins them is learned
KINDS = {
    "lamp": ("路灯不亮", "晚上路灯坏了", "整条街路灯都灭了", "修修路灯吧", "the street lamp is dark",
             "street lamps are broken", "a dark street lamp"),
    "lift": ("电梯困人", "电梯坏了关住老人", "卡在电梯里", "电梯停在半空", "stuck in the elevator",
             "the elevator stopped", "elevator trapped my mother"),
    "wage": ("拖欠工资", "老板不发工资", "三个月工资没给", "讨要工资", "unpaid wages at the site",
             "the boss owes wages", "wages never paid"),
    "dog": ("恶狗咬人", "野狗追孩子", "狗没拴绳", "流浪狗成群", "a stray dog bites",
            "dogs without a leash", "the dog chased a child"),
    "gas": ("闻到煤气", "煤气漏了", "楼道煤气味", "煤气管破了", "smell of gas",
            "the gas pipe leaks", "gas in the stairwell"),
    "noise": ("工地噪音", "半夜噪音大", "噪音吵得睡不着", "施工噪音扰民", "loud noise at night",
              "the noise keeps us awake", "drilling noise again"),
}  # fmt: skip
MATTERS = [Matter(name, f"a.{name}", says[0], says[4], says) for name, says in KINDS.items()]
UNSEEN = [
    Matter(m.id, m.leaf, m.zh, m.en, says)
    for m, says in zip(
        MATTERS,
        [
            ("门口路灯又灭", "no street lamp works"),
            ("老人被困电梯", "elevator broke down"),
            ("要回工资", "boss kept our wages"),
            ("狗咬了邻居", "dog on the loose"),
            ("厨房有煤气", "gas smell indoors"),
            ("楼上噪音", "noise all night"),
        ],
        strict=True,
    )
]
QUICK = Training(dimension=16, steps=150, batch=6, least=2)
BARELY = Training(dimension=16, steps=1, batch=6, least=2)


@pytest.fixture(scope="module")
def trained() -> Meaning:
    return train(MATTERS, NO_WORDS, QUICK)


def _same(one: Meaning, other: Meaning) -> bool:
    names = ("ids", "table", "scales", "centres")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_it_learns_what_belongs_together_in_both_languages(trained: Meaning) -> None:
    before, after = nearest_hits(train(MATTERS, NO_WORDS, BARELY), MATTERS), nearest_hits(trained, MATTERS)
    assert after["any"] > 0.95
    assert after["across"] > 0.95
    assert before["across"] < 0.6  # without training nothing joins the languages


def test_sayings_that_it_never_saw_are_nearest_to_their_kind(trained: Meaning) -> None:
    assert nearest_hits(trained, UNSEEN)["across"] > 0.8
    for matter in UNSEEN:
        for text in matter.says:
            shares = trained.leaf_shares(text)
            assert max(shares, key=lambda leaf: shares[leaf]) == matter.leaf, text


def test_the_same_seed_gives_the_same_table_and_another_another(trained: Meaning) -> None:
    assert _same(trained, train(MATTERS, NO_WORDS, QUICK))
    other = Training(dimension=16, steps=150, batch=6, least=2, seed=1)
    assert not np.array_equal(trained.table, train(MATTERS, NO_WORDS, other).table)


def test_a_table_is_well_formed(trained: Meaning) -> None:
    n = len(trained.ids)
    assert trained.table.shape == (n, 16)
    assert trained.scales.shape == (n,)
    assert (np.diff(trained.ids.astype(np.int64)) > 0).all()
    assert (np.abs(trained.table.astype(int)).max(axis=1) == 127).all()  # all 8 bits are used
    assert trained.kinds == tuple(Kind(m.id, m.leaf, m.zh, m.en) for m in MATTERS)
    assert np.allclose(np.linalg.norm(trained.centres, axis=1), 1, atol=1e-3)
    mean = trained.embed(MATTERS[2].says).mean(axis=0)
    assert np.allclose(trained.centres[2], mean / np.linalg.norm(mean), atol=1e-3)


def test_a_feature_that_stands_in_few_sayings_is_left_out() -> None:
    sizes = [len(train(MATTERS, NO_WORDS, Training(dimension=4, steps=1, least=n)).ids) for n in (1, 2, 4)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def slow_hits(meaning: Meaning, matters: list[Matter]) -> dict[str, float]:
    texts = [(m.id, say.isascii(), vector) for m in matters for say in m.says for vector in meaning.embed([say])]
    found: dict[str, list[bool]] = {"any": [], "across": []}
    for one in texts:
        others = [other for other in texts if other is not one]
        for name, among in (("any", others), ("across", [other for other in others if other[1] != one[1]])):
            found[name].append(max(among, key=lambda other: float(one[2] @ other[2]))[0] == one[0])
    return {name: sum(hits) / len(hits) for name, hits in found.items()}


def test_hits_equal_the_slow_version(trained: Meaning) -> None:
    assert nearest_hits(trained, UNSEEN) == pytest.approx(slow_hits(trained, UNSEEN))
    barely = train(MATTERS, NO_WORDS, BARELY)
    assert nearest_hits(barely, UNSEEN) == pytest.approx(slow_hits(barely, UNSEEN))


def test_the_written_file_is_the_trained_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def few() -> Iterable[Matter]:
        return MATTERS

    path = tmp_path / "meaning.npz"
    monkeypatch.setattr(training, "BUNDLED", path)
    monkeypatch.setattr(training, "read_matters", few)
    monkeypatch.setattr(training, "read_lexicon", lambda taxonomy: NO_WORDS)
    assert training.main([]) == 0
    assert "6 kinds" in capsys.readouterr().out
    written, direct = read_meaning(NO_WORDS, path), train(MATTERS, NO_WORDS)
    assert written.name == direct.name
    assert written.kinds == direct.kinds
    assert np.allclose(written.centres, direct.centres, atol=1e-3)
    assert np.allclose(written.embed(UNSEEN[0].says), direct.embed(UNSEEN[0].says))
