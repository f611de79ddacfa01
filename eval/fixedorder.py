"""How well the fixed order of actions serves, before anything is learned from choices: what worked in the cases that
people judged relevant should stand first.

    python -m eval.fixedorder [--half dev|test]

Asks the gold questions of the demo city. Prints a Markdown table for eval/LOG.md: nDCG@3 and nDCG@8 with 95% bootstrap
intervals, for the prior rates of all matters or of the group of categories, with and without fading, and for several
bonuses for support. The judgements know nothing of age, so that fading can only lose here.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from assistant.answer import Match, Situation, Verdict
from assistant.desk import Desk
from assistant.goldorder import order_gain, values
from assistant.learning.offers import group_of
from eval.dataset import Dataset, gold
from eval.measures import interval
from eval.product import Product

__all__ = ["Asked", "Variant", "asked_of", "main", "measure"]

BONUSES = (0.0, 0.25, 0.4, 0.6, 0.8, 1.0, 1.5)
PLACES = (3, 8)
HEAD = "| rates | evidence | bonus | nDCG@3 | nDCG@8 |\n|---|---|---|---|---|"
AT = datetime(2026, 11, 1, tzinfo=UTC)
LOOKED_AT = 12  # matches, as the desk composes from


@dataclass(frozen=True)
class Variant:
    """A way to rank: prior rates of the category group or of all, older evidence fading or not, and the bonus."""

    grouped: bool
    fading: bool
    bonus: float

    def name(self) -> str:
        """As a row of the table."""
        return f"{'group' if self.grouped else 'all'} | {'fading' if self.fading else 'ageless'} | {self.bonus:g}"


@dataclass(frozen=True)
class Asked:
    """A question that was matched, with what each action type is worth for it."""

    situation: Situation
    verdict: Verdict
    matches: tuple[Match, ...]
    worth: Mapping[str, float]


def asked_of(desk: Desk, data: Dataset) -> list[Asked]:
    """The questions for which something is worth something and there is something to compose from."""
    cases = {case.external_id: case for case in data.cases if case.external_id}
    found = []
    for query in data.queries:
        worth = values(query.relevant, cases)
        if any(worth.values()):
            found.append(Asked(*desk.match(query.text, top=LOOKED_AT), worth))
    return found


def measure(desk: Desk, asked: Sequence[Asked], variant: Variant) -> list[list[float]]:
    """nDCG within 3 and within 8 places, a number for each question that gets an action."""
    composer = replace(desk.composer, support_bonus=variant.bonus)
    change, at = desk.copies.words.applied(), AT if variant.fading else None
    found: list[list[float]] = [[] for _ in PLACES]
    for one in asked:
        rates = desk.statistics.rates(change, group_of(one.situation) if variant.grouped else None, at=at)
        actions = composer(one.situation, one.verdict, one.matches, rates, at=at).actions
        if actions:
            for gains, places in zip(found, PLACES, strict=True):
                gains.append(order_gain([action.action_type for action in actions], one.worth, places=places))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(prog="python -m eval.fixedorder", description="The order before any learning.")
    parser.add_argument("--half", choices=["dev", "test"], help="of the gold set; all of it by default")
    options = parser.parse_args(arguments)
    data = gold(options.half)
    with tempfile.TemporaryDirectory() as folder:
        product = Product(data.cases, Path(folder) / "home")
        asked = asked_of(product.desk, data)
        print(f"{data.name}: {len(asked)} questions\n\n{HEAD}")
        variants = [Variant(grouped, fading, 0.25) for grouped in (False, True) for fading in (False, True)]
        for variant in (*variants, *(Variant(True, True, bonus) for bonus in BONUSES if bonus != 0.25)):
            cells = (interval(gains) for gains in measure(product.desk, asked, variant))
            print(f"| {variant.name()} | {' | '.join(f'{m:.3f} ({low:.3f}–{high:.3f})' for m, low, high in cells)} |")
        product.workplace.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
