"""How fast the product answers as the case base grows, on this machine.

    python -m eval.bench --sizes 1000 10000 100000

Cases are mixed from sentences of the demo city's own (same language, random district, day and category), so that
lengths and words are real while the matters are not; questions are those of the gold set. Times are milliseconds after
a warm-up; a Markdown table for eval/LOG.md is printed.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.wiring import open_workplace
from eval.dataset import gold
from knowledge.case import Case
from knowledge.filter import Wanted
from knowledge.text import sentences

__all__ = ["main", "mixed_cases"]

WARM_UP = 20
QUESTIONS = 150


def mixed_cases(base: Sequence[Case], count: int, seed: int = 11) -> Iterator[Case]:
    """`count` cases, each with the actions of one demo case and sentences of three of the same language."""
    rng = random.Random(seed)
    by_language = {name: [c for c in base if c.language == name] for name in ("zh", "en")}
    for number in range(count):
        first = rng.choice(base)
        same = by_language[first.language or "zh"]
        pool = [s for case in (first, rng.choice(same), rng.choice(same)) for s in sentences(case.situation)]
        chosen = rng.sample(pool, k=min(len(pool), 4))
        day = datetime(2022, 11, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(4 * 365 * 24))
        yield first.model_copy(
            update={
                "external_id": f"bench-{number}",
                "situation": "".join(chosen) + f" {number}",
                "district": rng.choice(same).district,
                "occurred_at": day,
                "superseded_by": None,
            }
        )


def _percentiles(call: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    for text in texts[:WARM_UP]:
        call(text)
    times = []
    for text in texts:
        started = time.perf_counter()
        call(text)
        times.append(1000 * (time.perf_counter() - started))
    times.sort()
    return times[len(times) // 2], times[int(0.95 * (len(times) - 1))]


def _bench(size: int, texts: Sequence[str], base: Sequence[Case]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        workplace = open_workplace(Path(folder))
        batch: list[Case] = []
        started = time.perf_counter()
        for case in mixed_cases(base, size):
            batch.append(case)
            if len(batch) == 1000:
                workplace.records.write(batch)
                batch = []
        workplace.records.write(batch)
        written = time.perf_counter() - started
        started = time.perf_counter()
        workplace.copies.sync()
        synced = time.perf_counter() - started
        desk, copies = workplace.desk, workplace.copies
        narrow = Wanted(districts=("wangjiang", "nanpu"), since=datetime(2024, 6, 1, tzinfo=UTC))
        vectors = {text: copies.embedder.embed([text])[0] for text in texts}
        cells = [
            _percentiles(lambda text: desk.ask(text), texts),
            _percentiles(lambda text: desk.match(text), texts),
            _percentiles(lambda text: desk.match(text, wanted=narrow), texts),
            _percentiles(lambda text: copies.words.search(text, 150, Wanted()), texts),
            _percentiles(lambda text: copies.vectors.search(vectors[text], 60), texts),
        ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    times = " | ".join(f"{median:.1f} / {p95:.1f}" for median, p95 in cells)
    return f"| {size:,} | {times} | {written:.0f} | {synced:.0f} | {memory:.2f} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark for each size."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    options = parser.parse_args(arguments)
    data = gold()
    texts = [query.text for query in data.queries][:QUESTIONS]
    print("median / p95 in ms\n")
    print("| cases | ask | match | match, filtered | tantivy alone | FAISS alone | write (s) | sync (s) | peak GiB |")
    print("|---" * 9 + "|")
    for size in options.sizes:
        print(_bench(size, texts, data.cases), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
