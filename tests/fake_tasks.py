"""The real task desk over a data folder of its own, with the hand-written assistant in place of the one that answers:
what it is asked is logged, so that its actions can become tasks. And its pages, with a browser before them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fake_desk import FakeDesk
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from assistant.drafting import Drafting
from assistant.learning.events import Effect
from assistant.opentasks import OpenTasks
from assistant.taskdesk import TaskDesk
from knowledge.case import Outcome
from knowledge.database import open_database
from knowledge.interactions import Interactions, Shown
from knowledge.matter_drafts import MatterDrafts
from knowledge.privacy import mask_all
from knowledge.records import SqlRecords
from knowledge.task import Person, Task
from knowledge.tasks import Tasks
from ui.api import add_api
from ui.person import PERSON_COOKIE, keep
from ui.task_pages import add_task_pages

ISSUER = Person(name="王敏", department="emergency")
HOLDER = Person(name="李强", department="water")
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that tests turn."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class TaskPlace:
    """A task desk with what it stands on; `near` is what every draft is found to be like."""

    engine: Engine
    desk: FakeDesk = field(default_factory=FakeDesk)
    clock: Clock = field(default_factory=Clock)
    effects: list[Effect] = field(default_factory=list)
    near: list[tuple[int, str, float]] = field(default_factory=list)
    tasks: TaskDesk = field(init=False)

    def __post_init__(self) -> None:
        store = Tasks(self.engine)

        def alike(text: str) -> Sequence[tuple[int, str, float]]:
            return tuple(self.near)

        drafting = Drafting(
            tasks=store, records=SqlRecords(self.engine), made=MatterDrafts(self.engine),
            answers=self.desk.recommendation, mask_all=mask_all, gazetteer=self.desk.gazetteer, alike=alike,
        )  # fmt: skip
        self.tasks = TaskDesk(
            store=store, drafting=drafting, like=OpenTasks(store, self.desk.taxonomy, self.desk.gazetteer),
            taxonomy=self.desk.taxonomy, answers=self.desk.recommendation, 
            understand=lambda text: self.desk.match(text)[0],
            on_effect=self.effects.append, clock=self.clock,
        )  # fmt: skip

    def ask(self, text: str = "凤台立交桥下积水约半米，两辆车被困") -> str:
        """Asks and logs; gives the interaction's id."""
        answer = self.desk.ask(text)
        Interactions(self.engine).record(
            answer.interaction_id, asked_at=self.clock(), actor=ISSUER.name, question=text, language=answer.language,
            situation=answer.situation.model_dump(mode="json"), filters={}, candidates=[],
            shown=[Shown(a.action_type, a.text, 1.0) for a in answer.actions], versions=answer.models,
            recommendation=answer.model_dump_json(),
        )  # fmt: skip
        return answer.interaction_id

    def issue(self, matter: str | None = None, **fields: object) -> Task:
        """Hands the first action of a question to the water bureau, unless `fields` say otherwise."""
        given: dict[str, object] = {
            "slot": 0, "department": "water", "instructions": "架两台泵车，抽排桥下积水", "client_id": "c-1",
            "due": self.clock() + timedelta(hours=4),
        }  # fmt: skip
        return self.tasks.issue(matter or self.ask(), ISSUER, **(given | fields))  # type: ignore[arg-type]

    def draft(self) -> int:
        """A matter that was settled; gives the id of its draft."""
        task = self.issue()
        self.tasks.step(task.task_id, "accept", HOLDER)
        ended = Outcome(resolved=True, days=0.5, satisfaction=4, summary="两小时排干，车辆拖离")
        self.tasks.step(task.task_id, "done", HOLDER, outcome=ended)
        self.tasks.step(task.task_id, "verify", ISSUER)
        return self.tasks.drafts()[0].stored.case_id


@cache
def _empty_base() -> bytes:
    """An empty database of the newest schema, which takes a moment to make."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "base.sqlite"
        open_database(str(path)).dispose()
        return path.read_bytes()


def open_task_place(home: Path) -> TaskPlace:
    (home / "precedent.sqlite").write_bytes(_empty_base())
    return TaskPlace(open_database(str(home / "precedent.sqlite")))


def pages_of(place: TaskPlace) -> FastAPI:
    """The pages of tasks alone, without the chat, which takes seconds to build."""
    app = FastAPI()
    add_api(app, place.desk)
    add_task_pages(app, place.desk, place.tasks, demo=True)
    return app


def browser_of(app: FastAPI, person: Person | None) -> TestClient:
    """A browser that knows who sits before it, and prefers Chinese."""
    headers = {"origin": "http://testserver", "accept-language": "zh"}
    client = TestClient(app, headers=headers, raise_server_exceptions=False)
    if person is not None:
        answer = Response()
        keep(answer, person)
        client.cookies.set(PERSON_COOKIE, answer.headers["set-cookie"].split(";")[0].partition("=")[2])
    return client
