"""The off-policy estimates of `assistant/learning/offpolicy.py`, checked on two real logs of one shop, which showed the
same 34 things by two policies: each log's estimate of the other's reward beside what the other really earned.

The logs are the Open Bandit Dataset's samples (Saito et al., 2021): one row for each shown place, with the chance that
it was shown there. The one policy is uniform, the other Thompson sampling that knows no context. What people saw in one
look cannot be told from the rows, so each row counts as a list of one place.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.learning.offpolicy import Estimate, cascade_doubly_robust, item_position, self_normalised
from knowledge.errors import BadInput, NotFound

__all__ = ["FILES", "bandit_table", "check_estimators", "estimates", "read_log"]

FILES: Mapping[str, str] = {"uniform": "random_men.csv", "thompson": "bts_men.csv"}
NEEDED = ("item_id", "position", "click", "propensity_score")
Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


class Log:
    """Rows of a log: what was shown (`item`), at which place (`position`), whether it was clicked, and with what chance
    it was shown there."""

    def __init__(self, item: Whole, position: Whole, click: Numbers, propensity: Numbers) -> None:
        self.item, self.position, self.click, self.propensity = item, position, click, propensity

    def __len__(self) -> int:
        return len(self.item)

    def chances(self, items: int, positions: int) -> Numbers:
        """How often each thing stood at each place: (positions, items), rows of sum 1 (0 where the place is unused)."""
        counts = np.zeros((positions, items))
        np.add.at(counts, (self.position, self.item), 1.0)
        return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0))


def read_log(path: Path) -> Log:
    """A log from CSV. Raises NotFound for a missing file, BadInput for one that does not hold what is needed."""
    if not path.is_file():
        raise NotFound(f"There is no log {path}; give the folder that holds {' and '.join(FILES.values())}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise BadInput(f"{path} has no column {missing[0]}; {', '.join(NEEDED)} are needed")
        try:
            table = np.array([[float(row[name]) for name in NEEDED] for row in rows])
        except (TypeError, ValueError) as error:
            raise BadInput(f"{path} holds something that is no number ({error}); give numbers") from error
    if len(table) < 2 or table[:, 3].min() <= 0:
        raise BadInput(f"{path} needs two rows or more, each with a propensity above 0")
    item, position = table[:, 0].astype(int), table[:, 1].astype(int)
    return Log(item, position - position.min(), table[:, 2], table[:, 3])


def estimates(log: Log, other: Numbers) -> dict[str, Estimate]:
    """Of the reward for each row that another policy would have had: `other` holds its chances, (positions, items)."""
    weights = (other[log.position, log.item] / log.propensity)[:, None]
    rewards = log.click[:, None]
    shown, expected = _reward_model(log, other)
    unsupported = _unsupported(log, other)
    return {
        "item-position IPS": item_position(rewards, weights, unsupported=unsupported),
        "self-normalised": self_normalised(rewards, weights, unsupported=unsupported),
        "cascade doubly robust": cascade_doubly_robust(
            rewards, weights, shown[:, None], expected[:, None], unsupported=unsupported
        ),
    }


def _unsupported(log: Log, other: Numbers) -> float:
    """The share of what the other policy shows that never occurs in this log at that place."""
    there = log.chances(other.shape[1], other.shape[0]) > 0
    places = np.bincount(log.position, minlength=len(other)) / len(log)
    return float((places[:, None] * other * ~there).sum())


def _reward_model(log: Log, other: Numbers) -> tuple[Numbers, Numbers]:
    """Of each row the reward expected of what was shown, and of what the other policy shows there: the share of clicks
    of each thing, shrunken to that of all, in the half of the log that the row is not in."""
    items = other.shape[1]
    shown, expected = np.zeros(len(log)), np.zeros(len(log))
    half = np.arange(len(log)) % 2
    for side in (0, 1):
        learn, ask = half != side, half == side
        tried = np.bincount(log.item[learn], minlength=items)
        clicked = np.bincount(log.item[learn], weights=log.click[learn], minlength=items)
        usual = clicked.sum() / tried.sum()
        model = (clicked + 100 * usual) / (tried + 100)
        shown[ask] = model[log.item[ask]]
        expected[ask] = (other[log.position[ask]] * model).sum(axis=1)
    return shown, expected


def check_estimators(folder: Path) -> list[dict[str, Any]]:
    """For each log, what it says of the other policy, beside what the other earned itself (mean with 95% interval).
    They agree where the difference is within the 95% interval of a difference."""
    logs = {name: read_log(folder / file) for name, file in FILES.items()}
    items = max(int(log.item.max()) for log in logs.values()) + 1
    positions = max(int(log.position.max()) for log in logs.values()) + 1
    found = []
    for name, log in logs.items():
        other_name = next(one for one in logs if one != name)
        other = logs[other_name]
        chances = np.full((positions, items), 1 / items) if other_name == "uniform" else other.chances(items, positions)
        value, wide = float(other.click.mean()), 1.96 * float(other.click.std(ddof=1)) / math.sqrt(len(other))
        told = {
            way: {
                "value": round(estimate.value, 6),
                "low": round(estimate.low, 6),
                "high": round(estimate.high, 6),
                "effective": round(estimate.effective),
                "unsupported": round(estimate.unsupported, 4),
                "evaluable": estimate.evaluable,
                "agrees": abs(estimate.value - value) <= math.hypot(estimate.high - estimate.value, wide),
            }
            for way, estimate in estimates(log, chances).items()
        }
        own = {"value": round(value, 6), "low": round(value - wide, 6), "high": round(value + wide, 6)}
        found.append({"log": name, "rows": len(log), "of": other_name, "on_policy": own, "estimates": told})
    return found


def bandit_table(found: Sequence[Mapping[str, Any]]) -> str:
    """In Markdown, clicks for a hundred rows."""
    lines = [
        "| log | estimate of | way | estimate | really | effective size | unsupported | agrees |",
        "|" + "---|" * 8,
    ]
    for one in found:
        for way, told in one["estimates"].items():
            really, size = _percent(one["on_policy"]), f"{told['effective']:,} of {one['rows']:,}"
            missing, agrees = f"{100 * told['unsupported']:.2f}%", "yes" if told["agrees"] else "no"
            cells = (one["log"], one["of"], way, _percent(told), really, size, missing, agrees)
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _percent(told: Mapping[str, float]) -> str:
    return f"{100 * told['value']:.3f}% [{100 * told['low']:.3f}, {100 * told['high']:.3f}]"
