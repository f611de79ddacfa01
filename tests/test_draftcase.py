"""From a closed matter to a case, and from later tasks into a draft that a curator has changed."""

import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Label, Reading, Recommendation, SeverityReading, Situation, Verdict
from assistant.draftcase import brought_up_to_date, draft_case, draft_id, is_closed, merged_outcome
from knowledge.case import Action, ActionResult, Case, CaseStatus, Outcome
from knowledge.places import read_places
from knowledge.privacy import mask_all
from knowledge.task import Step, Task, TaskState

DAY = datetime(2026, 11, 3, 8, tzinfo=UTC)
MATTER = "0123456789abcdef"
GAZETTEER = read_places()
MASK = partial(mask_all, gazetteer=GAZETTEER)


def answer(text: str = "凤台立交桥下积水半米，两辆车被困。", language: Any = "zh", **fields: object) -> Recommendation:
    read = {
        "text": text,
        "language": language,
        "category": Reading(value="flood.underpass", confidence=0.9),
        "district": Reading(value="wangjiang", confidence=0.9),
        "place": Reading(value="wangjiang.fengtai_interchange", confidence=0.9),
        "occurred_at": None,
        "severity": SeverityReading(level=3, reasons=(), danger_to_life=False),
    }
    return Recommendation(
        interaction_id=MATTER, asked_at=DAY, situation=Situation.model_validate(read | fields),
        verdict=Verdict.model_construct(label=Label.SIMILAR), matches=(), actions=(), cautions=(), contrast=None,
        unknowns=(), propensities=(), answer_markdown="", language=language, models={}, ms=1.0,
    )  # fmt: skip


def worked(task_id: int, state: str = "verified", outcome: Outcome | None = None, **fields: object) -> Any:
    """A task that was accepted after one hour, done after two, verified after three (times its number)."""
    ended = state in ("done", "verified")
    task = Task.model_validate(
        {"task_id": task_id, "matter": MATTER, "slot": 0, "title": "抽水", "instructions": f"架泵抽水{task_id}",
         "action_type": "pump", "department": "water", "state": state, "issued_by": "李强", "issued_at": DAY,
         "updated_at": DAY, "outcome": (outcome or Outcome(resolved=True, days=1)) if ended else None} | fields
    )  # fmt: skip
    hour = timedelta(hours=task_id)
    steps = [Step(number=1, kind="issue", by="李强", at=DAY), Step(number=2, kind="accept", by="王敏", at=DAY + hour)]
    if ended:
        steps.append(Step(number=3, kind="done", by="王敏", at=DAY + 2 * hour, outcome=task.outcome))
    if state == "verified":
        steps.append(Step(number=4, kind="verify", by="赵刚", at=DAY + 3 * hour, outcome=task.outcome))
        steps.append(Step(number=5, kind="note", by="赵刚", at=DAY + 99 * hour, text="已归档"))
    return task, steps


def made(*tasks: Any, asked: Recommendation | None = None) -> Case:
    return draft_case(asked or answer(), tasks, mask_all=MASK, gazetteer=GAZETTEER)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_when_a_matter_is_closed(count: int) -> None:
    for states in itertools.product(TaskState, repeat=count):
        tasks = [worked(i, state.value)[0] for i, state in enumerate(states, 1)]
        ended = set(states) <= {TaskState.VERIFIED, TaskState.CANCELLED}
        assert is_closed(tasks) == (ended and TaskState.VERIFIED in states)


def test_what_a_draft_holds() -> None:
    first = worked(1, outcome=Outcome(resolved=True, days=1, satisfaction=4, summary="水退了"), action_type="pump")
    second = worked(
        2, outcome=Outcome(resolved=False, days=2.5, satisfaction=3, summary="绕行太远"),
        action_type="close_off", department="police", instructions="封闭下穿通道",
    )  # fmt: skip
    case = made(first, worked(3, "cancelled"), second)
    assert case == Case(
        external_id="TASK-0123456789ab",
        title="凤台立交桥下积水半米，两辆车被困",
        situation="凤台立交桥下积水半米，两辆车被困。",
        category="flood.underpass",
        district="wangjiang",
        place="凤台立交桥",
        occurred_at=DAY,
        closed_at=DAY + timedelta(hours=6),
        severity=3,
        departments=("water", "police"),
        actions=(
            Action(
                text="架泵抽水1", action_type="pump", department="water", taken_at=DAY + timedelta(hours=1),
                result=ActionResult.WORKED, note="水退了",
            ),
            Action(
                text="封闭下穿通道", action_type="close_off", department="police", taken_at=DAY + timedelta(hours=2),
                result=ActionResult.FAILED, note="绕行太远",
            ),
        ),
        outcome=Outcome(resolved=False, days=2.5, satisfaction=3.5, summary="水退了\n绕行太远"),
        source="交办任务 1、2（推荐记录 0123456789abcdef）",
        language="zh",
        status=CaseStatus.DRAFT,
    )  # fmt: skip


def test_a_draft_in_english() -> None:
    asked = answer("Underpass flooded at Fengtai Interchange.\nTwo cars are stuck.", "en")
    case = made(worked(1), worked(2), asked=asked)
    assert case.title == "Underpass flooded at Fengtai Interchange."
    assert case.place == GAZETTEER.by_id["wangjiang.fengtai_interchange"].en
    assert case.source == "tasks 1, 2 (interaction 0123456789abcdef)"
    assert case.language == "en"


def test_what_is_not_known_stays_unknown() -> None:
    bare = answer(category=None, district=None, place=None)
    case = made(worked(1, outcome=Outcome(summary="等汛期再看")), asked=bare)
    assert (case.category, case.district, case.place) == (None, None, None)
    assert case.actions[0].result is ActionResult.UNKNOWN
    assert case.outcome == Outcome(summary="等汛期再看")
    assert made(worked(1), asked=answer(unclear=True)).category is None, "the nearest category is no category"
    assert made(worked(1), asked=answer(place=Reading(value="柳湖路", confidence=0.5))).place == "柳湖路"


def test_a_time_that_was_told_is_the_time() -> None:
    told = Reading(value="2026-11-02T20:00:00+08:00", confidence=0.9)
    assert made(worked(1), asked=answer(occurred_at=told)).occurred_at == datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_personal_data_are_masked_everywhere() -> None:
    asked = answer("我叫陈志远，电话13800001234，家住凤台路3栋2单元501室，桥下积水。")
    done = Outcome(resolved=True, summary="已电话13800001234回访陈志远")
    case = made(worked(1, outcome=done, instructions="联系陈志远（13800001234）后抽水"), asked=asked)
    for text in (*case.texts(), case.outcome.summary if case.outcome else ""):
        assert "13800001234" not in text
        assert "陈志远" not in text
        assert "501" not in text
    assert "桥下积水" in case.situation


def test_long_texts_are_kept_within_the_bounds_of_a_case() -> None:
    many = [worked(i, outcome=Outcome(resolved=True, summary=f"{i}" + "水" * 3_990)) for i in range(1, 7)]
    case = made(*many)
    assert case.outcome is not None
    assert len(case.outcome.summary or "") == 20_000
    tasks = [worked(i) for i in range(1, 400)]
    assert len(made(*tasks).source or "") <= 1_000


def test_drafts_of_one_matter_have_one_id() -> None:
    assert made(worked(1)).external_id == made(worked(1), worked(2)).external_id == draft_id(MATTER)


OUTCOMES = st.builds(
    Outcome,
    resolved=st.sampled_from([True, False, None]),
    days=st.one_of(st.none(), st.floats(0, 100)),
    satisfaction=st.one_of(st.none(), st.integers(1, 5).map(float)),
    recurred=st.sampled_from([True, False, None]),
    summary=st.one_of(st.none(), st.sampled_from(["水退了", "泵坏了"])),
)


@given(st.lists(OUTCOMES, min_size=1, max_size=6))
def test_merging_outcomes(outcomes: list[Outcome]) -> None:
    merged = merged_outcome(outcomes)
    resolved = [outcome.resolved for outcome in outcomes]
    assert (merged.resolved is True) == all(value is True for value in resolved)
    assert (merged.resolved is False) == (False in resolved)
    assert (merged.recurred is True) == any(outcome.recurred for outcome in outcomes)
    known = [outcome.days for outcome in outcomes if outcome.days is not None]
    assert merged.days == (max(known) if known else None)
    assert merged.satisfaction is None or 1 <= merged.satisfaction <= 5
    assert (merged.summary or "").split("\n") == list(dict.fromkeys(o.summary for o in outcomes if o.summary)) or [""]
    again = merged_outcome([merged])
    assert again == merged


# Later tasks


def test_later_tasks_come_into_an_untouched_draft() -> None:
    before, fresh = made(worked(1)), made(worked(1), worked(2))
    assert brought_up_to_date(before, before, fresh) == fresh


def test_nothing_new_changes_nothing() -> None:
    before = made(worked(1))
    amended = before.model_copy(update={"title": "望江区下穿通道积水", "lessons": "泵要在雨前到位", "actions": ()})
    assert brought_up_to_date(amended, before, before) == amended


def test_a_curators_hand_stays() -> None:
    before, fresh = made(worked(1)), made(worked(1), worked(2, outcome=Outcome(resolved=False, days=9)))
    assert before.outcome is not None
    own = Action(text="用移动泵车抽水", action_type="pump", result=ActionResult.WORKED)
    amended = before.model_copy(
        update={
            "title": "望江区下穿通道积水", "lessons": "泵要在雨前到位", "actions": (own,),
            "outcome": before.outcome.model_copy(update={"satisfaction": 5.0}),
        }
    )  # fmt: skip
    merged = brought_up_to_date(amended, before, fresh)
    assert (merged.title, merged.lessons) == ("望江区下穿通道积水", "泵要在雨前到位")
    assert merged.actions == (own, fresh.actions[1])
    assert merged.outcome == Outcome(resolved=False, days=9, satisfaction=5)
    assert merged.source == fresh.source
    assert brought_up_to_date(merged, fresh, fresh) == merged


@given(st.sets(st.sampled_from(["title", "severity", "district", "actions", "departments", "outcome", "lessons"])))
def test_every_field_a_curator_changed_is_kept(changed: set[str]) -> None:
    before, fresh = made(worked(1)), made(worked(1), worked(2, department="police"))
    other: dict[str, Any] = {
        "title": "别的", "severity": 1, "district": "yunshui", "actions": (), "departments": ("fire_rescue",),
        "outcome": Outcome(resolved=True, days=7), "lessons": "记住",
    }  # fmt: skip
    amended = before.model_copy(update={name: other[name] for name in changed})
    merged = brought_up_to_date(amended, before, fresh)
    for name in other:
        if name not in changed:
            assert getattr(merged, name) == getattr(fresh, name)
        elif name in ("actions", "departments"):
            assert getattr(merged, name)[: len(other[name])] == other[name]
            assert set(getattr(merged, name)) - set(other[name]) == set(getattr(fresh, name)) - set(
                getattr(before, name)
            )
        elif name == "outcome":
            assert merged.outcome is not None
            assert merged.outcome.days == 7
        else:
            assert getattr(merged, name) == other[name]
