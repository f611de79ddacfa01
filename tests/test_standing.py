"""What is in force follows from the gate's history, and from nothing else."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assistant.learning.events import GateEvent
from assistant.learning.standing import Standing, standing_of

AT = datetime(2026, 3, 2, tzinfo=UTC)


def step(kind: str, challenger: str | None = None, champion: str = "base") -> GateEvent:
    return GateEvent(AT, kind, champion, challenger, "li")


def test_a_life() -> None:
    history = [step("fitted", "p1"), step("trial", "p1"), step("ready", "p1")]
    assert standing_of([]) == Standing()
    assert standing_of(history[:1]) == Standing()
    assert standing_of(history) == Standing(challenger="p1", line=("p1",), ready=True)
    history.append(step("promoted", "p1"))
    assert standing_of(history) == Standing(champion="p1", former=("base", "p1"))
    history += [step("trial", "p2", "p1"), step("suspended", "p2", "p1")]
    assert standing_of(history) == Standing(champion="p1", former=("base", "p1"), out=frozenset({"p2"}))
    history += [step("trial", "p3", "p1"), step("rolled_back", "p1", "base")]
    found = standing_of(history)
    assert (found.champion, found.challenger, found.line) == ("base", None, ())
    assert found.out == {"p1", "p2", "p3"}
    assert found.former == ("base", "p1", "base")


def test_versions_follow_one_another() -> None:
    history = [step("trial", "p1"), step("ready", "p1"), step("trial", "p2")]
    assert standing_of(history) == Standing(challenger="p2", line=("p1", "p2"))
    assert standing_of([*history, step("refused", "p2")]).out == {"p1", "p2"}
    promoted = standing_of([*history, step("promoted", "p2")])
    assert (promoted.champion, promoted.line, promoted.out) == ("p2", (), frozenset())


def test_a_pause_keeps_the_trial() -> None:
    history = [step("trial", "p1"), step("ready", "p1"), step("paused", "p1")]
    assert standing_of(history) == Standing(challenger="p1", line=("p1",), ready=True, paused=True)
    assert standing_of([*history, step("trial", "p1")]) == Standing(challenger="p1", line=("p1",), ready=True)
    idle = [step("paused"), step("trial")]
    assert standing_of(idle[:1]) == Standing(paused=True)
    assert standing_of(idle) == Standing()


def test_back_to_a_former_champion_it_may_serve_again() -> None:
    history = [step("trial", "p1"), step("promoted", "p1"), step("rolled_back", "p1", "base")]
    again = standing_of([*history, step("rolled_back", "base", "p1")])
    assert again.champion == "p1"
    assert "p1" not in again.out


@given(
    st.lists(
        st.builds(step, st.sampled_from(["fitted", "trial", "ready", "promoted", "refused", "suspended", "rolled_back",
                                         "paused"]), st.sampled_from([None, "p1", "p2", "p3"])), max_size=20
    )
)  # fmt: skip
def test_any_history_has_a_standing(history: list[GateEvent]) -> None:
    found = standing_of(history)
    assert found.former[-1] == found.champion
    assert (found.challenger is None) == (found.line == ())
    assert found.challenger is None or found.line[-1] == found.challenger
    assert standing_of(history[:1] + history[1:]) == found
