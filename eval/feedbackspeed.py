"""How long learning takes, against its limits: writing an event into the database, ranking candidates, fitting a
model.

The database is the product's own, new and in a folder of its own; the events come from a simulated city. It says
nothing about how good what is learned is.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.learning.advisor import Advisor
from assistant.learning.events import CHAMPION, Effect, Event, Proposed, Reacted, Slate
from assistant.learning.memory import MemoryLog, MemoryShelf
from assistant.learning.policy import Policy, arrange
from assistant.learning.sqllog import SqlEventLog, SqlShelf
from eval.worldreading import Moment, ReadWorld
from eval.worlds import World
from knowledge.database import open_database

__all__ = ["LIMITS", "city_events", "measure_speed", "speed_table"]

LIMITS = {"record": 5.0, "rank": 2.0, "fit": 60_000.0}  # milliseconds
CANDIDATES = 50
PLACES = 8
_Times = tuple[float, float]  # milliseconds by the clock, and of the processor
START = datetime(2024, 3, 1, tzinfo=UTC)


def city_events(many: int, *, seed: int = 0, moments: int = 1_000) -> list[Event]:
    """At least so many events of a city, in the order of the log: what was shown, what people did, how it turned out.
    A thousand situations come up again and again, in other orders."""
    world = ReadWorld(World(seed))
    stream = world.moments()
    known = [next(stream) for _ in range(moments)]
    rng = random.Random(seed)
    events: list[Event] = []
    interaction = 0
    while len(events) < many:
        events += _interaction(world, rng.choice(known), interaction, rng)
        interaction += 1
    return events


def _interaction(world: ReadWorld, moment: Moment, number: int, rng: random.Random) -> list[Event]:
    at = START + timedelta(minutes=30 * number)
    name = f"s{number:06}"
    order = tuple(rng.sample(range(len(moment.offers)), len(moment.offers)))
    places = min(PLACES, len(order))
    slate = Slate(order, (CHAMPION,) * places, (1.0,) * places, scores=tuple(offer.base for offer in moment.offers))
    events: list[Event] = [Proposed(name, at, moment.actor, moment.context, moment.offers, slate, shown=places)]
    for heard in world.react(moment, slate):
        said = at + timedelta(minutes=heard.slot + 1)
        client = f"{name}-{heard.slot}"
        events.append(Reacted(name, client, heard.slot, heard.kind, heard.actor, said, heard.department))
        found = world.outcome(moment, order[heard.slot]) if heard.kind != "reject" else None
        if found is not None:
            told = (found.resolved, found.satisfaction, found.in_time)
            known = said + timedelta(days=1)
            events.append(Effect(name, f"{client}-o", heard.slot, known, "record", "record", *told))
    return events


def measure_speed(*, events: int = 100_000, written: int = 1_000, ranked: int = 500) -> list[dict[str, Any]]:
    """Milliseconds of each of `written` writes, of `ranked` rankings of 50 candidates, and of one fit of `events`:
    median by the clock and of the processor, the slowest of a hundred, the limit, and whether the clock kept it. On a
    machine that does other work the clock says little; the processor's time stays about the same."""
    log = city_events(events)
    advisor = Advisor(MemoryLog(), MemoryShelf())
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'speed.db'}")
        try:
            door = Advisor(SqlEventLog(engine), SqlShelf(engine))
            timed: dict[str, list[_Times]] = {}
            for event in log[:written]:
                taken = _timed(lambda event=event: door.record(event))  # type: ignore[misc]
                timed.setdefault(type(event).__name__, []).append(taken)
        finally:
            engine.dispose()
    found = [_row(f"record ({kind})", times, LIMITS["record"]) for kind, times in sorted(timed.items())]
    fits: list[Policy] = []
    fitted = _timed(lambda: fits.append(advisor.fit(log)))
    policy = fits[0]
    shown = [event for event in log if isinstance(event, Proposed)]
    rankings = []
    for event in shown[:ranked]:
        offers = [replace(event.offers[at % len(event.offers)], base=at / CANDIDATES) for at in range(CANDIDATES)]
        rankings.append(_timed(lambda event=event, offers=offers: arrange(policy, event.context, offers)))  # type: ignore[misc]
    found.append(_row(f"rank {CANDIDATES} candidates", rankings, LIMITS["rank"]))
    found.append(_row(f"fit {len(log):,} events", [fitted], LIMITS["fit"]))
    return found


def _timed(work: Callable[[], object]) -> _Times:
    started, worked = time.perf_counter(), time.process_time()
    work()
    return 1_000 * (time.perf_counter() - started), 1_000 * (time.process_time() - worked)


def _row(name: str, taken: Sequence[_Times], limit: float) -> dict[str, Any]:
    clock = sorted(by_clock for by_clock, _ in taken)
    middle = statistics.median(clock)
    return {
        "what": name,
        "runs": len(clock),
        "median_ms": round(middle, 3),
        "slow_ms": round(clock[min(len(clock) - 1, round(0.99 * len(clock)))], 3),
        "processor_ms": round(statistics.median(by_processor for _, by_processor in taken), 3),
        "limit_ms": limit,
        "held": middle < limit,
    }


def speed_table(rows: Sequence[dict[str, Any]]) -> str:
    """In Markdown."""
    head = ("what", "runs", "median ms", "99 of 100 within", "of processor", "limit", "held")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        times = [f"{row[name]:,.2f}" for name in ("median_ms", "slow_ms", "processor_ms")]
        cells = [row["what"], f"{row['runs']:,}", *times, f"{row['limit_ms']:,.0f}", "yes" if row["held"] else "no"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
