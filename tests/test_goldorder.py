"""Gold questions as a judge of orders: what worked in relevant cases belongs first, whatever people chose."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.goldorder import GoldOrder, order_gain, read_gold, values
from assistant.learning.events import Context, Offer
from assistant.learning.policy import BASE, FIXED, Policy
from knowledge.case import Action, ActionResult, Case
from knowledge.errors import BadInput

HEAD = replace(FIXED, slopes=(-1.0, 0.0, 0.0, 0.0), counted=1)
BACKWARDS = Policy(HEAD, HEAD)
WORKED, FAILED, UNKNOWN = ActionResult.WORKED, ActionResult.FAILED, ActionResult.UNKNOWN


def _case(*actions: tuple[str, ActionResult]) -> Case:
    return Case(situation="积水", actions=tuple(Action(text="x", action_type=k, result=r) for k, r in actions))


CASES = {
    "a": _case(("pump", WORKED), ("talk", FAILED), ("patrol", UNKNOWN)),
    "b": _case(("pump", WORKED), ("talk", WORKED)),
}
OFFERS = (Offer("pump", base=0.8), Offer("talk", base=0.4), Offer("patrol", base=0.2))


class Base:
    """A case base that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.change = 1

    def offering(self, text: str) -> tuple[Context, tuple[Offer, ...]]:
        self.asked.append(text)
        return Context(), OFFERS

    def gold(self, path: Path) -> GoldOrder:
        return GoldOrder(path, self.offering, lambda: CASES, lambda: self.change)


def _write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def test_what_worked_in_relevant_cases_is_worth_something() -> None:
    assert values({"a": 3}, CASES) == {"pump": pytest.approx(0.6), "talk": 0.0}
    both = values({"a": 1, "b": 3}, CASES)
    assert both["pump"] > both["talk"] > 0
    assert values({"nobody": 3}, CASES) == {}
    assert values({"a": 1}, CASES)["pump"] < values({"a": 3}, CASES)["pump"]


WORTH = st.dictionaries(st.sampled_from("abcdefghij"), st.floats(0.01, 1), min_size=1)


@given(WORTH, st.permutations("abcdefghijkl"))
def test_a_gain_lies_in_0_to_1_and_equals_the_slow_version(worth: Mapping[str, float], order: list[str]) -> None:
    found = sum(worth.get(kind, 0) / math.log2(place) for place, kind in enumerate(order[:8], 2))
    best = sum(one / math.log2(place) for place, one in enumerate(sorted(worth.values())[::-1][:8], 2))
    assert order_gain(order, worth) == pytest.approx(found / best)
    assert 0 <= order_gain(order, worth) <= 1 + 1e-12
    assert order_gain(sorted(worth, key=lambda kind: -worth[kind]), worth) == pytest.approx(1)


def test_a_worse_order_is_found_out_and_the_same_one_is_not(tmp_path: Path) -> None:
    gold = Base().gold(_write(tmp_path / "gold.jsonl", {"text": "桥下积水", "relevant": {"a": 3}}))
    assert gold(BASE, BASE) == 0.0
    assert gold(BASE, BACKWARDS) == pytest.approx(1 / math.log2(4) - 1)
    assert gold(BACKWARDS, BASE) == -gold(BASE, BACKWARDS)


def test_questions_are_asked_once_until_the_case_base_changes(tmp_path: Path) -> None:
    base = Base()
    rows = [
        {"text": "桥下积水", "relevant": ["b"]},
        {"text": "外星人", "relevant": {}, "new": True},
        {"text": "别处", "relevant": {"x-1": 2}},
    ]
    gold = base.gold(_write(tmp_path / "gold.jsonl", *rows))
    for _ in range(3):
        gold(BASE, BACKWARDS)
    assert base.asked == ["桥下积水"]
    base.change = 2
    gold(BASE, BACKWARDS)
    assert base.asked == ["桥下积水"] * 2


@pytest.mark.parametrize("rows", [[], [{"text": "x", "relevant": {}}], [{"text": "x", "relevant": ["nobody"]}]])
def test_a_file_without_questions_that_can_be_asked_is_named(tmp_path: Path, rows: list[object]) -> None:
    gold = Base().gold(_write(tmp_path / "gold.jsonl", *rows))
    with pytest.raises(BadInput, match=r"gold\.jsonl holds no question"):
        gold(BASE, BASE)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"relevant": {"a": 3}}', '{"text": "x", "relevant": {"a": 4}}', '{"text": 3}']
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"text": "x", "relevant": {}}\n\n' + line, encoding="utf-8")
    with pytest.raises(BadInput, match=r"gold\.jsonl, line 3"):
        read_gold(path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "gold.jsonl", tmp_path / "none.jsonl"):
        with pytest.raises(BadInput, match="cannot be read"):
            read_gold(path)


def test_the_gold_files_of_the_measurements_can_be_read() -> None:
    for path in (Path(__file__).parent.parent / "eval" / "gold").glob("*.jsonl"):
        assert len(read_gold(path)) >= 30
