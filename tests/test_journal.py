"""The journal: everything is written once, and who learns from it is told of what is new."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.answer import Reaction, Recommendation
from assistant.journal import Journal
from assistant.learning.events import Effect
from assistant.wiring import open_workplace
from knowledge.case import Case
from knowledge.errors import Fault, NotFound

Asked = tuple[Journal, Recommendation, list[int]]
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)


@pytest.fixture
def asked(tmp_path: Path, small_cases: tuple[Case, ...]) -> Iterator[Asked]:
    """A journal that counts what came in, and an answer in it."""
    workplace = open_workplace(tmp_path / "own")
    workplace.records.write(list(small_cases))
    came_in: list[int] = []
    journal = replace(workplace.desk.journal, came_in=lambda: came_in.append(1))
    answer = replace(workplace.desk, journal=journal).ask("凤台立交桥下积水半米，两辆车被困")
    yield journal, answer, came_in
    workplace.engine.dispose()


def test_only_what_is_new_is_told(asked: Asked) -> None:
    journal, answer, came_in = asked
    common: dict[str, Any] = {"interaction_id": answer.interaction_id, "actor": "a", "at": AT}
    adopt = Reaction(client_id="1", kind="adopt", action=0, **common)
    effect = Effect(common["interaction_id"], "1", 0, AT, "official", "a", resolved=True)
    steps: list[tuple[Callable[[], bool], bool]] = [
        (lambda: journal.react(adopt), True),
        (lambda: journal.react(adopt), False),
        (lambda: journal.effect(effect), True),
        (lambda: journal.effect(effect), False),
        (lambda: journal.react(Reaction(client_id="2", kind="helpful", **common)), True),
    ]
    for step, new in steps:
        before = len(came_in)
        assert step() is new
        assert len(came_in) == before + new
    with pytest.raises(NotFound):
        journal.react(adopt.model_copy(update={"client_id": "3", "action": 50}))
    with pytest.raises(NotFound):
        journal.effect(replace(effect, client_id="3", slot=50))
    assert len(came_in) == 3


def test_the_departments_and_texts_of_choices_are_kept(asked: Asked) -> None:
    journal, answer, _ = asked
    edit = Reaction(
        interaction_id=answer.interaction_id, client_id="1", kind="edit", action=0, text="改成两台泵车", actor="a",
        department="water", at=AT,
    )  # fmt: skip
    journal.react(edit)
    assert journal.reactions(edit.interaction_id) == [edit]
    assert journal.recommendation(edit.interaction_id) == answer


def test_a_journal_without_a_log_of_effects_says_so(asked: Asked) -> None:
    journal, answer, _ = asked
    plain = Journal(journal.interactions)
    with pytest.raises(Fault, match="effects are not kept here"):
        plain.effect(Effect(answer.interaction_id, "1", 0, AT, "official", "a"))
