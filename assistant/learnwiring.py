"""From a data folder to the parts of the desk that order actions, keep what people chose, and learn from it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from assistant.asking import SHOWN, Arranging
from assistant.desk import Desk
from assistant.goldorder import GoldOrder
from assistant.journal import Journal
from assistant.learning.advisor import Advisor, AdvisorSettings, GoldCheck
from assistant.learning.background import Background
from assistant.learning.policy import Policy
from assistant.learning.sqllog import SqlEventLog, SqlShelf
from knowledge.case import Case, CaseStatus
from knowledge.errors import BadInput
from knowledge.interactions import Interactions
from knowledge.learning_log import LearningLog
from knowledge.taxonomy import Taxonomy
from prompts import Phrases

__all__ = ["GOLD", "Learning", "open_learning"]

logger = logging.getLogger(__name__)

GOLD = "gold.jsonl"  # in the data folder: questions with the cases that people judged relevant to them
UNASKED = -1.0  # the worst figure: questions that are there and cannot be asked let nothing pass


@dataclass(frozen=True)
class Learning:
    """What the desk needs of learning, and what a page or a command asks of it: the door, the log in its one order and
    the shelf of models. `background` lets the door learn after every choice and outcome."""

    arranging: Arranging
    journal: Journal
    advisor: Advisor
    gold_check: GoldCheck
    events: SqlEventLog
    shelf: SqlShelf
    log: LearningLog
    background: Background


def open_learning(
    home: Path, engine: Engine, desk: Callable[[], Desk], *, taxonomy: Taxonomy, phrases: Phrases
) -> Learning:
    """The parts over one database. Models are also kept as readable files in the folder `policies`. The gate asks the
    questions of gold.jsonl where that file lies in the data folder; otherwise that condition is not measured. A file
    that cannot be used lets nothing pass."""
    events, shelf, log = SqlEventLog(engine), SqlShelf(engine, home / "policies"), LearningLog(engine)
    gold_check = _gold_check(home / GOLD, desk)
    advisor = Advisor(events, shelf, AdvisorSettings(places=SHOWN), gold_check=gold_check)
    background = Background(advisor.learn)
    return Learning(
        arranging=Arranging(taxonomy, phrases, advisor, log.counts_of),
        journal=Journal(Interactions(engine), events.append, background.tick),
        advisor=advisor,
        gold_check=gold_check,
        events=events,
        shelf=shelf,
        log=log,
        background=background,
    )


def _gold_check(path: Path, desk: Callable[[], Desk]) -> GoldCheck:
    gold = GoldOrder(
        path,
        offering=lambda text: desk().offers(text),
        cases=lambda: _approved(desk()),
        change=lambda: desk().copies.records.last_change(),
    )

    def check(champion: Policy, challenger: Policy) -> float | None:
        if not path.is_file():
            return None
        try:
            return gold(champion, challenger)
        except BadInput as error:
            logger.warning("nothing is promoted until the gold questions can be asked: %s", error)
            return UNASKED

    return check


def _approved(desk: Desk) -> dict[str, Case]:
    """The cases that may be shown, by external id."""
    stored = (s.case for s in desk.copies.records.all())
    return {c.external_id: c for c in stored if c.external_id and c.status is CaseStatus.APPROVED}
