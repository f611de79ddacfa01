"""Slow and obvious versions of what the indexes and the database do cleverly, and random cases to compare them on."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from knowledge.case import Action, ActionResult, Case, CaseKind, CaseStatus, Outcome
from knowledge.filter import Wanted

DISTRICTS = ("wangjiang", "yunshui", "A3区", "海淀区")
CATEGORIES = ("flood.underpass", "flood.river", "flood", "Flood.x", "flo_d.x", "floods.a", "utility.gas_leak", "1.2.3")
ASKED = (*CATEGORIES, "utility", "flo", "flo%", "flo_d", "1", "1.2", "nothing")
DEPARTMENTS = ("water", "police", "fire_rescue", "某某公司")
START = datetime(2020, 1, 1, tzinfo=UTC)


def is_wanted(case: Case, wanted: Wanted) -> bool:
    """Whether a filter lets a case through, condition by condition."""
    return (
        case.status is CaseStatus.APPROVED
        and (not wanted.districts or case.district in wanted.districts)
        and (
            not wanted.categories
            or (
                case.category is not None
                and any(case.category == c or case.category.startswith(f"{c}.") for c in wanted.categories)
            )
        )
        and (not wanted.departments or bool(set(case.departments) & set(wanted.departments)))
        and (not wanted.kinds or case.kind.value in wanted.kinds)
        and (wanted.since is None or (case.occurred_at is not None and case.occurred_at >= wanted.since))
        and (wanted.until is None or (case.occurred_at is not None and case.occurred_at <= wanted.until))
    )


def random_case(source: random.Random, external_id: str | None, **fields: object) -> Case:
    """A case with every field filled or left out at random; its situation always holds 公共."""
    words = ["积水", "停电", "gas", "噪音", "路灯", "bikes", "欠薪", "电梯"]
    situation = f"公共 {' '.join(source.choices(words, k=source.randint(1, 6)))} {source.randint(0, 999)}号楼"
    values = {
        "external_id": external_id,
        "kind": source.choice(list(CaseKind)),
        "title": source.choice([None, "标题", "Title"]),
        "situation": situation,
        "category": source.choice([None, *CATEGORIES]),
        "district": source.choice([None, *DISTRICTS]),
        "occurred_at": source.choice([None, START + timedelta(days=source.randint(0, 400))]),
        "severity": source.choice([None, 1, 2, 3, 4]),
        "departments": tuple(source.sample(DEPARTMENTS, source.randint(0, 3))),
        "actions": tuple(
            Action(
                text=f"措施{i}", action_type=source.choice(["pump", "patrol"]), result=source.choice(list(ActionResult))
            )
            for i in range(source.randint(0, 3))
        ),
        "outcome": source.choice([None, Outcome(resolved=True, days=source.randint(0, 9))]),
        "status": source.choices(list(CaseStatus), weights=[1, 6, 1])[0],
    }
    return Case.model_validate(values | fields)


def filters() -> st.SearchStrategy[Wanted]:
    """Filters over the same few values, also ones that no case has."""

    def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
        return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)

    moment = st.none() | st.integers(-2, 402).map(lambda days: START + timedelta(days=days))
    return st.builds(
        Wanted,
        districts=some((*DISTRICTS, "nowhere")),
        categories=some(ASKED),
        departments=some((*DEPARTMENTS, "nobody")),
        kinds=some(tuple(CaseKind)),
        since=moment,
        until=moment,
    )
