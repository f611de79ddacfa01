"""The fixed order measured: what worked in relevant cases, asked of the product."""

from dataclasses import replace
from typing import Any

import pytest

from assistant.goldorder import order_gain
from eval.dataset import gold
from eval.fixedorder import AT, PLACES, Variant, asked_of, main, measure

FEW = 12


@pytest.fixture(scope="module")
def asked(desk: Any) -> list[Any]:
    data = gold("dev")
    return asked_of(desk, replace(data, queries=[q for q in data.queries if q.relevant][:FEW]))


def test_only_questions_with_something_that_worked_are_asked(asked: list[Any]) -> None:
    assert 0 < len(asked) <= FEW
    assert all(max(one.worth.values()) > 0 for one in asked)


def test_a_measure_is_that_of_what_the_desk_composes(desk: Any, asked: list[Any]) -> None:
    found = measure(desk, asked, Variant(grouped=False, fading=False, bonus=desk.composer.support_bonus))
    rates = desk.statistics.rates(desk.copies.words.applied())
    for gains, places in zip(found, PLACES, strict=True):
        expected = []
        for one in asked:
            actions = desk.composer(one.situation, one.verdict, one.matches, rates).actions
            if actions:
                expected.append(order_gain([a.action_type for a in actions], one.worth, places=places))
        assert gains == expected
        assert all(0 <= gain <= 1 + 1e-9 for gain in gains)


def test_the_bonus_and_fading_change_the_order(desk: Any, asked: list[Any]) -> None:
    variants = [Variant(True, fading, bonus) for fading in (False, True) for bonus in (0.0, 0.6)]
    assert len({tuple(measure(desk, asked, variant)[1]) for variant in variants}) == len(variants)
    assert AT.tzinfo is not None


@pytest.mark.slow
def test_the_measurement_runs_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--half", "dev"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("gold/dev: ")
    assert said.count("| group | fading |") == 7
