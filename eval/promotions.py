"""How often the gate errs: false promotions, power, and whether its interval at the first place covers the truth.

    python -m eval.promotions                      1,000 runs of each duel, checked after every interaction
    python -m eval.promotions --runs 100 --json    fewer, as JSON

Each run is one trial of two fixed rankers (eval/duels.py) through the slates, bets and conditions of the product, with
an approver who always says yes. Promoting where the true gain is not above 0 is false. Intervals are Wilson's, 95%.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

from assistant.learning.promotion import Limits, judge
from assistant.learning.trial import Trial
from eval.duels import DUELS, Truth, events_of, truth_of
from knowledge.errors import BadInput, PrecedentError

__all__ = ["Row", "Run", "main", "run", "summed_up", "wilson"]

INTERACTIONS = 1_500  # of a run where nothing should be promoted
IN_TIME = 1_000  # by when a better one should be
COVERED_AT = (300, 1_000)  # interactions at which the interval is looked at
LEAST_GAIN = 0.001  # the simulation of the truth cannot tell less from nothing
EITHER = min(Limits().evidence, Limits().harm)


@dataclass(frozen=True)
class Run:
    """One trial: after how many interactions it was promoted and suspended (None: never), and the interval at the first
    place at each of COVERED_AT."""

    duel: int
    promoted: int | None
    suspended: int | None
    intervals: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Row:
    """What all runs of a duel say; shares with their intervals."""

    duel: str
    gain: float
    runs: int
    promoted: tuple[float, float, float]
    promoted_in_time: tuple[float, float, float]
    median: int | None
    suspended: tuple[float, float, float]
    covered: tuple[tuple[float, float, float], ...]


def run(duel: int, seed: int, *, interactions: int = INTERACTIONS) -> Run:
    """One trial of DUELS[duel], judged after every interaction. The interval is read on to the end whatever the gate
    says."""
    trial, promoted, suspended = Trial("base", "challenger"), None, None
    intervals: list[tuple[float, float]] = []
    for turn, events in enumerate(events_of(DUELS[duel], seed, interactions=interactions), 1):
        for event in events:
            trial.take(event)
        undecided = promoted is None and suspended is None
        if undecided and max(trial.gain.wealth, trial.harm.wealth) >= EITHER:  # below, the gate says neither
            judgement = judge(trial)
            suspended = turn if judgement.harmful else None
            promoted = turn if judgement.ready and not judgement.harmful else None
        if turn in COVERED_AT:
            intervals.append(trial.top_one.bound()[1:])
        if not undecided and turn >= COVERED_AT[-1]:
            break
    return Run(duel, promoted, suspended, tuple(intervals))


def wilson(count: int, runs: int) -> tuple[float, float, float]:
    """(share, low, high): Wilson's 95% interval of a share.

    >>> [round(part, 3) for part in wilson(5, 100)]
    [0.05, 0.022, 0.112]
    """
    if not runs:
        return 0.0, 0.0, 1.0
    share, z = count / runs, 1.959964
    middle = (share + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs)) / (1 + z * z / runs)
    return share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def summed_up(duel: int, truth: Truth, runs: Sequence[Run]) -> Row:
    """The row of one duel."""
    when = sorted(one.promoted for one in runs if one.promoted is not None)
    covered = []
    for at in range(min((len(one.intervals) for one in runs), default=0)):
        covered.append(
            wilson(sum(low <= truth.top_one <= high for low, high in (r.intervals[at] for r in runs)), len(runs))
        )
    return Row(
        duel=DUELS[duel].name,
        gain=truth.gain,
        runs=len(runs),
        promoted=wilson(len(when), len(runs)),
        promoted_in_time=wilson(sum(turn <= IN_TIME for turn in when), len(runs)),
        median=when[len(when) // 2] if 2 * len(when) > len(runs) else None,
        suspended=wilson(sum(one.suspended is not None for one in runs), len(runs)),
        covered=tuple(covered),
    )


def _measured(runs: int, first: int, jobs: int) -> list[Row]:
    rows = []
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        for duel, one in enumerate(DUELS):
            found = list(pool.map(run, [duel] * runs, range(first, first + runs), chunksize=10))
            rows.append(summed_up(duel, truth_of(one), found))
            print(f"{one.name}: {rows[-1].promoted[0]:.1%} of {runs} promoted", file=sys.stderr)
    return rows


def _table(rows: Sequence[Row]) -> str:
    def share(part: tuple[float, float, float]) -> str:
        return f"{part[0]:.1%} ({part[1]:.1%}–{part[2]:.1%})"

    lines = [
        f"| duel | true gain | runs | promoted within {INTERACTIONS:,} | within {IN_TIME:,} | median at | suspended "
        f"| {' | '.join(f'interval covers at {at:,}' for at in COVERED_AT)} |",
        "|---|---|---|---|---|---|---|" + "---|" * len(COVERED_AT),
    ]
    for row in rows:
        parts = [share(row.promoted), share(row.promoted_in_time), str(row.median or "–"), share(row.suspended)]
        lines.append(
            f"| {row.duel} | {row.gain:+.3f} | {row.runs} | {' | '.join(parts + [share(c) for c in row.covered])} |"
        )
    stress = {one.name for one in DUELS if one.stress}
    for title, which in (("", False), (" where choices favour the challenger all the same", True)):
        worse = [row for row in rows if row.gain <= LEAST_GAIN and (row.duel in stress) is which]
        count, runs = sum(round(row.promoted[0] * row.runs) for row in worse), sum(row.runs for row in worse)
        lines += ["", f"False promotions{title}: {count} of {runs}, {share(wilson(count, runs))}."]
    for at, interactions in enumerate(COVERED_AT):
        count, runs = sum(round(row.covered[at][0] * row.runs) for row in rows), sum(row.runs for row in rows)
        lines += [
            "",
            f"The interval covers the truth at {interactions:,}: {share(wilson(count, runs))} of {runs} runs.",
        ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.promotions", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000, help="runs of each duel")
    parser.add_argument(
        "--seeds", type=int, default=0, metavar="FIRST", help="the first seed; the following are used too"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        if given.runs < 1 or given.jobs < 1:
            raise BadInput(f"--runs {given.runs} --jobs {given.jobs} measures nothing; give at least 1")
        rows = _measured(given.runs, given.seeds, given.jobs)
    except PrecedentError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps([asdict(row) for row in rows], indent=1) if given.json else _table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
