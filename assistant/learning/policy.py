"""A model of what to put first: readable weights, never changed once they are made, and the order that follows.

Every score is the sum of a few weights that have names, squeezed into 0..1. This module knows neither the log nor how
the weights were found.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from assistant.learning.events import Context, Offer
from assistant.learning.features import GROUPS, NAMES, NUMBERS, numbers, traits
from knowledge.errors import Fault

__all__ = ["BASE", "FORMAT", "Head", "Policy", "Ranker", "arrange"]

FORMAT = 1
DIGITS = 6  # significant ones of every weight

Weights = Mapping[str, Mapping[str, float]]


class Ranker(Protocol):
    """Anything that scores offers."""

    def scores(self, context: Context, offers: Sequence[Offer]) -> tuple[float, ...]:
        """One number in 0..1 for each offer; higher is better."""


@dataclass(frozen=True)
class Head:
    """What foretells one thing (acceptance, or the outcome): `level` where all numbers are a half and no trait is
    known, a slope for each of NUMBERS, what each key adds by group of traits, and `usual`, the slope of the usual
    score. `share` is its part of the whole, `votes` how many effective votes it was made from, `counted` how many
    labels."""

    level: float
    slopes: tuple[float, ...]
    traits: Weights = field(default_factory=dict)
    share: float = 0.5
    votes: float = 0.0
    counted: int = 0
    usual: float = 0.0


FIXED = Head(level=0.5, slopes=(1.0, 0.0, 0.0, 0.0))  # the fixed ranker: the base score as it stands


@dataclass(frozen=True, eq=False)
class Policy:
    """Two heads, what the fixed ranker usually gives by trait (`usual`), and the settings that they were made with.
    Equal where the texts are equal."""

    acceptance: Head = FIXED
    outcome: Head = FIXED
    usual: Weights = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.text() == other.text()

    def __hash__(self) -> int:
        return hash(self.text())

    @property
    def learned(self) -> bool:
        """Whether any label went into it."""
        return bool(self.acceptance.counted or self.outcome.counted)

    @cached_property
    def _learned(self) -> tuple[float, tuple[float, ...], float, tuple[dict[str, float], ...]]:
        """Level, slopes, slope of the usual score and traits by group of both heads together, each with its share."""
        heads = ((self.acceptance, self.acceptance.share), (self.outcome, self.outcome.share))
        level = sum(share * head.level for head, share in heads)
        slopes = tuple(sum(share * head.slopes[at] for head, share in heads) for at in range(len(NUMBERS)))
        groups = tuple(_sum((head.traits.get(group, {}), share) for head, share in heads) for group in GROUPS)
        return level, slopes, sum(share * head.usual for head, share in heads), groups

    @cached_property
    def _whole(self) -> tuple[dict[str, float], ...]:
        """What each trait adds by group, what it adds through the usual score included."""
        _, _, slope, groups = self._learned
        usual = [self.usual.get(group, {}) for group in GROUPS]
        return tuple(_sum([(own, 1.0), (theirs, slope)]) for own, theirs in zip(groups, usual, strict=True))

    def scores(self, context: Context, offers: Sequence[Offer]) -> tuple[float, ...]:
        """One number in 0..1 for each offer; higher is better. With nothing learned these are the base scores."""
        if not self.learned:
            return tuple(offer.base for offer in offers)
        level, (base, rate, support, same), _, _ = self._learned
        groups = self._whole
        found = []
        for offer in offers:
            at_base, at_rate, at_support, at_same = numbers(offer)
            score = level + base * at_base + rate * at_rate + support * at_support + same * at_same
            for weights, key in zip(groups, traits(context, offer), strict=True):
                if key is not None:
                    score += weights.get(key, 0.0)
            found.append(_squeezed(score))
        return tuple(found)

    def why(self, context: Context, offer: Offer) -> tuple[tuple[str, float], ...]:
        """What each number and each group of traits adds to the score before it is squeezed, by plain names, the
        largest first (in either direction; ties by name). What adds nothing is left out, and so is the level, which is
        the same for all offers."""
        _, slopes, slope_of_usual, groups = self._learned
        keys = list(zip(GROUPS, traits(context, offer), strict=True))
        usual = sum(self.usual.get(group, {}).get(key, 0.0) for group, key in keys if key is not None)
        parts = [(name, slope * value) for name, slope, value in zip(NUMBERS, slopes, numbers(offer), strict=True)]
        parts.append(("usual", slope_of_usual * usual))
        for (group, key), weights in zip(keys, groups, strict=True):
            parts.append((group, weights.get(key, 0.0) if key is not None else 0.0))
        named = [(NAMES[name], value) for name, value in parts if value]
        return tuple(sorted(named, key=lambda part: (-abs(part[1]), part[0])))

    def changes(self, other: "Policy", *, most: int = 20) -> tuple[tuple[str, float, float], ...]:
        """The largest differences from here to another policy: name ("action: pump"), weight here, weight there. Levels
        are left out: they move every offer alike. What a trait adds through the usual score is part of its weight."""
        here, there = self._learned[1], other._learned[1]
        found = [(NAMES[name], old, new) for name, old, new in zip(NUMBERS, here, there, strict=True)]
        for group, before, after in zip(GROUPS, self._whole, other._whole, strict=True):
            names = sorted({*before, *after})
            found += [(f"{NAMES[group]}: {key}", before.get(key, 0.0), after.get(key, 0.0)) for key in names]
        found = [change for change in found if change[1] != change[2]]
        return tuple(sorted(found, key=lambda change: (-abs(change[2] - change[1]), change[0]))[:most])

    def text(self) -> str:
        """Canonical JSON: the same model is the same bytes. Weights have six significant digits."""
        whole = {
            "format": FORMAT,
            "acceptance": _written(self.acceptance),
            "outcome": _written(self.outcome),
            "usual": _written_traits(self.usual),
            "settings": dict(self.settings),
        }
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"

    @staticmethod
    def read(text: str) -> "Policy":
        """The policy of a text. Raises Fault for a damaged one."""
        try:
            whole = json.loads(text)
            if whole["format"] != FORMAT:
                raise Fault(
                    f"Policy format {whole['format']!r} is not known here (known: {FORMAT}): fit the model again."
                )
            heads = (_head(whole["acceptance"]), _head(whole["outcome"]))
            return Policy(*heads, _traits(whole["usual"]), dict(whole["settings"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Fault(f"The text of a policy is damaged ({error}): fit the model again from the log.") from error


BASE = Policy()


def arrange(policy: Ranker, context: Context, offers: Sequence[Offer]) -> tuple[int, ...]:
    """Indices into the offers, the best first: those marked `first` before all others as they were offered, since
    nothing that was learned moves what a danger to life calls for; then by score; ties by base score, action type and
    index.

    >>> arrange(BASE, Context(), [Offer("pump", base=0.4), Offer("warn", base=0.6), Offer("rescue", 0.1, first=True)])
    (2, 1, 0)
    """
    scores = policy.scores(context, offers)

    def place(index: int) -> tuple[bool, float, float, str, int]:
        offer = offers[index]
        if offer.first:
            return False, 0.0, 0.0, "", index
        return True, -scores[index], -offer.base, offer.action_type, index

    return tuple(sorted(range(len(offers)), key=place))


def _sum(parts: Iterable[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """The weights of several tables together, each times its factor."""
    whole: dict[str, float] = {}
    for weights, factor in parts:
        for key, weight in weights.items():
            whole[key] = whole.get(key, 0.0) + factor * weight
    return whole


def _squeezed(score: float) -> float:
    """Any number into 0..1, order kept; between 0.1 and 0.9 it stays what it is."""
    if score > 0.9:
        return 1.0 - 0.1 * math.exp(-10 * (score - 0.9))
    if score < 0.1:
        return 0.1 * math.exp(10 * (score - 0.1))
    return score


def _written(head: Head) -> dict[str, Any]:
    return {
        "level": _rounded(head.level),
        "slopes": {name: _rounded(slope) for name, slope in zip(NUMBERS, head.slopes, strict=True)},
        "traits": _written_traits(head.traits),
        "share": _rounded(head.share),
        "votes": _rounded(head.votes),
        "counted": head.counted,
        "usual": _rounded(head.usual),
    }


def _head(parts: Mapping[str, Any]) -> Head:
    return Head(
        level=_number(parts["level"]),
        slopes=tuple(_number(parts["slopes"][name]) for name in NUMBERS),
        traits=_traits(parts["traits"]),
        share=_number(parts["share"]),
        votes=_number(parts["votes"]),
        counted=int(parts["counted"]),
        usual=_number(parts["usual"]),
    )


def _written_traits(traits_of: Weights) -> dict[str, dict[str, float]]:
    return {group: {key: _rounded(weight) for key, weight in weights.items()} for group, weights in traits_of.items()}


def _traits(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    return {group: {key: _number(weight) for key, weight in weights.items()} for group, weights in parts.items()}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _rounded(value: float) -> float:
    """To DIGITS significant digits, and never a negative zero."""
    return float(f"{value:.{DIGITS}g}") + 0.0
