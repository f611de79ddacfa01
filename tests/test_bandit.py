"""The check of the off-policy estimates: they find what a made log knows, and say what the log cannot tell."""

from pathlib import Path

import numpy as np
import pytest

from eval.bandit import FILES, Log, bandit_table, check_estimators, estimates, read_log
from knowledge.errors import BadInput, NotFound

REAL = Path(__file__).parent.parent.parent / "shared" / "data" / "bandit"
WORTH = np.array([[0.1, 0.3, 0.5], [0.2, 0.1, 0.4]])  # by place and thing
OTHER = np.array([[0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])


def made(chances: np.ndarray, many: int, seed: int) -> Log:
    rng = np.random.default_rng(seed)
    position = rng.integers(2, size=many)
    item = (rng.random((many, 1)) > chances.cumsum(axis=1)[position]).sum(axis=1)
    click = (rng.random(many) < WORTH[position, item]).astype(float)
    return Log(item, position, click, chances[position, item])


def write(folder: Path, name: str, log: Log) -> None:
    rows = zip(log.item, log.position + 1, log.click, log.propensity, strict=True)
    text = "item_id,position,click,propensity_score\n" + "".join(f"{i},{p},{int(c)},{q}\n" for i, p, c, q in rows)
    (folder / FILES[name]).write_text(text, encoding="utf-8")


def test_estimates_find_what_the_other_policy_earns() -> None:
    truth = float((OTHER * WORTH).sum(axis=1).mean())
    held: dict[str, list[bool]] = {}
    for seed in range(60):
        for way, estimate in estimates(made(np.full((2, 3), 1 / 3), 1_000, seed), OTHER).items():
            held.setdefault(way, []).append(estimate.low < truth < estimate.high)
            assert estimate.evaluable
    assert len(held) == 3
    assert all(np.mean(inside) >= 0.88 for inside in held.values())  # 95% wanted; of 60


def test_what_the_log_never_showed_is_told() -> None:
    log = made(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]]), 2_000, 2)
    for estimate in estimates(log, OTHER).values():
        assert estimate.unsupported == pytest.approx(0.45, abs=0.03)
        assert not estimate.evaluable


def test_two_logs_are_set_against_one_another(tmp_path: Path) -> None:
    write(tmp_path, "uniform", made(np.full((2, 3), 1 / 3), 3_000, 3))
    write(tmp_path, "thompson", made(OTHER, 3_000, 4))
    found = check_estimators(tmp_path)
    assert [(one["log"], one["of"]) for one in found] == [("uniform", "thompson"), ("thompson", "uniform")]
    assert all(told["agrees"] for one in found for told in one["estimates"].values())
    assert bandit_table(found).count("| yes |") == 6


def test_an_estimate_that_is_far_off_does_not_agree(tmp_path: Path) -> None:
    log = made(OTHER, 3_000, 4)
    write(tmp_path, "uniform", made(np.full((2, 3), 1 / 3), 3_000, 3))
    write(tmp_path, "thompson", Log(log.item, log.position, 1 - log.click, log.propensity))
    assert not any(told["agrees"] for one in check_estimators(tmp_path) for told in one["estimates"].values())


def test_missing_and_damaged_logs_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    with pytest.raises(NotFound, match="There is no log"):
        read_log(path)
    path.write_text("item_id,position,click\n1,1,0\n", encoding="utf-8")
    with pytest.raises(BadInput, match="propensity_score"):
        read_log(path)
    path.write_text("item_id,position,click,propensity_score\n1,1,0,much\n2,1,0,0.5\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no number"):
        read_log(path)
    path.write_text("item_id,position,click,propensity_score\n1,1,0,0\n2,1,0,0.5\n", encoding="utf-8")
    with pytest.raises(BadInput, match="above 0"):
        read_log(path)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real logs are not at {REAL}")
def test_the_estimates_agree_with_the_real_logs() -> None:
    found = check_estimators(REAL)
    assert [one["rows"] for one in found] == [10_000, 10_000]
    assert all(told["agrees"] and told["unsupported"] <= 0.02 for one in found for told in one["estimates"].values())
