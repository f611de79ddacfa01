"""The log of events and the shelf of models in SQL: the contracts of both, and what the product adds to them."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learning_contract import OFFERS, LogContract, ShelfContract, effect, moment, proposed, reacted
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from assistant.learning.events import Context, Effect, Event, Offer, Proposed, Reacted, Slate, Withdrawal
from assistant.learning.learner import fit
from assistant.learning.memory import MemoryLog
from assistant.learning.sqllog import SqlEventLog, SqlShelf, proposal_of, read_event, shown_of
from knowledge.action_counts import Counts
from knowledge.database import open_database
from knowledge.errors import BadInput, NotFound
from knowledge.interactions import Interactions, Proposal
from knowledge.learning_log import LearningLog, ProposalRow


class TestSqlEventLog(LogContract):
    @pytest.fixture
    def log(self, engine: Engine) -> SqlEventLog:
        return SqlEventLog(engine)


class TestSqlShelf(ShelfContract):
    @pytest.fixture
    def shelf(self, engine: Engine, tmp_path: Path) -> SqlShelf:
        return SqlShelf(engine, tmp_path / "policies")


@pytest.fixture
def log(engine: Engine) -> SqlEventLog:
    return SqlEventLog(engine)


def test_what_is_shown_can_be_read_by_plain_sql(log: SqlEventLog) -> None:
    log.append(proposed(1))
    (row,) = Interactions(log.engine).export()
    assert (row["mode"], row["champion"], row["challenger"], row["places"], row["number"]) == (
        "interleave", "base", "p0001-0a1b2c3d", 2, 1
    )  # fmt: skip
    assert row["context"] == vars(Context(3, False, "flood", "harbour", "spring", "water"))
    assert [offer["action_type"] for offer in row["offers"]] == [offer.action_type for offer in OFFERS]
    assert [(offer["place"], offer["score"], offer["challenger_score"]) for offer in row["offers"]] == [
        (2, 0.8, 0.1), (1, 0.7, 0.9), (0, 0.4, 0.25)
    ]  # fmt: skip
    shown = [(s["slot"], s["offer"], s["action_type"], s["team"], s["propensity"]) for s in row["shown"]]
    assert shown == [(0, 2, "close-road", "both", 1.0), (1, 1, "warn-residents", "challenger", 0.5)]


def test_the_texts_of_the_answer_go_with_their_offers() -> None:
    assert [one.text for one in shown_of(proposed(1), {0: "never seen", 2: "close it"})] == ["close it", ""]


def test_interactions_from_before_learning_are_not_learned_from(log: SqlEventLog) -> None:
    Interactions(log.engine).record(
        "old", asked_at=moment(0), actor="wang", question="?", language="zh", situation={}, filters={}, candidates=(),
        shown=shown_of(proposed(1)), versions={}, recommendation="{}",
    )  # fmt: skip
    assert log.append(replace(reacted(1, "a"), interaction_id="old"))
    assert log.append(replace(effect(1, "a", resolved=True), interaction_id="old"))
    assert list(log.events()) == []
    assert log.last() == 3
    assert not log.append(replace(proposed(1), interaction_id="old"))


@pytest.mark.parametrize(
    "slate",
    [
        Slate((0, 0), (), ()),
        Slate((0, 3), (), ()),
        Slate((-1,), (), ()),
        Slate((0,), ("both", "both"), ()),
        Slate((0,), (), (1.0, 1.0)),
        Slate((0,), (), (), scores=(1.0,)),
        Slate((0,), (), (), challenger_scores=()),
    ],
)
def test_a_slate_that_does_not_fit_its_offers_is_refused(log: SqlEventLog, slate: Slate) -> None:
    with pytest.raises(BadInput, match="does not fit its 3 offers"):
        log.append(proposed(1, slate=slate))
    assert log.last() == 0


def test_a_team_that_does_not_exist_leaves_nothing_behind(log: SqlEventLog) -> None:
    with pytest.raises(IntegrityError):
        log.append(proposed(1, slate=Slate((0, 1), ("both", "us"), (1.0, 1.0))))
    assert (log.last(), list(log.events())) == (0, [])
    assert log.append(proposed(1))


scores = st.floats(0, 1)
offers = st.builds(
    Offer, st.sampled_from(["pump", "warn", "疏散"]), scores, scores, scores, scores, st.text(max_size=5), st.booleans()
)
contexts = st.builds(
    Context, st.none() | st.integers(1, 4), st.booleans(), *[st.none() | st.text(min_size=1, max_size=8)] * 4
)


@st.composite
def proposals(draw: st.DrawFn) -> Proposed:
    found = draw(st.lists(offers, max_size=6))
    order = draw(st.permutations(range(len(found))).map(tuple))
    order = order[: draw(st.integers(0, len(order)))]
    placed = draw(st.integers(0, len(order)))
    whole = st.tuples(*[scores] * len(found))
    slate = Slate(
        order,
        draw(st.tuples(*[st.sampled_from(["champion", "challenger", "both"])] * placed)),
        draw(st.tuples(*[st.floats(0.01, 1)] * placed)),
        draw(st.sampled_from(["base", "p0001-0a1b2c3d"])),
        draw(st.sampled_from(["base", "champion", "interleave", "emergency"])),
        draw(st.none() | st.just("p0002-0a1b2c3d")),
        draw(whole | st.just(())),
        draw(st.none() | whole) if found else None,
    )
    return Proposed("i", moment(0), "wang", draw(contexts), tuple(found), slate, draw(st.integers(0, 2**53)), 8)


@given(proposals())
def test_a_proposal_comes_back_as_it_went(event: Proposed) -> None:
    kept = json.loads(json.dumps(vars(proposal_of(event))))
    assert read_event(ProposalRow(event.interaction_id, event.at, event.actor, Proposal(**kept))) == event


KINDS = st.sampled_from(["adopt", "edit", "reject", "withdraw"])
PEOPLE = st.sampled_from(["wang", "li", "zhao"])
SOURCES = st.sampled_from(["record", "official", "citizen"])
STEPS = st.one_of(
    st.tuples(st.just("ask"), PEOPLE, st.sampled_from(["flood", "power", None])),
    st.tuples(st.just("react"), PEOPLE, st.integers(0, 2), st.integers(0, 2), KINDS),
    st.tuples(st.just("effect"), PEOPLE, st.integers(0, 2), st.integers(0, 2), SOURCES, st.none() | st.booleans()),
    st.tuples(st.just("withdraw"), PEOPLE, st.integers(0, 30)),
)  # fmt: skip


def _events(steps: list[Any]) -> Iterator[Event]:
    """Steps as events a minute apart, some of them about what was never shown."""
    asked = 0
    for number, (what, actor, *rest) in enumerate(steps):
        if what == "ask":
            context = Context(category=rest[0])
            yield proposed(asked, actor, at=moment(number), context=context)
            asked += 1
        elif what == "react":
            about, slot, kind = rest
            yield replace(reacted(about, f"c{number}", slot, kind, actor), at=moment(number))
        elif what == "effect":
            about, slot, source, resolved = rest
            told = effect(about, f"c{number}", slot, actor, resolved=resolved)
            yield replace(told, at=moment(number), source=source)
        else:
            yield Withdrawal(actor, moment(rest[0]), "admin")


def _slowly_counted(events: Iterator[tuple[int, Event]]) -> dict[tuple[str | None, str], Counts]:
    """The obvious way: go through everything that counts, place by place."""
    found = [event for _, event in events]
    total: dict[tuple[str | None, str], list[int]] = {}
    for asked in (event for event in found if isinstance(event, Proposed)):
        about = [e for e in found if isinstance(e, Reacted | Effect) and e.interaction_id == asked.interaction_id]
        for slot, index in enumerate(asked.slate.order[: asked.shown]):
            newest = {e.actor: e.kind for e in about if isinstance(e, Reacted) and e.slot == slot}
            told = {e.source: e.resolved for e in about if isinstance(e, Effect) and e.slot == slot}
            said = [told[s] for s in ("record", "official", "citizen") if told.get(s) is not None]
            adopted = any(kind in ("adopt", "edit") for kind in newest.values())
            row = total.setdefault((asked.context.category, asked.offers[index].action_type), [0] * 5)
            row[0] += 1
            row[1] += any(kind != "withdraw" for kind in newest.values())
            row[2] += adopted
            row[3] += adopted and bool(said)
            row[4] += adopted and bool(said) and bool(said[0])
    return {key: Counts(*row) for key, row in total.items()}


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=25))
def test_the_log_in_sql_and_the_one_in_memory_hold_the_same(steps: list[Any]) -> None:
    steps = [("ask", "wang", "flood"), ("ask", "li", "power"), *steps]
    with TemporaryDirectory() as folder:
        engine = open_database(f"{folder}/base.sqlite")
        log, memory = SqlEventLog(engine), MemoryLog()
        for event in _events(steps):
            told: list[bool | None] = []
            for one in (memory, log):
                try:
                    told.append(one.append(event))
                except NotFound:
                    told.append(None)
            assert told[0] == told[1]
        assert list(log.events()) == list(memory.events())
        assert (log.last(), log.withdrawals()) == (memory.last(), memory.withdrawals())
        slow, counted = _slowly_counted(memory.events()), LearningLog(engine)
        for category in ("flood", "power", ""):
            for offer in OFFERS:
                expected = slow.get((category or None, offer.action_type), Counts())
                assert counted.counts(offer.action_type, category) == expected
                rows = counted.rows(counted.behind(offer.action_type, category))
                assert sum(row["event"] == "interaction" for row in rows) == expected.shown
                assert not any(row["withdrawn"] for row in rows)
        engine.dispose()


def lived(without: str | None = None) -> Iterator[Event]:
    """Two months of five people who mostly agree; `without` one of them, and all that others said of that one's."""
    source = random.Random(5)
    people = ("wang", "li", "zhao", "chen", "zhou")
    kinds: tuple[Literal["adopt", "edit", "reject"], ...] = ("adopt", "edit", "reject")
    for number in range(60):
        asker, other = source.choice(people), source.choice(people)
        bases = tuple(replace(offer, base=source.random(), rate=source.random()) for offer in OFFERS)
        order = tuple(source.sample(range(3), 3))
        slate = Slate(order, ("both",) * 3, (1.0,) * 3)
        about: list[Event] = [
            proposed(number, asker, at=moment(1440 * number), offers=bases, slate=slate, shown=3, seed=number)
        ]
        for slot, person in ((0, asker), (1, other), (2, other)):
            kind = source.choices(kinds, (3, 1, 2))[0]
            choice = reacted(number, f"{person}-{slot}", slot, kind, person)
            about.append(replace(choice, at=moment(1440 * number + slot + 1)))
        told = effect(number, f"{other}-e", source.randrange(3), other, resolved=source.random() < 0.6)
        about.append(replace(told, at=moment(1440 * number + 90)))
        if asker != without:
            yield from (event for event in about if not isinstance(event, Withdrawal) and event.actor != without)


def fitted(log: SqlEventLog) -> bytes:
    return fit((event for _, event in log.events()), at=moment(1440 * 61)).text().encode()


def test_replay_from_empty_gives_the_same_model_byte_for_byte(tmp_path: Path) -> None:
    first, again = (SqlEventLog(open_database(str(tmp_path / name))) for name in ("a.sqlite", "b.sqlite"))
    for event in lived():
        assert first.append(event)
    for _, event in first.events():
        assert again.append(event)
    assert fitted(first) == fitted(again) == fit(lived(), at=moment(1440 * 61)).text().encode()
    for log in (first, again):
        log.engine.dispose()


def test_after_a_withdrawal_the_model_is_as_if_the_person_had_never_been(tmp_path: Path) -> None:
    log, never = (SqlEventLog(open_database(str(tmp_path / name))) for name in ("a.sqlite", "b.sqlite"))
    for event in lived():
        log.append(event)
    for event in lived(without="li"):
        never.append(event)
    before = fitted(log)
    assert log.append(Withdrawal("li", moment(1440 * 61), "admin"))
    assert fitted(log) == fitted(never) != before
    assert [event for _, event in log.events()] == [event for _, event in never.events()]
    for one in OFFERS:
        counted, expected = (LearningLog(e.engine).counts(one.action_type, "flood") for e in (log, never))
        assert counted == expected
    for each in (log, never):
        each.engine.dispose()


def test_many_at_once_get_numbers_without_gaps_and_a_reader_misses_nothing(log: SqlEventLog) -> None:
    read: list[tuple[int, Event]] = []

    def write(number: int) -> None:
        log.append(proposed(number))
        log.append(reacted(number, "a"))
        log.append(reacted(number, "a"))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, number) for number in range(20)]
        while not all(one.done() for one in running):
            read += log.events(read[-1][0] if read else 0)
        for one in running:
            one.result()
    read += log.events(read[-1][0] if read else 0)
    assert [number for number, _ in read] == list(range(1, 41))
    assert read == list(log.events())
    assert LearningLog(log.engine).counts("close-road", "flood") == Counts(20, 20, 20, 0, 0)


def test_reading_goes_on_beyond_one_piece(log: SqlEventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.learning_log.CHUNK", 3)
    for number in range(4):
        log.append(proposed(number))
        log.append(reacted(number, "a"))
    assert [number for number, _ in log.events(1)] == [2, 3, 4, 5, 6, 7, 8]


def test_models_lie_beside_the_database_as_files(engine: Engine, tmp_path: Path) -> None:
    shelf = SqlShelf(engine, tmp_path / "policies")
    kept = shelf.put('{"weights": {"积水": 1}}', watermark=3, at=moment(0))
    assert (tmp_path / "policies" / f"{kept.version}.json").read_text(encoding="utf-8") == kept.text
    assert SqlShelf(engine).get(kept.version) == kept
