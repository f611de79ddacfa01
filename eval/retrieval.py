"""How well the right case is found, beside the peers, in one run.

    python -m eval.retrieval --set replies
    python -m eval.retrieval --set same
    python -m eval.retrieval --set gold --half dev
    python -m eval.retrieval --cases cases.jsonl --queries queries.jsonl [--exclude-self]

Prints a Markdown table with 95% bootstrap intervals for eval/LOG.md; --by splits the product's row.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from eval.dataset import Dataset, Query, gold, messages_to_replies, read_files, same_matter
from eval.measures import hit, interval, ndcg, reciprocal_rank
from eval.peers import PEERS, Ranker, chroma
from eval.product import Product
from knowledge.errors import BadInput, PrecedentError

__all__ = ["main", "measure"]

MEASURES: dict[str, Callable[[Sequence[str], Query], float]] = {
    "hit@1": lambda ranking, query: hit(ranking, query.relevant, 1),
    "hit@5": lambda ranking, query: hit(ranking, query.relevant, 5),
    "hit@10": lambda ranking, query: hit(ranking, query.relevant, 10),
    "MRR@10": lambda ranking, query: reciprocal_rank(ranking, query.relevant),
    "nDCG@10": lambda ranking, query: ndcg(ranking, query.relevant),
}
Rankings = dict[str, list[str]]


def rankings(rank: Ranker, data: Dataset, k: int = 10) -> tuple[Rankings, float]:
    """The ranking for each query id, and the median milliseconds per question."""
    found: Rankings = {}
    times = []
    for query in data.queries:
        started = time.perf_counter()
        ranking = rank(query.text, k + 1 if data.exclude_self else k)
        times.append(1000 * (time.perf_counter() - started))
        found[query.id] = [name for name in ranking if not (data.exclude_self and name == query.id)][:k]
    return found, sorted(times)[len(times) // 2] if times else 0.0


def measure(found: Rankings, queries: Sequence[Query]) -> dict[str, tuple[float, float, float]]:
    """Each measure with its interval over the queries that have an answer."""
    asked = [query for query in queries if not query.new and query.relevant]
    return {name: interval([of(found[q.id], q) for q in asked]) for name, of in MEASURES.items()}


def _together(product: Product, data: Dataset, k: int = 10) -> Rankings:
    """The rankings of the questions asked as one file, so that cases that are near to all of them are damped."""
    lists = product.rank_together([query.text for query in data.queries], k + data.exclude_self)
    return {
        query.id: [name for name in names if not (data.exclude_self and name == query.id)][:k]
        for query, names in zip(data.queries, lists, strict=True)
    }


def _row(name: str, found: Rankings, queries: Sequence[Query], ms: float | None) -> str:
    cells = [f"{mean:.3f} ({low:.3f}–{high:.3f})" for mean, low, high in measure(found, queries).values()]
    count = sum(1 for q in queries if not q.new)
    return f"| {name} | {count} | " + " | ".join(cells) + f" | {'' if ms is None else f'{ms:.1f}'} |"


def _dataset(options: argparse.Namespace) -> Dataset:
    if options.cases or options.queries:
        if not (options.cases and options.queries):
            raise BadInput("--cases and --queries go together; give both")
        return read_files(options.cases, options.queries, exclude_self=options.exclude_self)
    sets = {"replies": messages_to_replies, "same": same_matter, "gold": lambda: gold(options.half)}
    return sets[options.set]()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison and prints it; exit code 2 where data are missing."""
    parser = argparse.ArgumentParser(prog="python -m eval.retrieval", description=__doc__)
    parser.add_argument("--set", choices=["gold", "replies", "same"], default="gold")
    parser.add_argument("--half", choices=["dev", "test"], help="of the gold set")
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--exclude-self", action="store_true")
    parser.add_argument("--by", choices=["language", "category", "length", "style"], help="split the product's row")
    parser.add_argument("--least", type=int, default=0, metavar="N", help="only cases of N characters and more")
    parser.add_argument("--model", help="also LangChain with Chroma and this sentence-transformers model")
    parser.add_argument("--no-peers", action="store_true", help="the product alone")
    options = parser.parse_args(arguments)
    try:
        data = _dataset(options)
    except PrecedentError as error:
        print(f"eval.retrieval: {error}", file=sys.stderr)
        return 2
    if options.least:
        kept = {case.external_id for case in data.cases if len(case.situation) >= options.least}
        cases = [case for case in data.cases if case.external_id in kept]
        data = replace(data, cases=cases, queries=[q for q in data.queries if q.new or kept & q.relevant.keys()])
    print(f"{data.name}: {len(data.cases)} cases, {len(data.queries)} questions\n")
    print("| ranker | questions | " + " | ".join(MEASURES) + " | ms (median) |\n" + "|---" * (len(MEASURES) + 3) + "|")
    with tempfile.TemporaryDirectory() as home:
        product = Product(data.cases, Path(home))
        found, ms = rankings(product.rank, data)
        print(_row("**Precedent**", found, data.queries, ms), flush=True)
        together = _together(product, data)
    print(_row("**Precedent**, all questions in one file", together, data.queries, None), flush=True)
    for value in sorted({_group(query, options.by) for query in data.queries}) if options.by else []:
        print(_row(f"– {value}", found, [q for q in data.queries if _group(q, options.by) == value], None))
    for name, build in PEERS.items() if not options.no_peers else ():
        theirs, ms = rankings(build(data.cases), data)
        print(_row(name, theirs, data.queries, ms), flush=True)
    if options.model:
        theirs, ms = rankings(chroma(data.cases, options.model), data)
        print(_row(f"LangChain + Chroma + {Path(options.model).name}", theirs, data.queries, ms), flush=True)
    return 0


def _group(query: Query, by: str) -> str:
    if by == "length":
        return query.length()
    value = getattr(query, by) or "–"
    return str(value).split(".")[0] if by == "category" else str(value)


if __name__ == "__main__":
    sys.exit(main())
