"""From every figure of the page to its rows, and from these rows alone to the figure once more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from learned_city import PEOPLE, City, insight_of, learned_city

from assistant.asking import SHOWN
from assistant.learning.advisor import Advisor, AdvisorSettings
from assistant.learning.events import Proposed, Reacted, Withdrawal
from assistant.learning.figures import Figure
from assistant.learning.insight import Account
from assistant.learning.tracing import Tracing, entries_of
from assistant.wiring import Workplace
from knowledge.errors import NotFound
from knowledge.interactions import ReactionRow, Shown
from ui.learning_state import state_of


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    opened = learned_city(tmp_path_factory.mktemp("traced") / "home")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def account(place: Workplace) -> Account:
    return insight_of(place).account()


@pytest.fixture(scope="module")
def tracing(place: Workplace) -> Tracing:
    learning = place.learning
    return Tracing(
        learning.advisor, insight_of(place), learning.shelf, learning.log, learning.journal.interactions
    )  # fmt: skip


def _figures(account: Account) -> list[Figure]:
    found = [*account.answers.values(), account.choices, *(figure for _, figure in account.conditions)]
    found += [figure for told in account.trials for figure in (told.gain, *told.versions)]
    return found + [figure for _, figure in account.slices] + list(account.estimates.values())


def _traces(value: Any) -> Iterator[str]:
    """Every name of a figure in the state that page, API and command line give out."""
    if isinstance(value, dict):
        if "trace" in value:
            yield value["trace"]
        for part in value.values():
            yield from _traces(part)
    elif isinstance(value, list):
        for part in value:
            yield from _traces(part)


def test_every_figure_follows_from_its_rows_alone(account: Account, tracing: Tracing) -> None:
    figures = _figures(account)
    assert len(figures) > 30
    for figure in figures:
        found = tracing(figure.name)
        assert found.values == figure.values, figure.name
        assert tuple(row["number"] for row in found.rows) == figure.numbers, figure.name


def test_every_name_in_the_state_is_that_of_such_a_figure_or_of_a_model(account: Account) -> None:
    names = {*_traces(state_of(account))}
    assert {"answers", "trial:1", "condition:people", "slice:1:severity:3", "estimate:cascade"} <= names
    models = {f"model:{version}" for version in account.labels}
    assert names == {figure.name for figure in _figures(account)} | models


def test_the_figures_of_the_page_are_those_that_the_gate_judged(account: Account) -> None:
    assert account.state.judgement is not None
    assert account.state.judgement.ready
    for judged, figure in account.conditions:
        if judged.figure is not None:
            assert figure.values["figure"] == pytest.approx(judged.figure, rel=1e-6), judged.name
            assert figure.values["limit"] == judged.limit


def test_fewer_rows_give_another_figure(place: Workplace, account: Account) -> None:
    """The figures are no copies of what was stored: each row counts."""
    insight, log = insight_of(place), place.learning.log
    gain = account.trials[0].gain
    entries = entries_of(log.rows(gain.numbers))
    some = entries[: len(entries) // 2]
    assert insight.figures().values(gain.name, some)["interactions"] != gain.values["interactions"]
    evidence = {c.name: figure for c, figure in account.conditions}["evidence"]
    assert insight.figures().values("condition:evidence", some)["figure"] != evidence.values["figure"]


def test_rows_are_the_events_that_the_log_gives(place: Workplace) -> None:
    learning = place.learning
    events = list(learning.events.events())
    written = json.loads(json.dumps(learning.log.rows([number for number, _ in events])))
    assert entries_of(written) == events


def test_a_model_is_made_from_its_rows_alone(account: Account, tracing: Tracing) -> None:
    version = account.state.standing.challenger
    found = tracing(f"model:{version}")
    choices, outcomes = account.labels[str(version)]
    assert found.values == {"choices": choices, "outcomes": outcomes, "same_text": 1}


def test_a_step_of_the_gate_is_a_row(account: Account, tracing: Tracing) -> None:
    number, step = account.steps[-1]
    (row,) = tracing(f"gate:{number}").rows
    assert (row["event"], row["number"], row["kind"], row["by"]) == ("gate", number, step.kind, step.by)
    assert row["figures"]["conditions"]


def test_the_reason_of_a_moved_action_is_counted_again(tmp_path: Path) -> None:
    place = learned_city(tmp_path / "home")
    interactions = place.learning.journal.interactions
    then = place.learning.log.counts_of(["pump_drain"], "flood")["pump_drain"]
    answer = {
        "actions": [{"action_type": "pump_drain", "learned": {"moved": 2, "adopted": then.adopted}}, {"learned": None}]
    }
    told: dict[str, Any] = {
        "actor": "王敏",
        "language": "zh",
        "filters": {},
        "candidates": [],
        "versions": {},
        "question": "积水",
    }
    interactions.record(
        "f" * 32, asked_at=datetime(2026, 11, 1, tzinfo=UTC), situation={"category": "flood.underpass"},
        shown=[Shown("pump_drain", "抽排", 1.0), Shown("talk", "约谈", 1.0)], recommendation=json.dumps(answer), **told,
    )  # fmt: skip
    later = ReactionRow("f" * 32, "c", "adopt", 0, None, None, "王敏", datetime(2026, 11, 1, 1, tzinfo=UTC))
    interactions.react(later)
    learning = place.learning
    tracing = Tracing(learning.advisor, insight_of(place), learning.shelf, learning.log, interactions)
    found = tracing(f"moved:{'f' * 32}:0")
    counted = {"decided": then.decided, "adopted": then.adopted, "known": then.known, "worked": then.worked}
    assert found.values == {"moved": 2, **counted}
    assert then.worked > 20
    assert learning.log.counts_of(["pump_drain"], "flood")["pump_drain"].adopted == then.adopted + 1
    with pytest.raises(NotFound, match="no learned reason"):
        tracing(f"moved:{'f' * 32}:1")
    place.engine.dispose()


@pytest.mark.parametrize(
    "name",
    ["nonsense", "answers:never", "condition:nix", "estimate:nix", "slice:1:colour:red", "slice:9:severity:3",
     "gain:p9999-00000000", "trial:7", "gate:0", "gate:x", "choices:x", "moved:nobody:0", "model:p9999-00000000"],
)  # fmt: skip
def test_an_unknown_figure_is_said_to_be_unknown(tracing: Tracing, name: str) -> None:
    with pytest.raises(NotFound):
        tracing(name)


def test_what_is_new_changes_the_account(tmp_path: Path) -> None:
    place = learned_city(tmp_path / "home")
    insight = insight_of(place)
    before = insight.account()
    assert insight.account() is before
    log, shelf = place.learning.events, place.learning.shelf
    city = City(log, Advisor(log, shelf, AdvisorSettings(places=SHOWN), clock=lambda: city.now), number=1_000)
    city.live()
    after = insight.account()
    assert len(after.answers[""].numbers) == len(before.answers[""].numbers) + 1
    assert after.trials[0].gain.numbers[: len(before.trials[0].gain.numbers)] == before.trials[0].gain.numbers
    place.engine.dispose()


def test_a_withdrawal_is_seen_by_who_looked_before(tmp_path: Path) -> None:
    place = learned_city(tmp_path / "home")
    insight = insight_of(place)
    before = insight.account()
    place.learning.advisor.record(Withdrawal(PEOPLE[3], datetime(2026, 11, 1, tzinfo=UTC), "王敏", "本人要求"))
    after, fresh = insight.account(), insight_of(place).account()
    assert state_of(after) == state_of(fresh)
    assert len(after.answers[""].numbers) < len(before.answers[""].numbers)
    place.engine.dispose()


def test_a_choice_that_comes_late_changes_the_gain(tmp_path: Path) -> None:
    place = learned_city(tmp_path / "home")
    insight, log = insight_of(place), place.learning.events
    told = insight.account().trials[0]
    shown = [e for _, e in log.events() if isinstance(e, Proposed) and e.slate.mode == "interleave"][-1]
    slot = shown.slate.teams.index("challenger")
    for turn, kind in enumerate(("reject", "adopt")):
        at = shown.at + timedelta(days=1 + turn)
        log.append(Reacted(shown.interaction_id, f"late-{turn}", slot, kind, "周涛", at))  # type: ignore[arg-type]
    assert insight.account().trials[0].gain.values != told.gain.values
    assert state_of(insight.account()) == state_of(insight_of(place).account())
    place.engine.dispose()


def test_what_takes_the_place_of_something_withdrawn_counts(tmp_path: Path) -> None:
    """As many events as before, and other ones."""
    place = learned_city(tmp_path / "home")
    insight, log = insight_of(place), place.learning.events
    shown = [e for _, e in log.events() if isinstance(e, Proposed) and e.slate.mode == "interleave"][-1]
    slot, later = shown.slate.teams.index("challenger"), shown.at + timedelta(days=1)
    log.append(Reacted(shown.interaction_id, "late-1", slot, "adopt", "周涛", later))
    before = insight.account().trials[0].gain
    log.append(Withdrawal("周涛", later, "王敏"))
    log.append(Reacted(shown.interaction_id, "late-2", slot, "reject", "孙丽", later + timedelta(days=1)))
    after = insight.account().trials[0].gain
    assert len(after.numbers) == len(before.numbers)
    assert after.values != before.values
    assert state_of(insight.account()) == state_of(insight_of(place).account())
    place.engine.dispose()
