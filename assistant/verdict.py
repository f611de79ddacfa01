"""The verdict: same matter, similar precedent, or nothing like it, with probabilities.

Two logistic models over the parts of the best matches; their coefficients come from verdict.json. Those for "is there
a precedent" are fitted by eval.verdict on questions with and without one; those for "is it the same matter" are set by
hand and not measured yet. It sees parts only, no text.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.answer import Label, Match, Situation, Verdict

__all__ = ["VerdictModel", "features", "read_verdict_model"]

BUNDLED = Path(__file__).parent.parent / "knowledge" / "data" / "verdict.json"


_BEST = ("kind", "category", "meaning", "whole")


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def features(situation: Situation, matches: Sequence[Match], now: datetime) -> dict[str, float]:
    """What the models see, each in 0..1. Of the ten best matches: how near one comes in its kind of matter (`kind`), in
    its category, in meaning and in words (`whole`), and the best score. Of the question: the share of kinds no category
    knows (`outside`), and how near it is to any kind (`clearness`). Whether the best match is at the same place, and
    recent, tells one and the same matter."""
    top = matches[:10]
    found = dict.fromkeys((*_BEST, "score", "place", "recent"), 0.0)
    found |= {"outside": situation.outside, "clearness": situation.clearness}
    if not top:
        return found
    moment = datetime.fromisoformat(situation.occurred_at.value) if situation.occurred_at else now
    occurred = top[0].case.occurred_at
    days = abs((moment - occurred).total_seconds()) / 86_400 if occurred else 1_000.0
    return found | {
        **{name: max(m.parts[name] for m in top) for name in _BEST},
        "score": top[0].score,
        "place": top[0].parts["place"],
        "recent": math.exp(-days / 7.0),
    }


@dataclass(frozen=True)
class VerdictModel:
    """Coefficients by feature (plus `intercept`), and the probability from which a match is called a precedent."""

    precedent: Mapping[str, float]
    same: Mapping[str, float]
    threshold: float
    fitted_on: str

    def __call__(self, situation: Situation, matches: Sequence[Match], now: datetime) -> Verdict:
        """The label with the probabilities of all three."""
        found = features(situation, matches, now)
        known = _sigmoid(_linear(self.precedent, found)) if matches else 0.0
        same = known * _sigmoid(_linear(self.same, found))
        chances = {"same": same, "similar": known - same, "new": 1.0 - known}
        precedent = Label.SAME if same > known - same else Label.SIMILAR
        label = precedent if known >= self.threshold else Label.NEW
        chances = {name: round(value, 4) for name, value in chances.items()}
        return Verdict(label=label, probability=chances[label.value], probabilities=chances)


def _linear(coefficients: Mapping[str, float], found: Mapping[str, float]) -> float:
    return sum(c if name == "intercept" else c * found[name] for name, c in coefficients.items())


def read_verdict_model(path: Path | None = None) -> VerdictModel:
    """Reads a verdict.json; the bundled one by default."""
    content = json.loads((path or BUNDLED).read_text(encoding="utf-8"))
    return VerdictModel(content["precedent"], content["same"], content["threshold"], content["fitted_on"])
