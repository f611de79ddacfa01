"""Conversations are their owner's, on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from knowledge.conversations import Conversations, NumberTaken
from knowledge.errors import NotFound


@pytest.fixture
def log(engine: Engine) -> Conversations:
    return Conversations(engine)


def append(
    log: Conversations, conversation_id: str, owner: str, number: int, interaction_id: str | None = None
) -> None:
    log.append(
        conversation_id,
        owner,
        turn_id=f"{conversation_id[:20]}-{number}",
        number=number,
        interaction_id=interaction_id,
        record=f'{{"number": {number}}}',
    )


def test_turns_come_in_order(log: Conversations) -> None:
    mine = log.start("owner-a", "积水")
    assert log.turns(mine, "owner-a") == []
    for number in (2, 1, 3):
        append(log, mine, "owner-a", number)
    assert log.turns(mine, "owner-a") == ['{"number": 1}', '{"number": 2}', '{"number": 3}']


def test_another_owner_is_told_what_a_stranger_is_told(log: Conversations) -> None:
    mine = log.start("owner-a", "积水")
    append(log, mine, "owner-a", 1)
    told = set()
    for conversation_id, owner in ((mine, "owner-b"), (mine, ""), (mine, "OWNER-A"), ("no-such", "owner-b")):
        for use in (
            lambda c=conversation_id, o=owner: log.turns(c, o),
            lambda c=conversation_id, o=owner: log.check(c, o),
            lambda c=conversation_id, o=owner: append(log, c, o, 2),
        ):
            with pytest.raises(NotFound) as caught:
                use()
            told.add(str(caught.value))
    assert told == {"this conversation does not exist or is not yours; choose one from your history"}
    assert len(log.turns(mine, "owner-a")) == 1


def test_heads_are_the_owners_newest_first(log: Conversations) -> None:
    mine = [log.start("owner-a", f"第{i}次") for i in range(4)]
    theirs = log.start("owner-b", "别人的")
    append(log, mine[1], "owner-a", 1)
    append(log, mine[1], "owner-a", 2)
    heads = log.heads("owner-a", 10)
    assert [h.conversation_id for h in heads] == mine[::-1]
    assert [h.turns for h in heads] == [0, 0, 2, 0]
    assert [h.title for h in heads] == ["第3次", "第2次", "第1次", "第0次"]
    assert all(h.started_at.tzinfo for h in heads)
    assert [h.conversation_id for h in log.heads("owner-a", 2)] == mine[:1:-1]
    assert [h.conversation_id for h in log.heads("owner-b", 10)] == [theirs]
    assert log.heads("owner-c", 10) == []


def test_a_long_title_is_cut(log: Conversations) -> None:
    log.start("owner-a", "积" * 1_000)
    assert log.heads("owner-a", 1)[0].title == "积" * 200


def test_two_turns_never_have_one_number(log: Conversations) -> None:
    mine = log.start("owner-a", "积水")
    append(log, mine, "owner-a", 1)
    with pytest.raises(NumberTaken, match="another window"):
        log.append(mine, "owner-a", turn_id="other", number=1, interaction_id=None, record="{}")
    assert len(log.turns(mine, "owner-a")) == 1


def test_a_turn_cannot_name_an_interaction_that_was_never_logged(log: Conversations) -> None:
    mine = log.start("owner-a", "积水")
    with pytest.raises(IntegrityError):
        append(log, mine, "owner-a", 1, interaction_id="i-9")
    assert log.turns(mine, "owner-a") == []


def test_ids_cannot_be_guessed(log: Conversations) -> None:
    ids = [log.start("owner-a", "积水") for _ in range(20)]
    assert len(set(ids)) == 20
    assert {len(i) for i in ids} == {32}
