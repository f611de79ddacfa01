from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from assistant.callstatistics import call_statistics
from knowledge.call import CallState
from knowledge.call_log import CallFacts

ZONE = timezone(timedelta(hours=8))
DAY = datetime(2026, 11, 3, 17, tzinfo=UTC)  # one o'clock the next day in the city


def facts(**fields: object) -> CallFacts:
    values: dict[str, object] = {
        "call_id": 1, "state": CallState.READY, "received_at": DAY, "category": None, "district": None,
        "urgent": False, "waiting_s": None, "handling_s": None, "by_machine": True, "by_person": False,
    }  # fmt: skip
    return CallFacts(**(values | fields))  # type: ignore[arg-type]


def test_nothing() -> None:
    found = call_statistics([], ZONE)
    assert (found.calls, found.by_day, found.uncorrected, found.waiting_median_s) == (0, {}, None, None)
    assert set(found.by_state) == {state.value for state in CallState}


def test_the_numbers() -> None:
    found = call_statistics(
        [
            facts(category="flood.river", waiting_s=10.0, urgent=True),
            facts(category="utility.power", waiting_s=30.0, by_person=True),
            facts(category="utility.power", district="yunshui", received_at=DAY + timedelta(days=2), by_machine=False),
            facts(state=CallState.WAITING, handling_s=60.0, by_machine=False),
        ],
        ZONE,
    )
    assert found.by_day == {"2026-11-04": 3, "2026-11-05": 0, "2026-11-06": 1}
    assert list(found.by_category.items()) == [("utility.power", 2), ("flood.river", 1)]
    assert found.by_district == {"yunshui": 1}
    assert (found.calls, found.urgent, found.heard, found.uncorrected) == (4, 1, 2, 0.5)
    assert (found.waiting_median_s, found.handling_median_s) == (20.0, 60.0)
    assert (found.by_state["ready"], found.by_state["waiting"]) == (3, 1)


one = st.builds(
    facts,
    state=st.sampled_from(CallState),
    received_at=st.integers(0, 200).map(lambda hours: DAY + timedelta(hours=hours)),
    category=st.sampled_from([None, "a", "b"]),
    by_machine=st.booleans(),
    by_person=st.booleans(),
    waiting_s=st.none() | st.floats(0, 1e6),
)


@given(st.lists(one, max_size=20))
def test_nothing_is_counted_twice_or_lost(some: list[CallFacts]) -> None:
    found = call_statistics(some, ZONE)
    assert found.calls == sum(found.by_day.values()) == sum(found.by_state.values()) == len(some)
    assert sum(found.by_category.values()) == sum(f.category is not None for f in some)
    assert found.uncorrected is None or 0 <= found.uncorrected <= 1
    assert list(found.by_day) == sorted(found.by_day)
