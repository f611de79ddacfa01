"""The parts of a foreign world's candidates and outcomes, by any of their usual names.

What is missing counts as unknown; what is no number where one is needed is a BadInput. Pure functions, which know no
world; `eval/worldreading.py` reads a whole one with them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.learning.events import Offer
from knowledge.errors import BadInput

__all__ = ["TurnedOut", "number_or_none", "part", "read_offers", "read_outcome", "read_severity", "text_of"]

SEVERITIES = {"特别重大": 1, "重大": 2, "较大": 3, "一般": 4}
OFFER_PARTS = ("action_type", "base", "rate", "support", "same_district", "family")


@dataclass(frozen=True)
class TurnedOut:
    """An outcome, known after `delay` more interactions; `satisfaction` from 1 to 5."""

    resolved: bool | None
    satisfaction: float | None
    in_time: bool | None
    delay: int


def part(thing: Any, *names: str) -> Any:
    """The first of these names that an object has as an attribute, or a mapping as a key, and that is not None.

    >>> part({"score": 0.4}, "base", "score")
    0.4
    """
    for name in names:
        value = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
        if value is not None and not callable(value):
            return value
    return None


def read_offers(given: Sequence[Any]) -> tuple[Offer, ...]:
    """Candidates as offers: from objects, mappings, tuples in the order of OFFER_PARTS, or bare action types. Without a
    base score the world's own order counts; scores outside 0..1 are squeezed."""
    found = []
    for at, one in enumerate(given):
        if isinstance(one, Offer):
            found.append(one)
            continue
        if isinstance(one, str | int | np.generic):
            one = (str(one),)
        if isinstance(one, tuple | list) and not hasattr(one, "_fields"):
            one = dict(zip(OFFER_PARTS, one, strict=False))
        found.append(_offer(one, at, len(given)))
    scores = [offer.base for offer in found]
    if min(scores) < 0 or max(scores) > 1:
        found = [replace(offer, base=1 / (1 + math.exp(-max(-30.0, min(30.0, offer.base))))) for offer in found]
    return tuple(found)


def _offer(one: Any, at: int, many: int) -> Offer:
    kind = part(one, "action_type", "action", "type", "id", "name", "key")
    if kind is None:
        raise BadInput(f"Candidate {one!r} has no action type; name it action_type")
    base = _number(part(one, "base", "base_score", "score", "fixed", "prior"), "base", one)
    record = part(one, "rate", "track_record", "success_rate", "worked")
    if record is not None and not isinstance(record, int | float):
        record = part(record, "rate", "mean", "worked")
    rate = _number(record, "rate", one)
    support = _number(part(one, "support", "evidence", "tried", "n"), "support", one)
    same = part(one, "same_district", "same_district_share", "district_share", "local")
    near = _number(same, "same_district", one)
    return Offer(
        action_type=str(kind),
        base=(many - at) / (many + 1) if base is None else base,
        rate=0.5 if rate is None else min(max(rate, 0.0), 1.0),
        support=0.0 if support is None or support < 0 else support if support <= 1 else support / (support + 3),
        same_district=0.0 if near is None else min(max(near, 0.0), 1.0),
        family=text_of(part(one, "family", "group", "category")) or "",
        first=bool(part(one, "first", "urgent")),
    )


def read_outcome(raw: Any) -> TurnedOut | None:
    """What came of an action: None, a yes or no, a number in 0..1, a mapping or an object with resolved, satisfaction
    (1 to 5, or 0 to below 1) and in_time, or a value; with a delay beside or in it."""
    if raw is None:
        return None
    delay = 0
    if isinstance(raw, tuple) and not hasattr(raw, "_fields"):
        raw, delay = raw[0], int(raw[1]) if len(raw) > 1 else 0
        if raw is None:
            return None
    if isinstance(raw, np.generic):
        raw = raw.item()
    if isinstance(raw, int | float):
        return TurnedOut(*_from_number(float(raw), sure=isinstance(raw, bool)), None, delay)
    delay = int(part(raw, "delay", "after", "lag") or delay)
    resolved = part(raw, "resolved", "worked", "success", "ok")
    satisfaction = _number(part(raw, "satisfaction", "satisfied"), "satisfaction", raw)
    in_time = part(raw, "in_time", "on_time", "timely")
    if satisfaction is not None and satisfaction < 1:
        satisfaction = 1 + 4 * satisfaction
    found = TurnedOut(_truth(resolved), satisfaction, _truth(in_time), delay)
    if found.resolved is None and found.satisfaction is None and found.in_time is None:
        value = _number(part(raw, "value", "reward", "score", "result", "outcome"), "value", raw)
        return None if value is None else TurnedOut(*_from_number(value, sure=False), None, delay)
    return found


def _from_number(value: float, *, sure: bool) -> tuple[bool, float | None]:
    """Resolved and satisfaction of a number in 0..1 (cut there); of a mere yes or no there is no satisfaction."""
    return value >= 0.5, None if sure else 1 + 4 * min(max(value, 0.0), 1.0)


def _truth(value: Any) -> bool | None:
    return None if value is None else bool(value >= 0.5) if isinstance(value, float) else bool(value)


def text_of(value: Any) -> str | None:
    """A name as text, of an enumeration its value."""
    return None if value is None else str(getattr(value, "value", value))


def read_severity(value: Any) -> int | None:
    """1 to 4, from a number or a word; None for anything else."""
    value = getattr(value, "value", value)
    if isinstance(value, str):
        value = SEVERITIES.get(value, value)
    try:
        number = int(value)
    except (TypeError, ValueError):
        return None
    return number if 1 <= number <= 4 else None


def number_or_none(value: Any) -> float | None:
    """A number, numpy's or a text of one too; None for what is none."""
    try:
        number = float(getattr(value, "value", value))
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def _number(value: Any, name: str, where: Any) -> float | None:
    if value is None:
        return None
    number = number_or_none(value)
    if number is None:
        raise BadInput(f"{name} of {where!r} is {value!r}, which is no number; give one, or leave it out")
    return number
