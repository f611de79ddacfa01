"""The log as the page reads it: answers by mode, none tried in an emergency, what belongs to a trial; once, unless
something is withdrawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.learning.events import Context, Effect, Offer, Proposed, Reacted, Slate, Withdrawal
from assistant.learning.ledger import Entry, Ledger, answers_of
from assistant.learning.memory import MemoryLog
from assistant.learning.pasttrials import PastTrial

START = datetime(2026, 9, 1, tzinfo=UTC)
TRIAL = PastTrial(1, "base", ("p1", "p2"), START)
OFFERS = (Offer("pump", 0.8), Offer("warn", 0.4))
MERGED = Slate((1, 0), ("challenger", "champion"), (0.5, 0.5), "base", "interleave", "p1", (0.8, 0.4), (0.2, 0.9))


def _asked(number: int, slate: Slate = MERGED, actor: str = "wang", **context: object) -> Proposed:
    at = START + timedelta(hours=number)
    return Proposed(f"i{number}", at, actor, Context(**context), OFFERS, slate, shown=2)  # type: ignore[arg-type]


def _said(number: int, actor: str = "wang") -> Reacted:
    return Reacted(f"i{number}", f"c-{actor}", 0, "adopt", actor, START + timedelta(hours=number, minutes=5))


def test_answers_are_counted_by_how_they_came_about() -> None:
    calm = Slate((0, 1), ("champion", "champion"), (1.0, 1.0))
    entries: list[Entry] = [
        (1, _asked(1, calm)),
        (4, _asked(2)),
        (7, _asked(3, replace(calm, mode="emergency"), severity=1)),
        (9, _said(2)),
        (12, _asked(4, replace(calm, mode="champion", version="p1"))),
    ]
    answers = answers_of(entries)
    assert answers.modes == {"base": [1], "champion": [12], "interleave": [4], "emergency": [7]}
    assert answers.all == [1, 4, 7, 12]
    assert (answers.careful, answers.broken) == ([7], [])


def test_whatever_was_tried_in_an_emergency_is_told() -> None:
    assert answers_of([(1, _asked(1, danger=True))]).broken == [1]
    drawn = Slate((0, 1), ("champion", "champion"), (1.0, 0.5), mode="emergency")
    assert answers_of([(2, _asked(2, drawn, severity=2))]).broken == [2]
    first = replace(_asked(3), offers=(replace(OFFERS[0], first=True), OFFERS[1]))
    assert answers_of([(3, first)]).broken == [3]


def test_it_goes_on_where_it_stopped_and_knows_what_belongs_to_a_trial() -> None:
    log = MemoryLog()
    ledger = Ledger(log)
    log.append(_asked(1))
    log.append(_asked(2, replace(MERGED, challenger="p2")))
    log.append(_asked(3, replace(MERGED, version="p9")))
    ledger.catch_up()
    log.append(_said(2))
    log.append(Effect("i1", "e", 0, START + timedelta(hours=9), "record", "record", resolved=True))
    log.append(_said(3))
    ledger.catch_up()
    ledger.catch_up()
    assert [number for number, _ in ledger.entries(TRIAL)] == [1, 2, 4, 5]
    assert [number for number, _ in ledger.entries(TRIAL, ("p2",))] == [2, 4]
    assert (ledger.said, ledger.said_after(4), ledger.last) == ([4, 5, 6], [5, 6], 6)


def test_a_withdrawal_makes_all_be_read_again() -> None:
    log = MemoryLog()
    ledger = Ledger(log)
    for event in (_asked(1), _asked(2, actor="li"), _said(2)):
        log.append(event)
    ledger.catch_up()
    log.append(Withdrawal("wang", START + timedelta(days=2), "li"))
    ledger.catch_up()
    assert ledger.answers.all == [2]
    assert (ledger.said, [number for number, _ in ledger.entries(TRIAL)]) == ([], [2])
