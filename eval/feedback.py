"""Does it learn from feedback, and does the gate hold? Simulated lives of the loop in many worlds, over many seeds.

    python -m eval.feedback [--only clean,drift] [--gated] [--seeds 20] [--interactions 3000] [--json] [--to FOLDER]
    python -m eval.feedback --world module:Class     # a world of your own; its methods are told in eval/worlds.py
    python -m eval.feedback --estimators ../shared/data/bandit
    python -m eval.feedback --speed

Worlds: clean, inverted, drift, poisoned, popular, sparse and null of `eval/worlds.py`, and apart, apart-inverted,
apart-drift and apart-poisoned of `eval/worldapart.py`, on which nothing was tuned. Progress goes to stderr; stopped
with Ctrl-C it prints what is there. `--to` writes the tables, the figures (JSON) and a picture (SVG) into a folder.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from eval.bandit import bandit_table, check_estimators
from eval.feedbackreport import LATE, Lives, figures, picture, tables
from eval.feedbackrun import Plan, Run, gated, ungated
from eval.feedbackspeed import measure_speed, speed_table
from eval.worldapart import Drifting, Inverted, Poisoned, WorldApart
from eval.worldreading import find_world, make_world
from eval.worlds import DRIFT_AT, KINDS, World
from knowledge.errors import BadInput, PrecedentError

__all__ = ["WORLDS", "live", "main", "plan_for"]

WORLDS: dict[str, Callable[..., Any]] = {
    **{kind: partial(World, kind=kind) for kind in KINDS},
    "apart": WorldApart,
    "apart-inverted": Inverted,
    "apart-drift": Drifting,
    "apart-poisoned": Poisoned,
}
DEFAULT = (*KINDS, "apart")
AFTER_DRIFT = 1_000  # interactions after which a change of the truth must have been learned
GATED_INTERACTIONS = 1_000

Task = tuple[str, int, Plan, bool]  # world, seed, plan, whether through the gate


def live(task: Task) -> Run:
    """One life; in a process of its own or not."""
    world, seed, plan, through_gate = task
    made = make_world(WORLDS.get(world) or find_world(world), seed)
    return gated(made, seed, plan) if through_gate else ungated(made, seed, plan)


def plan_for(world: str, plan: Plan) -> Plan:
    """The plan with the marks that a world needs: where the truth changes, also the moment of the change (the old model
    in the new truth) and 1,000 interactions after it; never a mark beyond the end, and always the end."""
    wanted = {*plan.marks, plan.interactions}
    if world.endswith("drift"):
        wanted |= {DRIFT_AT, DRIFT_AT + AFTER_DRIFT}
    return replace(plan, marks=tuple(sorted(mark for mark in wanted if mark <= plan.interactions)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is asked for. 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        if options.estimators:
            return _say(check_estimators(options.estimators), bandit_table, options)
        if options.speed:
            return _say(measure_speed(), speed_table, options)
        worlds = _worlds(options)
        for world in worlds:
            WORLDS.get(world) or find_world(world)
        return _measure(worlds, options)
    except PrecedentError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BadInput) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.feedback", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--world", metavar="MODULE:CLASS", action="append", default=[], help="a world of your own")
    parser.add_argument("--only", metavar="NAMES", help=f"some of {', '.join(WORLDS)}, separated by commas")
    parser.add_argument("--seeds", type=_positive, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--interactions", type=_positive, default=3_000)
    parser.add_argument("--fresh", type=_positive, default=200, help="new situations on which a model is tried")
    parser.add_argument("--gated", action="store_true", help="also the loop through the gate")
    parser.add_argument("--only-gated", action="store_true", help="the loop through the gate alone")
    parser.add_argument("--gated-interactions", type=_positive, default=GATED_INTERACTIONS)
    parser.add_argument("--processes", type=_positive, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--estimators", type=Path, metavar="FOLDER", help="check the off-policy estimates on real logs")
    parser.add_argument("--speed", action="store_true", help="record, rank and refit against their limits")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="write tables, figures and picture there")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _worlds(options: argparse.Namespace) -> list[str]:
    names = [name.strip() for name in options.only.split(",")] if options.only else []
    unknown = [name for name in names if name not in WORLDS]
    if unknown:
        raise BadInput(f"--only {unknown[0]} is no world; choose of {', '.join(WORLDS)}")
    return [*options.world, *names] or [*DEFAULT]


def _say(found: Any, table: Callable[[Any], str], options: argparse.Namespace) -> int:
    print(json.dumps(found, ensure_ascii=False, indent=1) if options.json else table(found))
    return 0


def _measure(worlds: Sequence[str], options: argparse.Namespace) -> int:
    whole = Plan(interactions=options.interactions, fresh=options.fresh)
    short = replace(whole, interactions=options.gated_interactions)
    ways = [(False, whole)] if not options.only_gated else []
    ways += [(True, short)] if options.gated or options.only_gated else []
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    tasks = [(world, seed, plan_for(world, plan), gate) for world in worlds for gate, plan in ways for seed in seeds]
    done: dict[Task, Run] = {}
    started = time.monotonic()
    stopped = False
    try:
        for task, run in _lives(tasks, options.processes):
            done[task] = run
            print(_progress(task, run, len(done), len(tasks), time.monotonic() - started), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        stopped = True
        print(f"Stopped after {len(done)} of {len(tasks)} lives; what is there follows.", file=sys.stderr)
    lives = [_lives_of(world, done) for world in worlds]
    lives = [one for one in lives if one.ungated or one.gated]
    if lives:
        _tell(lives, options)
    return 130 if stopped else 0


def _tell(lives: Sequence[Lives], options: argparse.Namespace) -> None:
    found = [figures(one) for one in lives]
    print(json.dumps(found, ensure_ascii=False, indent=1) if options.json else tables(lives))
    if options.to:
        options.to.mkdir(parents=True, exist_ok=True)
        (options.to / "feedback.md").write_text(tables(lives) + "\n", encoding="utf-8")
        (options.to / "feedback.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
        (options.to / "feedback.svg").write_text(picture(lives), encoding="utf-8")


def _lives(tasks: Sequence[Task], processes: int) -> Iterator[tuple[Task, Run]]:
    """Lives as they end. Raises KeyboardInterrupt when stopped, with no process left behind."""
    if processes == 1 or len(tasks) == 1:
        for task in tasks:
            yield task, live(task)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_quiet) as pool:
        try:
            running = {pool.submit(live, task): task for task in tasks}
            for future in as_completed(running):
                yield running[future], future.result()
        except (KeyboardInterrupt, BrokenProcessPool) as error:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise KeyboardInterrupt from error


def _quiet() -> None:
    """In a worker: an interrupt ends it without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _lives_of(world: str, done: dict[Task, Run]) -> Lives:
    """Those of one world, in the order of their seeds."""
    ours = sorted(((task, run) for task, run in done.items() if task[0] == world), key=lambda pair: pair[1].seed)
    return Lives(
        world,
        ungated=tuple(run for task, run in ours if not task[3]),
        gated=tuple(run for task, run in ours if task[3]),
        drift_at=DRIFT_AT if world.endswith("drift") else None,
    )


def _progress(task: Task, run: Run, done: int, many: int, seconds: float) -> str:
    world, seed, _, gate = task
    gains = " ".join(f"{mark}:{gain:+.3f}" for mark, gain in sorted(run.gains.items()))
    late = run.shown[LATE[0] : LATE[1]] if gate else ()
    told = f" shown {sum(late) / len(late):+.3f}, promoted at {[p.after for p in run.promotions]}" if late else ""
    left = seconds / done * (many - done)
    way = " gated" if gate else ""
    return f"[{done}/{many}, {left / 60:.0f} min left] {world}{way} seed {seed}: {gains}{told}"


if __name__ == "__main__":
    sys.exit(main())
