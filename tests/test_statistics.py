import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow import random_case
from sqlalchemy import Engine

from knowledge.case import Action, ActionResult, Case, CaseStatus
from knowledge.records import SqlRecords
from knowledge.statistics import LEAN, Statistics


def slow_rates(cases: list[Case]) -> dict[str, float]:
    """The rates by going through every action of every approved case."""
    results: dict[str, list[bool]] = {}
    for case in cases:
        if case.status is CaseStatus.APPROVED:
            for action in case.actions:
                if action.result is not ActionResult.UNKNOWN:
                    results.setdefault(action.action_type, []).append(action.result is ActionResult.WORKED)
    everything = [good for goods in results.values() for good in goods]
    mean = (sum(everything) + 1.2) / (len(everything) + 2.0)
    return {name: (sum(goods) + LEAN * mean) / (len(goods) + LEAN) for name, goods in results.items()} | {"": mean}


def test_rates_equal_the_slow_version(engine: Engine, demo_cases: tuple[Case, ...]) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    source = random.Random(1)
    records.write([*demo_cases, *[random_case(source, f"c-{i}") for i in range(50)]])
    expected = slow_rates([s.case for s in records.all()])
    assert statistics.rates(records.last_change()) == pytest.approx(expected)
    assert all(0 < rate < 1 for rate in expected.values())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tried=st.lists(
        st.tuples(
            st.sampled_from(["pump", "patrol", "rescue"]), st.sampled_from(ActionResult), st.sampled_from(CaseStatus)
        ),
        max_size=12,
    )
)
def test_any_case_base(engine: Engine, tried: list[tuple[str, ActionResult, CaseStatus]]) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    present = {f"c-{i}": Case(external_id=f"c-{i}", situation="停电", status=CaseStatus.DRAFT) for i in range(12)}
    for i, (kind, result, status) in enumerate(tried):
        action = Action(text="措施", action_type=kind, result=result)
        present[f"c-{i}"] = Case(external_id=f"c-{i}", situation="停电", actions=(action,), status=status)
    records.write(list(present.values()))
    assert statistics.rates(records.last_change()) == pytest.approx(slow_rates(list(present.values())))


def test_an_empty_case_base_gives_a_middling_mean(engine: Engine) -> None:
    assert Statistics(engine).rates(0) == {"": pytest.approx(0.6)}


def test_counts_are_made_anew_when_the_case_base_has_changed(engine: Engine) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    worked = Case(
        external_id="a",
        situation="停电",
        actions=(Action(text="抢修", action_type="emergency_repair", result=ActionResult.WORKED),),
    )
    records.write([worked])
    first = statistics.rates(records.last_change())
    assert statistics.rates(records.last_change()) is first
    records.write([worked.model_copy(update={"external_id": "b"})])
    second = statistics.rates(records.last_change())
    assert second["emergency_repair"] > first["emergency_repair"]
    records.write([worked.model_copy(update={"status": CaseStatus.RETIRED})])
    assert statistics.rates(records.last_change()) == pytest.approx(first)


def test_threads_share_one_count(engine: Engine) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    records.write([random_case(random.Random(2), f"c-{i}") for i in range(30)])
    change, found = records.last_change(), []
    threads = [threading.Thread(target=lambda: found.append(statistics.rates(change))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({id(rates) for rates in found}) == 1
