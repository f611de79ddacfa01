"""How much is lost when a recogniser hears wrongly: nDCG@10 on the Chinese gold questions with 0–30% of the characters
replaced by others of the same sound.

    python -m eval.robustness --half dev
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.dataset import gold
from eval.noise import homophones
from eval.product import Product
from eval.retrieval import measure, rankings

__all__ = ["main"]

SHARES = (0.0, 0.1, 0.2, 0.3)
SEEDS = (1, 2, 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m eval.robustness", description=__doc__)
    parser.add_argument("--half", choices=["dev", "test"], default="dev")
    options = parser.parse_args(arguments)
    data = gold(options.half)
    noisy = homophones([case.situation for case in data.cases])
    chinese = [query for query in data.queries if query.language == "zh" and not query.new]
    print("| replaced | hit@1 | nDCG@10 | of the clean nDCG@10 |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        product = Product(data.cases, Path(home))
        clean = 0.0
        for share in SHARES:
            hits, gains = [], []
            for seed in SEEDS if share else SEEDS[:1]:
                heard = [replace(query, text=noisy(query.text, share, seed)) for query in chinese]
                found, _ = rankings(product.rank, replace(data, queries=heard))
                measured = measure(found, heard)
                hits.append(measured["hit@1"][0])
                gains.append(measured["nDCG@10"][0])
            gain = sum(gains) / len(gains)
            clean = clean or gain
            print(f"| {share:.0%} | {sum(hits) / len(hits):.3f} | {gain:.3f} | {gain / clean:.1%} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
