"""What every log of events and every shelf of models must do. An implementation subclasses both and gives the fixtures
`log` and `shelf`, each empty:

    class TestMemoryLog(LogContract):
        @pytest.fixture
        def log(self) -> MemoryLog:
            return MemoryLog()
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from assistant.learning.events import Context, Effect, Event, GateEvent, Offer, Proposed, Reacted, Slate, Withdrawal
from knowledge.errors import NotFound

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
Kind = Literal["adopt", "edit", "reject", "withdraw"]

OFFERS = (
    Offer("pump-out", 0.8, 0.75, 0.6, 0.5, "control"),
    Offer("warn-residents", 0.7, 0.5, 0.2, 0.0, "information"),
    Offer("close-road", 0.4, 0.25, 0.9, 1.0, "control", first=True),
)


def moment(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def proposed(number: int, actor: str = "wang", **changes: Any) -> Proposed:
    """An interaction of three offers, of which two are shown; two logs of equal calls hold equal ones."""
    slate = Slate(
        (2, 1, 0), ("both", "challenger"), (1.0, 0.5), "base", "interleave", "p0001-0a1b2c3d", (0.8, 0.7, 0.4),
        (0.1, 0.9, 0.25),
    )  # fmt: skip
    context = Context(3, False, "flood", "harbour", "spring", "water")
    whole = Proposed(f"{number:032x}", moment(number), actor, context, OFFERS, slate, seed=2**40 + number, shown=2)
    return replace(whole, **changes)


def reacted(number: int, client: str, slot: int = 0, kind: Kind = "adopt", actor: str = "wang") -> Reacted:
    return Reacted(f"{number:032x}", client, slot, kind, actor, moment(number + 0.5), "water")


def effect(number: int, client: str, slot: int = 0, actor: str = "wang", **known: Any) -> Effect:
    return Effect(f"{number:032x}", client, slot, moment(number + 60), "official", actor, **known)


class LogContract:
    """Contract of `EventLog`."""

    def test_begins_empty(self, log: Any) -> None:
        assert list(log.events()) == []
        assert log.last() == 0
        assert log.withdrawals() == 0

    def test_gives_back_what_was_written_in_order(self, log: Any) -> None:
        written: list[Event] = [
            proposed(1),
            reacted(1, "a"),
            proposed(2, "li", context=Context(), slate=Slate((0, 1, 2), ("champion",) * 2, (1.0, 1.0))),
            reacted(2, "b", 1, "edit", "zhao"),
            effect(1, "c", resolved=True, satisfaction=4.5, in_time=False),
            effect(1, "d", 1),
            reacted(1, "e", 0, "withdraw"),
        ]
        assert all(log.append(event) for event in written)
        read = list(log.events())
        assert [event for _, event in read] == written
        numbers = [number for number, _ in read]
        assert numbers[0] >= 1
        assert numbers == sorted(set(numbers))
        assert log.last() == numbers[-1]

    def test_reads_on_from_any_number(self, log: Any) -> None:
        for number in range(1, 6):
            log.append(proposed(number))
        whole = list(log.events())
        for place, (number, _) in enumerate(whole):
            assert list(log.events(since=number)) == whole[place + 1 :]
        assert list(log.events(log.last())) == []

    def test_the_same_again_changes_nothing(self, log: Any) -> None:
        log.append(proposed(1))
        log.append(reacted(1, "a"))
        log.append(effect(1, "b", resolved=True))
        before = list(log.events())
        assert not log.append(proposed(1))
        assert not log.append(reacted(1, "a", 1, "reject"))
        assert not log.append(effect(1, "b", resolved=False))
        assert list(log.events()) == before

    def test_a_client_id_counts_within_its_interaction(self, log: Any) -> None:
        assert log.append(proposed(1))
        assert log.append(proposed(2))
        assert log.append(reacted(1, "a"))
        assert log.append(reacted(2, "a"))

    @pytest.mark.parametrize("event", [reacted(9, "a"), effect(9, "a"), reacted(1, "a", 2), effect(1, "a", 7)])
    def test_what_was_never_shown_is_refused(self, log: Any, event: Event) -> None:
        log.append(proposed(1))
        with pytest.raises(NotFound):
            log.append(event)
        assert [one for _, one in log.events()] == [proposed(1)]

    def test_what_a_person_withdrew_is_gone(self, log: Any) -> None:
        kept: list[Event] = [proposed(1), reacted(1, "a"), reacted(1, "c", 1, "reject", "zhao"), proposed(30, "li")]
        gone: list[Event] = [
            reacted(1, "b", 0, "reject", "li"),
            proposed(2, "li"),
            reacted(2, "d", 0, "adopt", "zhao"),  # about an interaction that has never been
        ]
        for event in (kept[0], kept[1], gone[0], kept[2], gone[1], gone[2]):
            log.append(event)
        assert log.append(Withdrawal("li", moment(20), "admin", "left the service"))
        log.append(kept[3])
        assert [event for _, event in log.events()] == kept
        assert log.withdrawals() == 1

    def test_a_withdrawal_moves_the_last_number(self, log: Any) -> None:
        log.append(proposed(1))
        before = log.last()
        log.append(Withdrawal("wang", moment(20), "admin"))
        assert log.last() > before
        assert list(log.events()) == []


class ShelfContract:
    """Contract of `Shelf`."""

    def test_begins_empty(self, shelf: Any) -> None:
        assert list(shelf.policies()) == []
        assert list(shelf.history()) == []

    def test_keeps_a_model_under_a_version_of_its_own(self, shelf: Any) -> None:
        kept = shelf.put('{"weights":[1]}', watermark=7, at=START)
        sha256 = hashlib.sha256(b'{"weights":[1]}').hexdigest()
        assert (kept.sha256, kept.watermark, kept.fitted_at) == (sha256, 7, START)
        assert kept.version == f"p0001-{sha256[:8]}"
        assert shelf.get(kept.version) == kept
        other = shelf.put('{"weights":[2]}', watermark=9, at=moment(1))
        assert other.version.startswith("p0002-")
        assert list(shelf.policies()) == [kept, other]

    def test_the_same_text_is_the_same_model(self, shelf: Any) -> None:
        kept = shelf.put("{}", watermark=7, at=START)
        assert shelf.put("{}", watermark=8, at=moment(1)) == kept
        assert list(shelf.policies()) == [kept]

    def test_an_unknown_version_is_not_found(self, shelf: Any) -> None:
        with pytest.raises(NotFound, match="p0009-00000000"):
            shelf.get("p0009-00000000")

    def test_the_history_only_grows(self, shelf: Any) -> None:
        steps = [
            GateEvent(START, "fitted", "base", "p0001-0a1b2c3d", "system", {"events": 12}),
            GateEvent(moment(1), "trial", "base", "p0001-0a1b2c3d", "system"),
            GateEvent(moment(1), "promoted", "base", "p0001-0a1b2c3d", "Wang", {"wealth": 21.5, "why": ["a"]}, "好"),
            GateEvent(moment(2), "paused", "p0001-0a1b2c3d", None, "Wang"),
        ]
        numbers = [shelf.note(step) for step in steps]
        assert numbers == sorted(set(numbers))
        assert list(shelf.history()) == steps
