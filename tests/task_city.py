"""A small city for tests of tasks: a real workplace with seven cases, its task desk, a clock that is set by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.answer import Recommendation
from assistant.learning.events import Effect
from assistant.taskdesk import TaskDesk
from assistant.taskwiring import open_task_desk
from assistant.wiring import Workplace, open_workplace
from knowledge.case import Action, ActionResult, Case, CaseStatus, Outcome
from knowledge.task import OPEN, Person, Task

QUESTION = "凤台立交桥下积水半米，两辆车被困，我叫陈志远，电话13800001234"
LI, WANG, ZHAO = (
    Person(name="李强", department="emergency"),
    Person(name="王敏", department="water"),
    Person(name="赵刚", department="police"),
)
TUNNEL = Case(
    external_id="t-1",
    title="滨江路下穿隧道积水",
    situation="暴雨后滨江路下穿隧道积水四十厘米，一辆公交车熄火。",
    category="flood.underpass",
    district="wangjiang",
    occurred_at=datetime(2025, 7, 1, tzinfo=UTC),
    actions=(
        Action(text="调龙吸水泵车抽水。", action_type="pump", department="water", result=ActionResult.WORKED),
        Action(text="拖走熄火车辆。", action_type="tow", department="traffic_police", result=ActionResult.WORKED),
    ),
    outcome=Outcome(resolved=True, days=1),
)
GOOD = Outcome(resolved=True, satisfaction=4, summary="水退了，一小时后通车")


class City:
    """A workplace with six small cases, its task desk, a clock that is set by hand, and what the learner was told."""

    def __init__(self, home: Path, cases: tuple[Case, ...]) -> None:
        self.workplace: Workplace = open_workplace(home)
        self.workplace.records.write((*cases, TUNNEL))
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.effects: list[Effect] = []
        self.tasks: TaskDesk = replace(
            open_task_desk(
                self.workplace.engine, lambda: self.workplace.desk,
                taxonomy=self.workplace.taxonomy, gazetteer=self.workplace.gazetteer,
            ),
            on_effect=self.told,
            clock=lambda: self.now,
        )  # fmt: skip

    def told(self, effect: Effect) -> None:
        """What the learner is told goes into the real log, and into `effects` where it is new."""
        if self.workplace.desk.effect(effect):
            self.effects.append(effect)

    def ask(self, question: str = QUESTION) -> Recommendation:
        return self.workplace.desk.ask(question)

    def issue(self, answer: Recommendation, **fields: Any) -> Task:
        given = {"slot": 0, "department": "water", "instructions": "架泵抽水", "client_id": uuid4().hex}
        return self.tasks.issue(answer.interaction_id, LI, **given | fields)  # type: ignore[arg-type]

    def verified(self, answer: Recommendation, outcome: Outcome = GOOD, **fields: Any) -> Task:
        task = self.issue(answer, **fields)
        self.tasks.step(task.task_id, "done", WANG, outcome=outcome)
        return self.tasks.step(task.task_id, "verify", ZHAO)

    def clear(self) -> None:
        """Leaves nothing of an earlier test open, waiting or among the cases that answer."""
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.effects.clear()
        for stored in list(self.workplace.records.all()):
            if (stored.case.external_id or "").startswith("TASK-"):
                self.workplace.records.write([stored.case.model_copy(update={"status": CaseStatus.RETIRED})])
        for task in self.tasks.board(LI, limit=1_000).issued:
            if task.state in OPEN:
                self.tasks.step(task.task_id, "cancel", LI)
