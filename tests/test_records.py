"""The contract of Records, run on SQLite and, where one is installed, on a PostgreSQL server."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow import filters, is_wanted, random_case
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError

from knowledge import tables as t
from knowledge.case import Action, Case, CaseStatus, Outcome
from knowledge.database import writing
from knowledge.errors import BadInput, NotFound
from knowledge.filter import Wanted
from knowledge.records import SqlRecords, Written

KEPT = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def records(engine: Engine) -> SqlRecords:
    return SqlRecords(engine)


def test_an_empty_case_base(records: SqlRecords) -> None:
    assert records.count(None) == 0
    assert records.last_change() == 0
    assert records.changes(0, 10) == []
    assert records.select(Wanted()) == []
    assert list(records.all()) == []
    assert records.get([1, 2]) == {}
    assert records.columns([]) == {}
    assert records.find("s-1") is None
    assert records.write([]) == Written()


def test_what_is_written_is_read(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    assert records.write(small_cases) == Written(added=6)
    stored = list(records.all())
    assert [s.case for s in stored] == list(small_cases)
    assert [s.version for s in stored] == [1] * 6
    assert len({s.case_id for s in stored}) == 6
    assert records.get([s.case_id for s in stored]) == {s.case_id: s for s in stored}
    for one in stored:
        assert records.find(one.case.external_id or "") == one
        assert one.updated_at.tzinfo is UTC
        assert abs((datetime.now(UTC) - one.updated_at).total_seconds()) < 60


def test_the_demo_city_is_read_as_it_was_written(records: SqlRecords, demo_cases: tuple[Case, ...]) -> None:
    records.write(demo_cases)
    assert [s.case for s in records.all()] == list(demo_cases)
    assert {s.case.external_id: s.case.superseded_by for s in records.all() if s.case.superseded_by} == {
        c.external_id: c.superseded_by for c in demo_cases if c.superseded_by
    }


def test_writing_twice_changes_nothing(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases)
    before, change = list(records.all()), records.last_change()
    assert records.write(small_cases) == Written(skipped=6)
    assert (list(records.all()), records.last_change()) == (before, change)


def test_a_new_content_is_a_new_version(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases)
    first = small_cases[0]
    second = first.model_copy(update={"lessons": "泵车提前一天到位。", "actions": first.actions[:1], "outcome": None})
    third = second.model_copy(update={"departments": ("water",), "severity": 2})
    assert records.write([second]) == records.write([third]) == Written(updated=1)
    stored = records.find("s-1")
    assert stored is not None
    assert (stored.case, stored.version) == (third, 3)
    assert records.versions(stored.case_id) == [first, second, third]
    assert records.count(None) == 6
    assert stored.change == records.last_change()


def test_the_parts_of_an_old_version_leave_the_tables(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases)
    records.write([Case(external_id="s-1", situation="积水已退。")])
    stored = records.find("s-1")
    assert stored is not None
    with records.engine.connect() as connection:
        for table in (t.actions, t.outcomes, t.case_departments):
            query = select(func.count()).select_from(table).where(table.c.case_id == stored.case_id)
            assert connection.execute(query).scalar_one() == 0


def test_tables_hold_the_parts_in_order(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases[:1])
    with records.engine.connect() as connection:
        actions = connection.execute(select(t.actions).order_by(t.actions.c.position)).mappings().all()
        departments = connection.execute(
            select(t.case_departments.c.department).order_by(t.case_departments.c.position)
        )
        assert [(a["text"], a["result"], a["note"]) for a in actions] == [
            (a.text, a.result.value, a.note) for a in small_cases[0].actions
        ]
        assert list(departments.scalars()) == ["water", "police"]
        assert connection.execute(select(t.outcomes.c.days)).scalar_one() == 1.5


def test_a_case_twice_in_one_write(records: SqlRecords) -> None:
    one, two = Case(external_id="a", situation="停电"), Case(external_id="a", situation="来电")
    assert records.write([one, two, two, one]) == Written(added=1, updated=2, skipped=1)
    stored = records.find("a")
    assert stored is not None
    assert (stored.case, stored.version) == (one, 3)


def test_what_somebody_else_has_changed_is_not_overwritten(records: SqlRecords) -> None:
    first = Case(external_id="A", situation="桥下积水")
    records.write([first], seen=0)
    records.write([first.model_copy(update={"situation": "桥下积水半米"})], seen=1)
    with pytest.raises(BadInput, match="A was changed meanwhile"):
        records.write([first.model_copy(update={"situation": "桥下无事"})], seen=1)
    with pytest.raises(BadInput, match="changed meanwhile"):
        records.write([Case(external_id="B", situation="停电"), first], seen=0)
    assert records.find("B") is None
    found = records.find("A")
    assert found is not None
    assert (found.version, found.case.situation) == (2, "桥下积水半米")


def test_cases_without_an_external_id_are_always_new(records: SqlRecords) -> None:
    case = Case(situation="停电")
    assert records.write([case, case]) == Written(added=2)
    assert records.write([case]) == Written(added=1)
    assert records.count() == 3


def test_status(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases)
    assert records.count() == 4
    assert [records.count(status) for status in CaseStatus] == [1, 4, 1]
    assert records.count(None) == 6
    records.write([small_cases[0].model_copy(update={"status": CaseStatus.RETIRED})])
    assert records.count() == 3
    retired = records.find("s-1")
    assert retired is not None
    assert retired.case.status is CaseStatus.RETIRED
    assert retired.case_id not in records.select(Wanted())
    assert records.get([retired.case_id]) == {retired.case_id: retired}


def test_columns_are_those_of_the_case(records: SqlRecords, demo_cases: tuple[Case, ...]) -> None:
    records.write(demo_cases)
    stored = list(records.all())
    columns = records.columns([s.case_id for s in stored] + [999_999])
    assert set(columns) == {s.case_id for s in stored}
    for s in stored:
        found = columns[s.case_id]
        assert (found.case_id, found.kind) == (s.case_id, s.case.kind.value)
        for name in ("external_id", "category", "district", "place", "occurred_at", "severity"):
            assert getattr(found, name) == getattr(s.case, name)


def test_change_numbers_rise_strictly(records: SqlRecords) -> None:
    source = random.Random(1)
    seen: dict[str, int] = {}
    highest = 0
    for _ in range(30):
        batch = [random_case(source, f"c-{source.randint(0, 20)}") for _ in range(source.randint(1, 6))]
        records.write(batch)
        changed = records.changes(highest, 1000)
        assert [s.change for s in changed] == sorted({s.change for s in changed})
        assert all(s.change > highest for s in changed)
        for s in changed:
            assert s.change > seen.get(s.case.external_id or "", 0)
            seen[s.case.external_id or ""] = s.change
        highest = max([highest, *seen.values()])
        assert records.last_change() >= highest
    assert sorted(seen.values()) == [s.change for s in records.all()]


def test_changes_come_in_pages_that_lose_nothing(records: SqlRecords) -> None:
    source = random.Random(2)
    records.write([random_case(source, f"c-{i}") for i in range(25)])
    records.write([random_case(source, f"c-{i}") for i in range(0, 25, 3)])
    since, pages = 0, []
    while page := records.changes(since, 4):
        assert len(page) <= 4
        pages += page
        since = page[-1].change
    assert pages == records.changes(0, 1000) == list(records.all())
    assert since == records.last_change()


def test_ids_are_never_given_again(records: SqlRecords) -> None:
    records.write([Case(external_id="a", situation="停电"), Case(external_id="b", situation="停水")])
    last = records.find("b")
    assert last is not None
    with writing(records.engine) as connection:
        for table in (t.case_versions, t.cases):
            connection.execute(table.delete().where(table.c.case_id == last.case_id))
    records.write([Case(external_id="c", situation="积水")])
    fresh = records.find("c")
    assert fresh is not None
    assert fresh.case_id > last.case_id
    assert fresh.change > last.change


def test_a_case_that_does_not_exist_has_no_versions(records: SqlRecords) -> None:
    with pytest.raises(NotFound, match="there is no case 7"):
        records.versions(7)


def test_a_write_that_fails_leaves_nothing(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases[:2])
    before, change = list(records.all()), records.last_change()
    broken = small_cases[2].model_copy(update={"severity": 9})  # past the checks of the record, not of the schema
    with pytest.raises(IntegrityError):
        records.write([small_cases[3], broken, small_cases[4]])
    assert (list(records.all()), records.last_change()) == (before, change)


def test_many_ids_at_once(records: SqlRecords) -> None:
    records.write([Case(external_id=f"c-{i}", situation=f"停电{i}") for i in range(1_201)])
    ids = records.select(Wanted())
    assert ids == sorted(ids)
    assert len(records.get(ids)) == len(records.columns(ids)) == 1_201
    assert records.write([Case(external_id=f"c-{i}", situation=f"停电{i}") for i in range(1_201)]).skipped == 1_201


def test_every_character_survives(records: SqlRecords) -> None:
    odd = "积水😀 'quoted' \"double\" % _ \\ \u3000<b>; DROP TABLE cases; -- 𠮷"
    case = Case(external_id=odd, situation=odd, departments=(odd,), district=odd, category=odd,
                actions=(Action(text=odd),), outcome=Outcome(summary=odd))  # fmt: skip
    records.write([case])
    stored = records.find(odd)
    assert stored is not None
    assert stored.case == case
    assert records.select(Wanted(districts=(odd,), categories=(odd,), departments=(odd,))) == [stored.case_id]


@pytest.fixture
def mixed(records: SqlRecords) -> SqlRecords:
    source = random.Random(3)
    records.write([random_case(source, f"c-{i}") for i in range(150)])
    return records


@KEPT
@given(wanted=filters())
def test_filters_equal_the_slow_version(mixed: SqlRecords, wanted: Wanted) -> None:
    expected = [s.case_id for s in mixed.all() if is_wanted(s.case, wanted)]
    assert mixed.select(wanted) == sorted(expected)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_sequence_of_writes_ends_in_the_last_content(records: SqlRecords, data: st.DataObject) -> None:
    prefix = uuid4().hex  # each example has cases of its own in the one database
    ids, words = st.sampled_from([f"{prefix}-{i}" for i in range(4)]), st.sampled_from(["停电", "停水", "积水"])
    edits = data.draw(st.lists(st.lists(st.tuples(ids, words), max_size=4), max_size=5))
    told: dict[str, list[str]] = {}
    for edit in edits:
        records.write([Case(external_id=i, situation=w) for i, w in edit])
        for i, w in edit:
            if told.setdefault(i, [])[-1:] != [w]:
                told[i].append(w)
    for i, history in told.items():
        stored = records.find(i)
        assert stored is not None
        assert (stored.case.situation, stored.version) == (history[-1], len(history))
        assert [c.situation for c in records.versions(stored.case_id)] == history


def test_writers_at_once_wait_for_each_other(records: SqlRecords) -> None:
    ready = threading.Barrier(4)

    def write(worker: int) -> Written:
        ready.wait()
        done = Written()
        for i in range(5):
            shared = Case(external_id=f"shared-{i}", situation=f"停电{i}")
            done += records.write([shared, Case(external_id=f"{worker}-{i}", situation="停水")])
        return done

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(write, range(4)), Written())
    assert total == Written(added=25, skipped=15)
    stored = list(records.all())
    assert len(stored) == 25
    assert [s.change for s in stored] == list(range(1, 26))


def test_a_reader_sees_one_state_while_another_writes(records: SqlRecords) -> None:
    records.write([Case(external_id="a", situation="停电")])
    changes = records.all()
    assert next(changes).case.external_id == "a"
    records.write([Case(external_id="b", situation="停水")])
    assert records.count() == 2


def test_no_two_cases_may_have_one_change_number(records: SqlRecords, small_cases: tuple[Case, ...]) -> None:
    records.write(small_cases)
    with pytest.raises(IntegrityError), writing(records.engine) as connection:
        connection.execute(text("UPDATE cases SET change = 1"))
