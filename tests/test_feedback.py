"""The evaluation from end to end on tiny lives: figures, tables, picture, the command, and worlds of other people."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.events import Proposed, Reacted
from eval.feedback import WORLDS, main, plan_for
from eval.feedbackreport import EARLY, STRETCH, Lives, figures, picture, tables, worst_stretch
from eval.feedbackrun import Plan, Promotion, Run, gated, ungated
from eval.feedbackspeed import city_events, measure_speed, speed_table
from eval.worlds import DRIFT_AT, World

SHORT = Plan(interactions=60, marks=(30, 60), fresh=12)


class Foreign:
    """A world of somebody else: two measures, the second of which is always the right one; no people, no ids."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def situations(self) -> Any:
        while True:
            yield {"severity": 4}

    def candidates(self, s: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"name": "sandbags", "score": 0.6}, {"name": "pump", "score": 0.5}]

    def react(self, s: dict[str, Any], slate: Any) -> list[tuple[int, str]]:
        return [(place, "adopt" if index == 1 else "reject") for place, index in enumerate(slate.order)]

    def outcome(self, s: dict[str, Any], action: dict[str, Any]) -> bool:
        return action["name"] == "pump"

    def value(self, s: dict[str, Any], order: tuple[int, ...]) -> float:
        return 1.0 if order[0] == 1 else 0.63


# Lives


def test_a_life_is_the_same_by_seed() -> None:
    assert ungated(World(3), 3, SHORT) == ungated(World(3), 3, SHORT)
    assert gated(World(3), 3, SHORT) == gated(World(3), 3, SHORT)


def test_nothing_is_shown_otherwise_before_something_is_learned() -> None:
    run = ungated(World(1), 1, SHORT)
    assert run.shown[:20] == (0.0,) * 20
    assert any(run.shown[30:])
    assert set(run.gains) == {30, 60}


def test_the_gated_loop_starts_with_the_fixed_ranker_and_never_draws_in_an_emergency() -> None:
    run = gated(World(2, "clean"), 2, Plan(interactions=220, marks=(220,), fresh=12))
    assert run.interleaved > 0
    assert run.randomised == 0
    assert run.shown[:40] == (0.0,) * 40


def test_a_foreign_world_is_learned() -> None:
    run = ungated(Foreign(), 0, SHORT)
    assert run.gains[60] == pytest.approx(0.37)
    assert run.pushed == {}


def test_pushed_actions_are_counted_where_there_is_a_group() -> None:
    run = ungated(World(0, "poisoned"), 0, SHORT)
    assert set(run.pushed) == {30, 60}
    assert all(0 <= share <= 1 for pair in run.pushed.values() for share in pair)


# Figures


@given(st.lists(st.floats(-1, 1), min_size=0, max_size=260))
def test_the_worst_stretch_is_found(shown: list[float]) -> None:
    first = shown[:EARLY]
    slow = [sum(first[at : at + STRETCH]) / STRETCH for at in range(len(first) - STRETCH + 1)]
    expected = min(slow) if slow else sum(first) / len(first) if first else 0.0
    assert worst_stretch(shown) == pytest.approx(expected, abs=1e-9)


def made(seed: int, gain: float, **more: Any) -> Run:
    return Run(seed, {100: gain, 1_000: 2 * gain}, {100: 0.64, 1_000: 0.64}, (gain,) * 1_000, **more)


def test_figures_are_means_over_seeds_with_intervals() -> None:
    runs = (made(0, 0.1), made(1, 0.2, promotions=(Promotion(900, 0.1),)), made(2, 0.3, randomised=2))
    late = made(3, 0.2, promotions=(Promotion(1_001, -0.1), Promotion(2_000, 0.1)))
    found = figures(Lives("clean", ungated=runs, gated=(*runs, late)))
    mean, low, high = found["ungated"]["gain"][100]
    assert mean == pytest.approx(0.2)
    assert 0.1 <= low < mean < high <= 0.3
    assert found["ungated"]["worst_seed"] == pytest.approx(0.1)
    gate = found["gated"]
    assert gate["promoted"] == 0.25
    assert (gate["promotions"], gate["promotions_without_gain"], gate["randomised_emergencies"]) == (3, 1, 2)
    assert gate["first_promotion"] == 950.5
    assert gate["late"][0] == pytest.approx(0.2)
    assert json.loads(json.dumps(found))["gated"]["seeds"] == 4


def test_tables_say_the_figures() -> None:
    lives = [
        Lives("clean", ungated=(made(0, 0.123), made(1, 0.123)), gated=(made(0, -0.02),)),
        Lives("poisoned", ungated=(made(0, 0.1, pushed={100: (0.05, 0.01)}),)),
        Lives("drift", ungated=(made(0, 0.1),), drift_at=DRIFT_AT),
    ]
    text = tables(lives)
    assert "| clean | 2 | 0.640 | +.123 [+.123, +.123] | +.246 [+.246, +.246] | +.123 / +.123 |" in text
    assert "| poisoned | 100 | 5.0% | 1.0% |" in text
    assert "−.020 [−.020, −.020]" in text
    assert "truth changes at 1,500" in text


def test_the_picture_is_a_drawing_with_a_panel_for_each_world() -> None:
    lives = [Lives("clean", ungated=(made(0, 0.1),), gated=(made(0, 0.05),)), Lives("mine & <yours>")]
    drawing = ElementTree.fromstring(picture(lives))
    said = ["".join(one.itertext()) for one in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"clean", "mine & <yours>", "0"} <= set(said)
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}polyline"))) == 2


def test_a_drift_is_measured_a_thousand_interactions_after_it() -> None:
    assert {DRIFT_AT, DRIFT_AT + 1_000, 3_000} <= set(plan_for("apart-drift", Plan()).marks)
    assert plan_for("clean", Plan(interactions=500)).marks == (100, 300, 500)


# The command


def test_the_command_measures_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--world", "test_feedback:Foreign", "--seeds", "2", "--interactions", "40", "--fresh", "5"]
    asked += ["--gated", "--gated-interactions", "30", "--processes", "1", "--to", str(tmp_path / "out")]
    assert main(asked) == 0
    told = capsys.readouterr()
    assert told.out.count("test_feedback:Foreign") == 2
    assert "[4/4" in told.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"feedback.md", "feedback.json", "feedback.svg"}
    assert json.loads((tmp_path / "out" / "feedback.json").read_text(encoding="utf-8"))[0]["ungated"]["seeds"] == 2


def test_the_command_runs_in_processes(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--only", "sparse", "--seeds", "2", "--interactions", "12", "--fresh", "3", "--processes", "2", "--json"]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)[0]["world"] == "sparse"


def test_stopped_it_prints_what_is_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lives = 0

    class Interrupted(Foreign):
        def __init__(self) -> None:
            nonlocal lives
            lives += 1
            if lives > 1:
                raise KeyboardInterrupt
            super().__init__()

    monkeypatch.setitem(WORLDS, "clean", Interrupted)
    asked = ["--only", "clean", "--seeds", "3", "--interactions", "12", "--fresh", "3", "--processes", "1"]
    assert main(asked) == 130
    told = capsys.readouterr()
    assert "Stopped after 1 of 3 lives" in told.err
    assert "| clean | 1 |" in told.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "nowhere"], "is no world"),
        (["--world", "nowhere"], "module:Class"),
        (["--world", "eval.worlds:Nothing"], "cannot be found"),
        (["--world", "eval.worlds:KINDS"], "cannot be called"),
        (["--world", "json:JSONDecoder", "--seeds", "1", "--processes", "1"], "has no method situations"),
        (["--estimators", "nowhere"], "There is no log"),
    ],
)
def test_bad_input_is_named(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(arguments)
    assert code in (1, 2)
    assert says in capsys.readouterr().err


# Speed


def test_events_for_the_clock_are_those_of_a_log() -> None:
    events = city_events(300, moments=20)
    assert len(events) >= 300
    shown = {event.interaction_id for event in events if isinstance(event, Proposed)}
    assert all(event.interaction_id in shown for event in events)
    assert len({event.client_id for event in events if isinstance(event, Reacted)}) == sum(
        isinstance(event, Reacted) for event in events
    )


def test_the_speed_table_says_what_held() -> None:
    row = {"what": "rank", "runs": 2, "median_ms": 1.5, "slow_ms": 3.0, "processor_ms": 1.2, "limit_ms": 2.0}
    assert "| rank | 2 | 1.50 | 3.00 | 1.20 | 2 | yes |" in speed_table([{**row, "held": True}])


@pytest.mark.slow
def test_recording_ranking_and_fitting_keep_their_limits() -> None:
    rows = measure_speed(events=20_000, written=300, ranked=100)
    assert [row["what"] for row in rows if row["processor_ms"] >= row["limit_ms"]] == []
    assert len(rows) == 5
