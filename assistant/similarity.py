"""Similarity of a question to a case, field by field, each in 0..1. Pure functions; no index, no database."""

import math
from collections.abc import Mapping
from datetime import datetime

from knowledge.places import Gazetteer

__all__ = ["age", "category", "place", "saturate", "season", "severity"]


def saturate(cosine: float, half: float) -> float:
    """A cosine as a share of "all alike": 0 at 0, one half at `half`, towards 1 beyond; order is kept.

    >>> saturate(0.0, 0.1), saturate(0.1, 0.1)
    (0.0, 0.5)
    """
    return cosine / (cosine + half) if cosine > 0 else 0.0


def category(asked: Mapping[str, float], theirs: str | None) -> float:
    """How well a case's category fits the categories asked about (id -> share, shares sum to at most 1): a leaf counts
    in full, its sibling for 0.4.

    >>> category({"flood.underpass": 1.0}, "flood.street"), category({}, "flood.street")
    (0.4, 0.0)
    """
    if theirs is None:
        return 0.0
    group = theirs.split(".")[0]
    total = 0.0
    for asked_id, share in asked.items():
        total += share * (1.0 if asked_id == theirs else 0.4 if asked_id.split(".")[0] == group else 0.0)
    return min(total, 1.0)


def place(
    district: str | None, asked_place: str | None, theirs: str | None, their_place: str | None, gazetteer: Gazetteer
) -> float:
    """1 for the same street or landmark, 0.5 for the same district, 0 otherwise or where either is unknown."""
    if asked_place and their_place:
        known = gazetteer.by_id.get(asked_place)
        names = (known.zh, known.en, *known.aliases) if known else (asked_place,)
        if any(name and name.casefold() in their_place.casefold() for name in names):
            return 1.0
    return 0.5 if district and district == theirs else 0.0


def severity(asked: int, theirs: int | None) -> float:
    """1 for the same level, less by a third for each step; 0 where unknown.

    >>> severity(3, 3), severity(4, 1), severity(3, None)
    (1.0, 0.0, 0.0)
    """
    return 1.0 - abs(asked - theirs) / 3 if theirs else 0.0


def season(asked: datetime, theirs: datetime | None) -> float:
    """1 on the same day of the year, 0 half a year away, along a cosine; 0 where unknown."""
    if theirs is None:
        return 0.0
    turn = 2 * math.pi * (asked.timetuple().tm_yday - theirs.timetuple().tm_yday) / 365.25
    return round((1.0 + math.cos(turn)) / 2, 4)


def age(asked: datetime, theirs: datetime | None, half_life_years: float = 4.0) -> float:
    """1 for today, one half after `half_life_years`; 0 where unknown; the future counts as today."""
    if theirs is None:
        return 0.0
    years = max((asked - theirs).total_seconds(), 0.0) / (365.25 * 86_400)
    return float(2.0 ** (-years / half_life_years))
