"""Learning in a data folder: one log, one shelf, and gold questions that are asked where they lie there."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.asking import SHOWN
from assistant.learning.events import Proposed
from assistant.learning.policy import BASE, FIXED, Policy
from assistant.learnwiring import GOLD, UNASKED
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Case

HEAD = replace(FIXED, slopes=(-1.0, 0.0, 0.0, 0.0), counted=1)
BACKWARDS = Policy(HEAD, HEAD)


@pytest.fixture
def city(tmp_path: Path, demo_cases: tuple[Case, ...]) -> Iterator[Workplace]:
    workplace = open_workplace(tmp_path / "city")
    workplace.records.write(list(demo_cases))
    yield workplace
    workplace.engine.dispose()


def _gold(workplace: Workplace, champion: Policy, challenger: Policy) -> float | None:
    check = workplace.learning.gold_check
    return check(champion, challenger)


def test_the_desk_and_the_workplace_share_one_log(city: Workplace) -> None:
    learning, desk = city.learning, city.desk
    assert desk.journal is learning.journal
    assert desk.advisor is learning.advisor
    assert city.interactions is desk.interactions
    answer = desk.ask("凤台立交桥下积水半米，两辆车被困")
    (kept,) = [event for _, event in learning.events.events()]
    assert isinstance(kept, Proposed)
    assert kept.interaction_id == answer.interaction_id


def test_as_many_places_are_ordered_as_are_shown(city: Workplace) -> None:
    context, offers = city.desk.offers("工地拖欠农民工工资，八十多人讨薪")
    slate = city.desk.arranging.slate(context, offers, 1)
    assert len(slate.teams) == len(slate.propensities) == SHOWN == city.desk.arranging.limit


def test_without_gold_questions_that_condition_is_not_measured(city: Workplace) -> None:
    assert _gold(city, BASE, BACKWARDS) is None


def test_gold_questions_in_the_data_folder_judge_the_order(city: Workplace) -> None:
    rows = [
        {
            "text": "北环那个桥洞子一下雨又开始积水，车还一辆接一辆往里冲",
            "relevant": {"YZ-2024-F020": 3, "YZ-2025-F029": 3},
        },
        {"text": "工地拖欠农民工工资，八十多人讨薪", "relevant": {}},
    ]
    (city.home / GOLD).write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert _gold(city, BASE, BASE) == 0
    worse = _gold(city, BASE, BACKWARDS)
    assert worse is not None
    assert -1 <= worse < -0.01


@pytest.mark.parametrize("text", ["{", '{"text": "x", "relevant": ["nobody"]}'])
def test_gold_questions_that_cannot_be_asked_let_nothing_pass(
    city: Workplace, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (city.home / GOLD).write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert _gold(city, BASE, BASE) == UNASKED
    assert "nothing is promoted" in caplog.text


def test_models_lie_as_readable_files_in_the_data_folder(city: Workplace) -> None:
    kept = city.learning.shelf.put(BACKWARDS.text(), watermark=0, at=city.desk.clock())
    (found,) = (city.home / "policies").iterdir()
    assert found.read_text(encoding="utf-8") == kept.text
    assert found.stem == kept.version
