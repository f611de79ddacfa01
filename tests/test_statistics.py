import random
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slow import random_case
from sqlalchemy import Engine

from knowledge.case import Action, ActionResult, Case, CaseStatus
from knowledge.records import SqlRecords
from knowledge.statistics import FIRST_TRIED, FIRST_WORKED, HALF_LIFE_YEARS, LEAN, Statistics, faded

AT = datetime(2026, 7, 1, tzinfo=UTC)


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


def slow_rates_in(cases: list[Case], group: str, at: datetime | None) -> dict[str, float]:
    """The rates in a group of categories by going through every action: (weight, group, worked) by type."""
    results: dict[str, list[tuple[float, str, bool]]] = {}
    for case in cases:
        if case.status is CaseStatus.APPROVED:
            ended = case.closed_at or case.occurred_at
            weight = 1.0
            if at is not None:
                weight = 0.5
                if ended:
                    middle = datetime(ended.year, 7, 2, 12, tzinfo=UTC)
                    weight = 0.5 ** (max((at - middle).days / 365.25, 0) / HALF_LIFE_YEARS)
            for action in case.actions:
                if action.result is not ActionResult.UNKNOWN:
                    worked = action.result is ActionResult.WORKED
                    kind = results.setdefault(action.action_type, [])
                    kind.append((weight, (case.category or "").split(".")[0], worked))

    def leaning(found: list[tuple[float, str, bool]], mean: float) -> float:
        good, total = sum(w for w, _, worked in found if worked), sum(w for w, _, _ in found)
        return (good + LEAN * mean) / (total + LEAN)

    everything = [found for kind in results.values() for found in kind]
    good, total = sum(w for w, _, worked in everything if worked), sum(w for w, _, _ in everything)
    mean = leaning([f for f in everything if f[1] == group], (good + FIRST_WORKED) / (total + FIRST_TRIED))
    inside = {name: [f for f in kind if f[1] == group] for name, kind in results.items()}
    return {name: leaning(inside[name], leaning(kind, mean)) for name, kind in results.items()} | {"": mean}


@pytest.mark.parametrize("at", [None, AT])
def test_rates_in_a_group_equal_the_slow_version(
    engine: Engine, demo_cases: tuple[Case, ...], at: datetime | None
) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    source = random.Random(3)
    random_ones = [random_case(source, f"c-{i}", closed_at=source.choice([None, AT])) for i in range(50)]
    records.write([*demo_cases, *random_ones])
    cases = [s.case for s in records.all()]
    for group in ("flood", "market", "nothing", ""):
        rates = statistics.rates(records.last_change(), group, at=at)
        assert rates == pytest.approx(slow_rates_in(cases, group, at), abs=2e-3 if at else 1e-9)
        assert all(0 < rate < 1 for rate in rates.values())


def test_a_group_of_which_nothing_is_known_leans_to_all(engine: Engine, demo_cases: tuple[Case, ...]) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    records.write(list(demo_cases))
    change = records.last_change()
    everywhere, nowhere = statistics.rates(change), statistics.rates(change, "nothing")
    assert nowhere[""] == pytest.approx(everywhere[""])
    assert nowhere == pytest.approx(everywhere)


def _case(number: int, kind: str, result: ActionResult, **fields: object) -> Case:
    action = Action(text="措施", action_type=kind, result=result)
    return Case.model_validate({"external_id": f"x-{number}", "situation": "停电", "actions": (action,), **fields})


def test_what_fails_in_one_group_may_work_in_another(engine: Engine) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    worked, failed = ActionResult.WORKED, ActionResult.FAILED
    records.write([_case(n, "talk", worked, category="labour.wages") for n in range(6)])
    records.write([_case(n, "talk", failed, category="market.prepaid") for n in range(6, 12)])
    change = records.last_change()
    talk = {group: statistics.rates(change, group)["talk"] for group in ("labour", "market", None)}
    assert talk["labour"] > talk[None] + 0.15
    assert talk["market"] < talk[None] - 0.15


def test_older_results_count_less(engine: Engine) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    old, new = datetime(2010, 7, 2, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    for n in range(4):
        records.write([_case(n, "pump", ActionResult.WORKED, closed_at=old)])
        records.write([_case(10 + n, "pump", ActionResult.FAILED, occurred_at=new)])
        records.write([_case(20 + n, "drain", ActionResult.WORKED, closed_at=new, occurred_at=old)])
        records.write([_case(30 + n, "drain", ActionResult.FAILED, closed_at=old, occurred_at=old)])
    change = records.last_change()
    plain, aged = statistics.rates(change), statistics.rates(change, at=AT)
    assert plain["pump"] == pytest.approx(plain["drain"])
    assert aged["pump"] < plain["pump"] < aged["drain"]


@given(st.one_of(st.none(), st.floats(-50, 50)))
def test_fading_lies_in_0_to_1_and_halves(years: float | None) -> None:
    assert 0 < faded(years) <= 1
    if years is not None and years >= 0:
        assert faded(years + HALF_LIFE_YEARS) == pytest.approx(faded(years) / 2)


def test_another_day_counts_anew_and_the_same_day_does_not(engine: Engine) -> None:
    records, statistics = SqlRecords(engine), Statistics(engine)
    records.write([_case(1, "pump", ActionResult.WORKED, closed_at=datetime(2020, 1, 1, tzinfo=UTC))])
    change = records.last_change()
    first = statistics.rates(change, "flood", at=AT)
    assert statistics.rates(change, "flood", at=AT.replace(hour=9)) is first
    later = statistics.rates(change, "flood", at=AT.replace(year=2036))
    assert later["pump"] < first["pump"]
    assert statistics.rates(change, "flood", at=AT) == pytest.approx(first)


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
