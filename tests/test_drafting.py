"""Drafts over a real desk: made from closed matters, changed and decided on by curators, found in the next answer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from task_city import GOOD, LI, WANG, ZHAO, City

from knowledge.case import Action, ActionResult, Case, CaseStatus, Outcome
from knowledge.errors import BadInput, NotFound
from knowledge.task import Task, TaskState


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, small_cases: tuple[Case, ...]) -> Iterator[City]:
    city = City(tmp_path_factory.mktemp("tasks") / "city", small_cases)
    yield city
    city.workplace.engine.dispose()


@pytest.fixture
def city(opened: City) -> City:
    """The city is shared, since it takes seconds to open; every test begins with nothing open."""
    opened.clear()
    return opened


def test_a_closed_matter_becomes_a_draft(city: City) -> None:
    answer = city.ask()
    first, second = city.issue(answer), city.issue(answer, slot=1, instructions="联系陈志远（13800001234）挪车")
    city.tasks.step(first.task_id, "done", WANG, outcome=GOOD)
    city.tasks.step(first.task_id, "verify", ZHAO)
    assert city.tasks.drafts() == (), "one task is still open"
    city.tasks.step(second.task_id, "cancel", LI)
    (draft,) = city.tasks.drafts()
    case = draft.stored.case
    assert (case.status, case.external_id) == (CaseStatus.DRAFT, f"TASK-{answer.interaction_id[:12]}")
    assert (case.category, case.district, case.place) == ("flood.underpass", "wangjiang", "凤台立交桥")
    assert [(action.text, action.result) for action in case.actions] == [("架泵抽水", ActionResult.WORKED)]
    assert [task.state for task in draft.tasks] == [TaskState.VERIFIED, TaskState.CANCELLED]
    assert draft.alike == ()
    assert city.tasks.waiting_drafts() == 1
    for text in (*case.texts(), draft.question):
        assert "13800001234" not in text
        assert "陈志远" not in text
    assert "两辆车被困" in draft.question
    near = city.tasks.draft(draft.stored.case_id).alike
    assert near[0][1] == "凤台立交桥下积水", "the case that says nearly the same"
    assert all(0.5 <= score <= 1 for _, _, score in near)


def test_a_matter_where_nothing_was_verified_is_no_case(city: City) -> None:
    task = city.issue(city.ask())
    city.tasks.step(task.task_id, "cancel", LI)
    assert city.tasks.drafts() == ()


def test_one_draft_for_a_matter(city: City) -> None:
    answer = city.ask()
    city.verified(answer)
    (before,) = city.tasks.drafts()
    city.verified(answer, Outcome(resolved=False, summary="绕行太远"), slot=1, instructions="封路")
    (after,) = city.tasks.drafts()
    assert after.stored.case_id == before.stored.case_id
    assert after.stored.version == before.stored.version + 1
    assert [action.text for action in after.stored.case.actions] == ["架泵抽水", "封路"]
    assert after.stored.case.outcome is not None
    assert after.stored.case.outcome.resolved is False
    city.tasks.step(after.tasks[0].task_id, "note", LI, text="已归档")
    assert city.tasks.drafting.settle(answer.interaction_id, city.now) == after.stored, "nothing new, no new version"


def test_a_curators_changes_survive_later_tasks(city: City) -> None:
    answer = city.ask()
    city.verified(answer)
    (draft,) = city.tasks.drafts()
    case = draft.stored.case.model_copy(update={"title": "下穿通道积水", "lessons": "泵要在雨前到位", "source": "我"})
    amended = city.tasks.amend(draft.stored.case_id, case, LI, version=1)
    assert (amended.stored.version, amended.stored.case.source) == (2, draft.stored.case.source)
    city.verified(answer, slot=1, instructions="封路")
    (after,) = city.tasks.drafts()
    assert (after.stored.case.title, after.stored.case.lessons) == ("下穿通道积水", "泵要在雨前到位")
    assert [action.text for action in after.stored.case.actions] == ["架泵抽水", "封路"]


def test_nothing_of_a_draft_is_overwritten(city: City) -> None:
    city.verified(city.ask())
    (draft,) = city.tasks.drafts()
    case_id, case = draft.stored.case_id, draft.stored.case
    city.tasks.amend(case_id, case.model_copy(update={"title": "甲"}), LI, version=1)
    for again in (
        lambda: city.tasks.amend(case_id, case.model_copy(update={"title": "乙"}), WANG, version=1),
        lambda: city.tasks.approve(case_id, WANG, version=1),
    ):
        with pytest.raises(BadInput, match=r"draft \d+ was changed meanwhile \(version 2, not 1\); open it again"):
            again()
    assert city.tasks.draft(case_id).stored.case.title == "甲"
    assert [step.kind for step in city.tasks.drafting.steps(case_id)] == ["amended"]


def test_two_curators_at_once(city: City) -> None:
    city.verified(city.ask())
    (draft,) = city.tasks.drafts()
    start = threading.Barrier(4)

    def amend(title: str) -> bool:
        start.wait()
        try:
            city.tasks.amend(
                draft.stored.case_id, draft.stored.case.model_copy(update={"title": title}), LI, version=1
            )  # fmt: skip
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(amend, "甲乙丙丁")) == [False, False, False, True]
    assert city.tasks.draft(draft.stored.case_id).stored.version == 2


def test_tasks_verified_at_the_same_moment_make_one_draft(city: City) -> None:
    answer = city.ask()
    tasks = [city.issue(answer, slot=slot, instructions=f"第{slot}步") for slot in (0, 1, 0, 1)]
    for task in tasks:
        city.tasks.step(task.task_id, "done", WANG, outcome=GOOD)
    start = threading.Barrier(4)

    def verify(task: Task) -> None:
        start.wait()
        city.tasks.step(task.task_id, "verify", ZHAO)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(verify, tasks))
    (draft,) = city.tasks.drafts()
    assert [action.text for action in draft.stored.case.actions] == ["第0步", "第1步", "第0步", "第1步"]
    assert city.tasks.store.unsettled() == ()


def test_an_approved_draft_is_in_the_next_answer(city: City) -> None:
    answer = city.ask()
    city.verified(answer, instructions="调两台移动泵车抽水，并派人值守")
    (draft,) = city.tasks.drafts()
    other = "暴雨，凤台立交桥底下水深五十公分，有车熄火困在里面"
    assert draft.stored.case_id not in {match.case_id for match in city.ask(other).matches}, "a draft answers nothing"
    approved = city.tasks.approve(draft.stored.case_id, ZHAO, version=draft.stored.version)
    assert approved.case.status is CaseStatus.APPROVED
    after = city.ask(other)
    match = next(match for match in after.matches if match.case_id == draft.stored.case_id)
    assert match.case.outcome is not None
    assert match.case.outcome.satisfaction == 4
    action = next(a for a in after.actions if a.action_type == answer.actions[0].action_type)
    assert draft.stored.case_id in {evidence.case_id for evidence in action.evidence}
    assert action.track_record.worked > answer.actions[0].track_record.worked
    assert city.tasks.drafts() == ()
    with pytest.raises(NotFound, match="is approved and no draft any more"):
        city.tasks.draft(draft.stored.case_id)
    with pytest.raises(NotFound, match="no draft any more"):
        city.tasks.approve(draft.stored.case_id, ZHAO, version=approved.version)
    steps = city.tasks.drafting.steps(draft.stored.case_id)
    assert [(s.kind, s.by, s.version) for s in steps] == [("approved", "赵刚", approved.version)]


def test_an_approved_case_is_not_changed_by_later_tasks(city: City) -> None:
    answer = city.ask()
    city.verified(answer)
    (draft,) = city.tasks.drafts()
    approved = city.tasks.approve(draft.stored.case_id, ZHAO, version=1)
    city.verified(answer, slot=1)
    assert city.tasks.drafts() == ()
    assert city.workplace.records.get([approved.case_id])[approved.case_id] == approved


def test_a_dismissed_draft_stays_away(city: City) -> None:
    answer = city.ask()
    city.verified(answer)
    (draft,) = city.tasks.drafts()
    with pytest.raises(BadInput, match="dismissed with a reason"):
        city.tasks.dismiss(draft.stored.case_id, LI, "  ")
    city.tasks.dismiss(draft.stored.case_id, LI, "演练，不是真事")
    city.verified(answer, slot=1)
    assert city.tasks.drafts() == ()
    assert city.workplace.records.get([draft.stored.case_id])[draft.stored.case_id].case.status is CaseStatus.RETIRED
    assert [step.reason for step in city.tasks.drafting.steps(draft.stored.case_id)] == ["演练，不是真事"]


@pytest.mark.parametrize("external_id", ["s-1", "s-5"])
def test_what_was_not_made_from_tasks_is_no_draft_here(city: City, external_id: str) -> None:
    stored = city.workplace.records.find(external_id)
    assert stored is not None
    with pytest.raises(NotFound, match="there is no draft"):
        city.tasks.draft(stored.case_id)
    with pytest.raises(NotFound, match="there is no draft 999"):
        city.tasks.draft(999)


def test_an_action_of_a_case_names_its_evidence(city: City) -> None:
    city.verified(city.ask(), Outcome(resolved=False, summary="泵坏了"))
    (draft,) = city.tasks.drafts()
    assert draft.stored.case.actions[0] == Action(
        text="架泵抽水",
        action_type=draft.tasks[0].action_type,
        department="water",
        taken_at=city.now,
        result=ActionResult.FAILED,
        note="泵坏了",
    )
