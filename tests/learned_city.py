"""A data folder in which something was learned: officials of eight departments who know what works, which the fixed
order does not; what they chose and how it turned out, through the product's own door and log. It ends as soon as a new
order waits for approval."""

import random
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from fake_desk import FakeDesk
from fastapi import FastAPI

from assistant.asking import SHOWN
from assistant.learning.advisor import Advisor, AdvisorSettings
from assistant.learning.events import Context, Effect, Offer, Proposed, Reacted
from assistant.learning.insight import Insight
from assistant.learning.sqllog import SqlEventLog, SqlShelf
from assistant.wiring import Workplace, open_workplace
from knowledge.database import open_database
from ui.api import add_api
from ui.hotline_pages import Pages
from ui.learning_api import create_learning_router, door_of
from ui.learning_pages import add_learning_pages
from ui.person_pages import add_person_pages

START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
PEOPLE = ("王敏", "李强", "张伟", "刘洋", "陈静", "杨帆", "赵磊", "黄丽")
DEPARTMENTS = ("emergency", "water", "housing", "police", "health", "market", "transport", "planning")
DISTRICTS = ("yunshui", "wangjiang", "beiping")
TYPES = {  # the chance that it works, and what the fixed order gives it
    "pump_drain": (0.9, 0.30), "repair": (0.8, 0.35), "inspect": (0.5, 0.45), "talk": (0.2, 0.55),
    "educate": (0.1, 0.60), "shelter": (0.6, 0.40),
}  # fmt: skip


@dataclass
class City:
    """Lives on, interaction by interaction."""

    log: SqlEventLog
    advisor: Advisor
    number: int = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(hours=self.number)

    def live(self) -> None:
        """One question with its slate, what its person chose, and how that turned out."""
        self.number += 1
        chance = random.Random(self.number)
        person = self.number % len(PEOPLE)
        danger = self.number % 12 == 0
        context = Context(
            severity=3 + self.number % 2, danger=danger, category="flood", district=DISTRICTS[self.number % 3],
            season="autumn", department=DEPARTMENTS[person],
        )  # fmt: skip
        offers = tuple(
            Offer(name, min(1.0, max(0.0, base + chance.uniform(-0.05, 0.05))), 0.5, 0.5, 0.0, "control")
            for name, (_, base) in TYPES.items()
        )
        seed = 7_000 + self.number
        slate = self.advisor.propose(context, offers, random.Random(seed))
        name = f"{self.number:032x}"
        self.log.append(Proposed(name, self.now, PEOPLE[person], context, offers, slate, seed, len(slate.teams)))
        for slot, index in enumerate(slate.order[:5]):
            works = TYPES[offers[index].action_type][0]
            if chance.random() < 0.3:
                continue
            at = self.now + timedelta(minutes=slot + 1)
            kind: Literal["adopt", "reject"] = "adopt" if chance.random() < works else "reject"
            self.log.append(Reacted(name, f"{name}-{slot}", slot, kind, PEOPLE[person], at, DEPARTMENTS[person]))
            if kind == "adopt" and chance.random() < 0.7:
                worked = chance.random() < works
                told = Effect(name, f"{name}-{slot}-e", slot, at, "record", "system of record", resolved=worked)
                self.log.append(told)


@cache
def _ready() -> bytes:
    """The database of the city when a new order waits for approval; made once for all tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "precedent.sqlite"
        engine = open_database(str(path))
        log = SqlEventLog(engine)
        city = City(log, Advisor(log, SqlShelf(engine), AdvisorSettings(places=SHOWN), clock=lambda: city.now))
        while city.number < 600:
            city.live()
            if city.number % 20 == 0:
                city.advisor.learn()
                if city.advisor.state().standing.ready:
                    break
        else:
            raise AssertionError("no new order was ready in time")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        engine.dispose()
        return path.read_bytes()


def learned_city(home: Path) -> Workplace:
    """The city in a data folder of its own, with an order that waits for approval."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "precedent.sqlite").write_bytes(_ready())
    return open_workplace(home)


def insight_of(workplace: Workplace) -> Insight:
    """Who looks at what was learned."""
    learning = workplace.learning
    return Insight(learning.advisor, learning.events, learning.shelf)


def pages_of(workplace: Workplace) -> FastAPI:
    """The pages of what was learned, with the API, without the chat, which takes seconds to build."""
    app, desk, door = FastAPI(), FakeDesk(), door_of(workplace.learning)
    add_api(app, desk)
    add_person_pages(app, Pages(desk, demo=True, here="/learning"))
    app.include_router(create_learning_router(door))
    add_learning_pages(app, desk, door, demo=True)
    return app
